// SPDX-License-Identifier: MIT
#include "bench_search.hpp"

#include <cstdio>

#include "tools/bench/search.hpp"
#include "tools/error.hpp"

namespace nutshell::tools {
namespace {

constexpr int kCodes = 60000, kNumbers = 24;

}  // namespace

int bench_search(const std::string& only, const Common& common) {
    nlohmann::ordered_json platforms = nlohmann::ordered_json::array();
    for (int i = 0; i < platform::count(); i++) {
        const platform::Platform& platform = platform::at(i);
        if (!platform.usable() || (!only.empty() && only != platform.name)) continue;
        if (platform::use(platform.name) != Status::ok) throw Error("a platform went away");
        nlohmann::ordered_json rows = nlohmann::ordered_json::array();
        if (!common.json) {
            std::printf("%s: the 10 nearest of %d codes of %d numbers\n", platform.name, kCodes,
                        kNumbers);
        }
        for (const SearchSpeed& speed : measure_search(kCodes, kNumbers)) {
            const double times = speed.queries_per_second / speed.plain;
            if (!common.json) {
                std::printf("  %-10s %8.0f queries/s, %5.1f times the %.0f of a plain loop\n",
                            speed.codes.c_str(), speed.queries_per_second, times, speed.plain);
            }
            rows.push_back({{"codes", speed.codes},
                            {"queries_per_second", speed.queries_per_second},
                            {"plain_queries_per_second", speed.plain},
                            {"times_plain", times}});
        }
        platforms.push_back({{"platform", platform.name}, {"search", rows}});
    }
    if (common.json) {
        print_json({{"codes", kCodes}, {"numbers", kNumbers}, {"platforms", platforms}});
    }
    return kSuccess;
}

}  // namespace nutshell::tools

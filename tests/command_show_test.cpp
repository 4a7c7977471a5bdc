// SPDX-License-Identifier: MIT
// nutshell show: each picture exists, decodes, and refuses what cannot be drawn.
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#include <stb/stb_image.h>

#include "command.hpp"
#include "xml_check.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using test::xml_error;

namespace {

/// A small model of the sample's digits with its history.
struct DigitsDesk : Desk {
    DigitsDesk() {
        const Outcome outcome =
            run("train --data sample --layers 784,4,784 --lr 0.01 --batch 500 --epochs 2 --json "
                "--out m.nut --history h.csv");
        REQUIRE(outcome.status == 0);
    }
};

}  // namespace

TEST_CASE("every kind of picture is written as PNG and as SVG that decode") {
    const DigitsDesk desk;
    for (const std::string what : {"reconstructions", "codes", "errors", "losses"}) {
        INFO(what);
        const std::string line = "show m.nut --data sample --history h.csv --what " + what;
        REQUIRE(desk.run(line + " --out p.png").status == 0);
        const std::string png = desk.read("p.png");
        int width = 0, height = 0, channels = 0;
        stbi_uc* pixels =
            stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(png.data()),
                                  static_cast<int>(png.size()), &width, &height, &channels, 3);
        REQUIRE(pixels != nullptr);
        stbi_image_free(pixels);
        CHECK(width >= 400);
        CHECK(height >= 200);
        const nlohmann::json found = desk.run_json(line + " --out p.svg");
        CHECK(found["what"] == what);
        CHECK(found["file"] == "p.svg");
        CHECK(xml_error(desk.read("p.svg")) == "");
    }
}

TEST_CASE("pictures of bad names, and pictures without what they need, are refused") {
    DigitsDesk desk;
    desk.file("p.jpg", "old");
    desk.check_refused("show m.nut --data sample --out p.jpg --json", {"p.jpg", ".png or .svg"});
    desk.check_refused("show m.nut --out p.png --json", {"needs --data"});
    desk.check_refused("show m.nut --what losses --out p.png --json", {"--history"});
    desk.check_refused("show m.nut --what losses --history m.nut --out p.png",
                       {"m.nut", "line 1", "--log"});
    desk.check_refused("show m.nut --what faces --data sample --out p.png", {"faces"});
    desk.check_refused("show m.nut --data sample --set middle --out p.png", {"middle"});
    desk.check_refused("show m.nut --data h.csv --out p.png", {"h.csv"});
}

TEST_CASE("a preview is for terminals; elsewhere --out is asked for") {
    DigitsDesk desk;
    desk.environment = {"LC_ALL=C.UTF-8"};
    desk.check_refused("show m.nut --data sample", {"terminal", "--out"});
    desk.check_refused("show m.nut --data sample --json", {"--out"});
    desk.check_refused("show m.nut", {"--out", "--data"});
}

TEST_CASE("a code of one number has no map, and says what to draw instead") {
    Desk desk;
    desk.file("rows.csv", six_columns(60));
    REQUIRE(desk.run("train --data rows.csv --layers 6,1,6 --epochs 1 --out m.nut").status == 0);
    desk.check_refused("show m.nut --what codes --data rows.csv --out p.png",
                       {"one number", "--what errors"});
    CHECK(desk.run("show m.nut --what errors --data rows.csv --out p.png").status == 0);
}

// SPDX-License-Identifier: MIT
// The .nut file as it must not be: cut short, misplaced, flipped, and lying with all checksums
// right. Each one is refused for its own reason, and none makes the reader leave the file.
#include <cmath>
#include <limits>
#include <set>

#include "nut_file.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

/// Copies the file byte-exactly, checks it, and when it is accepted requires that all it says is
/// true and all it points to lies inside. True when it was accepted.
bool accepted_and_consistent(const FileBytes& file) {
    AlignedCopy copy(file);
    File view;
    if (check(copy.data(), file.size(), view) != Status::ok) {
        REQUIRE(view.layer_count() == 0);
        return false;
    }
    REQUIRE(view.size() <= file.size());
    REQUIRE(view.layer_count() >= 1);
    REQUIRE(view.layer_count() <= kMaxLayers);
    REQUIRE(view.code_layer() <= view.layer_count());
    std::vector<Row> rows;
    for (int i = 0; i < view.layer_count(); i++) {
        rows.push_back(view.row(i));
        REQUIRE(valid(rows.back()));
        if (i > 0) REQUIRE(meets(rows[rows.size() - 2].out, rows.back().in));
        const TensorSizes sizes = tensor_sizes(rows.back());
        REQUIRE(all_finite(view.tensors(i).weight, sizes.weight));  // reads every one
        REQUIRE(all_finite(view.tensors(i).bias, sizes.bias));
    }
    REQUIRE(view.fingerprint() ==
            fingerprint_of(rows.data(), view.layer_count(), view.code_layer()));
    return true;
}

/// Places in the tiny model's file.
constexpr size_t kLayer1 = 64, kLayer2 = 144, kSection1 = 224, kSection2 = 240, kSection4 = 272;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr uint32_t kNegative = 0xFFFFFFFFu, kTooLarge = (1u << 20) + 1;

const Lie kHeaderLies[] = {
    {"another magic", [](FileBytes& f) { put8(f, 0, 'M'); }, Status::bad_magic},
    {"magic of a later format", [](FileBytes& f) { put8(f, 3, '2'); }, Status::bad_magic},
    {"header of 80 bytes", [](FileBytes& f) { put16(f, 4, 80); }, Status::bad_header},
    {"major 2", [](FileBytes& f) { put8(f, 6, 2); }, Status::bad_version},
    {"major 0", [](FileBytes& f) { put8(f, 6, 0); }, Status::bad_version},
    {"a required feature", [](FileBytes& f) { put32(f, 12, 1); }, Status::unsupported},
    {"another one", [](FileBytes& f) { put32(f, 12, 1u << 31); }, Status::unsupported},
    {"int8 main type", [](FileBytes& f) { put8(f, 45, 1); }, Status::bad_section},
    {"main type 3", [](FileBytes& f) { put8(f, 45, 3); }, Status::unsupported},
    {"size no multiple of 16", [](FileBytes& f) { put32(f, 8, 568); }, Status::bad_header},
    {"size over 2^27", [](FileBytes& f) { put32(f, 8, (1u << 27) + 16); }, Status::bad_header},
    {"size over what is there", [](FileBytes& f) { put32(f, 8, 592); }, Status::truncated},
    {"size inside the last section", [](FileBytes& f) { put32(f, 8, 560); }, Status::bad_section},
    {"size without the last section", [](FileBytes& f) { put32(f, 8, 512); }, Status::bad_section},
    {"size inside the tables", [](FileBytes& f) { put32(f, 8, 80); }, Status::bad_section},
    {"size zero", [](FileBytes& f) { put32(f, 8, 0); }, Status::bad_section},
    {"bytes behind the last section",
     [](FileBytes& f) {
         f.resize(640);
         put32(f, 8, 640);
     },
     Status::bad_section},
    {"no layers", [](FileBytes& f) { put16(f, 20, 0); }, Status::bad_header},
    {"65 layers", [](FileBytes& f) { put16(f, 20, 65); }, Status::bad_header},
    {"one layer less", [](FileBytes& f) { put16(f, 20, 1); }, Status::bad_header},
    {"no sections", [](FileBytes& f) { put16(f, 22, 0); }, Status::bad_header},
    {"322 sections", [](FileBytes& f) { put16(f, 22, 322); }, Status::bad_header},
    {"one section less", [](FileBytes& f) { put16(f, 22, 3); }, Status::bad_section},
    {"one section more", [](FileBytes& f) { put16(f, 22, 5); }, Status::bad_section},
    {"layer table elsewhere", [](FileBytes& f) { put32(f, 24, 80); }, Status::bad_header},
    {"section table elsewhere", [](FileBytes& f) { put32(f, 28, 240); }, Status::bad_header},
    {"section table far away", [](FileBytes& f) { put32(f, 28, kNegative); }, Status::bad_header},
    {"a fingerprint that lies", [](FileBytes& f) { f[32] ^= 1; }, Status::bad_header},
    {"alignment 8", [](FileBytes& f) { put8(f, 44, 3); }, Status::bad_header},
    {"alignment 128", [](FileBytes& f) { put8(f, 44, 7); }, Status::bad_header},
    {"alignment 2^255", [](FileBytes& f) { put8(f, 44, 255); }, Status::bad_header},
    {"code behind the last layer", [](FileBytes& f) { put16(f, 46, 3); }, Status::bad_header},
    {"code at layer 65535", [](FileBytes& f) { put16(f, 46, 65535); }, Status::bad_header},
    {"code elsewhere, same fingerprint", [](FileBytes& f) { put16(f, 46, 2); }, Status::bad_header},
    {"a reserved byte", [](FileBytes& f) { put8(f, 48, 1); }, Status::bad_header},
    {"the last reserved byte", [](FileBytes& f) { put8(f, 55, 128); }, Status::bad_header},
};

const Lie kLayerLies[] = {
    {"kind 0", [](FileBytes& f) { put8(f, kLayer1, 0); }, Status::bad_layer},
    {"kind 255", [](FileBytes& f) { put8(f, kLayer2, 255); }, Status::bad_layer},
    {"activation 5", [](FileBytes& f) { put8(f, kLayer2 + 1, 5); }, Status::bad_layer},
    {"activation 255", [](FileBytes& f) { put8(f, kLayer2 + 1, 255); }, Status::bad_layer},
    {"reserved byte 2", [](FileBytes& f) { put8(f, kLayer1 + 2, 1); }, Status::bad_layer},
    {"reserved byte 3", [](FileBytes& f) { put8(f, kLayer2 + 3, 1); }, Status::bad_layer},
    {"no height", [](FileBytes& f) { put32(f, kLayer1 + 4, 0); }, Status::bad_layer},
    {"no width", [](FileBytes& f) { put32(f, kLayer1 + 8, 0); }, Status::bad_layer},
    {"no channels", [](FileBytes& f) { put32(f, kLayer1 + 12, 0); }, Status::bad_layer},
    {"no outputs", [](FileBytes& f) { put32(f, kLayer2 + 24, 0); }, Status::bad_layer},
    {"negative size", [](FileBytes& f) { put32(f, kLayer1 + 12, kNegative); }, Status::bad_layer},
    {"size over 2^20", [](FileBytes& f) { put32(f, kLayer1 + 12, kTooLarge); }, Status::bad_layer},
    {"sizes whose product is 2^32",
     [](FileBytes& f) {
         put32(f, kLayer1 + 4, 1u << 16);
         put32(f, kLayer1 + 8, 1u << 16);
     },
     Status::bad_layer},
    {"weights whose number is 2^40",
     [](FileBytes& f) {
         put32(f, kLayer1 + 12, 1u << 20);
         put32(f, kLayer1 + 24, 1u << 20);
         put32(f, kLayer2 + 12, 1u << 20);
     },
     Status::bad_layer},
    {"an image into a dense layer",
     [](FileBytes& f) {
         put32(f, kLayer1 + 4, 2);
         put32(f, kLayer1 + 12, 1);
     },
     Status::bad_layer},
    {"layers that do not meet", [](FileBytes& f) { put32(f, kLayer2 + 12, 2); }, Status::bad_layer},
    {"a slope for sigmoid", [](FileBytes& f) { put_float(f, kLayer2 + 28, .25f); },
     Status::bad_layer},
    {"slope minus zero", [](FileBytes& f) { put_float(f, kLayer2 + 28, -0.0f); },
     Status::bad_layer},
    {"slope NaN", [](FileBytes& f) { put_float(f, kLayer1 + 28, kNan); }, Status::bad_layer},
    {"slope NaN for sigmoid", [](FileBytes& f) { put_float(f, kLayer2 + 28, kNan); },
     Status::bad_layer},
    {"slope infinite", [](FileBytes& f) { put_float(f, kLayer1 + 28, kInfinity); },
     Status::bad_layer},
    {"slope zero", [](FileBytes& f) { put_float(f, kLayer1 + 28, 0.0f); }, Status::bad_layer},
    {"slope one", [](FileBytes& f) { put_float(f, kLayer1 + 28, 1.0f); }, Status::bad_layer},
    {"slope negative", [](FileBytes& f) { put_float(f, kLayer1 + 28, -0.25f); }, Status::bad_layer},
    {"slope denormal", [](FileBytes& f) { put32(f, kLayer1 + 28, 1); }, Status::bad_layer},
    {"byte for kinds to come", [](FileBytes& f) { put8(f, kLayer1 + 32, 1); }, Status::bad_layer},
    {"the last of them", [](FileBytes& f) { put8(f, kLayer1 + 47, 1); }, Status::bad_layer},
    {"quantization byte", [](FileBytes& f) { put8(f, kLayer2 + 52, 1); }, Status::bad_layer},
    {"the last of them", [](FileBytes& f) { put8(f, kLayer2 + 79, 1); }, Status::bad_layer},
    {"weights in a bias section", [](FileBytes& f) { put16(f, kLayer1 + 48, 1); },
     Status::bad_section},
    {"weights of the next layer", [](FileBytes& f) { put16(f, kLayer1 + 48, 2); },
     Status::bad_section},
    {"no bias section", [](FileBytes& f) { put16(f, kLayer2 + 50, 0xFFFF); }, Status::bad_section},
    {"bias behind the table", [](FileBytes& f) { put16(f, kLayer2 + 50, 4); }, Status::bad_section},
    {"more weights than the section", [](FileBytes& f) { put32(f, kLayer1 + 12, 3); },
     Status::bad_section},
    {"fewer weights than the section", [](FileBytes& f) { put32(f, kLayer1 + 12, 1); },
     Status::bad_section},
    {"another activation, same fingerprint", [](FileBytes& f) { put8(f, kLayer2 + 1, 4); },
     Status::bad_header},
};

const Lie kSectionLies[] = {
    {"padding behind the tables", [](FileBytes& f) { put8(f, 288, 1); }, Status::bad_section},
    {"overlap", [](FileBytes& f) { put32(f, kSection2, 320); }, Status::bad_section},
    {"a hole", [](FileBytes& f) { put32(f, kSection2, 448); }, Status::bad_section},
    {"inside the header", [](FileBytes& f) { put32(f, kSection1, 0); }, Status::bad_section},
    {"outside the file", [](FileBytes& f) { put32(f, kSection1, 0x7FFFFFC0); },
     Status::bad_section},
    {"out of order",
     [](FileBytes& f) {
         for (size_t i = 0; i < 16; i++) std::swap(f[kSection1 + i], f[kSection2 + i]);
     },
     Status::bad_section},
    {"empty", [](FileBytes& f) { put32(f, kSection1 + 4, 0); }, Status::bad_section},
    {"as large as memory", [](FileBytes& f) { put32(f, kSection1 + 4, kNegative); },
     Status::bad_section},
    {"padding over the end", [](FileBytes& f) { put32(f, kSection4 + 4, 65); },
     Status::bad_section},
    {"too short for its layer", [](FileBytes& f) { put32(f, kSection1 + 4, 4); },
     Status::bad_section},
    {"no whole floats", [](FileBytes& f) { put32(f, kSection1 + 4, 9); }, Status::bad_section},
    {"too long for its layer", [](FileBytes& f) { put32(f, kSection1 + 4, 12); },
     Status::bad_section},
    {"type int8", [](FileBytes& f) { put8(f, kSection1 + 8, 1); }, Status::unsupported},
    {"role bias for weights", [](FileBytes& f) { put8(f, kSection1 + 9, 2); }, Status::bad_section},
    {"role weights for bias", [](FileBytes& f) { put8(f, kSection2 + 9, 1); }, Status::bad_section},
    {"role 0", [](FileBytes& f) { put8(f, kSection1 + 9, 0); }, Status::bad_section},
    {"a packing", [](FileBytes& f) { put8(f, kSection1 + 10, 1); }, Status::unsupported},
    {"a packing of its own", [](FileBytes& f) { put8(f, kSection4 + 10, 1); }, Status::bad_section},
    {"an unknown packing", [](FileBytes& f) { put8(f, kSection4 + 10, 99); }, Status::unsupported},
    {"reserved byte", [](FileBytes& f) { put8(f, kSection4 + 11, 1); }, Status::bad_section},
    {"padding behind a section", [](FileBytes& f) { put8(f, 328, 1); }, Status::bad_section},
    {"the last byte", [](FileBytes& f) { put8(f, 575, 1); }, Status::bad_section},
    {"weight NaN", [](FileBytes& f) { put_float(f, 324, kNan); }, Status::non_finite_weights},
    {"weight infinite", [](FileBytes& f) { put_float(f, 448, kInfinity); },
     Status::non_finite_weights},
    {"bias minus infinite", [](FileBytes& f) { put_float(f, 516, -kInfinity); },
     Status::non_finite_weights},
    {"bias signalling NaN", [](FileBytes& f) { put32(f, 384, 0xFF800001); },
     Status::non_finite_weights},
};

}  // namespace

TEST_CASE("a damaged byte is found by the checksum of its part, even where it has no meaning") {
    const auto damaged = [](size_t at) {
        FileBytes file = tiny_file();
        file[at] ^= 1;
        return check_bytes(file);
    };
    CHECK(damaged(16) == Status::bad_header);     // optional features: any value is allowed
    CHECK(damaged(36) == Status::bad_header);     // model id: any value is allowed
    CHECK(damaged(60) == Status::bad_header);     // the header's checksum itself
    CHECK(damaged(56) == Status::bad_header);     // the tables' checksum, in the header
    CHECK(damaged(92) == Status::bad_checksum);   // a slope that would do
    CHECK(damaged(236) == Status::bad_checksum);  // a section's checksum, in the tables
    CHECK(damaged(320) == Status::bad_checksum);  // a weight
    CHECK(damaged(575) == Status::bad_checksum);  // padding
}

TEST_CASE("what an older reader may ignore is ignored: minor version and optional features") {
    FileBytes file = tiny_file();
    put8(file, 7, 9);
    put32(file, 16, 0x80000001);
    repair_checksums(file);
    CHECK(check_bytes(file) == Status::ok);
}

TEST_CASE("a header that lies with right checksums is refused for what is wrong with it") {
    check_lies(tiny_file(), kHeaderLies);
}

TEST_CASE("a layer table that lies with right checksums is refused for what is wrong with it") {
    check_lies(tiny_file(), kLayerLies);
}

TEST_CASE("a section that lies with right checksums is refused for what is wrong with it") {
    check_lies(tiny_file(), kSectionLies);
}

TEST_CASE("a refused file leaves the view of an earlier one as it was") {
    AlignedCopy good(tiny_file());
    File view;
    REQUIRE(check(good.data(), 576, view) == Status::ok);
    FileBytes bad = tiny_file();
    put_float(bad, 516, kNan);
    repair_checksums(bad);
    AlignedCopy copy(bad);
    CHECK(check(copy.data(), 576, view) == Status::non_finite_weights);
    CHECK(check(nullptr, 576, view) == Status::null_argument);
    CHECK(view.layer_count() == 2);
    CHECK(reinterpret_cast<const uint8_t*>(view.tensors(0).weight) == good.data() + 320);
}

TEST_CASE("a file that does not begin on a multiple of 16 bytes is refused") {
    const FileBytes file = tiny_file();
    for (size_t shift = 0; shift <= 64; shift++) {
        INFO("shift ", shift);
        AlignedCopy copy(file.data(), file.size(), shift);
        File view;
        CHECK(check(copy.data(), file.size(), view) ==
              (shift % 16 == 0 ? Status::ok : Status::misaligned));
    }
}

TEST_CASE("a small file cut at any length is refused as cut") {
    const FileBytes file = tiny_file();
    for (size_t size = 0; size < file.size(); size++) {
        AlignedCopy copy(file.data(), size);
        File view;
        REQUIRE(check(copy.data(), size, view) == Status::truncated);
    }
}

TEST_CASE("a small file cut at any length that claims the shorter length is refused too") {
    for (size_t size = 64; size < 576; size++) {
        FileBytes file = tiny_file();
        file.resize(size);
        put32(file, 8, static_cast<uint32_t>(size));
        repair_checksums(file);
        REQUIRE(check_bytes(file) != Status::ok);
    }
}

TEST_CASE("the tutorial's file cut at any length is refused as cut") {
    const FileBytes file = tutorial_file();
    AlignedCopy whole(file);
    File view;
    REQUIRE(check(whole.data(), file.size(), view) == Status::ok);
    for (size_t size = 0; size < file.size(); size++) {
        REQUIRE(check(whole.data(), size, view) == Status::truncated);
    }
    // Byte-exact copies, so that reading behind the cut is seen, for all of the tables and beyond.
    for (size_t size = 0; size < file.size(); size += size < 400 ? 1 : 1009) {
        AlignedCopy copy(file.data(), size);
        REQUIRE(check(copy.data(), size, view) == Status::truncated);
    }
}

TEST_CASE("every flipped bit of a small file is found") {
    FileBytes file = tiny_file();
    REQUIRE(check_bytes(file) == Status::ok);
    for (size_t bit = 0; bit < file.size() * 8; bit++) {
        file[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
        REQUIRE(check_bytes(file) != Status::ok);
        file[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    }
}

TEST_CASE("any value in any header or table field is refused, or what it says is true") {
    const FileBytes good = tiny_file();
    std::set<size_t> free_fields;
    for (size_t at = 0; at < 320; at += 2) {
        for (const int bits : {16, 32}) {
            if (bits == 32 && (at % 4 != 0)) continue;
            const uint32_t now = bits == 16 ? get16(good, at) : get32(good, at);
            for (const uint32_t value : boundary_values(now, bits)) {
                FileBytes file = good;
                bits == 16 ? put16(file, at, value) : put32(file, at, value);
                repair_checksums(file);
                INFO("field at ", at, " = ", value);
                if (accepted_and_consistent(file) && file != good) free_fields.insert(at);
            }
        }
    }
    // Minor version, optional features, model id, parent id: nothing else is free.
    CHECK(free_fields == std::set<size_t>{6, 16, 18, 36, 38, 40, 42});
}

TEST_CASE("random damage with right checksums is refused, or what the file says is true") {
    const FileBytes good = tiny_file();
    Draws numbers(2026);
    int accepted = 0;
    const int count = tries(100000);
    for (int i = 0; i < count; i++) {
        FileBytes file = damaged(good, numbers);
        repair_checksums(file);
        accepted += accepted_and_consistent(file);
    }
    MESSAGE(count, " files, ", accepted, " of them accepted");
    CHECK(accepted > count / 100);
    CHECK(accepted < count / 2);
}

// SPDX-License-Identifier: MIT
// int8 .nut files as they must not be: cut short, flipped, and lying with all checksums right. Each
// one is refused for its own reason; what is accepted can run on any input without overflow.
#include <iterator>
#include <set>

#include "nut_file.hpp"
#include "nutshell/packing_int4.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

/// 3-2-3: relu with multipliers for each output, then sigmoid with one multiplier and a table; the
/// first layer's weights have 8 or 4 bits.
struct TinyInt8 {
    bool int4 = false;
    Row rows[2] = {
        {Kind::dense, Activation::relu, flat(3), flat(2), 0.0f},
        {Kind::dense, Activation::sigmoid, flat(2), flat(3), 0.0f},
    };
    int8_t weight[2][6] = {{127, -127, 5, -3, 0, 64}, {9, -8, 7, -6, 5, -4}};
    int32_t bias[2][3] = {{1000, -2000, 0}, {30, -40, 50}};
    int32_t multiplier[2][2] = {{1 << 30, 0x7FFFFFFF}, {1342177280, 0}};
    int8_t shift[2][2] = {{-8, -9}, {-3, 0}};
    uint8_t self_test[kSelfTestBytes] = {1, 2, 3, 4};
    int8_t table[256];

    explicit TinyInt8(bool first_in_int4) : int4(first_in_int4) {
        const int8_t small[6] = {7, -7, 5, -3, 0, 6};
        if (int4) std::copy(small, small + 6, weight[0]);
        for (int i = 0; i < 256; i++) table[i] = static_cast<int8_t>(i ^ 0x80);
    }

    FileBytes file(Packing packing) const {
        std::vector<int8_t> weights[2], shifts[2];
        std::vector<int32_t> biases[2], multipliers[2];
        Int8Tensors tensors[2];
        for (int i = 0; i < 2; i++) {
            const int32_t in = rows[i].in.size(), out = rows[i].out.size();
            const size_t outputs = static_cast<size_t>(i == 0 ? packed_outputs(packing, out) : 1);
            biases[i].resize(static_cast<size_t>(packed_biases(packing, out)));
            tensors[i].int4 = int4 && i == 0;
            if (tensors[i].int4) {
                weights[i].resize(static_cast<size_t>(packed_int4_bytes(packing, in, out)));
                pack_int4(packing, in, out, weight[i],
                          reinterpret_cast<uint8_t*>(weights[i].data()));
            } else {
                weights[i].resize(static_cast<size_t>(packed_weights(packing, in, out)));
                pack_weights(packing, in, out, weight[i], weights[i].data());
            }
            pack_bias(packing, in, out, weight[i], bias[i], biases[i].data());
            multipliers[i].assign(multiplier[i], multiplier[i] + (i == 0 ? 2 : 1));
            shifts[i].assign(shift[i], shift[i] + (i == 0 ? 2 : 1));
            multipliers[i].resize(outputs);
            shifts[i].resize(outputs);
            tensors[i].weight = weights[i].data();
            tensors[i].bias = biases[i].data();
            tensors[i].multiplier = multipliers[i].data();
            tensors[i].shift = shifts[i].data();
            tensors[i].packing = packing;
            tensors[i].per_output = i == 0;
        }
        tensors[0].in = kPixels;
        tensors[0].sum = tensors[0].out = tensors[1].in = {0.5f, -128};
        tensors[1].sum = {0.25f, 3};
        tensors[1].out = {1.0f / 256.0f, -128};
        tensors[1].table = table;
        return write_bytes({rows, 2, 1, nullptr, 0, 0, tensors, self_test});
    }
};

FileBytes tiny_int8(Packing packing = Packing::canonical) { return TinyInt8(false).file(packing); }
FileBytes tiny_int4(Packing packing = Packing::canonical) { return TinyInt8(true).file(packing); }

/// Places in the canonical file: layer records, section records, sections.
constexpr size_t kLayer1 = 64, kLayer2 = 144, kSections = 224, kBytes = 800;
constexpr size_t kWeight1 = 384, kBias1 = 400, kMultiplier1 = 416, kShift1 = 432;
constexpr size_t kBias2 = 464, kMultiplier2 = 480, kShift2 = 496, kAnswer = 768;
constexpr size_t section(size_t index) { return kSections + 16 * index; }
constexpr uint32_t kNan = 0x7FC00000u, kInfinity = 0x7F800000u, kOne = 0x3F800000u;

const Lie kLayerLies[] = {
    {"input scale NaN", [](FileBytes& f) { put32(f, kLayer1 + 52, kNan); },
     Status::bad_quantization},
    {"input scale infinite", [](FileBytes& f) { put32(f, kLayer1 + 52, kInfinity); },
     Status::bad_quantization},
    {"input scale zero", [](FileBytes& f) { put32(f, kLayer1 + 52, 0); }, Status::bad_quantization},
    {"input scale minus zero", [](FileBytes& f) { put32(f, kLayer1 + 52, 0x80000000u); },
     Status::bad_quantization},
    {"input scale negative", [](FileBytes& f) { put32(f, kLayer1 + 52, 0x80000000u | kOne); },
     Status::bad_quantization},
    {"input scale denormal", [](FileBytes& f) { put32(f, kLayer1 + 52, 0x007FFFFFu); },
     Status::bad_quantization},
    {"scale of the sums NaN", [](FileBytes& f) { put32(f, kLayer2 + 60, kNan); },
     Status::bad_quantization},
    {"scale of the sums zero", [](FileBytes& f) { put32(f, kLayer2 + 60, 0); },
     Status::bad_quantization},
    {"output scale minus infinite", [](FileBytes& f) { put32(f, kLayer2 + 68, 0xFF800000u); },
     Status::bad_quantization},
    {"output scale denormal", [](FileBytes& f) { put32(f, kLayer2 + 68, 1); },
     Status::bad_quantization},
    {"two scales without a table between", [](FileBytes& f) { put32(f, kLayer1 + 60, kOne); },
     Status::bad_quantization},
    {"two zero points without a table", [](FileBytes& f) { put8(f, kLayer1 + 64, 1); },
     Status::bad_quantization},
    {"scales that do not chain", [](FileBytes& f) { put32(f, kLayer2 + 52, kOne); },
     Status::bad_quantization},
    {"zero points that do not chain", [](FileBytes& f) { put8(f, kLayer2 + 56, 0); },
     Status::bad_quantization},
    {"byte behind a zero point", [](FileBytes& f) { put8(f, kLayer1 + 58, 1); }, Status::bad_layer},
    {"codes of 3 bits", [](FileBytes& f) { put8(f, kLayer1 + 57, 5); }, Status::bad_quantization},
    {"codes of -247 bits", [](FileBytes& f) { put8(f, kLayer2 + 73, 255); },
     Status::bad_quantization},
    {"bits that do not chain", [](FileBytes& f) { put8(f, kLayer1 + 73, 1); },
     Status::bad_quantization},
    {"reserved byte", [](FileBytes& f) { put8(f, kLayer1 + 78, 1); }, Status::bad_layer},
    {"the last of them", [](FileBytes& f) { put8(f, kLayer2 + 79, 128); }, Status::bad_layer},
    {"a table for relu", [](FileBytes& f) { put16(f, kLayer1 + 76, 8); }, Status::bad_section},
    {"no table for sigmoid", [](FileBytes& f) { put16(f, kLayer2 + 76, 0); }, Status::bad_section},
    {"sigmoid without its section", [](FileBytes& f) { put8(f, kLayer1 + 1, 3); },
     Status::bad_section},
    {"relu with a section of a table", [](FileBytes& f) { put8(f, kLayer2 + 1, 1); },
     Status::bad_section},
    {"a table that is the shifts", [](FileBytes& f) { put16(f, kLayer2 + 76, 7); },
     Status::bad_section},
    {"bias in the multipliers", [](FileBytes& f) { put16(f, kLayer2 + 50, 6); },
     Status::bad_section},
    {"float32 main type", [](FileBytes& f) { put8(f, 45, 0); }, Status::bad_layer},
    {"main type 3", [](FileBytes& f) { put8(f, 45, 3); }, Status::unsupported},
};

const Lie kSectionLies[] = {
    {"an unknown type", [](FileBytes& f) { put8(f, section(0) + 8, 4); }, Status::unsupported},
    {"weights of 4 bits in an int8 file", [](FileBytes& f) { put8(f, section(0) + 8, 3); },
     Status::unsupported},
    {"weights of 32 bits", [](FileBytes& f) { put8(f, section(0) + 8, 2); }, Status::unsupported},
    {"bias of 8 bits", [](FileBytes& f) { put8(f, section(1) + 8, 1); }, Status::unsupported},
    {"floats", [](FileBytes& f) { put8(f, section(2) + 8, 0); }, Status::unsupported},
    {"role of a shift for a multiplier", [](FileBytes& f) { put8(f, section(2) + 9, 4); },
     Status::bad_section},
    {"unknown role", [](FileBytes& f) { put8(f, section(9) + 9, 7); }, Status::bad_section},
    {"unknown packing", [](FileBytes& f) { put8(f, section(4) + 10, 6); }, Status::unsupported},
    {"packing 255", [](FileBytes& f) { put8(f, section(0) + 10, 255); }, Status::unsupported},
    {"one section packed otherwise", [](FileBytes& f) { put8(f, section(5) + 10, 3); },
     Status::bad_section},
    {"the self-test packed otherwise", [](FileBytes& f) { put8(f, section(9) + 10, 3); },
     Status::bad_section},
    {"all in a packing of larger blocks",
     [](FileBytes& f) {
         for (size_t i = 0; i < 10; i++) put8(f, section(i) + 10, 1);
     },
     Status::bad_section},
    {"a weight too many", [](FileBytes& f) { put32(f, section(0) + 4, 7); }, Status::bad_section},
    {"a bias too few", [](FileBytes& f) { put32(f, section(1) + 4, 4); }, Status::bad_section},
    {"three multipliers for two outputs", [](FileBytes& f) { put32(f, section(2) + 4, 12); },
     Status::bad_section},
    {"one multiplier, two shifts", [](FileBytes& f) { put32(f, section(2) + 4, 4); },
     Status::bad_section},
    {"two multipliers, one shift", [](FileBytes& f) { put32(f, section(3) + 4, 1); },
     Status::bad_section},
    {"a table of 255", [](FileBytes& f) { put32(f, section(8) + 4, 255); }, Status::bad_section},
    {"a self-test of 16 bytes",
     [](FileBytes& f) {
         f.resize(kBytes - 16);
         put32(f, 8, kBytes - 16);
         put32(f, section(9) + 4, 16);
     },
     Status::bad_section},
    {"a second self-test in place of the table", [](FileBytes& f) { put8(f, section(8) + 9, 6); },
     Status::bad_section},
    {"a byte behind the answer's checksum", [](FileBytes& f) { put8(f, kAnswer + 4, 1); },
     Status::bad_section},
    {"the last of them", [](FileBytes& f) { put8(f, kBytes - 1, 1); }, Status::bad_section},
};

const Lie kNumberLies[] = {
    {"weight -128", [](FileBytes& f) { put8(f, kWeight1 + 4, 0x80); }, Status::bad_quantization},
    {"multiplier below 2^30", [](FileBytes& f) { put32(f, kMultiplier1, (1u << 30) - 1); },
     Status::bad_quantization},
    {"multiplier one", [](FileBytes& f) { put32(f, kMultiplier2, 1); }, Status::bad_quantization},
    {"multiplier negative", [](FileBytes& f) { put32(f, kMultiplier1 + 4, 0xC0000000u); },
     Status::bad_quantization},
    {"multiplier -2^31", [](FileBytes& f) { put32(f, kMultiplier2, 0x80000000u); },
     Status::bad_quantization},
    {"no multiplier, but a shift", [](FileBytes& f) { put32(f, kMultiplier1, 0); },
     Status::bad_quantization},
    {"shift -32", [](FileBytes& f) { put8(f, kShift1, 0xE0); }, Status::bad_quantization},
    {"shift -128", [](FileBytes& f) { put8(f, kShift2, 0x80); }, Status::bad_quantization},
    {"shift 31", [](FileBytes& f) { put8(f, kShift1 + 1, 31); }, Status::bad_quantization},
    {"shift 127", [](FileBytes& f) { put8(f, kShift2, 127); }, Status::bad_quantization},
    {"shift 30", [](FileBytes& f) { put8(f, kShift1, 30); }, Status::sum_overflow},
    {"bias 2^30", [](FileBytes& f) { put32(f, kBias1, 1u << 30); }, Status::sum_overflow},
    {"bias -2^30", [](FileBytes& f) { put32(f, kBias1 + 4, 0xC0000000u); }, Status::sum_overflow},
    {"bias 2^31-1", [](FileBytes& f) { put32(f, kBias2, 0x7FFFFFFFu); }, Status::sum_overflow},
    {"bias -2^31", [](FileBytes& f) { put32(f, kBias2 + 8, 0x80000000u); }, Status::sum_overflow},
    // The weights of output 0 are 127, -127 and 5: they move the sum by at most 255 * 259.
    {"bias one above what the weights leave",
     [](FileBytes& f) { put32(f, kBias1, (1u << 30) - 255 * 259); }, Status::sum_overflow},
};

/// What check() must have made sure of, in 64 bits: no inputs, in any order, take a sum out of 31
/// bits, even where the kernel shifts it left first.
bool sums_fit(const Row& row, const Int8Tensors& tensors) {
    const int32_t in = row.in.size(), out = row.out.size();
    std::vector<int8_t> weights(static_cast<size_t>(in * out));
    if (tensors.int4) {
        unpack_int4(tensors.packing, in, out, reinterpret_cast<const uint8_t*>(tensors.weight),
                    weights.data());
    } else {
        unpack_weights(tensors.packing, in, out, tensors.weight, weights.data());
    }
    for (int32_t o = 0; o < out; o++) {
        int64_t most = std::abs(static_cast<int64_t>(tensors.bias[o]));
        for (int32_t i = 0; i < in; i++) {
            most += std::abs(weights[static_cast<size_t>(o * in + i)]) * 128;
        }
        const int shift = tensors.shift[tensors.per_output ? o : 0];
        if (most << (shift > 0 ? shift : 0) >= int64_t{1} << 30) return false;
    }
    return true;
}

/// Checks the file; when it is accepted, requires that every layer can run.
bool accepted_and_runs(const FileBytes& file) {
    AlignedCopy copy(file);
    File view;
    if (check(copy.data(), file.size(), view) != Status::ok) return false;
    REQUIRE(view.type() != NumberType::float32);
    REQUIRE(view.size() <= file.size());
    for (int i = 0; i < view.layer_count(); i++) {
        const Row row = view.row(i);
        const Int8Tensors tensors = view.int8_tensors(i);
        REQUIRE(valid(row));
        REQUIRE(sums_fit(row, tensors));
        REQUIRE(needs_table(row.activation) == (tensors.table != nullptr));
        const float scales[3] = {tensors.in.scale, tensors.sum.scale, tensors.out.scale};
        REQUIRE(all_finite(scales, 3));
        for (const float scale : scales) REQUIRE(scale > 0.0f);
        if (i > 0) REQUIRE(same(view.int8_tensors(i - 1).out, tensors.in));
    }
    return true;
}

constexpr Packing kPackings[] = {
#define NUTSHELL_PACKING(name, ...) Packing::name,
    NUTSHELL_PACKINGS(NUTSHELL_PACKING)
#undef NUTSHELL_PACKING
};

template <class Body>
void for_each_packing(Body body) {
    for (const Packing packing : kPackings) {
        INFO(std::string(name_of(packing)));
        body(tiny_int8(packing));
        body(tiny_int4(packing));
    }
}

}  // namespace

TEST_CASE("a small int8 file lies where the format says and gives its numbers back") {
    const FileBytes file = tiny_int8();
    REQUIRE(file.size() == kBytes);
    AlignedCopy copy(file);
    File view;
    REQUIRE(check(copy.data(), file.size(), view) == Status::ok);
    CHECK(view.type() == NumberType::int8);
    CHECK(view.packing() == Packing::canonical);
    const Int8Tensors tensors = view.int8_tensors(0);
    CHECK(reinterpret_cast<const uint8_t*>(tensors.weight) == copy.data() + kWeight1);
    CHECK(reinterpret_cast<const uint8_t*>(tensors.bias) == copy.data() + kBias1);
    CHECK(reinterpret_cast<const uint8_t*>(tensors.multiplier) == copy.data() + kMultiplier1);
    CHECK(reinterpret_cast<const uint8_t*>(tensors.shift) == copy.data() + kShift1);
    CHECK(tensors.per_output);
    CHECK(same(tensors.in, kPixels));
    CHECK(view.int8_tensors(1).table[255] == 127);
    CHECK_FALSE(view.int8_tensors(1).per_output);
    CHECK(view.self_test() == copy.data() + kAnswer);
}

TEST_CASE("quantization that lies with right checksums is refused for what is wrong with it") {
    check_lies(tiny_int8(), kLayerLies);
}

TEST_CASE("int8 sections that lie with right checksums are refused for what is wrong with them") {
    check_lies(tiny_int8(), kSectionLies);
}

TEST_CASE("int8 numbers out of their range are refused, those at its edges are not") {
    check_lies(tiny_int8(), kNumberLies);
    const auto accepted = [](void (*edit)(FileBytes&)) {
        FileBytes file = tiny_int8();
        edit(file);
        repair_checksums(file);
        return check_bytes(file) == Status::ok;
    };
    CHECK(accepted([](FileBytes& f) { put32(f, kMultiplier2, 1u << 30); }));
    CHECK(accepted([](FileBytes& f) { put32(f, kMultiplier2, 0x7FFFFFFFu); }));
    CHECK(accepted([](FileBytes& f) { put8(f, kShift1, 0xE1); }));  // -31
    CHECK(accepted([](FileBytes& f) { put8(f, kShift1, 13); }));
    CHECK(accepted([](FileBytes& f) { put8(f, kWeight1, 0x81); }));
    CHECK(accepted([](FileBytes& f) { put32(f, kBias1, (1u << 30) - 1 - 255 * 259); }));
    CHECK(accepted([](FileBytes& f) {
        put32(f, kMultiplier1, 0);
        put8(f, kShift1, 0);
    }));
}

TEST_CASE("what only fills up a block of a packing must be zero") {
    const FileBytes good = tiny_int8(Packing::simd);
    AlignedCopy copy(good);
    File view;
    REQUIRE(check(copy.data(), good.size(), view) == Status::ok);
    const Int8Tensors tensors = view.int8_tensors(0);
    const auto refused = [&](const void* place, int32_t offset) {
        FileBytes file = good;
        file[static_cast<size_t>(static_cast<const uint8_t*>(place) - copy.data() + offset)] ^= 1;
        repair_checksums(file);
        return check_bytes(file) == Status::bad_quantization;
    };
    // 2 outputs of 3 inputs in a block of 8 by 8, with two forms of the bias.
    CHECK(refused(tensors.weight, 3));      // output 0, input 3
    CHECK(refused(tensors.weight, 2 * 8));  // output 2, input 0
    CHECK(refused(tensors.weight, 63));
    CHECK(refused(tensors.bias, 4 * 2));
    CHECK(refused(tensors.bias, 4 * 15));
    CHECK(refused(tensors.multiplier, 4 * 2));
    CHECK(refused(tensors.shift, 7));
}

TEST_CASE("4-bit weights of -8, or where a block is only filled up, are refused") {
    // 2 outputs of 3 inputs: the canonical form has a half byte left in each row.
    FileBytes file = tiny_int4();
    CHECK(check_bytes(file) == Status::ok);
    const size_t weights = kWeight1;
    for (const auto& [at, value] :
         {std::pair{size_t{0}, 0x98}, {size_t{0}, 0x87}, {size_t{1}, 0x15}, {size_t{3}, 0xF6}}) {
        FileBytes lie = file;
        lie[weights + at] = static_cast<uint8_t>(value);
        repair_checksums(lie);
        CHECK(check_bytes(lie) == Status::bad_quantization);
    }
    file[weights] = 0x77;
    repair_checksums(file);
    CHECK(check_bytes(file) == Status::ok);
    file = tiny_int4(Packing::simd);
    AlignedCopy copy(file);
    File view;
    REQUIRE(check(copy.data(), file.size(), view) == Status::ok);
    CHECK(view.type() == NumberType::int4);
    const int8_t* first = view.int8_tensors(0).weight;
    const size_t place = static_cast<size_t>(reinterpret_cast<const uint8_t*>(first) - copy.data());
    file[place + 16] = 1;  // output 2 or 6 of a block of 8, input 0
    repair_checksums(file);
    CHECK(check_bytes(file) == Status::bad_quantization);
}

TEST_CASE("two forms of a bias that contradict each other are refused") {
    const FileBytes good = tiny_int8(Packing::simd);
    AlignedCopy copy(good);
    File view;
    REQUIRE(check(copy.data(), good.size(), view) == Status::ok);
    const uint8_t* bias = reinterpret_cast<const uint8_t*>(view.int8_tensors(1).bias);
    for (const ptrdiff_t form : {0, 32}) {
        FileBytes file = good;
        file[static_cast<size_t>(bias - copy.data() + form)] ^= 1;
        repair_checksums(file);
        CHECK(check_bytes(file) == Status::bad_quantization);
    }
}

TEST_CASE("an int8 file of any packing cut at any length is refused as cut") {
    for_each_packing([](const FileBytes& file) {
        for (size_t size = 0; size < file.size(); size++) {
            AlignedCopy copy(file.data(), size);
            File view;
            REQUIRE(check(copy.data(), size, view) == Status::truncated);
        }
    });
}

TEST_CASE("an int8 file cut at any length that claims the shorter length is refused too") {
    const FileBytes good = tiny_int8();
    for (size_t size = 64; size < kBytes; size++) {
        FileBytes file = good;
        file.resize(size);
        put32(file, 8, static_cast<uint32_t>(size));
        repair_checksums(file);
        REQUIRE(check_bytes(file) != Status::ok);
    }
}

TEST_CASE("every flipped bit of an int8 file of any packing is found") {
    for_each_packing([](FileBytes file) {
        AlignedCopy copy(file);
        File view;
        REQUIRE(check(copy.data(), file.size(), view) == Status::ok);
        for (size_t bit = 0; bit < file.size() * 8; bit++) {
            const uint8_t mask = static_cast<uint8_t>(1u << bit % 8);
            copy.data()[bit / 8] ^= mask;
            REQUIRE(check(copy.data(), file.size(), view) != Status::ok);
            copy.data()[bit / 8] ^= mask;
        }
    });
}

TEST_CASE("any value in any field of an int8 file is refused, or the model can run") {
    const FileBytes good = tiny_int8();
    std::set<size_t> free_fields;
    for (size_t at = 0; at < kBytes; at += 2) {
        for (const int bits : {16, 32}) {
            if (bits == 32 && (at % 4 != 0)) continue;
            const uint32_t now = bits == 16 ? get16(good, at) : get32(good, at);
            for (const uint32_t value : boundary_values(now, bits)) {
                FileBytes file = good;
                bits == 16 ? put16(file, at, value) : put32(file, at, value);
                repair_checksums(file);
                INFO("field at ", at, " = ", value);
                if (accepted_and_runs(file) && file != good && at < kWeight1)
                    free_fields.insert(at);
            }
        }
    }
    // Minor version, optional features, model id, parent id; the first scale and zero point, and
    // those around the table. Nothing else in the header and the tables is free.
    CHECK(free_fields == std::set<size_t>{6, 16, 18, 36, 38, 40, 42, kLayer1 + 52, kLayer1 + 54,
                                          kLayer1 + 56, kLayer2 + 60, kLayer2 + 62, kLayer2 + 64,
                                          kLayer2 + 68, kLayer2 + 70, kLayer2 + 72});
}

TEST_CASE("random damage with right checksums is refused, or the int8 model can run") {
    Draws numbers(2027);
    int accepted = 0;
    const int count = tries(60000);
    for_each_packing([&](const FileBytes& good) {
        for (size_t i = 0; i < static_cast<size_t>(count) / std::size(kPackings) / 2; i++) {
            FileBytes file = damaged(good, numbers);
            repair_checksums(file);
            accepted += accepted_and_runs(file);
        }
    });
    MESSAGE(count, " files, ", accepted, " of them accepted");
    CHECK(accepted > count / 100);
    CHECK(accepted < count / 2);
}

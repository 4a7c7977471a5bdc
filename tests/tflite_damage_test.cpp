// SPDX-License-Identifier: MIT
// .tflite files that lie, one for each way in which loaders of models have been attacked: each is
// refused with one line that names the file and says what is wrong; mutated files never do harm.
#include <algorithm>
#include <limits>

#include "command.hpp"
#include "tflite_reader.hpp"
#include "tools/data/bytes.hpp"
#include "tools/formats/formats.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

using Bytes = std::vector<uint8_t>;

/// Where what is in a file lies, as the tests' own reader finds it.
class Places : public TfliteReader {
  public:
    explicit Places(const Bytes& bytes) : TfliteReader(bytes) {}
    size_t model(int number) const { return field(follow(0), number); }
    size_t subgraph(int number) const { return field(element(vector(follow(0), 2), 0), number); }
    size_t tensor(uint32_t index, int number) const {
        return field(element(follow(subgraph(0)), index), number);
    }
    size_t op(uint32_t index, int number) const {
        return field(element(follow(subgraph(3)), index), number);
    }
    size_t code(uint32_t index, int number) const {
        return field(element(vector(follow(0), 1), index), number);
    }
    size_t options(uint32_t index, int number) const { return field(follow(op(index, 4)), number); }
    /// Element of a vector that hangs in the field at this place; its length is 4 bytes before.
    size_t item(size_t place, size_t index = 0, size_t width = 4) const {
        return follow(place) + 4 + width * index;
    }
    size_t scales(uint32_t index) const { return item(field(follow(tensor(index, 4)), 2)); }
    size_t zeros(uint32_t index) const { return item(field(follow(tensor(index, 4)), 3)); }
    size_t side_of_scales(uint32_t index) const { return field(follow(tensor(index, 4)), 6); }
    size_t content(uint32_t index) const {
        const auto buffer = static_cast<uint32_t>(get<uint32_t>(tensor(index, 2)));
        return item(field(element(vector(follow(0), 4), buffer), 0));
    }
    size_t vtable_of_root() const {
        return follow(0) - static_cast<size_t>(get<int32_t>(follow(0)));
    }
};

void put(Bytes& bytes, size_t at, uint32_t value, size_t width = 4) {
    for (size_t i = 0; i < width; i++) bytes.at(at + i) = static_cast<uint8_t>(value >> 8 * i);
}
void put_float(Bytes& bytes, size_t at, float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    put(bytes, at, bits);
}

struct Lie {
    const char* what;
    void (*tell)(Bytes& bytes, const Places& at);
    const char* said;
};

Bytes fixture(const std::string& name) {
    return tools::read_file(std::string(NUTSHELL_TEST_DATA) + "/tflite/" + name + ".tflite");
}

/// The message with which a file is refused; empty when it is taken.
std::string refusal_of(const TemporaryFolder& folder, const Bytes& bytes) {
    const std::string path = folder.file("lie.tflite", {bytes.begin(), bytes.end()});
    try {
        (void)tools::import_model(path, "", {});
    } catch (const tools::Error& error) {
        return error.what();
    }
    return "";
}

template <size_t Count>
void check_lies(const std::string& name, const Lie (&lies)[Count]) {
    const TemporaryFolder folder;
    const Bytes good = fixture(name);
    REQUIRE(refusal_of(folder, good).empty());
    const Places places(good);
    for (const Lie& lie : lies) {
        Bytes bytes = good;
        lie.tell(bytes, places);
        const std::string message = refusal_of(folder, bytes);
        INFO(std::string(lie.what), ": ", message);
        CHECK(message.rfind(folder.path("lie.tflite"), 0) == 0);
        CHECK(message.find('\n') == std::string::npos);
        CHECK(message.find(lie.said) != std::string::npos);
    }
}

bool built() {
    if (tools::kTfliteFormat.lacks.empty()) return true;
    MESSAGE("skipped: this build lacks " << tools::kTfliteFormat.lacks);
    return false;
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The tensors of float_outside.tflite: 0 x, 1 codes, 2 w0, 3 b0, 4 y0, 5 w1, 6 b1, 7 y1, 8 out; its
// operators: QUANTIZE, two of FULLY_CONNECTED, DEQUANTIZE.
const Lie kLies[] = {
    {"an empty file", [](Bytes& b, const Places&) { b.clear(); }, "no TensorFlow Lite file"},
    {"eight bytes with an offset outside",
     [](Bytes& b, const Places&) { b = {0x18, 0, 0, 0, 'T', 'F', 'L', '3'}; }, "damaged"},
    {"another file's mark", [](Bytes& b, const Places&) { b[4] = 'X'; }, "TFL3"},
    {"a root behind the end", [](Bytes& b, const Places&) { put(b, 0, 0x7ffffff0); }, "damaged"},
    {"a root at itself", [](Bytes& b, const Places&) { put(b, 0, 0); }, "damaged"},
    {"a root off its alignment", [](Bytes& b, const Places&) { put(b, 0, 9); }, "damaged"},
    {"the second half missing", [](Bytes& b, const Places&) { b.resize(b.size() / 2); }, "damaged"},
    {"a vtable before the file", [](Bytes& b, const Places&) { put(b, b[0], 0x7fffffff); },
     "damaged"},
    {"a vtable longer than the file",
     [](Bytes& b, const Places& at) { put(b, at.vtable_of_root(), 0xfffe, 2); }, "damaged"},
    {"a vector of four billion tensors",
     [](Bytes& b, const Places& at) { put(b, at.item(at.subgraph(0)) - 4, 0xffffffff); },
     "damaged"},
    {"a name without its end",
     [](Bytes& b, const Places& at) { put(b, at.item(at.tensor(2, 3)) - 4, 0x00ffffff); },
     "damaged"},
    {"another version", [](Bytes& b, const Places& at) { put(b, at.model(0), 2); }, "version 2"},
    {"an operator code beyond the list",
     [](Bytes& b, const Places& at) { put(b, at.op(1, 0), 77); }, "operator 1 has code 77"},
    {"an operator that nobody knows",
     [](Bytes& b, const Places& at) { put(b, at.code(1, 3), 0x7fffffff); },
     "operator code 2147483647"},
    {"an operator that we lack",
     [](Bytes& b, const Places& at) {
         put(b, at.code(1, 3), 25);
         put(b, at.code(1, 0), 25, 1);
     },
     "SOFTMAX 'y0' (operator 1)"},
    {"a convolution with the options of a dense layer",
     [](Bytes& b, const Places& at) {
         put(b, at.code(1, 3), 3);
         put(b, at.code(1, 0), 3, 1);
     },
     "no options"},
    {"a weight with the number minus one",
     [](Bytes& b, const Places& at) { put(b, at.item(at.op(1, 1), 1), 0xffffffff); }, "tensor -1"},
    {"a bias beyond the list",
     [](Bytes& b, const Places& at) { put(b, at.item(at.op(1, 1), 2), 4000); }, "tensor 4000"},
    {"an output beyond the list",
     [](Bytes& b, const Places& at) { put(b, at.item(at.op(1, 2)), 0x80000000); },
     "tensor -2147483648"},
    {"an input of the graph beyond the list",
     [](Bytes& b, const Places& at) { put(b, at.item(at.subgraph(1)), 9); }, "tensor 9"},
    {"no input of the graph",
     [](Bytes& b, const Places& at) { put(b, at.item(at.subgraph(1)) - 4, 0); }, "0 inputs"},
    {"no output of the graph",
     [](Bytes& b, const Places& at) { put(b, at.item(at.subgraph(2)) - 4, 0); }, "0 outputs"},
    {"an output that nothing writes",
     [](Bytes& b, const Places& at) { put(b, at.item(at.subgraph(2)), 3); }, "only chains"},
    {"a loop", [](Bytes& b, const Places& at) { put(b, at.item(at.op(1, 1)), 7); }, "only chains"},
    {"no inputs of an operator",
     [](Bytes& b, const Places& at) { put(b, at.item(at.op(1, 1)) - 4, 0); }, "no input"},
    {"a weight for two operands",
     [](Bytes& b, const Places& at) { put(b, at.item(at.op(1, 1)) - 4, 1); }, "1 inputs"},
    {"a buffer beyond the list",
     [](Bytes& b, const Places& at) { put(b, at.tensor(2, 2), 0xffffffff); }, "buffer 4294967295"},
    {"a weight without content", [](Bytes& b, const Places& at) { put(b, at.tensor(2, 2), 0); },
     "no constant"},
    {"a buffer shorter than the shape",
     [](Bytes& b, const Places& at) { put(b, at.content(2) - 4, 23); },
     "23 bytes where its shape has 24"},
    {"sides whose product overflows",
     [](Bytes& b, const Places& at) {
         put(b, at.item(at.tensor(2, 0), 0), 0x7fffffff);
         put(b, at.item(at.tensor(2, 0), 1), 0x7fffffff);
     },
     "tensor 2 'w0' has a shape"},
    {"a side of zero", [](Bytes& b, const Places& at) { put(b, at.item(at.tensor(4, 0), 1), 0); },
     "tensor 4 'y0' has a shape"},
    {"a negative side",
     [](Bytes& b, const Places& at) { put(b, at.item(at.tensor(4, 0), 1), 0xfffffffc); },
     "tensor 4 'y0' has a shape"},
    {"a shape of a petabyte",
     [](Bytes& b, const Places& at) { put(b, at.item(at.tensor(0, 0), 1), 0x7fffffff); },
     "tensor 0 'x' has a shape"},
    {"a weight of other sides",
     [](Bytes& b, const Places& at) {
         put(b, at.item(at.tensor(2, 0), 0), 6);
         put(b, at.item(at.tensor(2, 0), 1), 4);
     },
     "6x4"},
    {"a type that nobody knows", [](Bytes& b, const Places& at) { put(b, at.tensor(2, 1), 99, 1); },
     "type 99"},
    {"a bias of floats", [](Bytes& b, const Places& at) { put(b, at.tensor(3, 1), 0, 1); },
     "FLOAT32"},
    {"codes that become text", [](Bytes& b, const Places& at) { put(b, at.tensor(4, 1), 5, 1); },
     "STRING"},
    {"a scale of zero", [](Bytes& b, const Places& at) { put_float(b, at.scales(4), 0); }, "scale"},
    {"a scale of NaN", [](Bytes& b, const Places& at) { put_float(b, at.scales(4), kNan); },
     "scale"},
    {"an infinite scale", [](Bytes& b, const Places& at) { put_float(b, at.scales(1), kInfinity); },
     "scale"},
    {"a negative weight scale", [](Bytes& b, const Places& at) { put_float(b, at.scales(2), -1); },
     "scale"},
    {"a weight scale that overflows",
     [](Bytes& b, const Places& at) { put_float(b, at.scales(2), 3e38f); }, "multiplier"},
    {"no scale", [](Bytes& b, const Places& at) { put(b, at.scales(4) - 4, 0); },
     "without one scale"},
    {"two scales for four outputs", [](Bytes& b, const Places& at) { put(b, at.scales(2) - 4, 2); },
     "2 scales"},
    {"a zero point of 300", [](Bytes& b, const Places& at) { put(b, at.zeros(4), 300); },
     "zero point"},
    {"a weight with a zero point", [](Bytes& b, const Places& at) { put(b, at.zeros(2), 3); },
     "symmetric"},
    {"a weight of -128", [](Bytes& b, const Places& at) { b[at.content(2)] = 0x80; }, "-128"},
    {"a bias near the end of 32 bits",
     [](Bytes& b, const Places& at) { put(b, at.content(3), 0x7fffffff); }, "overflow"},
    {"an activation that nobody knows",
     [](Bytes& b, const Places& at) { put(b, at.options(1, 0), 55, 1); }, "is not known"},
    {"an activation that we lack",
     [](Bytes& b, const Places& at) { put(b, at.options(1, 0), 2, 1); }, "RELU_N1_TO_1"},
    {"DEQUANTIZE in the middle",
     [](Bytes& b, const Places& at) {
         put(b, at.op(1, 0), 2);
         put(b, at.tensor(4, 1), 0, 1);
     },
     "follows DEQUANTIZE"},
};

// Of batch_norm.tflite: 3 w0, 6 gamma, 8 mul, 10 w1; RESHAPE, dense, MUL, ADD, dense, TANH, dense,
// LEAKY_RELU.
const Lie kFloatLies[] = {
    {"a weight of NaN", [](Bytes& b, const Places& at) { put_float(b, at.content(3), kNan); },
     "'y0' (operator 1)"},
    {"an infinite factor",
     [](Bytes& b, const Places& at) { put_float(b, at.content(6), kInfinity); },
     "'mul' (operator 2)"},
    {"a factor of another size",
     [](Bytes& b, const Places& at) { put(b, at.item(at.tensor(6, 0)), 4); }, "tensor 6 'gamma'"},
    {"a product of two results",
     [](Bytes& b, const Places& at) { put(b, at.item(at.op(2, 1), 0), 12); }, "constant"},
    {"a reshape that loses values",
     [](Bytes& b, const Places& at) { put(b, at.item(at.tensor(2, 0), 1), 7); },
     "does not fit 7 inputs"},
    {"a slope above one", [](Bytes& b, const Places& at) { put_float(b, at.options(7, 0), 1.5f); },
     "slope"},
    {"a slope of NaN", [](Bytes& b, const Places& at) { put_float(b, at.options(7, 0), kNan); },
     "slope"},
    {"RELU6 of floats", [](Bytes& b, const Places& at) { put(b, at.options(1, 0), 3, 1); },
     "RELU6"},
};

// Of images_int8.tflite: 0 input, 1 w, 2 b, 3 t1, 4 w, 5 b, 6 t2, 7 t3, 8 t4; CONV_2D, DEPTHWISE,
// MAX_POOL, AVERAGE_POOL, RESHAPE, two dense, RESHAPE, TRANSPOSE_CONV, RESIZE_NEAREST,
// TRANSPOSE_CONV, AVERAGE_POOL, RESIZE_BILINEAR, DEPTHWISE, CONV_2D.
const Lie kImageLies[] = {
    {"a padding that is none", [](Bytes& b, const Places& at) { put(b, at.options(0, 0), 7, 1); },
     "neither SAME nor VALID"},
    {"a stride of zero", [](Bytes& b, const Places& at) { put(b, at.options(0, 1), 0); },
     "stride along the width of 0"},
    {"a negative stride", [](Bytes& b, const Places& at) { put(b, at.options(1, 2), 0xffffffff); },
     "stride along the height of -1"},
    {"a stride that overflows",
     [](Bytes& b, const Places& at) { put(b, at.options(0, 2), 0x7fffffff); }, "1 to 255"},
    {"another stride", [](Bytes& b, const Places& at) { put(b, at.options(0, 1), 2); },
     "the file says 5x7x4"},
    {"a dilation of two billion",
     [](Bytes& b, const Places& at) { put(b, at.options(0, 4), 0x7fffffff); }, "dilation"},
    {"a pool of zero", [](Bytes& b, const Places& at) { put(b, at.options(2, 3), 0); },
     "MAX_POOL_2D 't3' (operator 2): it has a kernel"},
    {"a pool of a thousand", [](Bytes& b, const Places& at) { put(b, at.options(3, 4), 1000); },
     "AVERAGE_POOL_2D 't4'"},
    {"a weight of three sides",
     [](Bytes& b, const Places& at) { put(b, at.item(at.tensor(1, 0)) - 4, 3); }, "four sides"},
    {"a weight for other channels",
     [](Bytes& b, const Places& at) {
         put(b, at.item(at.tensor(1, 0), 1), 2);
         put(b, at.item(at.tensor(1, 0), 3), 3);
     },
     "'t1' (operator 0)"},
    {"scales along another side",
     [](Bytes& b, const Places& at) { put(b, at.side_of_scales(4), 0); }, "along side 0"},
    {"a depthwise weight for two samples",
     [](Bytes& b, const Places& at) {
         put(b, at.item(at.tensor(4, 0), 0), 3);
         put(b, at.item(at.tensor(4, 0), 1), 1);
     },
     "is for more samples"},
    {"a pool that changes its codes",
     [](Bytes& b, const Places& at) { put_float(b, at.scales(7), 0.75f); }, "changes the scale"},
    {"corners that are aligned",
     [](Bytes& b, const Places& at) { put(b, at.options(12, 3), 0, 1); }, "half_pixel_centers"},
    {"a transposed convolution of three operands too few",
     [](Bytes& b, const Places& at) { put(b, at.item(at.op(8, 1)) - 4, 1); }, "no input"},
    {"a transposed convolution that reads its weight",
     [](Bytes& b, const Places& at) { put(b, at.item(at.op(8, 1), 2), 1); }, "only chains"},
    {"a bias of images near the end of 32 bits",
     [](Bytes& b, const Places& at) { put(b, at.content(2), 0x7fffffff); }, "overflow"},
};

}  // namespace

TEST_CASE("a .tflite file that lies is refused with one line") {
    if (!built()) return;
    check_lies("float_outside", kLies);
    check_lies("batch_norm", kFloatLies);
    check_lies("images_int8", kImageLies);
}

TEST_CASE("a weight of which only some values lie in the file is refused") {
    if (!built()) return;
    const TemporaryFolder folder;
    const std::string message = refusal_of(folder, fixture("sparse"));
    CHECK_MESSAGE(message.find("tensor 1 'w' is sparse") != std::string::npos, message);
}

TEST_CASE("the command refuses a lie in one line and writes nothing") {
    if (!built()) return;
    const Desk desk;
    Bytes bytes = fixture("float_outside");
    put(bytes, Places(bytes).op(1, 0), 77);
    desk.file("lie.tflite", {bytes.begin(), bytes.end()});
    for (const char* line : {"convert lie.tflite x.nut", "inspect lie.tflite --json"}) {
        desk.check_refused(line, {"lie.tflite", "operator 1 has code 77", "damaged"});
    }
    desk.check_refused("convert lie.tflite x.nut --layers 6,3,6", {"--layers", "leave"});
}

TEST_CASE("every length of a .tflite file and seeded mutations of it are refused or taken whole") {
    if (!built()) return;
    const TemporaryFolder folder;
    const Bytes good = fixture("uint8_outside");
    for (size_t size = 0; size < good.size(); size += 7) {
        const Bytes cut(good.begin(), good.begin() + static_cast<ptrdiff_t>(size));
        const std::string message = refusal_of(folder, cut);
        CHECK(message.find('\n') == std::string::npos);
    }
    uint32_t state = 7;
    int refused = 0;
    for (int i = 0; i < 1000; i++) {
        Bytes bytes = good;
        for (int edit = 0; edit < 2; edit++) {
            state = state * 1664525u + 1013904223u;
            bytes[(state >> 8) % bytes.size()] = static_cast<uint8_t>(state >> 3);
        }
        refused += refusal_of(folder, bytes).empty() ? 0 : 1;
    }
    CHECK(refused > 300);
}

TEST_CASE("files of other kinds than our own give what an independent script computed") {
    if (!built()) return;
    const Desk desk;
    for (const std::string name :
         {"dynamic_range", "float16", "batch_norm", "float_outside", "uint8_outside"}) {
        const std::string base = std::string(NUTSHELL_TEST_DATA) + "/tflite/" + name;
        INFO(name);
        // The script computes in double: float32 sums of some 20 products are this near.
        const nlohmann::json facts =
            desk.run_json("convert " + base + ".tflite x.nut --tolerance 1e-6 --check " + base +
                          ".in.npy " + base + ".out.npy");
        CHECK(facts["check"]["accepted"] == true);
        CHECK(facts["format"] == "TensorFlow Lite");
        CHECK(facts["producer"] == "make.py");
        CHECK(facts["notes"].size() >= (name == "float16" ? 0 : 2));
    }
    for (const std::string name : {"images_float", "images_int8", "images_int8_tensor"}) {
        const std::string base = std::string(NUTSHELL_TEST_DATA) + "/tflite/" + name;
        INFO(name);
        const nlohmann::json facts =
            desk.run_json("convert " + base + ".tflite x.nut --tolerance 2e-6 --check " + base +
                          ".in.npy " + base + ".out.npy");
        CHECK(facts["check"]["accepted"] == true);
        CHECK(facts["check"]["compared"] == (name == "images_float" ? "values" : "codes"));
        CHECK(facts["code_layer"] == 5);
        const nlohmann::json half =
            desk.run_json("convert " + base + ".tflite e.nut --part encoder");
        CHECK(half["part"] == "encoder");
    }
    const nlohmann::json inspected =
        desk.run_json("inspect " + std::string(NUTSHELL_TEST_DATA) + "/tflite/batch_norm.tflite");
    CHECK(inspected["origin"][1] ==
          "ADD 'mul' and 'add' (operator 3), FULLY_CONNECTED 'y1' (operator 4), TANH 'tanh' "
          "(operator 5)");
    CHECK(inspected["layer_sizes"] == "8-5-3-8");
}

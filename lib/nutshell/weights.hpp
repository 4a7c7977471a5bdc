// SPDX-License-Identifier: MIT
// The .nut file: one format for disk, flash and wire; checked once, then used where it lies.
//
// All numbers are little-endian, all offsets count bytes from the first byte of the file, every
// byte is covered by exactly one CRC-32C, and every byte without a meaning is zero: there is no
// change of a single bit that a reader does not refuse.
//
// Header, 64 bytes
//    0  u32  magic, the bytes 'N' 'U' 'T' '1'
//    4  u16  header size, 64
//    6  u8   major version, 1: readers refuse another
//    7  u8   minor version, 0: additions that an older reader may ignore
//    8  u32  file size in bytes, a multiple of 16, at most 2^27
//   12  u32  required features, one bit each, none defined: readers refuse an unknown one
//   16  u32  optional features, one bit each, none defined
//   20  u16  layers, 1 to 64
//   22  u16  sections, 1 to 321
//   24  u32  offset of the layer table, 64
//   28  u32  offset of the section table, directly behind the layer table
//   32  u32  fingerprint of the architecture (fingerprint_of in layers/row.hpp)
//   36  u32  model id: CRC-32C over rows and parameters of the whole model, the same in every part
//   40  u32  parent id: model id of the model that this one was trained from, 0 for none
//   44  u8   log2 of the alignment of sections, 4 to 6
//   45  u8   numbers of the model: 0 float32, 1 int8, 2 int8 with weights of 4 bits in some layers
//   46  u16  code layer: layers in front of the code (all for an encoder, 0 for a decoder)
//   48  u32[2] zero
//   56  u32  CRC-32C of the layer table and the section table, to the first section
//   60  u32  CRC-32C of the bytes 0 to 59
// Layer record, 80 bytes each, in the order of the chain
//    0  u8   kind: 1 dense, 2 reshape, 3 convolution, 4 depthwise convolution, 5 transposed
//            convolution, 6 maximum and 7 average pooling, 8 upsampling, 9 batch normalization;
//            float32 weights of 3 and 5 are [height][width][in][out], of 4 [height][width][channel]
//    1  u8   activation: 0 linear, 1 relu, 2 leaky relu, 3 sigmoid, 4 tanh
//    2  u8[2] zero
//    4  u32[3] input height, width, channels, each and their product at most 2^20
//   16  u32[3] output height, width, channels
//   28  f32  slope of leaky relu, else zero
//   32  window of kinds that have one, 16 bytes, else zero: u8 height and width in taps, u8 stride
//            down and across, u8 dilation down and across, u8 padding top, left, bottom, right,
//            u8[2] zero, u32 parameter of the kind
//   48  u16  section of the weights, zero for a kind without any; dense: float32 [out][in] if out
//   <= in, else [in][out];
//            int8 in the section's packing (packing.hpp)
//   50  u16  section of the bias, [out], zero for a kind without any; behind it comes the section
//   of
//            the state of a kind that has one; int8: int32 as the packing says, in units of the
//            input's scale times the weights' scale, the input's zero point folded in
//   52  u8[28] zero in a float32 file, else
//   52  meaning of the input's codes, 8 bytes: f32 scale, i8 zero point, u8 upper bits that codes
//   do
//            without (0 to 4), u16 zero; value = scale * (code - zero point)
//   60  meaning of the sums' codes; the weights' scale of an output is multiplier * 2^(shift - 31)
//   *
//            this scale / the input's
//   68  meaning of the output's codes; the same as the sums' where there is no table
//   76  u16  section of the activation's table; zero for linear and relu, which have none
//   78  u16  zero
//       The section behind the bias holds the multipliers, one for each output (as the packing pads
//       them) or one; the next one as many shifts.
// Section record, 16 bytes each, in the order of the sections
//    0  u32  offset, a multiple of the alignment
//    4  u32  size in bytes, without padding
//    8  u8   type: 0 float32, 1 int8, 2 int32, 3 int4 (weights two in a byte, packing_int4.hpp)
//    9  u8   role: 1 weights, 2 bias, 3 multipliers, 4 shifts, 5 table, 6 self-test, 7 state (what
//            training measures instead of learning)
//   10  u8   packing (packing.hpp), the same in all sections of a file; 0 in a float32 file
//   11  u8   zero
//   12  u32  CRC-32C from its offset to the next section's offset (or the end): padding included
// Sections follow each other in table order, each padded with zeros to the alignment; the last one
// ends the file. Those of a layer come in the order of their roles; behind all layers may stand a
// self-test (self_test.hpp).
#pragma once
#include "plan.hpp"
#include "status.hpp"

namespace nutshell {

constexpr int kMaxLayers = 64;

/// The address of a file in memory must be a multiple of this many bytes.
constexpr size_t kFileAlignment = 16;

/// What a model computes in; int4 is int8 with weights of 4 bits in some layers. The numbers are
/// those of the .nut file.
enum class NumberType : uint8_t { float32 = 0, int8 = 1, int4 = 2 };

/// A checked file: a pointer to the caller's bytes, nothing copied. Only check() fills one; another
/// may be asked for its layer_count() only, which is 0.
class File {
  public:
    int layer_count() const noexcept;
    /// Layers in front of the code: layer_count() for an encoder alone, 0 for a decoder alone.
    int code_layer() const noexcept;
    uint32_t fingerprint() const noexcept;
    uint32_t model_id() const noexcept;
    uint32_t parent_id() const noexcept;
    uint32_t size() const noexcept;

    NumberType type() const noexcept;
    /// canonical in a float32 file.
    Packing packing() const noexcept;

    /// layer must be in 0..layer_count()-1.
    Row row(int layer) const noexcept;
    /// Of a float32 file.
    Tensors tensors(int layer) const noexcept;
    /// Of an int8 or int4 file.
    Int8Tensors int8_tensors(int layer) const noexcept;
    /// The expected answer of the whole file: self_test.hpp; null when there is none.
    const uint8_t* self_test() const noexcept;

  private:
    template <NumberType>
    friend class IncrementalCheck;
    friend Status check_float32(const void* bytes, size_t size, File& file) noexcept;
    friend Status check_int8(const void* bytes, size_t size, File& file) noexcept;
    friend Status check_int8_dense(const void* bytes, size_t size, File& file) noexcept;
    friend Status check_int4(const void* bytes, size_t size, File& file) noexcept;
    template <NumberType Numbers, class AnyRow>
    Status check_layout(const void* data, size_t size) noexcept;
    Status check_floats() const noexcept;
    template <Status (*CheckLayer)(const Row&, const Int8Tensors&)>
    Status check_codes() const noexcept;
    const uint8_t* bytes_ = nullptr;
};

/// Checks bytes[size], whoever wrote them, and fills `file` when all is well. Reads nothing outside
/// the range, does not recurse or allocate, takes time linear in size. Bytes behind the file's own
/// end are ignored. On an error `file` is untouched.
Status check(const void* bytes, size_t size, File& file) noexcept;

/// check() for a program that reads numbers of one type, so that it links no more than they need:
/// wrong_numbers for a file of another type. (An int8 file is an int4 file, too.)
Status check_float32(const void* bytes, size_t size, File& file) noexcept;
Status check_int8(const void* bytes, size_t size, File& file) noexcept;
Status check_int4(const void* bytes, size_t size, File& file) noexcept;

/// check_int8() for a program all of whose layers are dense; wrong_model when the file's are not.
Status check_int8_dense(const void* bytes, size_t size, File& file) noexcept;

/// The same in bounded steps: incremental_check.hpp.
template <NumberType Numbers>
class IncrementalCheck;

/// Whether a quantized layer can run: scales, multipliers and shifts within their ranges, a table
/// exactly where one is needed, weights -127..127 or -7..7, padding zero, all forms of a bias the
/// same, sums that no input can overflow. Returns bad_quantization or sum_overflow.
Status check_quantized(const Row& row, const Int8Tensors& tensors) noexcept;
/// The same for weights of 8 bits only, and of dense layers only.
Status check_quantized_int8(const Row& row, const Int8Tensors& tensors) noexcept;
Status check_quantized_int8_dense(const Row& row, const Int8Tensors& tensors) noexcept;

/// What a file is written from: tensors, or int8_tensors.
struct FileContents {
    const Row* rows;  ///< [layer_count]
    int layer_count;
    int code_layer;          ///< layers in front of the code
    const Tensors* tensors;  ///< [layer_count], sizes as tensor_sizes(row) says
    uint32_t model_id = 0;   ///< 0: computed from these contents (right for a whole model)
    uint32_t parent_id = 0;
    const Int8Tensors* int8_tensors = nullptr;  ///< [layer_count], all in one packing
    const uint8_t* self_test = nullptr;         ///< [kSelfTestBytes], null for none
};

/// Bytes of a self-test section (self_test.hpp).
constexpr int kSelfTestBytes = 32;

/// Bytes that write() needs; 0 when the contents cannot be a file.
size_t file_size(const FileContents& contents) noexcept;

/// The same for float32 layers without a self-test.
size_t file_size(const Row* rows, int layer_count) noexcept;

/// Writes a file into the caller's out[capacity] and says how long it is. Fails with
/// buffer_too_small, bad_layer, non_finite_weights, or what check() says of quantized layers,
/// leaving `out` undefined and `written` 0.
Status write(const FileContents& contents, void* out, size_t capacity, size_t& written) noexcept;

/// CRC-32C over the rows and the parameters: the identity of a trained model.
uint32_t model_id(const FileContents& contents) noexcept;

/// Writes a trained model of type Model into out[capacity].
template <class Model>
Status save(const typename Model::Parameters& parameters, void* out, size_t capacity,
            size_t& written, uint32_t parent_id = 0) noexcept {
    using Chain = typename Model::Chain;
    Tensors tensors[Chain::count];
    for (int i = 0; i < Chain::count; i++) tensors[i] = Chain::tensors(parameters.data, i);
    return write({Chain::rows, Chain::count, Model::code_layer, tensors, 0, parent_id}, out,
                 capacity, written);
}

/// True when x[n] holds neither NaN nor infinity.
bool all_finite(const float* x, int32_t n) noexcept;

}  // namespace nutshell

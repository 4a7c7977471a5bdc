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
//   22  u16  sections, 1 to 128
//   24  u32  offset of the layer table, 64
//   28  u32  offset of the section table, directly behind the layer table
//   32  u32  fingerprint of the architecture (fingerprint_of in layers/row.hpp)
//   36  u32  model id: CRC-32C over rows and parameters of the whole model, the same in every part
//   40  u32  parent id: model id of the model that this one was trained from, 0 for none
//   44  u8   log2 of the alignment of sections, 4 to 6
//   45  u8   type of the main sections: 0 float32
//   46  u16  code layer: layers in front of the code (all for an encoder, 0 for a decoder)
//   48  u32[2] zero
//   56  u32  CRC-32C of the layer table and the section table, to the first section
//   60  u32  CRC-32C of the bytes 0 to 59
// Layer record, 80 bytes each, in the order of the chain
//    0  u8   kind: 1 dense
//    1  u8   activation: 0 linear, 1 relu, 2 leaky relu, 3 sigmoid, 4 tanh
//    2  u8[2] zero
//    4  u32[3] input height, width, channels, each and their product at most 2^20
//   16  u32[3] output height, width, channels
//   28  f32  slope of leaky relu, else zero
//   32  u8[16] zero (window, stride, padding of kinds to come)
//   48  u16  section of the weights; dense: [out][in] if out <= in, else [in][out]
//   50  u16  section of the bias, [out]
//   52  u8[28] zero (quantization to come)
// Section record, 16 bytes each, in the order of the sections
//    0  u32  offset, a multiple of the alignment
//    4  u32  size in bytes, without padding
//    8  u8   type: 0 float32
//    9  u8   role: 1 weights, 2 bias
//   10  u8   packing: 0 canonical order
//   11  u8   zero
//   12  u32  CRC-32C from its offset to the next section's offset (or the end): padding included
// Sections follow each other in table order, each padded with zeros to the alignment; the last one
// ends the file.
#pragma once
#include "plan.hpp"
#include "status.hpp"

namespace nutshell {

constexpr int kMaxLayers = 64;

/// The address of a file in memory must be a multiple of this many bytes.
constexpr size_t kFileAlignment = 16;

/// A checked file: pointers into the caller's bytes, nothing copied. Only check() fills one.
class File {
  public:
    int layer_count() const noexcept { return layer_count_; }
    /// Layers in front of the code: layer_count() for an encoder alone, 0 for a decoder alone.
    int code_layer() const noexcept { return code_layer_; }
    uint32_t fingerprint() const noexcept { return fingerprint_; }
    uint32_t model_id() const noexcept { return model_id_; }
    uint32_t parent_id() const noexcept { return parent_id_; }
    uint32_t size() const noexcept { return size_; }

    /// layer must be in 0..layer_count()-1.
    Row row(int layer) const noexcept;
    Tensors tensors(int layer) const noexcept;

  private:
    friend Status check(const void* bytes, size_t size, File& file) noexcept;
    const uint8_t* bytes_ = nullptr;
    uint32_t size_ = 0;
    uint32_t fingerprint_ = 0;
    uint32_t model_id_ = 0;
    uint32_t parent_id_ = 0;
    int layer_count_ = 0;
    int code_layer_ = 0;
};

/// Checks bytes[size], whoever wrote them, and fills `file` when all is well. Reads nothing outside
/// the range, does not recurse or allocate, takes time linear in size. Bytes behind the file's own
/// end are ignored. On an error `file` is untouched.
Status check(const void* bytes, size_t size, File& file) noexcept;

/// What a file is written from.
struct FileContents {
    const Row* rows;  ///< [layer_count]
    int layer_count;
    int code_layer;          ///< layers in front of the code
    const Tensors* tensors;  ///< [layer_count], sizes as tensor_sizes(row) says
    uint32_t model_id = 0;   ///< 0: computed from these contents (right for a whole model)
    uint32_t parent_id = 0;
};

/// Bytes that write() needs; 0 when the contents cannot be a file.
size_t file_size(const Row* rows, int layer_count) noexcept;

/// Writes a file into the caller's out[capacity] and says how long it is. Fails with
/// buffer_too_small, bad_layer, or non_finite_weights, leaving `out` undefined and `written` 0.
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

/// True when x[n] holds neither NaN nor infinity. Looks at the bits, so no compiler flag fools it.
bool all_finite(const float* x, int32_t n) noexcept;

}  // namespace nutshell

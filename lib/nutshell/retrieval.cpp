// SPDX-License-Identifier: MIT
// Image of a store, little-endian, at any address
//    0  u32  magic "NUTC"
//    4  u8   version, 1
//    5  u8   numbers: 0 float32, 1 int8, 2 sign bits
//    6  u16  zero
//    8  u32  model id
//   12  u32  numbers of a code
//   16  u32  codes
//   20  u32  insertions so far
//   24  f32  scale, 28 i8 zero point, 29 u8 unused bits of int8 codes; 30 u16 zero
//   32  u32  id and u32 insertions before, of each code; and its words of four bytes
//   ..  u32  CRC-32C of all bytes before
#include "retrieval.hpp"

#include "crc.hpp"
#include "nut_format.hpp"

namespace nutshell {
namespace {

using format::write32;

constexpr uint32_t kMagic = 0x4354554Eu;
constexpr size_t kHeaderBytes = 32, kCrcBytes = 4;
constexpr int kWordBytes = 4;

uint32_t read(const uint8_t* at) noexcept {
    return static_cast<uint32_t>(at[0]) | static_cast<uint32_t>(at[1]) << 8 |
           static_cast<uint32_t>(at[2]) << 16 | static_cast<uint32_t>(at[3]) << 24;
}

template <class Element>
void set_bits(int32_t n, const Element* code, const Element* thresholds, uint32_t* bits) noexcept {
    for (int32_t word = 0; word < (n + 31) / 32; word++) bits[word] = 0;
    for (int32_t i = 0; i < n; i++) {
        const bool above = code[i] > (thresholds ? thresholds[i] : Element{});
        bits[i / 32] |= static_cast<uint32_t>(above) << i % 32;
    }
}

bool finite(int32_t n, const float* code) noexcept { return kernels::all_finite(n, code); }
bool finite(int32_t, const void*) noexcept { return true; }

float square(float value, int8_t) noexcept { return value * value; }
float square(int8_t code, int8_t zero_point) noexcept {
    const int32_t off = code - zero_point;
    return static_cast<float>(off * off);
}
float square(uint32_t, int8_t) noexcept { return 0.0f; }

}  // namespace

void sign_bits(int32_t n, const float* code, const float* thresholds, uint32_t* bits) noexcept {
    set_bits(n, code, thresholds, bits);
}
void sign_bits(int32_t n, const int8_t* code, const int8_t* thresholds, uint32_t* bits) noexcept {
    set_bits(n, code, thresholds, bits);
}

Status read_stored(const uint8_t* image, size_t bytes, StoredCodes& stored) noexcept {
    if (!image) return Status::null_argument;
    if (bytes < kHeaderBytes + kCrcBytes) return Status::truncated;
    if (read(image) != kMagic) return Status::bad_magic;
    if (image[4] != 1) return Status::bad_version;
    const uint32_t size = read(image + 12), count = read(image + 16), scale = read(image + 24);
    const uint32_t numbers_of_word = image[5] == 0 ? 1 : image[5] == 1 ? kGroupBytes : 32;
    if (image[5] > 2 || size < 1 || size > kMostCodeNumbers || count > kMostCodes) {
        return Status::bad_header;
    }
    const uint64_t words = 2 + (size + numbers_of_word - 1) / numbers_of_word;
    const uint64_t length = count * words * kWordBytes + kHeaderBytes + kCrcBytes;
    if (bytes < length) return Status::truncated;
    if (bytes > length) return Status::bad_header;
    if (crc32c(0, image, bytes - kCrcBytes) != read(image + bytes - kCrcBytes)) {
        return Status::bad_checksum;
    }
    stored = {image[5],        static_cast<int32_t>(size), static_cast<int32_t>(count),
              read(image + 8), read(image + 20),           {}};
    memcpy(&stored.quantization.scale, &scale, sizeof scale);
    stored.quantization.zero_point = static_cast<int8_t>(image[28]);
    stored.quantization.unused_bits = image[29];
    return Status::ok;
}

template <class Number>
Status CodeStore<Number>::bind(const StoreSetup& setup, void* memory, size_t bytes) noexcept {
    if (!memory) return Status::null_argument;
    if (setup.size < 1 || setup.size > kMostCodeNumbers || setup.capacity < 1 ||
        setup.capacity > kMostCodes) {
        return Status::shape_mismatch;
    }
    if (!(setup.quantization.scale > 0.0f) || !finite(1, &setup.quantization.scale)) {
        return Status::bad_quantization;
    }
    const uint64_t codes =
        (static_cast<uint64_t>(setup.capacity) + kGroupCodes - 1) / kGroupCodes * kGroupCodes;
    const uint64_t code_words = codes * static_cast<uint64_t>(words_of(setup.size));
    const bool by_cosine = setup.metric == Metric::cosine;
    if ((code_words + codes * (by_cosine ? 3 : 2)) * sizeof(uint32_t) > bytes) {
        return Status::buffer_too_small;
    }
    if (reinterpret_cast<uintptr_t>(memory) % 16 != 0) return Status::misaligned;
    setup_ = setup;
    codes_ = static_cast<uint8_t*>(memory);
    ids_ = static_cast<uint32_t*>(memory) + code_words;
    ages_ = ids_ + codes;
    norms_ = by_cosine ? reinterpret_cast<float*>(ages_ + codes) : nullptr;
    memset(codes_, 0, static_cast<size_t>(code_words) * sizeof(uint32_t));
    count_ = 0;
    insertions_ = 0;
    return Status::ok;
}

template <class Number>
uint8_t* CodeStore<Number>::word(int32_t slot, int32_t w) const noexcept {
    const ptrdiff_t group = slot / kGroupCodes;
    return codes_ + ((group * words() + w) * kGroupCodes + slot % kGroupCodes) * kWordBytes;
}

template <class Number>
Status CodeStore<Number>::check(const Element* code) const noexcept {
    if (!codes_) return Status::not_loaded;
    if (!code) return Status::null_argument;
    const float norm = squared_norm(code);  // the cosine needs one
    return finite(setup_.size, code) && finite(1, &norm) ? Status::ok : Status::non_finite_input;
}

template <class Number>
float CodeStore<Number>::squared_norm(const Element* code) const noexcept {
    float sum = 0.0f;
    for (int32_t i = 0; i < setup_.size && norms_; i++) {
        sum += square(code[i], setup_.quantization.zero_point);
    }
    return sum;
}

template <class Number>
float CodeStore<Number>::squared_norm(int32_t slot) const noexcept {
    float sum = 0.0f;
    for (int32_t w = 0; w < words() && norms_; w++) {
        Element some[Words::elements];
        memcpy(some, word(slot, w), sizeof some);
        for (int32_t k = 0; k < Words::elements && w * Words::elements + k < setup_.size; k++) {
            sum += square(some[k], setup_.quantization.zero_point);
        }
    }
    return sum;
}

template <class Number>
void CodeStore<Number>::put(int32_t slot, const Element* code) noexcept {
    constexpr int32_t elements = Words::elements;
    const int32_t count = elements == 1 ? words() : setup_.size;
    for (int32_t w = 0; w < words(); w++) {
        const int32_t first = w * elements;
        const int32_t there = count - first < elements ? count - first : elements;
        uint8_t* const to = word(slot, w);
        memset(to, 0, kWordBytes);
        memcpy(to, code + first, static_cast<size_t>(there) * sizeof(Element));
    }
    if (norms_) norms_[slot] = squared_norm(code);
}

template <class Number>
Status CodeStore<Number>::insert(const Element* code, uint32_t id) noexcept {
    const Status status = check(code);
    if (status != Status::ok) return status;
    if (count_ == setup_.capacity) return Status::full_store;
    put(count_, code);
    ids_[count_] = id;
    ages_[count_] = insertions_++;
    count_++;
    return Status::ok;
}

template <class Number>
Status CodeStore<Number>::insert_over_oldest(const Element* code, uint32_t id) noexcept {
    const Status status = check(code);
    if (status != Status::ok) return status;
    if (count_ == setup_.capacity) remove(oldest());
    return insert(code, id);
}

/// The last code takes the place of the one that goes.
template <class Number>
void CodeStore<Number>::remove(int32_t slot) noexcept {
    count_--;
    for (int32_t w = 0; w < words(); w++) {
        memcpy(word(slot, w), word(count_, w), kWordBytes);
    }
    ids_[slot] = ids_[count_];
    ages_[slot] = ages_[count_];
    if (norms_) norms_[slot] = norms_[count_];
}

template <class Number>
int32_t CodeStore<Number>::oldest() const noexcept {
    int32_t found = 0;
    for (int32_t slot = 1; slot < count_; slot++) {
        if (insertions_ - ages_[slot] > insertions_ - ages_[found]) found = slot;
    }
    return found;
}

template <class Number>
Status CodeStore<Number>::evict_oldest() noexcept {
    if (count_ == 0) return Status::empty_store;
    remove(oldest());
    return Status::ok;
}

template <class Number>
Status CodeStore<Number>::evict(uint32_t id) noexcept {
    if (count_ == 0) return Status::empty_store;
    for (int32_t slot = 0; slot < count_; slot++) {
        if (ids_[slot] != id) continue;
        remove(slot);
        return Status::ok;
    }
    return Status::too_few_codes;
}

template <class Number>
Status CodeStore<Number>::save(uint8_t* image, size_t capacity) const noexcept {
    if (!codes_) return Status::not_loaded;
    if (!image) return Status::null_argument;
    const size_t bytes = image_bytes();
    if (bytes > capacity) return Status::buffer_too_small;
    const uint32_t header[] = {kMagic,
                               1u | static_cast<uint32_t>(Words::tag) << 8,
                               setup_.model_id,
                               static_cast<uint32_t>(setup_.size),
                               static_cast<uint32_t>(count_),
                               insertions_,
                               format::bits_of(setup_.quantization.scale),
                               static_cast<uint8_t>(setup_.quantization.zero_point) |
                                   static_cast<uint32_t>(setup_.quantization.unused_bits) << 8};
    uint8_t* to = image;
    for (const uint32_t value : header) write32(to, value), to += 4;
    for (int32_t slot = 0; slot < count_; slot++) {
        write32(to, ids_[slot]);
        write32(to + 4, ages_[slot]);
        to += 8;
        for (int32_t w = 0; w < words(); w++, to += 4) memcpy(to, word(slot, w), 4);
    }
    write32(to, crc32c(0, image, bytes - kCrcBytes));
    return Status::ok;
}

template <class Number>
Status CodeStore<Number>::check_stored(const StoredCodes& stored) const noexcept {
    if (stored.numbers != Words::tag || stored.model_id != setup_.model_id ||
        stored.size != setup_.size || !same(stored.quantization, setup_.quantization)) {
        return Status::wrong_store;
    }
    return stored.count > setup_.capacity ? Status::full_store : Status::ok;
}

template <class Number>
Status CodeStore<Number>::load(const uint8_t* image, size_t bytes) noexcept {
    if (!codes_) return Status::not_loaded;
    StoredCodes stored{};
    Status status = read_stored(image, bytes, stored);
    if (status == Status::ok) status = check_stored(stored);
    if (status != Status::ok) return status;
    const int32_t count = stored.count;
    const ptrdiff_t code_bytes = (words() + 2) * 4;
    const uint8_t* const codes = image + kHeaderBytes;
    for (int32_t slot = 0; slot < count; slot++) {
        for (int32_t w = 0; w < words(); w++) {
            Element element;
            memcpy(&element, codes + slot * code_bytes + 8 + w * 4, sizeof element);
            if (!finite(1, &element)) return Status::non_finite_input;
        }
    }
    for (int32_t slot = 0; slot < count; slot++) {
        const uint8_t* const from = codes + slot * code_bytes;
        ids_[slot] = read(from);
        ages_[slot] = read(from + 4);
        for (int32_t w = 0; w < words(); w++) memcpy(word(slot, w), from + 8 + w * 4, 4);
        if (norms_) norms_[slot] = squared_norm(slot);
    }
    count_ = count;
    insertions_ = stored.insertions;
    return Status::ok;
}

template class CodeStore<float>;
template class CodeStore<int8_t>;
template class CodeStore<SignBits>;

}  // namespace nutshell

// SPDX-License-Identifier: MIT
#include "incremental_check.hpp"

#include "check_file.hpp"

namespace nutshell {

using namespace format;

template <NumberType Numbers>
Status IncrementalCheck<Numbers>::step(uint32_t budget) noexcept {
    if (status_ != Status::unfinished) return status_;
    Status status = go_on(budget > 0 ? budget : 1);
    if (status == Status::ok && stage_ != Stage::numbers) {
        stage_ = static_cast<Stage>(static_cast<int>(stage_) + 1);
        index_ = at_ = end_ = crc_ = 0;
        status = Status::unfinished;
    }
    if (status == Status::ok) file_.bytes_ = bytes_;
    status_ = status;
    return status;
}

/// ok when the stage is done.
template <NumberType Numbers>
Status IncrementalCheck<Numbers>::go_on(uint32_t budget) noexcept {
    switch (stage_) {
        case Stage::beginning:
            return check_beginning<Numbers>(bytes_, size_);
        case Stage::tables:
            return go_on_with_tables(budget);
        case Stage::sections:
            return go_on_with_sections(budget);
        case Stage::layers:
            return go_on_with_layers();
        case Stage::fingerprint:
            return check_fingerprint(bytes_);
        case Stage::numbers:
            break;
    }
    return go_on_with_numbers(budget);
}

/// The CRC of the bytes from at_ to end_; true when it is complete.
template <NumberType Numbers>
bool IncrementalCheck<Numbers>::digest(uint32_t budget) noexcept {
    const uint32_t left = end_ - at_, count = left < budget ? left : budget;
    crc_ = crc32c(crc_, bytes_ + at_, count);
    at_ += count;
    return at_ == end_;
}

template <NumberType Numbers>
Status IncrementalCheck<Numbers>::go_on_with_tables(uint32_t budget) noexcept {
    if (end_ == 0) {
        at_ = kHeaderBytes;
        end_ = first_section(bytes_);
        if (end_ > read32(bytes_ + header::file_size)) return Status::bad_section;
    }
    return digest(budget) ? check_table_bytes(bytes_, crc_) : Status::unfinished;
}

template <NumberType Numbers>
Status IncrementalCheck<Numbers>::go_on_with_sections(uint32_t budget) noexcept {
    if (end_ == 0) at_ = end_ = first_section(bytes_);
    if (at_ == end_) {
        const Status status = check_section_record(bytes_, index_, at_, end_);
        if (status != Status::ok) return status;
        crc_ = 0;
    }
    if (!digest(budget)) return Status::unfinished;
    const Status status = check_section_bytes(bytes_, index_, end_, crc_);
    if (status != Status::ok) return status;
    if (++index_ < read16(bytes_ + header::sections)) return Status::unfinished;
    return end_ == read32(bytes_ + header::file_size) ? Status::ok : Status::bad_section;
}

/// at_ is the next section.
template <NumberType Numbers>
Status IncrementalCheck<Numbers>::go_on_with_layers() noexcept {
    const Packing packing = form_of(bytes_).packing;
    if (!may_be_packed<Numbers>(packing)) return Status::unsupported;
    const Status status = check_layer_at<Numbers, Row>(bytes_, index_, packing, at_);
    if (status != Status::ok) return status;
    if (++index_ < read16(bytes_ + header::layers)) return Status::unfinished;
    return check_rest<Numbers>(bytes_, at_, packing);
}

/// Of float32, section by section.
template <>
Status IncrementalCheck<NumberType::float32>::go_on_with_numbers(uint32_t budget) noexcept {
    constexpr uint32_t width = sizeof(float);
    const uint8_t* record = section_at(bytes_, index_);
    const bool floats = record[section::type] == static_cast<uint8_t>(Type::float32);
    const uint32_t all = floats ? read32(record + section::bytes) / width : 0;
    const uint32_t most = (budget - 1) / width + 1;
    const uint32_t left = all - at_, count = left < most ? left : most;
    const float* data = reinterpret_cast<const float*>(data_of(bytes_, index_));
    if (!all_finite(data + at_, static_cast<int32_t>(count))) return Status::non_finite_weights;
    at_ += count;
    if (at_ < all) return Status::unfinished;
    at_ = 0;
    return ++index_ < read16(bytes_ + header::sections) ? Status::unfinished : Status::ok;
}

/// Of a quantized model, layer by layer.
template <NumberType Numbers>
Status IncrementalCheck<Numbers>::go_on_with_numbers(uint32_t budget) noexcept {
    const uint8_t* record = layer_at(bytes_, index_);
    if (index_ > 0 && !reads_what_the_last_wrote(record)) return Status::bad_quantization;
    File view;
    view.bytes_ = bytes_;
    const Int8Tensors tensors = view.int8_tensors(static_cast<int>(index_));
    const Status status = Numbers == NumberType::int4
                              ? go_on_with_quantized(row_at(record), tensors, budget, at_)
                              : go_on_with_quantized_int8(row_at(record), tensors, budget, at_);
    if (status != Status::ok) return status;
    at_ = 0;
    return ++index_ < read16(bytes_ + header::layers) ? Status::unfinished : Status::ok;
}

template class IncrementalCheck<NumberType::float32>;
template class IncrementalCheck<NumberType::int8>;
template class IncrementalCheck<NumberType::int4>;

}  // namespace nutshell

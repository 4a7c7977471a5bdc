// SPDX-License-Identifier: MIT
// The check of a .nut file in bounded steps, between which a watchdog can be fed or a message
// answered:
//
//     Model::IncrementalCheck check(bytes, size);
//     Status status;
//     while ((status = check.step(1024)) == Status::unfinished) feed_watchdog();
//     if (status == Status::ok) status = model.load(check);
#pragma once
#include "weights.hpp"

namespace nutshell {

/// Says of a file what check_float32(), check_int8() or check_int4() says, whatever the steps.
/// It is all the memory that this takes.
template <NumberType Numbers>
class IncrementalCheck {
  public:
    /// bytes[size] as for check(); they are looked at in step(), and must not change until its end.
    constexpr IncrementalCheck(const void* bytes, size_t size) noexcept
        : bytes_(static_cast<const uint8_t*>(bytes)), size_(size) {}

    /// Goes on for at most `budget` bytes, but at least for the header, a layer's record, the
    /// weights of one output, or 48 bytes of each layer. unfinished while there is more to do, else
    /// ok or why the file is refused, from then on.
    Status step(uint32_t budget) noexcept;

    /// What the last step said.
    Status status() const noexcept { return status_; }

    /// The checked file, when status() is ok.
    const File& file() const noexcept { return file_; }

  private:
    enum class Stage : uint8_t { beginning, tables, sections, layers, fingerprint, numbers };

    Status go_on(uint32_t budget) noexcept;
    bool digest(uint32_t budget) noexcept;
    Status go_on_with_tables(uint32_t budget) noexcept;
    Status go_on_with_sections(uint32_t budget) noexcept;
    Status go_on_with_layers() noexcept;
    Status go_on_with_numbers(uint32_t budget) noexcept;

    const uint8_t* bytes_;
    size_t size_;
    File file_;
    Status status_ = Status::unfinished;
    Stage stage_ = Stage::beginning;
    uint32_t index_ = 0;         // of a section or a layer
    uint32_t at_ = 0, end_ = 0;  // within it; what they count is the stage's matter
    uint32_t crc_ = 0;
};

/// check_quantized() in steps: goes on at `at`, 0 to begin with, for at most `budget` weights or
/// one output's; unfinished while there is more to do.
Status go_on_with_quantized(const Row& row, const Int8Tensors& tensors, uint32_t budget,
                            uint32_t& at) noexcept;
/// The same of check_quantized_int8().
Status go_on_with_quantized_int8(const Row& row, const Int8Tensors& tensors, uint32_t budget,
                                 uint32_t& at) noexcept;

}  // namespace nutshell

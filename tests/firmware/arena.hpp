// SPDX-License-Identifier: MIT
// Arrays for tests on a board: taken one after the other from its free memory, each between zones
// whose change shows; and random numbers.
#pragma once
#include <stdint.h>
#include <string.h>

#include "platform/boards/common/board.hpp"

namespace nutshell::tests {

class Arena {
  public:
    explicit Arena(board::Memory memory) : begin_(memory.begin), size_(memory.size) { clear(); }

    void clear() {
        memset(begin_, kGuard, used_ < size_ ? used_ : size_);
        if (!cleared_) memset(begin_, kGuard, size_);
        cleared_ = true;
        used_ = 0;
        count_ = 0;
    }

    size_t left() const { return size_ - used_; }

    /// n elements, `offset` bytes past a 16-byte boundary. Ends the test when there is no room.
    template <class T>
    T* take(int n, size_t offset) {
        const size_t bytes = static_cast<size_t>(n) * sizeof(T);
        const size_t at = ((used_ + kZone + 15) & ~size_t{15}) + offset;
        if (at + bytes + kZone > size_ || count_ == kMost) {
            board::print("the test needs more memory than the board has\n");
            board::exit(1);
        }
        ranges_[count_++] = {at, at + bytes};
        used_ = at + bytes + kZone;
        return reinterpret_cast<T*>(begin_ + at);
    }

    /// True when nothing outside the arrays has been written.
    bool intact() const {
        size_t at = 0;
        for (int i = 0; i < count_; i++) {
            for (; at < ranges_[i].begin; at++) {
                if (begin_[at] != kGuard) return false;
            }
            at = ranges_[i].end;
        }
        for (; at < used_; at++) {
            if (begin_[at] != kGuard) return false;
        }
        return true;
    }

  private:
    static constexpr uint8_t kGuard = 0xA7;
    static constexpr size_t kZone = 16;
    static constexpr int kMost = 12;
    struct Range {
        size_t begin, end;
    };

    uint8_t* begin_;
    size_t size_;
    size_t used_ = 0;
    bool cleared_ = false;
    int count_ = 0;
    Range ranges_[kMost];
};

/// Marsaglia's xorshift32.
class Random {
  public:
    constexpr explicit Random(uint32_t seed) : state_(seed) {}
    uint32_t next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return state_;
    }
    int between(int low, int high) {
        return low + static_cast<int>((next() >> 8) % static_cast<uint32_t>(high - low + 1));
    }

  private:
    uint32_t state_;
};

}  // namespace nutshell::tests

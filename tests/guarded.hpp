// SPDX-License-Identifier: MIT
// Arrays that end, or begin, at a page of memory that cannot be touched: a kernel that reads or
// writes there is stopped by the processor. Where there are no pages, zones of NaN stand alone.
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>
#include <new>
#include <vector>

#include "device_fixture.hpp"

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#include <unistd.h>
#define NUTSHELL_TEST_PAGES
#endif

namespace nutshell::tests {

/// Memory between two pages that cannot be touched; kept and used again, since mapping is slow.
class Pages {
  public:
    explicit Pages(size_t floats) : size_(whole_pages(floats)), begin_(take(size_)) {}
    ~Pages() { unused()[size_].push_back(begin_); }
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;

    float* begin() const { return begin_; }
    float* end() const { return begin_ + size_; }

  private:
#if defined(NUTSHELL_TEST_PAGES)
    static size_t page() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }
    static float* map(size_t floats) {
        const size_t bytes = floats * sizeof(float);
        void* all =
            mmap(nullptr, bytes + 2 * page(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (all == MAP_FAILED) throw std::bad_alloc();
        char* first = static_cast<char*>(all) + page();
        if (mprotect(first, bytes, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
        return reinterpret_cast<float*>(first);
    }
#else
    static size_t page() { return 4096; }
    static float* map(size_t floats) { return new float[floats]; }
#endif
    static size_t whole_pages(size_t floats) {
        const size_t in_page = page() / sizeof(float);
        return (floats + in_page - 1) / in_page * in_page;
    }

    static std::map<size_t, std::vector<float*>>& unused() {
        static std::map<size_t, std::vector<float*>> by_size;
        return by_size;
    }
    static float* take(size_t floats) {
        std::vector<float*>& free = unused()[floats];
        if (free.empty()) return map(floats);
        float* memory = free.back();
        free.pop_back();
        return memory;
    }

    size_t size_;  // floats
    float* begin_;
};

/// Which side of an array is at the page that cannot be touched.
enum class Side { begin, end };

/// Floats with that page on one side, and on the other a zone of a NaN: a write there shows in the
/// zone, a read spreads the NaN into results. With the page behind, the alignment is that of the
/// array's end.
class Guarded {
  public:
    Guarded(const std::vector<float>& values, Side page)
        : size_(values.size()),
          pages_(size_ + kZone),
          data_(page == Side::begin ? pages_.begin() : pages_.end() - size_),
          zone_(page == Side::begin ? data_ + size_ : data_ - kZone) {
        std::fill_n(zone_, kZone, float_of(kGuard));
        std::copy(values.begin(), values.end(), data_);
    }

    float* data() { return data_; }
    std::vector<float> values() const { return {data_, data_ + size_}; }
    bool intact() const {
        return std::all_of(zone_, zone_ + kZone,
                           [](float word) { return bits_of(word) == kGuard; });
    }

  private:
    static constexpr uint32_t kGuard = 0x7FE5A5A5;  // a quiet NaN: copying keeps its bits
    static constexpr size_t kZone = 64;

    size_t size_;
    Pages pages_;
    float* data_;
    float* zone_;
};

}  // namespace nutshell::tests

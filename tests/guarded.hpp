// SPDX-License-Identifier: MIT
// Arrays that end, or begin, at a page of memory that cannot be touched: a kernel that reads or
// writes there is stopped by the processor. Where there are no pages, zones of NaN stand alone.
#pragma once
#include <algorithm>
#include <cstring>
#include <map>
#include <new>
#include <type_traits>
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
    explicit Pages(size_t bytes)
        : size_((bytes + page() - 1) / page() * page()), begin_(take(size_)) {}
    ~Pages() { unused()[size_].push_back(begin_); }
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;

    char* begin() const { return begin_; }
    char* end() const { return begin_ + size_; }

  private:
#if defined(NUTSHELL_TEST_PAGES)
    static size_t page() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }
    static char* map(size_t bytes) {
        void* all =
            mmap(nullptr, bytes + 2 * page(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (all == MAP_FAILED) throw std::bad_alloc();
        char* first = static_cast<char*>(all) + page();
        if (mprotect(first, bytes, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
        return first;
    }
#else
    static size_t page() { return 4096; }
    static char* map(size_t bytes) { return static_cast<char*>(::operator new(bytes)); }
#endif

    static std::map<size_t, std::vector<char*>>& unused() {
        static std::map<size_t, std::vector<char*>> by_size;
        return by_size;
    }
    static char* take(size_t bytes) {
        std::vector<char*>& free = unused()[bytes];
        if (free.empty()) return map(bytes);
        char* memory = free.back();
        free.pop_back();
        return memory;
    }

    size_t size_;  // bytes
    char* begin_;
};

/// Which side of an array is at the page that cannot be touched.
enum class Side { begin, end };

/// Numbers with that page on one side, and on the other a zone (of NaN, for floats): a write there
/// shows in the zone, a read spreads into results. With the page behind, the alignment is that of
/// the array's end.
template <class T>
class Guarded {
  public:
    Guarded(const std::vector<T>& values, Side page)
        : size_(values.size()),
          pages_((size_ + kZone) * sizeof(T)),
          data_(page == Side::begin ? reinterpret_cast<T*>(pages_.begin())
                                    : reinterpret_cast<T*>(pages_.end()) - size_),
          zone_(page == Side::begin ? data_ + size_ : data_ - kZone) {
        std::fill_n(zone_, kZone, guard());
        std::copy(values.begin(), values.end(), data_);
    }

    T* data() { return data_; }
    std::vector<T> values() const { return {data_, data_ + size_}; }
    bool intact() const {
        const T expected = guard();
        return std::all_of(zone_, zone_ + kZone, [&](const T& element) {
            return std::memcmp(&element, &expected, sizeof(T)) == 0;
        });
    }

  private:
    static constexpr size_t kZone = 128;  // two vectors of the widest kind, and more

    static T guard() {
        if constexpr (std::is_same_v<T, float>) {
            return float_of(0x7FE5A5A5);  // a quiet NaN: copying keeps its bits
        } else {
            return static_cast<T>(0x27A5A5A7);
        }
    }

    size_t size_;
    Pages pages_;
    T* data_;
    T* zone_;
};

}  // namespace nutshell::tests

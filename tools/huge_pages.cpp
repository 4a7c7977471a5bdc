// SPDX-License-Identifier: MIT
// Arrays of megabytes lie in huge pages where the system has them: shuffled samples are read from
// anywhere, and each 4 KB page costs a walk of the page tables.
#include <cstdlib>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

void* allocate(std::size_t size) {
#ifdef MADV_HUGEPAGE
    if (size >= 2 * kHugePage) {
        const std::size_t whole = (size + kHugePage - 1) / kHugePage * kHugePage;
        void* const pages = std::aligned_alloc(kHugePage, whole);
        // (Advice: where it is not taken, nothing changes.)
        if (pages) madvise(pages, whole, MADV_HUGEPAGE);
        return pages;
    }
#endif
    return std::malloc(size > 0 ? size : 1);
}

}  // namespace

void* operator new(std::size_t size) {
    void* memory;
    while (!(memory = allocate(size))) {
        const std::new_handler handler = std::get_new_handler();
        if (!handler) throw std::bad_alloc();
        handler();
    }
    return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

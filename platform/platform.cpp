// SPDX-License-Identifier: MIT
// THE LIST of platforms, and the choice among them by what the CPU and the operating system can do.
// Left out of firmware.
#include "platform.hpp"

#include <string.h>

#include "bind.hpp"
#include "vector.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) || defined(__arm__)
#include <sys/auxv.h>
#endif

// Best first; the reference, which runs everywhere, is added last.
#if defined(__x86_64__)
#define NUTSHELL_PLATFORMS(X) X(avx512_vnni) X(avx512) X(avx2) X(sse2)
#elif defined(__aarch64__)
#define NUTSHELL_PLATFORMS(X) X(neon_dot) X(neon)
#elif defined(__arm__)
#define NUTSHELL_PLATFORMS(X) X(neon)
#else
#define NUTSHELL_PLATFORMS(X)
#endif

namespace nutshell {

#define NUTSHELL_TABLE(name) extern const VectorPlatform name##_platform;
NUTSHELL_PLATFORMS(NUTSHELL_TABLE)
#undef NUTSHELL_TABLE

namespace platform {
namespace {

bool reference_usable() noexcept { return true; }

#if defined(__x86_64__)

/// The feature bits of the CPU, and the registers that the operating system saves.
struct X86 {
    unsigned leaf1_ecx = 0;
    unsigned leaf7_ebx = 0;
    unsigned leaf7_ecx = 0;
    uint64_t saved = 0;
};

X86 detect() noexcept {
    X86 x86;
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return x86;
    x86.leaf1_ecx = ecx;
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0) {
        x86.leaf7_ebx = ebx;
        x86.leaf7_ecx = ecx;
    }
    if ((x86.leaf1_ecx & bit_OSXSAVE) != 0) {
        unsigned low = 0, high = 0;
        __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
        x86.saved = static_cast<uint64_t>(high) << 32 | low;
    }
    return x86;
}

constexpr bool has(uint64_t bits, uint64_t all) noexcept { return (bits & all) == all; }
constexpr uint64_t kYmmSaved = 0x6;   // XCR0: SSE and AVX state
constexpr uint64_t kZmmSaved = 0xE6;  // and the masks and both parts of AVX-512's state

bool sse2_usable() noexcept { return true; }  // part of x86-64

bool avx2_usable() noexcept {
    const X86 x86 = detect();
    return has(x86.saved, kYmmSaved) && has(x86.leaf1_ecx, bit_AVX | bit_FMA) &&
           has(x86.leaf7_ebx, bit_AVX2);
}

bool avx512_usable() noexcept {
    const X86 x86 = detect();
    return avx2_usable() && has(x86.saved, kZmmSaved) &&
           has(x86.leaf7_ebx, bit_AVX512F | bit_AVX512BW | bit_AVX512DQ);
}

bool avx512_vnni_usable() noexcept {
    return avx512_usable() && has(detect().leaf7_ecx, bit_AVX512VNNI | bit_AVX512VBMI);
}

#elif defined(__aarch64__)

bool neon_usable() noexcept { return true; }  // part of aarch64

bool neon_dot_usable() noexcept {
    constexpr unsigned long dot_product = 1ul << 20;  // the kernel's HWCAP bit
    return (getauxval(AT_HWCAP) & dot_product) != 0;
}

#elif defined(__arm__)

bool neon_usable() noexcept {
    constexpr unsigned long neon = 1ul << 12, vfpv4 = 1ul << 16;  // the kernel's HWCAP bits
    return (getauxval(AT_HWCAP) & (neon | vfpv4)) == (neon | vfpv4);
}

#endif

constexpr Kernels kReference = table_of<Reference>();

constexpr Platform kPlatforms[] = {
#define NUTSHELL_ENTRY(name) \
    {#name, &name##_platform.kernels, name##_usable, &name##_platform.peak},
    NUTSHELL_PLATFORMS(NUTSHELL_ENTRY)
#undef NUTSHELL_ENTRY
        {"reference", &kReference, reference_usable, nullptr},
};
constexpr int kPlatformCount = sizeof kPlatforms / sizeof kPlatforms[0];

}  // namespace

int count() noexcept { return kPlatformCount; }

const Platform& at(int index) noexcept { return kPlatforms[index]; }

const Kernels& best_kernels() noexcept {
    for (const Platform& platform : kPlatforms) {
        if (platform.usable()) return *platform.kernels;
    }
    return kReference;
}

const Platform& current() noexcept {
    const Kernels& bound = bound_kernels();
    for (const Platform& platform : kPlatforms) {
        if (platform.kernels == &bound) return platform;
    }
    return kPlatforms[kPlatformCount - 1];
}

Status use(const char* name) noexcept {
    if (!name) return Status::null_argument;
    for (const Platform& platform : kPlatforms) {
        if (strcmp(platform.name, name) != 0) continue;
        if (!platform.usable()) return Status::platform_unusable;
        bind(*platform.kernels);
        return Status::ok;
    }
    return Status::unknown_platform;
}

}  // namespace platform
}  // namespace nutshell

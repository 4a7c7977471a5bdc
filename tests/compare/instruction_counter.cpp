// SPDX-License-Identifier: MIT
// A plugin for QEMU (plugin API 1: QEMU 4.2 to 8.1, user and system emulation) that counts the
// instructions executed between two addresses. Arguments: start=HEX, stop=HEX, out=FILE. Each time
// the program comes from start to stop, the number of instructions between is a line of FILE. With
// addresses=FILE each instruction executed between them is a line of that file: which time (from 0
// on), its address in hexadecimal digits, and how often.
// Built and run by count_instructions.sh. Source of the interface: QEMU's manual, "TCG Plugins";
// the few declarations that are needed are written out, since Debian ships no header.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

#define NUTSHELL_EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;

extern "C" {
NUTSHELL_EXPORT extern const int qemu_plugin_version;
const int qemu_plugin_version = 1;

using PluginId = uint64_t;
void qemu_plugin_register_vcpu_tb_trans_cb(PluginId, void (*)(PluginId, qemu_plugin_tb*));
size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb*);
qemu_plugin_insn* qemu_plugin_tb_get_insn(const qemu_plugin_tb*, size_t);
uint64_t qemu_plugin_insn_vaddr(const qemu_plugin_insn*);
void qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_insn*, void (*)(unsigned, void*), int,
                                            void*);
void qemu_plugin_register_vcpu_insn_exec_inline(qemu_plugin_insn*, int, void*, uint64_t);
}

namespace {

constexpr int kNoRegisters = 0;  // of the guest are read by a callback
constexpr int kAdd = 0;          // to a 64-bit number

uint64_t start_address, stop_address;
uint64_t executed, executed_at_start;
std::FILE* out;

/// How often the instruction of an address was executed.
struct Count {
    uint64_t executed = 0, at_start = 0;
};
std::unordered_map<uint64_t, Count> counts;  // (an element stays where it is)
std::FILE* addresses;
int times;

void started(unsigned, void*) {
    executed_at_start = executed;
    for (auto& [address, count] : counts) count.at_start = count.executed;
}

void stopped(unsigned, void*) {
    using Printed = unsigned long long;
    std::fprintf(out, "%llu\n", static_cast<Printed>(executed - executed_at_start));
    std::fflush(out);
    for (const auto& [address, count] : counts) {
        const uint64_t often = count.executed - count.at_start;
        if (often == 0) continue;
        std::fprintf(addresses, "%d %llx %llu\n", times, static_cast<Printed>(address),
                     static_cast<Printed>(often));
    }
    if (addresses) std::fflush(addresses);
    times++;
}

/// Called for each block of code before it first runs.
void translated(PluginId, qemu_plugin_tb* block) {
    const size_t count = qemu_plugin_tb_n_insns(block);
    for (size_t i = 0; i < count; i++) {
        qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(block, i);
        const uint64_t address = qemu_plugin_insn_vaddr(instruction);
        if (address == start_address) {
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, started, kNoRegisters, nullptr);
        } else if (address == stop_address) {
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, stopped, kNoRegisters, nullptr);
        }
        qemu_plugin_register_vcpu_insn_exec_inline(instruction, kAdd, &executed, 1);
        if (!addresses) continue;
        qemu_plugin_register_vcpu_insn_exec_inline(instruction, kAdd, &counts[address].executed, 1);
    }
}

/// The value of "name=value", or null when the argument is another one.
const char* value_of(const char* argument, const char* name) {
    const size_t length = std::strlen(name);
    return std::strncmp(argument, name, length) == 0 ? argument + length : nullptr;
}

}  // namespace

extern "C" NUTSHELL_EXPORT int qemu_plugin_install(PluginId id, const void*, int argc,
                                                   char** argv) {
    for (int i = 0; i < argc; i++) {
        // The lowest bit of an address only says that the code is Thumb code.
        if (const char* start = value_of(argv[i], "start=")) {
            start_address = std::strtoull(start, nullptr, 16) & ~uint64_t{1};
        } else if (const char* stop = value_of(argv[i], "stop=")) {
            stop_address = std::strtoull(stop, nullptr, 16) & ~uint64_t{1};
        } else if (const char* file = value_of(argv[i], "out=")) {
            out = std::fopen(file, "w");
        } else if (const char* all = value_of(argv[i], "addresses=")) {
            addresses = std::fopen(all, "w");
        }
    }
    if (start_address == 0 || stop_address == 0 || !out) return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}

// SPDX-License-Identifier: MIT
// Real digits built into the command: the IDX files of tests/data/digits, put into the executable
// by the assembler and decoded by the ordinary reader. The build defines NUTSHELL_SAMPLE_DIR as the
// folder of the files, and NUTSHELL_SAMPLE_SUFFIX as ".gz", or "" where no zlib inflates them.
#include "readers.hpp"

#if !defined(NUTSHELL_SAMPLE_DIR) || !defined(NUTSHELL_SAMPLE_SUFFIX)
#error "define NUTSHELL_SAMPLE_DIR and NUTSHELL_SAMPLE_SUFFIX, strings: where the sample files are"
#endif

// Hidden globals, so that they are found from another unit when the linker optimizes across units.
#define NUTSHELL_EMBED(symbol, file)                                                             \
    asm(".pushsection .rodata\n"                                                                 \
        ".global " #symbol "_begin\n.hidden " #symbol                                            \
        "_begin\n"                                                                               \
        ".global " #symbol "_end\n.hidden " #symbol "_end\n" #symbol                             \
        "_begin:\n.incbin \"" NUTSHELL_SAMPLE_DIR "/" file NUTSHELL_SAMPLE_SUFFIX "\"\n" #symbol \
        "_end:\n"                                                                                \
        ".byte 0\n.balign 4\n.popsection\n");                                                    \
    extern "C" const uint8_t symbol##_begin[] __attribute__((visibility("hidden")));             \
    extern "C" const uint8_t symbol##_end[] __attribute__((visibility("hidden")))

NUTSHELL_EMBED(nutshell_train_images, "train-images-idx3-ubyte");
NUTSHELL_EMBED(nutshell_train_labels, "train-labels-idx1-ubyte");
NUTSHELL_EMBED(nutshell_test_images, "t10k-images-idx3-ubyte");
NUTSHELL_EMBED(nutshell_test_labels, "t10k-labels-idx1-ubyte");

namespace nutshell::tools {

namespace {

ByteView between(const uint8_t* begin, const uint8_t* end) {
    return {begin, static_cast<size_t>(end - begin)};
}

Dataset read_pair(ByteView images, ByteView labels, const std::string& name) {
    Dataset data = read_idx(images, name);
    data.name = name;
    read_idx_labels(labels, name + " labels", data);
    return data;
}

}  // namespace

DataSource load_sample() {
    return {
        read_pair(between(nutshell_train_images_begin, nutshell_train_images_end),
                  between(nutshell_train_labels_begin, nutshell_train_labels_end), "sample digits"),
        read_pair(between(nutshell_test_images_begin, nutshell_test_images_end),
                  between(nutshell_test_labels_begin, nutshell_test_labels_end),
                  "sample digits (test)")};
}

}  // namespace nutshell::tools

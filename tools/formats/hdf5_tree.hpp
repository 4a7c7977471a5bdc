// SPDX-License-Identifier: MIT
// HDF5 files, the container of Keras weights, by the HDF5 library: groups, arrays of numbers and
// attributes of text, as plain data. No other file is ever opened: the library sees bytes in
// memory, and links, external storage, virtual arrays and filter plugins are refused.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "tensor.hpp"

namespace nutshell::tools {

struct Hdf5Tree {
    /// Texts by attribute's name; one text, or a list of them.
    using Attributes = std::map<std::string, std::vector<std::string>>;
    std::map<std::string, Attributes> groups;  ///< by path, as "layers/dense/vars"; "" is the root
    std::map<std::string, Tensor> arrays;      ///< by path

    /// The text of an attribute, or empty.
    std::string text(const std::string& group, const std::string& attribute) const;
    /// A list of texts; a long one is spread over attributes with 0, 1, 2... behind the name.
    std::vector<std::string> texts(const std::string& group, const std::string& attribute) const;
};

/// Reads the root's attributes and everything in those of the groups at the root that are named in
/// `roots`. The library works in a process of its own: it crashes or hangs on some damaged files.
/// Throws Error, beginning with `path`.
Hdf5Tree read_hdf5(ByteView file, const std::vector<std::string>& roots, const std::string& path);

/// The same in this process.
Hdf5Tree read_hdf5_here(ByteView file, const std::vector<std::string>& roots,
                        const std::string& path);

/// True when the bytes start as an HDF5 file does.
bool is_hdf5(ByteView file);

}  // namespace nutshell::tools

// SPDX-License-Identifier: MIT
#ifdef NUTSHELL_HDF5
#include "hdf5_tree.hpp"

#include <hdf5.h>

#include <cstring>
#include <set>

#include "tools/error.hpp"
#include "tools/own_process.hpp"

namespace nutshell::tools {
namespace {

constexpr size_t kMaxDepth = 32, kMaxObjects = 1 << 16, kMaxTexts = 1 << 16;
constexpr size_t kMaxTextBytes = 1 << 26, kMaxRatio = 1000, kMaxFilters = 8;

/// An identifier of the library with the call that closes it.
class Handle {
  public:
    using Close = herr_t (*)(hid_t);
    Handle(hid_t id, Close close) : id_(id), close_(close) {}
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() {
        if (id_ >= 0) (void)close_(id_);
    }
    operator hid_t() const { return id_; }  // NOLINT(google-explicit-constructor)

  private:
    hid_t id_;
    Close close_;
};

extern "C" herr_t collect_name(hid_t, const char* name, const H5L_info_t*, void* names) {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
}

extern "C" herr_t collect_attribute(hid_t, const char* name, const H5A_info_t*, void* names) {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
}

class Reader {
  public:
    Reader(ByteView file, const std::string& path) : path_(path), size_(file.size) {
        (void)H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // errors are ours to tell
        (void)H5PLset_loading_state(0);                     // no code from elsewhere
        const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
        void* image = const_cast<uint8_t*>(file.data);  // the library copies it
        const bool in_memory = H5Pset_fapl_core(access, 1 << 16, 0) >= 0 &&
                               H5Pset_file_image(access, image, file.size) >= 0;
        file_ = in_memory ? H5Fopen("image", H5F_ACC_RDONLY, access) : -1;
        if (file_ < 0) fail("", "it is damaged or cut short; save it again");
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() {
        if (file_ >= 0) (void)H5Fclose(file_);
    }

    Hdf5Tree read(const std::vector<std::string>& roots) {
        read_attributes("");
        for (const std::string& root : roots) {
            if (H5Lexists(file_, root.c_str(), H5P_DEFAULT) > 0) read_object(root, 1);
        }
        return std::move(tree_);
    }

  private:
    [[noreturn]] void fail(const std::string& object, const std::string& why) const {
        throw Error(path_ + (object.empty() ? "" : ": " + object) + ": " + why);
    }

    static std::string spot(const std::string& object) { return object.empty() ? "/" : object; }

    void read_object(const std::string& object, size_t depth) {
        H5L_info_t link;
        if (H5Lget_info(file_, object.c_str(), &link, H5P_DEFAULT) < 0) {
            fail(object, "its link is damaged; save it again");
        }
        if (link.type != H5L_TYPE_HARD) {
            fail(object, "is a link to elsewhere, which is not followed; copy what it points to");
        }
        H5O_info_t info;
        if (H5Oget_info_by_name(file_, object.c_str(), &info, H5P_DEFAULT) < 0) {
            fail(object, "is damaged; save it again");
        }
        if (depth > kMaxDepth) fail(object, "lies more than 32 groups deep");
        if (++objects_ > kMaxObjects) fail(object, "the file has more than 65536 objects");
        if (info.type == H5O_TYPE_GROUP) {
            if (!seen_.insert(info.addr).second) fail(object, "the group contains itself");
            read_group(object, depth);
        } else if (info.type == H5O_TYPE_DATASET) {
            read_array(object);
        }
    }

    void read_group(const std::string& object, size_t depth) {
        read_attributes(object);
        std::vector<std::string> names;
        const Handle group(H5Gopen2(file_, object.c_str(), H5P_DEFAULT), H5Gclose);
        if (group < 0 ||
            H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect_name, &names) < 0) {
            fail(object, "the group is damaged; save it again");
        }
        for (const std::string& name : names) read_object(object + "/" + name, depth + 1);
    }

    void read_attributes(const std::string& object) {
        Hdf5Tree::Attributes& attributes = tree_.groups[object];
        const Handle group(H5Oopen(file_, spot(object).c_str(), H5P_DEFAULT), H5Oclose);
        std::vector<std::string> names;
        if (group < 0 || H5Aiterate2(group, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr,
                                     collect_attribute, &names) < 0) {
            fail(object, "its attributes are damaged; save it again");
        }
        for (const std::string& name : names) {
            const Handle attribute(H5Aopen(group, name.c_str(), H5P_DEFAULT), H5Aclose);
            const Handle type(H5Aget_type(attribute), H5Tclose);
            const Handle space(H5Aget_space(attribute), H5Sclose);
            if (attribute < 0 || type < 0 || space < 0) {
                fail(object, "attribute " + in_quotes(name) + " is damaged; save it again");
            }
            if (H5Tget_class(type) != H5T_STRING) continue;
            attributes[name] = read_texts(attribute, type, space, object + "@" + name);
        }
    }

    std::vector<std::string> read_texts(hid_t attribute, hid_t type, hid_t space,
                                        const std::string& where) {
        const hssize_t count = H5Sget_simple_extent_npoints(space);
        if (count < 0 || static_cast<size_t>(count) > kMaxTexts) {
            fail(where, "more than 65536 texts");
        }
        const auto n = static_cast<size_t>(count);
        if (n == 0) return {};
        return H5Tis_variable_str(type) > 0 ? read_variable_texts(attribute, type, space, n, where)
                                            : read_fixed_texts(attribute, type, n, where);
    }

    std::vector<std::string> read_variable_texts(hid_t attribute, hid_t type, hid_t space, size_t n,
                                                 const std::string& where) {
        const Handle memory(H5Tcopy(type), H5Tclose);
        std::vector<char*> pointers(n);
        if (H5Aread(attribute, memory, pointers.data()) < 0) fail(where, "is damaged");
        std::vector<std::string> texts;
        for (const char* text : pointers) texts.emplace_back(text != nullptr ? text : "");
        (void)H5Dvlen_reclaim(memory, space, H5P_DEFAULT, pointers.data());
        return texts;
    }

    std::vector<std::string> read_fixed_texts(hid_t attribute, hid_t type, size_t n,
                                              const std::string& where) {
        const size_t width = H5Tget_size(type);
        if (width == 0 || width > kMaxTextBytes / n) fail(where, "is longer than 64 MB");
        std::vector<char> content(n * width);
        if (H5Aread(attribute, type, content.data()) < 0) fail(where, "is damaged");
        std::vector<std::string> texts;
        for (size_t i = 0; i < n; i++) {
            const char* text = content.data() + i * width;
            texts.emplace_back(text, ::strnlen(text, width));
        }
        return texts;
    }

    void check_storage(const std::string& object, hid_t array, size_t bytes) const {
        const Handle creation(H5Dget_create_plist(array), H5Pclose);
        const H5D_layout_t layout = H5Pget_layout(creation);
        if (layout == H5D_VIRTUAL || H5Pget_external_count(creation) != 0) {
            fail(object, "its numbers lie in another file, which is not opened; save it in one");
        }
        const int filters = H5Pget_nfilters(creation);
        if (layout < 0 || filters < 0 || static_cast<size_t>(filters) > kMaxFilters) {
            fail(object, "its storage is damaged; save it again");
        }
        const hsize_t stored = H5Dget_storage_size(array);
        const bool packed = layout == H5D_CHUNKED;
        const hsize_t most = packed ? size_ * kMaxRatio : size_;
        if (bytes > most || (bytes > 0 && stored == 0)) {
            fail(object, "promises " + std::to_string(bytes) +
                             " bytes, which the file does not hold; save it again");
        }
    }

    void read_array(const std::string& object) {
        const Handle array(H5Dopen2(file_, object.c_str(), H5P_DEFAULT), H5Dclose);
        const Handle space(H5Dget_space(array), H5Sclose);
        const Handle type(H5Dget_type(array), H5Tclose);
        if (array < 0 || space < 0 || type < 0) fail(object, "is damaged; save it again");
        const H5T_class_t kind = H5Tget_class(type);
        if (kind != H5T_FLOAT && kind != H5T_INTEGER) return;  // no weights
        Tensor& tensor = tree_.arrays[object];
        tensor.name = object;
        tensor.shape = shape_of(object, space);
        const size_t count = element_count(tensor.shape, path_ + ": " + object);
        check_storage(object, array, count * H5Tget_size(type));
        tensor.values.resize(count);
        if (count == 0) return;
        if (H5Dread(array, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.values.data()) <
            0) {
            fail(object,
                 "its numbers are damaged or packed by a filter that is unknown here; "
                 "save it again");
        }
    }

    std::vector<uint64_t> shape_of(const std::string& object, hid_t space) const {
        hsize_t sides[H5S_MAX_RANK] = {};
        const int rank = H5Sget_simple_extent_dims(space, sides, nullptr);
        if (rank < 0) fail(object, "its shape is damaged; save it again");
        return {sides, sides + rank};
    }

    std::string path_;
    size_t size_;
    hid_t file_ = -1;
    Hdf5Tree tree_;
    std::set<haddr_t> seen_;
    size_t objects_ = 0;
};

// How a tree crosses from one process to another: every text and array with its length in front.

void put(Bytes& bytes, uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8)
        bytes.push_back(static_cast<uint8_t>(number >> shift));
}

void put(Bytes& bytes, const std::string& text) {
    put(bytes, text.size());
    bytes.insert(bytes.end(), text.begin(), text.end());
}

Bytes to_bytes(const Hdf5Tree& tree) {
    Bytes bytes;
    put(bytes, tree.groups.size());
    for (const auto& [path, attributes] : tree.groups) {
        put(bytes, path);
        put(bytes, attributes.size());
        for (const auto& [name, texts] : attributes) {
            put(bytes, name);
            put(bytes, texts.size());
            for (const std::string& text : texts) put(bytes, text);
        }
    }
    put(bytes, tree.arrays.size());
    for (const auto& [path, tensor] : tree.arrays) {
        put(bytes, path);
        put(bytes, tensor.shape.size());
        for (const uint64_t side : tensor.shape) put(bytes, side);
        const auto* values = reinterpret_cast<const uint8_t*>(tensor.values.data());
        bytes.insert(bytes.end(), values, values + tensor.values.size() * sizeof(float));
    }
    return bytes;
}

/// Takes apart what to_bytes() made. It comes from a process that may have gone astray.
class Parcel {
  public:
    explicit Parcel(const Bytes& bytes) : bytes_(bytes) {}

    uint64_t number() { return little_endian(take(8), 8); }
    std::string text() {
        const uint64_t size = number();
        return {reinterpret_cast<const char*>(take(size)), static_cast<size_t>(size)};
    }
    Hdf5Tree tree() {
        Hdf5Tree tree;
        for (uint64_t left = number(); left > 0; left--) {
            Hdf5Tree::Attributes& attributes = tree.groups[text()];
            for (uint64_t names = number(); names > 0; names--) {
                std::vector<std::string>& texts = attributes[text()];
                for (uint64_t count = number(); count > 0; count--) texts.push_back(text());
            }
        }
        for (uint64_t left = number(); left > 0; left--) {
            Tensor tensor;
            tensor.name = text();
            for (uint64_t rank = number(); rank > 0; rank--) tensor.shape.push_back(number());
            const size_t size = element_count(tensor.shape, tensor.name) * sizeof(float);
            tensor.values.resize(size / sizeof(float));
            if (size > 0) std::memcpy(tensor.values.data(), take(size), size);
            const std::string path = tensor.name;
            tree.arrays[path] = std::move(tensor);
        }
        return tree;
    }

  private:
    const uint8_t* take(uint64_t size) {
        if (size > bytes_.size() - at_) throw Error("the file is damaged; save it again");
        at_ += static_cast<size_t>(size);
        return bytes_.data() + at_ - size;
    }

    const Bytes& bytes_;
    size_t at_ = 0;
};

}  // namespace

std::string Hdf5Tree::text(const std::string& group, const std::string& attribute) const {
    const std::vector<std::string> all = texts(group, attribute);
    return all.empty() ? std::string() : all.front();
}

std::vector<std::string> Hdf5Tree::texts(const std::string& group,
                                         const std::string& attribute) const {
    const auto found = groups.find(group);
    if (found == groups.end()) return {};
    const Attributes& attributes = found->second;
    const auto whole = attributes.find(attribute);
    if (whole != attributes.end()) return whole->second;
    std::vector<std::string> all;
    for (size_t i = 0;; i++) {
        const auto piece = attributes.find(attribute + std::to_string(i));
        if (piece == attributes.end()) return all;
        all.insert(all.end(), piece->second.begin(), piece->second.end());
    }
}

Hdf5Tree read_hdf5_here(ByteView file, const std::vector<std::string>& roots,
                        const std::string& path) {
    if (!is_hdf5(file)) throw Error(path + ": is no HDF5 file; give what Keras saved as .h5");
    return Reader(file, path).read(roots);
}

Hdf5Tree read_hdf5(ByteView file, const std::vector<std::string>& roots, const std::string& path) {
    const int seconds = 2 + static_cast<int>(file.size >> 24);  // and one for each 16 MB
    const Bytes answer =
        in_own_process([&] { return to_bytes(read_hdf5_here(file, roots, path)); }, seconds,
                       path + ": is damaged: the HDF5 library cannot read it; save it again");
    return Parcel(answer).tree();
}

bool is_hdf5(ByteView file) {
    constexpr uint8_t magic[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    return file.size >= sizeof magic && std::memcmp(file.data, magic, sizeof magic) == 0;
}

}  // namespace nutshell::tools

#endif  // NUTSHELL_HDF5

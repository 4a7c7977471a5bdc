// SPDX-License-Identifier: MIT
// Keras files that are damaged or hostile are refused in one line, and nothing else is opened.
#include "import_fixture.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

/// Little-endian, as in zip files.
std::string bytes_of(uint64_t value, int width) {
    std::string bytes;
    for (int i = 0; i < width; i++) bytes += static_cast<char>(value >> 8 * i);
    return bytes;
}

}  // namespace

TEST_CASE("HDF5 files with links, storage elsewhere, bombs and rings are refused") {
    require_built(tools::kKerasH5Format);
    const struct {
        const char* name;
        std::vector<std::string> words;
    } cases[] = {
        {"external_link", {"link to elsewhere"}},
        {"soft_link", {"link to elsewhere"}},
        {"external_storage", {"another file"}},
        {"virtual_array", {"another file"}},
        {"shape_bomb", {"2^28"}},
        {"chunk_bomb", {"does not hold"}},
        {"ring", {"contains itself"}},
        {"deep", {"32 groups deep"}},
        {"weights_alone", {"without a model"}},
        {"lambda", {"Lambda 'lambda'", "never run"}},
        {"branch", {"Add 'add'"}},
        {"missing_array", {"kernel:0", "missing"}},
        {"text_for_array", {"kernel:0", "no array"}},
        {"wrong_shape", {"Dense 'dense'", "[12][5]", "[12][4]"}},
        {"not_finite", {"Dense 'dense'", "NaN"}},
        {"not_json", {"model_config", "JSON"}},
        {"hangs", {"damaged"}},
    };
    for (const auto& damaged : cases) {
        check_import_refused(data_path(std::string("keras/refused/") + damaged.name + ".h5"),
                             damaged.words);
    }
}

TEST_CASE("HDF5 files that are cut short or changed are refused or read, and nothing crashes") {
    require_built(tools::kKerasH5Format);
    const TemporaryFolder folder;
    const std::string valid = read_back(data_path("keras/tutorial_encoder.h5"));
    check_cuts_refused(folder, "cut.h5", valid, 1009);
    int refused = 0;
    for (size_t i = 0; i < 60; i++) {
        std::string bytes = valid;
        bytes[i * 7919 % bytes.size()] ^= static_cast<char>(1 + i * 37 % 255);
        try {
            (void)tools::import_model(folder.file("flip.h5", bytes), "", {});
        } catch (const tools::Error& error) {
            CHECK(std::string(error.what()).find('\n') == std::string::npos);
            refused++;
        }
    }
    CHECK(refused > 0);
}

TEST_CASE("Keras archives that are damaged or inflate without end are refused") {
    require_built(tools::kKerasFormat);
    const TemporaryFolder folder;
    const std::string valid = read_back(data_path("keras/tutorial_encoder.keras"));
    check_cuts_refused(folder, "cut.keras", valid, 509);
    std::string no_config = valid;
    for (int i = 0; i < 2; i++) no_config = replaced(no_config, "config.json", "confix.json");
    check_import_refused(folder.file("m.keras", no_config), {"config.json"});
    // The sum of a member no longer fits its content.
    check_import_refused(folder.file("m.keras", replaced(valid, "\"units\": 4", "\"units\": 5")),
                         {"config.json", "damaged"});
    // Encrypted: the first flag of both headers.
    std::string secret = valid;
    for (const std::string& head : {bytes_of(0x04034b50, 4), bytes_of(0x02014b50, 4)}) {
        const size_t flags = secret.find(head) + (head[2] == 3 ? 6 : 8);
        secret[flags] = 1;
    }
    const size_t config = secret.find("config.json");
    secret[secret.rfind(bytes_of(0x04034b50, 4), config) + 6] = 1;
    const size_t entry = secret.rfind("config.json");
    secret[secret.rfind(bytes_of(0x02014b50, 4), entry) + 8] = 1;
    check_import_refused(folder.file("m.keras", secret), {"config.json", "unpacked"});
    check_import_refused(data_path("keras/refused/inflates.keras"), {"config.json", "thousand"});
    check_import_refused(folder.file("m.keras", "PK"), {"zip"});
}

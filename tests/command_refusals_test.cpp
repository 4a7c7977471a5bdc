// SPDX-License-Identifier: MIT
// What the command refuses: one line that names the fault, exit status 2, nothing on standard
// output, and every file as it was, the old one at --out too.
#include <cmath>

#include "command.hpp"
#include "tools/data/npy.hpp"

using namespace nutshell;
using namespace nutshell::tests;

namespace {

/// Good data, a good model, and an old file where results shall go.
struct BusyDesk : Desk {
    BusyDesk() {
        file("rows.csv", six_columns(60));
        file("old", "keep me");
        REQUIRE(run(kSmall + "--out m.nut").status == 0);
    }
    void check_train(const std::string& options, const std::vector<std::string>& words) const {
        check_refused("train --out old --epochs 2 --json " + options, words);
    }
};

}  // namespace

TEST_CASE("missing data is refused by name") {
    const BusyDesk desk;
    desk.check_train("--layers 6,2,6 --data gone.csv", {"gone.csv", "no such file", "--data"});
    desk.check_train("--layers 6,2,6", {"--data is required", "train --help"});
    desk.check_refused("evaluate m.nut --data gone.npy --json", {"gone.npy", "no such file"});
    desk.check_refused("evaluate gone.nut --data rows.csv --json", {"gone.nut", "No such file"});
}

TEST_CASE("layers that do not match the data are refused with both sizes") {
    const BusyDesk desk;
    desk.check_train("--data rows.csv --layers 7,2,7", {"rows.csv", "6 values", "reads 7"});
    desk.check_train("--data rows.csv --layers 6,2,5", {"reads 6", "writes 5", "--layers"});
}

TEST_CASE("layers that are no sizes are refused with the entry that is wrong") {
    const BusyDesk desk;
    const auto check = [&](const std::string& layers, const std::vector<std::string>& words) {
        desk.check_train("--data rows.csv --layers " + layers, words);
    };
    check("6,0,6", {"--layers", "'0'", "at least 1"});
    check("6,-2,6", {"--layers", "'-2'", "at least 1"});
    check("6,two,6", {"--layers", "'two'", "784,24,784"});
    check("6,2.5,6", {"--layers", "'2.5'"});
    check("6,,6", {"--layers", "''"});
    check("6,99999999999,6", {"'99999999999'", "at most 1048576"});
    check("6,1048577,6", {"'1048577'", "at most 1048576"});
    check("1048576,1048576,1048576", {"layer 1", "1048576", "2^24"});
    check("4096,4096,4096,4096", {"128 MiB"});
    check("6,6", {"'6,6'", "at least input, code and output"});
    check("6", {"'6'", "at least an input and a layer"});
    check("6:relu,2,6", {"'6:relu'", "the input"});
}

TEST_CASE("an unknown activation is refused where it was written, with those there are") {
    const BusyDesk desk;
    const std::string data = "--data rows.csv --layers 6,2,6 ";
    desk.check_train("--data rows.csv --layers 6,2:swish,6", {"--layers", "2:swish", "leaky_relu"});
    desk.check_train(data + "--activation swish", {"--activation", "'swish'", "leaky_relu"});
    desk.check_train(data + "--output swish", {"--output", "'swish'", "leaky_relu"});
    desk.check_train(data + "--activation leaky_relu(2)", {"slope", "leaky_relu(0.01)"});
}

TEST_CASE("numbers outside their range are refused with what they must be") {
    const BusyDesk desk;
    const auto check = [&](const std::string& options, const std::vector<std::string>& words) {
        desk.check_refused("train --data rows.csv --layers 6,2,6 --out old --json " + options,
                           words);
    };
    check("--epochs 0", {"--epochs", "between 1 and 1000000", "not 0"});
    check("--epochs many", {"--epochs", "not many"});
    check("--batch 0", {"--batch", "between 1"});
    check("--lr 0", {"--lr", "greater than 0", "not 0"});
    check("--lr -1", {"--lr", "greater than 0", "not -1"});
    check("--lr nan", {"--lr", "not nan"});
    check("--lr inf", {"--lr", "not inf"});
    check("--clip -1", {"--clip", "0 or more"});
    check("--weight-decay nan", {"--weight-decay", "not nan"});
    check("--patience -1", {"--patience", "0 or more"});
    check("--seed -1", {"--seed", "between 0 and 4294967295"});
    check("--hold-out 1", {"--hold-out", "between 0 and 0.9"});
    check("--momentum 1", {"--momentum", "between 0 and 0.9999"});
    check("--optimizer adan", {"--optimizer", "adan", "adam"});
    check("--schedule sine", {"--schedule", "sine", "cosine"});
    check("--loss mae", {"--loss", "mae", "mse"});
    check("--init zero", {"--init", "zero", "glorot"});
}

TEST_CASE("binary cross-entropy is refused for data outside 0..1 and for outputs without sigmoid") {
    const BusyDesk desk;
    desk.file("wide.csv", "0.5,0.5\n0.5,1.5\n0.1,0.2\n");
    desk.check_train("--data wide.csv --layers 2,1,2 --hold-out 0",
                     {"wide.csv", "sample 1", "1.5", "--loss mse"});
    desk.check_train("--data rows.csv --layers 6,2,6 --output linear", {"sigmoid", "--loss mse"});
    CHECK(desk.run("train --data wide.csv --layers 2,1,2 --loss mse --output linear --out w.nut")
              .status == 0);
}

TEST_CASE("NaN in data is refused") {
    const BusyDesk desk;
    std::vector<float> rows(18, 0.5f);
    rows[13] = std::nanf("");
    tools::write_npy(desk.path("nan.npy"), rows.data(), 3, flat(6));
    desk.check_train("--data nan.npy --layers 6,2,6", {"nan.npy"});
    desk.check_refused("run m.nut --in nan.npy --out old --json", {"nan.npy"});
    desk.check_refused("evaluate m.nut --data nan.npy --json", {"nan.npy"});
}

TEST_CASE("an output that cannot be written is refused before any training") {
    const BusyDesk desk;
    std::filesystem::create_directory(desk.path("folder"));
    const std::string line = "train --data rows.csv --layers 6,2,6 --epochs 1000000 --json --out ";
    desk.check_refused(line + "none/m.nut", {"none/m.nut", "No such file or directory"});
    desk.check_refused(line + "folder", {"folder", "is a folder"});
    desk.check_refused(line + "old --report none/r.html", {"none/r.html"});
    desk.check_refused(line + "old --history none/h.csv", {"none/h.csv"});
    desk.check_refused("run m.nut --in rows.csv --out folder --json", {"is a folder"});
    desk.check_refused("show m.nut --data rows.csv --what errors --out none/p.png --json",
                       {"none/p.png"});
}

TEST_CASE("a full disk leaves the old file and nothing half-written") {
    BusyDesk desk;
    desk.check_refused("train --data rows.csv --layers 6,2,6 --epochs 1 --json --out /dev/full",
                       {"/dev/full", "No space left on device"});
    desk.largest_file = 512;
    desk.check_train("--data rows.csv --layers 6,2,6", {"old", "File too large"});
    desk.check_refused("run m.nut --in rows.csv --out old --json", {"old", "File too large"});
    desk.check_refused("show m.nut --data rows.csv --what errors --out p.png --json",
                       {"p.png", "File too large"});
}

TEST_CASE("a model that is cut, flipped, extended or something else is refused by name") {
    const BusyDesk desk;
    const std::string good = desk.read("m.nut");
    const auto check = [&](const std::string& bytes, const std::string& word) {
        desk.file("bad.nut", bytes);
        for (const std::string line : {"inspect bad.nut", "evaluate bad.nut --data rows.csv",
                                       "run bad.nut --in rows.csv --out old",
                                       "show bad.nut --data rows.csv --out old.png"}) {
            desk.check_refused(line + " --json", {"bad.nut", word, "whole .nut file"});
        }
    };
    check("", "shorter than");
    check(good.substr(0, 63), "shorter than");
    check(good.substr(0, good.size() - 1), "shorter than");
    check(good + "x", "1 bytes follow");
    check(std::string(1000, 'x'), "not a .nut file");
    std::string flipped = good;
    flipped[20] = static_cast<char>(flipped[20] ^ 4);
    check(flipped, "header is damaged");
    flipped = good;
    flipped[good.size() - 60] = static_cast<char>(flipped[good.size() - 60] ^ 4);
    check(flipped, "checksum");
    desk.check_refused("inspect rows.csv --json", {"rows.csv", "not a .nut file"});
}

TEST_CASE("a model and data that do not fit each other are refused with both sizes") {
    const BusyDesk desk;
    desk.check_refused("evaluate m.nut --data sample --json", {"784 values", "reads 6"});
    desk.check_refused("run m.nut --in sample --out old --json", {"784 values", "reads 6"});
    desk.check_refused("show m.nut --data sample --out p.png --json", {"784 values", "reads 6"});
    desk.check_refused("evaluate m.nut --data rows.csv --set test --json", {"no test part"});
}

TEST_CASE("what was mistyped is named, with what was probably meant") {
    const BusyDesk desk;
    desk.check_refused("trian --data rows.csv",
                       {"unknown subcommand trian", "did you mean train?"});
    desk.check_refused("", {"name a subcommand", "train", "evaluate"});
    desk.check_train("--data rows.csv --layers 6,2,6 --epocs 3", {"--epocs", "mean --epochs?"});
    desk.check_train("--dta rows.csv --layers 6,2,6", {"--dta", "mean --data?"});
    desk.check_refused("evaluate m.nut --dta=rows.csv", {"--dta", "mean --data?"});
    desk.check_refused("inspect m.nut --qqqqqqqq", {"unknown option --qqqqqqqq"});
    desk.check_refused("inspect m.nut --platform reference --platform reference",
                       {"--platform", "more than once"});
    desk.check_refused("inspect", {"FILE is required", "nutshell inspect --help"});
    desk.check_refused("inspect m.nut extra", {"extra"});
    desk.check_refused("run m.nut --in rows.csv --out old --part middle", {"--part", "middle"});
}

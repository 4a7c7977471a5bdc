// SPDX-License-Identifier: MIT
// CSV in: separators, header, labels, and the line and column of each mistake.
#include "data_files.hpp"

using namespace nutshell;
using namespace nutshell::tests;
using tools::load_data;

TEST_CASE("CSV rows of numbers are read with any of three separators, with or without a header") {
    const TemporaryFolder folder;
    const std::vector<float> expected{1, -2.5f, 3e-3f, 4, 5, 6};
    for (const char* text :
         {"1,-2.5,3e-3\n4,5,6\n", "1;-2.5;3e-3\n4;5;6", "1\t-2.5\t3e-3\n4\t5\t6",
          "a,b,c\n1,-2.5,3e-3\n4,5,6\n", "\"a b\";\"b\";\"c\"\n1;-2.5;3e-3\n4;5;6",
          "\xEF\xBB\xBF 1, -2.5 ,\"3e-3\"\r\n+4,5,6\r\n\r\n"}) {
        CAPTURE(text);
        const tools::Dataset data = load_data(folder.file("x.csv", text)).train;
        CHECK(data.count == 2);
        CHECK(data.shape == flat(3));
        CHECK(data.floats == expected);
        CHECK(data.labels.empty());
    }
}

TEST_CASE("a first or last CSV column named label or class gives the labels") {
    const TemporaryFolder folder;
    const std::vector<float> features{0.5f, 0.25f, 1, 2};
    for (const char* text : {"label,a,b\n7,0.5,0.25\n3,1,2\n", "a,b,Class\n0.5,0.25,7\n1,2,3\n",
                             "label,0,1\n7,0.5,0.25\n3.0,1,2\n"}) {
        CAPTURE(text);
        const tools::Dataset data = load_data(folder.file("x.csv", text)).train;
        CHECK(data.labels == std::vector<int>{7, 3});
        CHECK(data.floats == features);
    }
}

TEST_CASE("a CSV cell of text is refused with its line, column and content") {
    const TemporaryFolder folder;
    const auto refused = [&](const std::string& text, const std::vector<std::string>& words) {
        check_refused(folder.file("x.csv", text), words);
    };
    refused("1,2\n3,four\n", {"line 2, column 2", "\"four\" is not a number"});
    refused("1,two\n3,4\n", {"line 1, column 2", "\"two\" is not a number"});
    refused("a,b\n1,2\nx\n", {"line 3, column 2"});
    refused("1,2\n3,4x\n", {"line 2, column 2", "\"4x\""});
    refused("1;2\n3;4,5\n", {"line 2, column 2", "\"4,5\""});
    refused("1,2\n3,\x01\xff\n", {"line 2, column 2", "\"\?\?\""});
    refused("1,2\n3,1e999\n", {"line 2, column 2", "\"1e999\""});
    refused("1,2\n3," + std::string(1000, 'y'), {"\"yyyyyyyyyyyyyyyyyyyyyyyy...\""});
}

TEST_CASE("a ragged CSV row is refused with the line and the column that is missing or too many") {
    const TemporaryFolder folder;
    check_refused(folder.file("x.csv", "1,2,3\n4,5,6\n7,8\n"),
                  {"line 3, column 3", "has 2 columns where the first has 3"});
    check_refused(folder.file("x.csv", "a,b,c\n4,5,6\n7,8,9,10\n"),
                  {"line 3, column 4", "has 4 columns where the first has 3"});
    check_refused(folder.file("x.csv", "1,2\n\n3,4\n"), {"line 2, column 2", "has 1 columns"});
}

TEST_CASE("an empty CSV cell is refused with its line and column") {
    const TemporaryFolder folder;
    check_refused(folder.file("x.csv", "1,2\n3,\n"), {"line 2, column 2", "cell is empty"});
    check_refused(folder.file("x.csv", "1,2\n ,4\n"), {"line 2, column 1", "cell is empty"});
    check_refused(folder.file("x.csv", ",a,b\n0,1,2\n"),
                  {"line 1, column 1", "without a name", "to_csv(index=False)"});
}

TEST_CASE("a CSV cell that is NaN, infinite or beyond float's range is refused with its place") {
    const TemporaryFolder folder;
    for (const char* cell : {"nan", "NaN", "inf", "-inf", "1e39", "-1e300"}) {
        CAPTURE(cell);
        check_refused(folder.file("x.csv", std::string("1,2\n3,") + cell + "\n"),
                      {"line 2, column 2", "not a finite number"});
    }
    check_refused(folder.file("x.csv", "nan,2\n3,4\n"), {"line 1, column 1"});
}

TEST_CASE("CSV labels that are not integers from 0 on are refused with their line and column") {
    const TemporaryFolder folder;
    for (const char* cell : {"1.5", "-1", "3000000000", "nan"}) {
        CAPTURE(cell);
        check_refused(folder.file("x.csv", std::string("a,label\n1,2\n3,") + cell + "\n"),
                      {"line 3, column 2", "is not a label"});
    }
    check_refused(folder.file("x.csv", "label\n1\n"), {"line 1, column 1", "only labels"});
}

TEST_CASE("a CSV file without samples is refused") {
    const TemporaryFolder folder;
    check_refused(folder.file("x.csv", ""), {"is empty"});
    check_refused(folder.file("x.csv", "\n\r\n\n"), {"is empty"});
    check_refused(folder.file("x.csv", "a,b,c\n"), {"no samples"});
}

TEST_CASE("thousands of mutations of CSV files are each refused or loaded whole") {
    const TemporaryFolder folder;
    CHECK(mutate(folder, "a.csv", "label,a,b\n7,0.5,0.25\n3,1,2\n1,1e-3,-4\n", 3000) > 1000);
}

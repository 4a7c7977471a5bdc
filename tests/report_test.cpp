// SPDX-License-Identifier: MIT
// The HTML report: self-contained, escaped, complete.
#include "tools/report.hpp"

#include <doctest/doctest.h>

#include "tests/xml_check.hpp"
#include "tools/picture/charts.hpp"
#include "tools/picture/svg.hpp"
#include "tools/picture/xml.hpp"

using namespace nutshell::tools;
using nutshell::test::xml_error;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Report example() {
    const Picture loss = loss_curve({"Loss <of> \"it\" & all", "loss", {3, 2, 1}, {4, 3, 2}});
    return {"Digits <script>alert(1)</script>",
            "a & b",
            {{"test <MSE>", "0.0137", "less is better & \"good\""}},
            {{"caption <i>", to_svg(loss)}},
            "nutshell train --data '<dir>' && echo \"done\""};
}

/// The page without its first line, which is HTML's and no XML.
std::string without_doctype(const std::string& html) { return html.substr(html.find('\n') + 1); }

}  // namespace

TEST_CASE("the report is well formed and shows every number, figure and the command") {
    const std::string html = to_html(example());
    CHECK(html.rfind("<!DOCTYPE html>\n", 0) == 0);
    CHECK(xml_error(without_doctype(html)) == "");
    CHECK(contains(html, "0.0137"));
    CHECK(contains(html, "<svg "));
    CHECK(contains(html, "caption &lt;i&gt;"));
    CHECK(contains(html, "--data &#39;&lt;dir&gt;&#39; &amp;&amp; echo &quot;done&quot;"));
}

TEST_CASE("no text of the user becomes markup in the report") {
    const std::string html = to_html(example());
    CHECK_FALSE(contains(html, "<script"));
    CHECK_FALSE(contains(html, "<dir>"));
    CHECK(contains(html, "&lt;script&gt;"));
}

TEST_CASE("the report loads nothing from elsewhere") {
    std::string html = to_html(example());
    const std::string name = "xmlns=\"http://www.w3.org/2000/svg\"";  // a name, never loaded
    for (size_t at; (at = html.find(name)) != std::string::npos;) html.erase(at, name.size());
    CHECK_FALSE(contains(html, "http"));
    CHECK_FALSE(contains(html, "src="));
    CHECK_FALSE(contains(html, "@import"));
    CHECK_FALSE(contains(html, "<link"));
}

TEST_CASE("a report adapts to dark surroundings and small screens") {
    const std::string html = to_html(example());
    CHECK(contains(html, "prefers-color-scheme: dark"));
    CHECK(contains(html, "width=device-width"));
}

TEST_CASE("a report without numbers, figures and command is still a whole page") {
    const std::string html = to_html({"t", "s", {}, {}, ""});
    CHECK(xml_error(without_doctype(html)) == "");
    CHECK_FALSE(contains(html, "<table"));
    CHECK_FALSE(contains(html, "<pre"));
}

TEST_CASE("escaping replaces markup, control characters and broken UTF-8") {
    CHECK(escape_xml("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
    CHECK(escape_xml("\u00e9\u2192\U0001F600") == "\u00e9\u2192\U0001F600");
    const std::string replaced = "\xEF\xBF\xBD";
    CHECK(escape_xml(std::string("a\0b", 3)) == "a" + replaced + "b");
    CHECK(escape_xml("\x1b[31m") == replaced + "[31m");
    CHECK(escape_xml("\xff") == replaced);
    CHECK(escape_xml("\xc3") == replaced);            // cut short
    CHECK(escape_xml("\xc0\xbc") == replaced);        // an overlong '<'
    CHECK(escape_xml("\xed\xa0\x80") == replaced);    // half of a surrogate pair
    CHECK(escape_xml("\xc3<") == replaced + "&lt;");  // the next character survives
}

TEST_CASE("the checker used here does find malformed XML") {
    for (const char* bad : {"<a>", "<a></b>", "<a b=c/>", "<a>&</a>", "<a/><b/>", "x",
                            "<a b=\"<\"/>", "<a>\x01</a>", "<a b=\"1/>"})
        CHECK_MESSAGE(xml_error(bad) != "", bad);
    CHECK(xml_error("<a b=\"1 &lt; 2\">x<c/>&amp;</a>\n") == "");
}

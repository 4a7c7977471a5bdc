// SPDX-License-Identifier: MIT
// The page's style, and text put between tags. Pictures mark their colours with roles
// (picture/palette.hpp); the style gives those that would be lost on a dark page another colour.
#include "report.hpp"

#include "atomic_file.hpp"
#include "picture/xml.hpp"

namespace nutshell::tools {
namespace {

constexpr const char* kStyle = R"css(
:root { color-scheme: light dark; --page: #f6f8fa; --card: #fff; --ink: #1f2328; --muted: #59636e;
        --line: #d8dee4; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 3rem; background: var(--page);
       color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0; }
header p { color: var(--muted); margin: .3rem 0 1.5rem; }
section, figure { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
                  margin: 0 0 1.25rem; padding: .75rem 1rem; }
h2 { font-size: 1.1rem; margin: .25rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-top: 1px solid var(--line); padding: .4rem .75rem .4rem 0; text-align: left;
         vertical-align: top; }
thead th { border-top: 0; color: var(--muted); font-weight: normal; }
td.value { font-variant-numeric: tabular-nums; font-weight: 600; white-space: nowrap; }
td.meaning { color: var(--muted); }
.drawing { overflow-x: auto; }
.drawing svg { display: block; height: auto; margin: 0 auto; max-width: 100%; }
figcaption { color: var(--muted); font-size: .95rem; margin-top: .5rem; }
pre { margin: 0; overflow-x: auto; padding: .25rem 0; font-size: .9rem; white-space: pre-wrap;
      overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  .drawing svg { max-width: none; min-width: 36rem; width: 100%; }
  thead { display: none; }
  tr { display: block; border-top: 1px solid var(--line); padding: .4rem 0; }
  tbody tr:first-child { border-top: 0; }
  th, td { border: 0; display: inline-block; padding: 0 .75rem 0 0; }
  td.meaning { display: block; }
}
@media (prefers-color-scheme: dark) {
  :root { --page: #0d1117; --card: #161b22; --ink: #e6edf3; --muted: #9198a1; --line: #30363d; }
  rect.paper { fill: #161b22; } path.paper { stroke: #161b22; }
  text.ink { fill: #e6edf3; } path.ink { stroke: #e6edf3; }
  text.muted { fill: #9198a1; } path.muted { stroke: #9198a1; }
  rect.grid { fill: #30363d; } path.grid { stroke: #30363d; }
  rect.first, text.first { fill: #58a6ff; } path.first { stroke: #58a6ff; }
  text.second { fill: #f0883e; } path.second { stroke: #f0883e; }
  path.label1 { stroke: #8f7cf0; } path.label3 { stroke: #3fa65c; } path.label5 { stroke: #c2528f; }
}
@media print { body { background: #fff; } section, figure { break-inside: avoid; } }
)css";

std::string element(const std::string& tag, const std::string& text,
                    const std::string& attributes = "") {
    return "<" + tag + attributes + ">" + escape_xml(text) + "</" + tag + ">";
}

std::string number_table(const std::vector<Number>& numbers) {
    if (numbers.empty()) return "";
    std::string html =
        "<section>\n<h2>Numbers</h2>\n<table>\n<thead><tr><th>name</th><th>value</th>"
        "<th>what it means</th></tr></thead>\n<tbody>\n";
    for (const Number& number : numbers)
        html += "<tr>" + element("th", number.name, " scope=\"row\"") +
                element("td", number.value, " class=\"value\"") +
                element("td", number.meaning, " class=\"meaning\"") + "</tr>\n";
    return html + "</tbody>\n</table>\n</section>\n";
}

std::string figure(const Figure& figure) {
    return "<figure>\n<div class=\"drawing\">\n" + figure.svg + "</div>\n" +
           element("figcaption", figure.caption) + "\n</figure>\n";
}

}  // namespace

std::string to_html(const Report& report) {
    std::string html =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n";
    html += element("title", report.title) + "\n<style>" + kStyle + "</style>\n</head>\n<body>\n";
    html += "<header>\n" + element("h1", report.title) + "\n" + element("p", report.subtitle) +
            "\n</header>\n<main>\n" + number_table(report.numbers);
    for (const Figure& one : report.figures) html += figure(one);
    if (!report.command.empty())
        html += "<section>\n<h2>How to make this again</h2>\n<pre><code>" +
                escape_xml(report.command) + "</code></pre>\n</section>\n";
    return html + "</main>\n</body>\n</html>\n";
}

void save_report(const std::string& path, const Report& report) {
    const std::string html = to_html(report);
    write_file(path, html.data(), html.size());
}

}  // namespace nutshell::tools

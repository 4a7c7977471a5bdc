// SPDX-License-Identifier: MIT
// A small checker for tests: is a text well-formed XML (elements nest, attributes are quoted,
// entities are closed, no forbidden characters)? It knows no DTDs and no CDATA.
#pragma once
#include <cctype>
#include <string>
#include <vector>

namespace nutshell::test {

class XmlCheck {
  public:
    explicit XmlCheck(const std::string& text) : text_(text) {}

    /// "" when well formed, else what is wrong and where.
    std::string run() {
        while (error_.empty() && at_ < text_.size()) text_[at_] == '<' ? tag() : character();
        if (error_.empty() && !open_.empty()) fail("not closed: " + open_.back());
        if (error_.empty() && roots_ != 1) fail("not one root element");
        return error_;
    }

  private:
    void fail(const std::string& what) {
        if (error_.empty()) error_ = what + " at byte " + std::to_string(at_);
        at_ = text_.size();
    }

    bool take(char c) {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }

    void spaces() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    }

    std::string name() {
        const size_t start = at_;
        while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) ||
                                      text_[at_] == '-' || text_[at_] == ':'))
            ++at_;
        if (start == at_) fail("name expected");
        return text_.substr(start, at_ - start);
    }

    void character() {
        const unsigned char c = static_cast<unsigned char>(text_[at_]);
        if (c < 0x20 && c != '\n' && c != '\t' && c != '\r') return fail("control character");
        if (c == '&') {
            const size_t end = text_.find(';', at_);
            if (end == std::string::npos || end - at_ > 6) return fail("bare &");
            at_ = end;
        }
        if (open_.empty() && !std::isspace(c)) return fail("text outside of the root");
        ++at_;
    }

    void attributes() {
        for (spaces(); at_ < text_.size() && text_[at_] != '>' && text_[at_] != '/'; spaces()) {
            name();
            if (!take('=') || !take('"')) return fail("quoted value expected");
            while (at_ < text_.size() && text_[at_] != '"') {
                if (text_[at_] == '<') return fail("< in attribute");
                open_.push_back("attribute");  // so that text is allowed here
                character();
                if (!open_.empty()) open_.pop_back();
            }
            if (!take('"')) return fail("open attribute");
        }
    }

    void tag() {
        ++at_;
        if (take('/')) {
            const std::string closed = name();
            if (open_.empty() || open_.back() != closed) return fail("closes " + closed);
            open_.pop_back();
            if (!take('>')) fail("> expected");
            return;
        }
        const std::string opened = name();
        if (open_.empty()) ++roots_;
        attributes();
        if (!take('/')) open_.push_back(opened);
        if (!take('>')) fail("> expected");
    }

    const std::string& text_;
    size_t at_ = 0;
    int roots_ = 0;
    std::vector<std::string> open_;
    std::string error_;
};

inline std::string xml_error(const std::string& text) { return XmlCheck(text).run(); }

}  // namespace nutshell::test

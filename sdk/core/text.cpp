#include "sdk/core/text.hpp"

#include <algorithm>

namespace leasehold::core {
namespace {

/// Bytes that may steer a terminal even inside well-formed UTF-8: C0, DEL, C1 and the marks that
/// reorder or break a line.
bool is_steering(char32_t code_point) {
    return code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f) ||
           (code_point >= 0x200b && code_point <= 0x200f) ||
           (code_point >= 0x2028 && code_point <= 0x202e) ||
           (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0xfeff;
}

void append_escaped(std::string& out, std::string_view bytes) {
    constexpr char digits[] = "0123456789abcdef";
    for (const char byte : bytes) {
        const auto value = static_cast<unsigned char>(byte);
        out += "\\x";
        out += digits[value >> 4];
        out += digits[value & 0xf];
    }
}

}  // namespace

bool next_code_point(std::string_view& text, char32_t& code_point) {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) {
        code_point = lead;
        text.remove_prefix(1);
        return true;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < length) {
        return false;
    }
    char32_t value = lead & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xc0u) != 0x80u) {
            return false;
        }
        value = (value << 6) | (next & 0x3fu);
    }
    const bool is_overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
    if (is_overlong || (value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff) {
        return false;
    }
    code_point = value;
    text.remove_prefix(length);
    return true;
}

bool is_utf8(std::string_view text) {
    char32_t ignored = 0;
    text.remove_prefix(static_cast<std::size_t>(
        std::find_if(text.begin(), text.end(), [](char c) { return c < 0; }) - text.begin()));
    while (!text.empty()) {
        if (!next_code_point(text, ignored)) {
            return false;
        }
    }
    return true;
}

std::string escape(std::string_view text, std::size_t max_bytes) {
    constexpr std::string_view ellipsis = "...";
    std::string out;
    std::size_t cut = 0;  // where to cut so that the ellipsis still fits
    while (!text.empty()) {
        const std::string_view before = text;
        char32_t code_point = 0;
        std::string piece;
        if (!next_code_point(text, code_point)) {
            text.remove_prefix(1);
            append_escaped(piece, before.substr(0, 1));
        } else if (is_steering(code_point) || code_point == U'\\') {
            append_escaped(piece, before.substr(0, before.size() - text.size()));
        } else {
            piece = before.substr(0, before.size() - text.size());
        }
        if (out.size() + piece.size() > max_bytes) {
            out.resize(cut);
            out += ellipsis.substr(0, max_bytes - cut);
            return out;
        }
        out += piece;
        if (out.size() + ellipsis.size() <= max_bytes) {
            cut = out.size();
        }
    }
    return out;
}

std::string format_duration(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) +
           " ms";
}

std::string shorten_session(std::int64_t session_id) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(4, '0');
    for (std::size_t i = 0; i < text.size(); ++i) {
        text[text.size() - 1 - i] = digits[(session_id >> (4 * i)) & 0xf];
    }
    return text;
}

}  // namespace leasehold::core

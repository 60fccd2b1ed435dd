#include "sdk/server/path.hpp"

#include <cstddef>
#include <cstdint>

namespace leasehold::server {

namespace {

constexpr std::uint32_t replacement = 0xFFFD;

struct Decoded {
    std::uint32_t point;
    std::size_t size;
};

/// The next code point; what is no UTF-8 counts as one replacement character, as in Java.
Decoded decode(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80U) {
        return {lead, 1};
    }
    const std::size_t size = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
    if (lead < 0xC2U || lead > 0xF4U || text.size() < size) {
        return {replacement, 1};
    }
    std::uint32_t point = lead & (0xFFU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xC0U) != 0x80U) {
            return {replacement, 1};
        }
        point = (point << 6U) | (byte & 0x3FU);
    }
    return {point, size};
}

bool is_allowed(std::uint32_t point) {
    // Servers look at UTF-16 units, so whatever needs a surrogate pair is refused with them.
    return point > 0x1F && !(point >= 0x7F && point <= 0x9F) &&
           !(point >= 0xD800 && point <= 0xF8FF) && point < 0xFFF0;
}

}  // namespace

std::string_view parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

std::string_view shown(std::string_view path) {
    return path.empty() ? std::string_view("/") : path;
}

bool has_parent(std::string_view path) {
    return path.find('/') != std::string_view::npos && path.find('\0') == std::string_view::npos;
}

bool is_special_path(std::string_view path) {
    return path == "/" || path == "/zookeeper" || path == "/zookeeper/quota" ||
           path == "/zookeeper/config";
}

bool is_valid_path(std::string_view path) {
    if (path == "/") {
        return true;
    }
    if (!path.starts_with('/') || path.ends_with('/')) {
        return false;
    }
    for (std::string_view rest = path.substr(1);;) {
        const std::size_t end = rest.find('/');
        std::string_view name = rest.substr(0, end);
        if (name.empty() || name == "." || name == "..") {
            return false;
        }
        while (!name.empty()) {
            const auto [point, size] = decode(name);
            if (!is_allowed(point)) {
                return false;
            }
            name.remove_prefix(size);
        }
        if (end == std::string_view::npos) {
            return true;
        }
        rest.remove_prefix(end + 1);
    }
}

}  // namespace leasehold::server

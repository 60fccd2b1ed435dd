#include "sdk/core/path.hpp"

#include "sdk/core/text.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::core {
namespace {

Error refuse(std::string_view path, std::string_view rule) {
    ErrorContext context;
    context.what = "not a znode path: ";
    context.what += rule;
    context.path = path.substr(0, 256);
    return {make_error_code(errc::invalid_argument), std::move(context)};
}

bool is_allowed(char32_t c) {
    return c > 0x1f && !(c >= 0x7f && c <= 0x9f) && !(c >= 0xd800 && c <= 0xf8ff) && c < 0xfff0;
}

result<void> check_characters(std::string_view path) {
    // Most paths are nothing but this.
    const auto* const plain =
        std::find_if_not(path.begin(), path.end(), [](char c) { return c > 0x1f && c < 0x7f; });
    for (std::string_view rest(plain, static_cast<std::size_t>(path.end() - plain));
         !rest.empty();) {
        char32_t code_point = 0;
        if (!next_code_point(rest, code_point)) {
            return refuse(path, "it is not well-formed UTF-8");
        }
        if (!is_allowed(code_point)) {
            return refuse(path, "it holds a character that ZooKeeper does not allow");
        }
    }
    return success();
}

result<void> check_components(std::string_view path) {
    std::size_t start = 1;
    while (start <= path.size()) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        const std::string_view component = path.substr(start, end - start);
        if (component.empty()) {
            return refuse(path, end == path.size() ? "it ends with a slash"
                                                   : "it has an empty component (two slashes)");
        }
        if (component == "." || component == "..") {
            return refuse(path, "\".\" and \"..\" are not resolved; write the whole path");
        }
        start = end + 1;
    }
    return success();
}

}  // namespace

result<void> check_path(std::string_view path) {
    if (path.empty()) {
        return refuse(path, "it is empty");
    }
    if (path.front() != '/') {
        return refuse(path, "it must begin with a slash");
    }
    if (path.size() > max_path_bytes) {
        return refuse(path, "it is longer than 4096 bytes");
    }
    if (path == "/") {
        return success();
    }
    BOOST_OUTCOME_TRYV(check_characters(path));
    return check_components(path);
}

result<void> check_sequential_path(std::string_view path) {
    constexpr std::size_t suffix = 10;
    if (path.size() + suffix > max_path_bytes) {
        return refuse(path, "it is longer than 4096 bytes with its sequence number");
    }
    return check_path(std::string(path) + "0000000000");
}

result<void> check_lock_path(std::string_view path) {
    BOOST_OUTCOME_TRYV(check_path(path));
    if (path == "/") {
        return refuse(path, "a lock cannot be the root; give it a path of its own");
    }
    if (path == "/zookeeper" || path.starts_with("/zookeeper/")) {
        return refuse(path, "\"/zookeeper\" belongs to the server");
    }
    if (path.size() + longest_contender > max_path_bytes) {
        return refuse(path, "it is longer than 4096 bytes with its contenders' names");
    }
    return success();
}

std::string with_chroot(std::string_view chroot, std::string_view path) {
    std::string full(chroot);
    if (chroot.empty() || path != "/") {
        full += path;
    }
    return full;
}

std::string child(std::string_view parent, std::string_view name) {
    std::string path;
    path.reserve(parent.size() + 1 + name.size());
    path += parent;
    path += '/';
    path += name;
    return path;
}

std::pair<std::string, std::string> split_path(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) {
        return {std::string(), std::string(path)};
    }
    return {std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

std::optional<std::string_view> name_below(std::string_view parent, std::string_view path) {
    if (path.size() <= parent.size() || !path.starts_with(parent) || path[parent.size()] != '/') {
        return std::nullopt;
    }
    return path.substr(parent.size() + 1);
}

std::string without_chroot(std::string_view chroot, std::string_view path) {
    if (chroot.empty() || !path.starts_with(chroot)) {
        return std::string(path);
    }
    const std::string_view rest = path.substr(chroot.size());
    if (rest.empty()) {
        return "/";
    }
    return std::string(rest.front() == '/' ? rest : path);
}

}  // namespace leasehold::core

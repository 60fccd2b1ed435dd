// Which texts are znode paths: a bad one is refused here, before a byte of it reaches a server.
#pragma once

#include <leasehold/error.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace leasehold::core {

/// Kept by whoever has to do with it, most often as a part of what was asked for with it.
using SharedPath = std::shared_ptr<const std::string>;

/// Longer paths are refused. The server's own bound is its frame size; nobody means more than this.
inline constexpr std::size_t max_path_bytes = 4096;

/// What a contender's name below it takes at most, its slash included.
inline constexpr std::size_t longest_contender = 64;

/// ZooKeeper's rules: absolute, no trailing slash, no empty, "." or ".." component, well-formed
/// UTF-8, none of U+0000..001F, 007F..009F, D800..F8FF, FFF0..FFFF. The server counts in UTF-16
/// units, so everything above U+FFFF falls under D800..F8FF too. "/" itself is a path.
/// errc::invalid_argument, with the rule that is broken.
[[nodiscard]] result<void> check_path(std::string_view path);

/// The same for what a sequential create is asked for: the number is appended before the server
/// looks, so "/queue/" is legal there.
[[nodiscard]] result<void> check_sequential_path(std::string_view path);

/// A full path, chroot included, that contenders may queue under: any but "/" and ZooKeeper's own
/// "/zookeeper" and what is below it. Leaves room for the contender's name.
[[nodiscard]] result<void> check_lock_path(std::string_view path);

/// "/parent/name".
[[nodiscard]] std::string child(std::string_view parent, std::string_view name);

/// The reverse; the parent of "/name" is "".
[[nodiscard]] std::pair<std::string, std::string> split_path(std::string_view path);

/// What follows "/parent/" in a path that begins so.
[[nodiscard]] std::optional<std::string_view> name_below(std::string_view parent,
                                                         std::string_view path);

/// `path` below `chroot`; both are valid, the chroot may be empty.
[[nodiscard]] std::string with_chroot(std::string_view chroot, std::string_view path);

/// The reverse, for paths that a server sent; one that is not below the chroot is returned whole.
[[nodiscard]] std::string without_chroot(std::string_view chroot, std::string_view path);

}  // namespace leasehold::core

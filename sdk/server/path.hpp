// ZooKeeper's rules for paths, as its servers apply them: also to what no careful client would
// send.
#pragma once

#include <string_view>

namespace leasehold::server {

/// Everything before the last slash: "" for "/a". A server keeps its root under "" and "/" alike.
[[nodiscard]] std::string_view parent_of(std::string_view path);
[[nodiscard]] std::string_view name_of(std::string_view path);

/// What a server says of a parent in events: "/" for "".
[[nodiscard]] std::string_view shown(std::string_view path);

/// Whether a node may have this path.
[[nodiscard]] bool is_valid_path(std::string_view path);

/// The little that is checked before the parent is looked up: a slash somewhere, and no NUL.
[[nodiscard]] bool has_parent(std::string_view path);

/// "/" and what is under /zookeeper from the start: never deleted.
[[nodiscard]] bool is_special_path(std::string_view path);

}  // namespace leasehold::server

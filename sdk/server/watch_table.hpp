// Which connections of a server want to hear of which paths.
#pragma once

#include "sdk/server/tree.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace leasehold::server {

using WatcherId = std::uint64_t;

enum class WatchMode : std::uint8_t { standard = 1, persistent = 2, recursive = 4 };

/// A server has two of these: "data" for a node's data, creation and deletion, "child" for its
/// list of children.
class WatchTable {
public:
    /// Until 3.9.0 a watch of another mode replaces the one that a connection has on a path.
    explicit WatchTable(bool keeps_modes_apart) : x_keeps_modes_apart(keeps_modes_apart) {}

    void add(std::string_view path, WatcherId watcher, WatchMode mode);
    /// Appends who is to be told, each once, and uses up its standard watch. `includes_recursive`:
    /// the event is one that recursive watches of the path and of its ancestors hear of.
    void take(std::string_view path, bool includes_recursive, std::vector<WatcherId>& told);
    /// False if there was none. Without a mode: of all modes.
    bool remove(std::string_view path, WatcherId watcher);
    bool remove(std::string_view path, WatcherId watcher, WatchMode mode);
    void forget(WatcherId watcher);
    void clear();

    [[nodiscard]] bool has(std::string_view path) const { return x_paths.contains(path); }
    [[nodiscard]] bool has(std::string_view path, WatcherId watcher) const;
    [[nodiscard]] bool has(std::string_view path, WatcherId watcher, WatchMode mode) const;
    [[nodiscard]] std::size_t size() const { return x_size; }
    [[nodiscard]] std::size_t paths() const { return x_paths.size(); }
    [[nodiscard]] std::size_t watchers() const { return x_watchers.size(); }

private:
    using Modes = std::uint8_t;
    using Watchers = std::map<WatcherId, Modes>;

    [[nodiscard]] Modes modes_of(std::string_view path, WatcherId watcher) const;
    void set_modes(PathMap<Watchers>::iterator place, Watchers::iterator entry, Modes modes);
    void forget_path(std::string_view path, WatcherId watcher);
    void take_at(std::string_view path, bool is_ancestor, bool includes_recursive,
                 std::vector<WatcherId>& told);

    bool x_keeps_modes_apart;
    PathMap<Watchers> x_paths;
    /// The views are keys of x_paths.
    std::unordered_map<WatcherId, NodeNames> x_watchers;
    std::size_t x_size = 0;
    std::size_t x_recursive = 0;  ///< entries with that mode; ancestors are looked at if there are
};

}  // namespace leasehold::server

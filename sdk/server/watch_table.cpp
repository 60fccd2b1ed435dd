#include "sdk/server/watch_table.hpp"

#include "sdk/server/path.hpp"

#include <algorithm>

namespace leasehold::server {

namespace {

constexpr std::uint8_t bit(WatchMode mode) {
    return static_cast<std::uint8_t>(mode);
}

constexpr bool includes(std::uint8_t modes, WatchMode mode) {
    return (modes & bit(mode)) != 0;
}

}  // namespace

void WatchTable::add(std::string_view path, WatcherId watcher, WatchMode mode) {
    auto place = x_paths.find(path);
    if (place == x_paths.end()) {
        place = x_paths.try_emplace(std::string(path)).first;
    }
    const auto [entry, is_new] = place->second.try_emplace(watcher, Modes{0});
    if (is_new) {
        ++x_size;
        x_watchers[watcher].insert(place->first);
    }
    const Modes kept = x_keeps_modes_apart ? entry->second : Modes{0};
    set_modes(place, entry, static_cast<Modes>(kept | bit(mode)));
}

/// The entry goes with its last mode, the path with its last entry.
void WatchTable::set_modes(PathMap<Watchers>::iterator place, Watchers::iterator entry,
                           Modes modes) {
    x_recursive -= includes(entry->second, WatchMode::recursive) ? 1U : 0U;
    x_recursive += includes(modes, WatchMode::recursive) ? 1U : 0U;
    entry->second = modes;
    if (modes != 0) {
        return;
    }
    --x_size;
    forget_path(place->first, entry->first);
    place->second.erase(entry);
    if (place->second.empty()) {
        x_paths.erase(place);
    }
}

void WatchTable::forget_path(std::string_view path, WatcherId watcher) {
    const auto known = x_watchers.find(watcher);
    if (known != x_watchers.end() && known->second.erase(path) != 0 && known->second.empty()) {
        x_watchers.erase(known);
    }
}

void WatchTable::take(std::string_view path, bool includes_recursive,
                      std::vector<WatcherId>& told) {
    take_at(path, false, includes_recursive, told);
    if (!includes_recursive || x_recursive == 0) {
        return;
    }
    while (path != "/" && path.find('/') != std::string_view::npos) {
        path = shown(parent_of(path));
        take_at(path, true, true, told);
    }
}

void WatchTable::take_at(std::string_view path, bool is_ancestor, bool includes_recursive,
                         std::vector<WatcherId>& told) {
    auto place = x_paths.find(path);
    if (place == x_paths.end()) {
        return;
    }
    const std::size_t before = told.size();
    for (auto entry = place->second.begin(); entry != place->second.end();) {
        const auto here = entry++;  // set_modes may erase it
        const Modes modes = here->second;
        const bool hears_recursively = includes_recursive && includes(modes, WatchMode::recursive);
        const bool hears_here = !is_ancestor && (includes(modes, WatchMode::standard) ||
                                                 includes(modes, WatchMode::persistent));
        if (!hears_recursively && !hears_here) {
            continue;
        }
        const auto known = told.begin() + static_cast<std::ptrdiff_t>(before);
        if (std::find(told.begin(), known, here->first) == known) {
            told.push_back(here->first);
        }
        if (hears_here && includes(modes, WatchMode::standard)) {
            const bool is_last = place->second.size() == 1 && modes == bit(WatchMode::standard);
            set_modes(place, here, static_cast<Modes>(modes & ~bit(WatchMode::standard)));
            if (is_last) {
                return;
            }
        }
    }
}

bool WatchTable::remove(std::string_view path, WatcherId watcher) {
    const auto place = x_paths.find(path);
    if (place == x_paths.end()) {
        return false;
    }
    const auto entry = place->second.find(watcher);
    if (entry == place->second.end()) {
        return false;
    }
    set_modes(place, entry, 0);
    return true;
}

bool WatchTable::remove(std::string_view path, WatcherId watcher, WatchMode mode) {
    const Modes modes = modes_of(path, watcher);
    if (!includes(modes, mode)) {
        return false;
    }
    const auto place = x_paths.find(path);
    set_modes(place, place->second.find(watcher), static_cast<Modes>(modes & ~bit(mode)));
    return true;
}

void WatchTable::forget(WatcherId watcher) {
    const auto known = x_watchers.extract(watcher);
    if (known.empty()) {
        return;
    }
    for (const std::string_view path : known.mapped()) {
        const auto place = x_paths.find(path);
        set_modes(place, place->second.find(watcher), 0);
    }
}

void WatchTable::clear() {
    x_paths.clear();
    x_watchers.clear();
    x_size = 0;
    x_recursive = 0;
}

WatchTable::Modes WatchTable::modes_of(std::string_view path, WatcherId watcher) const {
    const auto place = x_paths.find(path);
    if (place == x_paths.end()) {
        return 0;
    }
    const auto entry = place->second.find(watcher);
    return entry == place->second.end() ? Modes{0} : entry->second;
}

bool WatchTable::has(std::string_view path, WatcherId watcher) const {
    return modes_of(path, watcher) != 0;
}

bool WatchTable::has(std::string_view path, WatcherId watcher, WatchMode mode) const {
    return includes(modes_of(path, watcher), mode);
}

}  // namespace leasehold::server

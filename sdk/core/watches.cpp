#include "sdk/core/watches.hpp"

#include <utility>

namespace leasehold::core {

namespace {

/// Java's bound on the path text in one packet, well under any server's frame limit.
constexpr std::size_t restore_chunk = std::size_t{128} * 1024;

}  // namespace

void WatchRegistry::add(OperationId watch, WatchKind kind, const std::string& path) {
    Entry& entry = x_entries[path];
    if (kind == WatchKind::child) {
        entry.child.insert(watch);
        entry.is_child_armed = true;
    } else {
        (kind == WatchKind::data ? entry.data : entry.exist).insert(watch);
        entry.is_data_armed = true;
    }
    x_paths[watch] = {kind, path};
}

std::optional<wire::RemoveWatchesRequest> WatchRegistry::remove(OperationId watch) {
    const auto found = x_paths.extract(watch);
    if (found.empty()) {
        return std::nullopt;
    }
    const auto& [kind, path] = found.mapped();
    Entry& entry = x_entries[path];
    entry.data.erase(watch);
    entry.exist.erase(watch);
    entry.child.erase(watch);
    std::optional<wire::RemoveWatchesRequest> request;
    if (kind == WatchKind::child) {
        if (entry.child.empty() && !entry.is_child_for_lock &&
            std::exchange(entry.is_child_armed, false)) {
            request = {path, wire::WatcherType::children};
        }
    } else if (!entry.needs_data() && std::exchange(entry.is_data_armed, false)) {
        request = {path, wire::WatcherType::data};
    }
    forget_if_unused(path);
    return request;
}

std::uint64_t WatchRegistry::arm_for_lock(const std::string& path, OperationId lane) {
    Entry& entry = x_entries[path];
    entry.lanes.insert(lane);
    entry.lock_ticket = x_next_ticket++;
    entry.fired_early = false;
    return entry.lock_ticket;
}

WatchRegistry::Arming WatchRegistry::confirm(const std::string& path, std::uint64_t ticket,
                                             bool armed) {
    const auto found = x_entries.find(path);
    if (found == x_entries.end()) {
        return Arming::spent;
    }
    Entry& entry = found->second;
    if (entry.lock_ticket != ticket) {
        if (entry.lock_ticket != 0) {
            entry.is_data_armed |= armed && !entry.fired_early;
            return Arming::superseded;
        }
        if (!armed && !entry.needs_data()) {
            entry.is_data_armed = false;  // dropped meanwhile, and there is no node to watch
            forget_if_unused(path);
        }
        return Arming::spent;
    }
    if (std::exchange(entry.fired_early, false)) {
        return Arming::spent;
    }
    if (armed) {
        entry.is_data_armed = true;
    } else {
        entry.forget_lanes();
        if (!entry.needs_data()) {
            entry.is_data_armed = false;  // one that was kept from before went with its node
        }
        forget_if_unused(path);
    }
    return Arming::done;
}

std::optional<wire::RemoveWatchesRequest> WatchRegistry::drop_for_lock(const std::string& path,
                                                                       OperationId lane,
                                                                       bool can_remove) {
    const auto found = x_entries.find(path);
    if (found == x_entries.end() || found->second.lanes.erase(lane) == 0 ||
        !found->second.lanes.empty()) {
        return std::nullopt;
    }
    Entry& entry = found->second;
    entry.forget_lanes();
    std::optional<wire::RemoveWatchesRequest> request;
    if (!entry.needs_data() && can_remove) {
        // Also when the answer to the arming read is still to come: the server takes both in order.
        entry.is_data_armed = false;
        request = {path, wire::WatcherType::data};
    } else {
        entry.is_data_armed = true;  // kept on the server, and known here, until it fires
    }
    forget_if_unused(path);
    return request;
}

/// Nobody drops it: whoever armed it has a node there, which goes before the interest does.
void WatchRegistry::arm_children_for_lock(const std::string& path) {
    Entry& entry = x_entries[path];
    entry.is_child_armed = true;
    entry.is_child_for_lock = true;
}

void WatchRegistry::disarm_children_for_lock(const std::string& path) {
    if (const auto found = x_entries.find(path); found != x_entries.end()) {
        found->second.is_child_for_lock = false;
        found->second.is_child_armed = !found->second.child.empty();
        forget_if_unused(path);
    }
}

std::optional<WatchRegistry::Fired> WatchRegistry::on_event(const wire::WatcherEvent& event) {
    const auto found = x_entries.find(event.path);
    if (found == x_entries.end()) {
        return std::nullopt;
    }
    Entry& entry = found->second;
    const bool is_deleted = event.type == wire::WatchEventType::deleted;
    const bool hits_child = entry.is_child_armed &&
                            (is_deleted || event.type == wire::WatchEventType::children_changed);
    const bool hits_data =
        entry.is_data_armed && (is_deleted || event.type == wire::WatchEventType::created ||
                                event.type == wire::WatchEventType::data_changed);
    if (!hits_child && !hits_data) {
        // Of a watch whose arming was not answered yet: remember that it is used up.
        entry.fired_early = entry.lock_ticket != 0 && !entry.is_data_armed;
        return std::nullopt;
    }
    Fired fired;
    if (hits_data) {
        fired.watches.insert(fired.watches.end(), entry.data.begin(), entry.data.end());
        fired.watches.insert(fired.watches.end(), entry.exist.begin(), entry.exist.end());
        fired.was_for_lock = entry.lock_ticket != 0;
        entry.forget_lanes();
        entry.data.clear();
        entry.exist.clear();
        entry.is_data_armed = false;
    }
    if (hits_child) {
        fired.watches.insert(fired.watches.end(), entry.child.begin(), entry.child.end());
        entry.child.clear();
        entry.is_child_armed = false;
        fired.was_for_children_of_lock = std::exchange(entry.is_child_for_lock, false);
    }
    for (const OperationId watch : fired.watches) {
        x_paths.erase(watch);
    }
    forget_if_unused(event.path);
    return fired;
}

/// The server forgets all watches of a closed connection; lock queues arm theirs anew.
void WatchRegistry::on_detached() {
    for (auto entry = x_entries.begin(); entry != x_entries.end();) {
        entry->second.is_data_armed = false;
        entry->second.is_child_armed = false;
        entry->second.is_child_for_lock = false;
        entry->second.forget_lanes();
        entry->second.fired_early = false;
        entry = entry->second.is_unused() ? x_entries.erase(entry) : std::next(entry);
    }
}

std::vector<wire::SetWatchesRequest> WatchRegistry::restore(std::int64_t last_zxid) {
    std::vector<wire::SetWatchesRequest> packets;
    std::size_t room = 0;
    const auto put = [&](const std::string& path, auto list) {
        if (path.size() > room) {
            packets.emplace_back().relative_zxid = last_zxid;
            room = restore_chunk;
        }
        room -= path.size();
        (packets.back().*list).push_back(path);
    };
    for (auto& [path, entry] : x_entries) {
        if (!entry.data.empty()) {
            put(path, &wire::SetWatchesRequest::data_watches);
            entry.is_data_armed = true;
        }
        if (!entry.exist.empty()) {
            put(path, &wire::SetWatchesRequest::exist_watches);
            entry.is_data_armed = true;
        }
        if (!entry.child.empty()) {
            put(path, &wire::SetWatchesRequest::child_watches);
            entry.is_child_armed = true;
        }
    }
    return packets;
}

std::vector<std::pair<OperationId, std::string>> WatchRegistry::end_all() {
    std::vector<std::pair<OperationId, std::string>> ended;
    for (auto& [watch, target] : x_paths) {
        ended.emplace_back(watch, std::move(target.second));
    }
    x_paths.clear();
    x_entries.clear();
    return ended;
}

std::size_t WatchRegistry::armed() const {
    std::size_t count = 0;
    for (const auto& [path, entry] : x_entries) {
        count += (entry.is_data_armed ? 1u : 0u) + (entry.is_child_armed ? 1u : 0u);
    }
    return count;
}

void WatchRegistry::forget_if_unused(const std::string& path) {
    const auto found = x_entries.find(path);
    if (found != x_entries.end() && found->second.is_unused()) {
        x_entries.erase(found);
    }
}

}  // namespace leasehold::core

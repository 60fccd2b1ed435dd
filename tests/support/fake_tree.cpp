// See fake_tree.hpp; the rules are those of ZooKeeper 3.4 to 3.9 as captured from real servers.
#include "tests/support/fake_tree.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace leasehold::support {

namespace {

bool is_sequential(wire::CreateMode mode) {
    return mode == wire::CreateMode::ephemeral_sequential ||
           mode == wire::CreateMode::persistent_sequential;
}

bool is_ephemeral(wire::CreateMode mode) {
    return mode == wire::CreateMode::ephemeral || mode == wire::CreateMode::ephemeral_sequential;
}

std::string name_of(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));
}

bool is_path(std::string_view path) {
    return path.starts_with('/') && (path.size() == 1 || !path.ends_with('/')) &&
           path.find("//") == std::string_view::npos;
}

}  // namespace

std::string parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == 0 || slash == std::string_view::npos ? "/" : std::string(path.substr(0, slash));
}

FakeTree::FakeTree() {
    x_nodes["/"].children.insert("zookeeper");
    x_nodes["/zookeeper"] = {};
}

wire::ServerError FakeTree::create(std::string& path, std::string data, wire::CreateMode mode,
                                   std::int64_t session, std::int64_t zxid) {
    const auto parent = x_nodes.find(parent_of(path));
    if (parent == x_nodes.end()) {
        return wire::ServerError::no_node;
    }
    if (is_sequential(mode)) {
        std::array<char, 16> number{};
        std::snprintf(number.data(), number.size(), "%010d",
                      static_cast<std::int32_t>(parent->second.creates));
        path += number.data();
    }
    if (!is_path(path)) {
        return wire::ServerError::bad_arguments;
    }
    if (x_nodes.contains(path)) {
        return wire::ServerError::node_exists;
    }
    if (parent->second.stat.ephemeral_owner != 0) {
        return wire::ServerError::no_children_for_ephemerals;
    }
    Znode& node = x_nodes[path];
    node.stat.czxid = zxid;
    node.stat.mzxid = zxid;
    node.stat.pzxid = zxid;
    node.stat.ephemeral_owner = is_ephemeral(mode) ? session : 0;
    node.stat.data_length = static_cast<std::int32_t>(data.size());
    node.data = std::move(data);
    ++parent->second.creates;
    parent->second.children.insert(name_of(path));
    refresh(parent->second, zxid);
    x_changes.push_back({wire::WatchEventType::created, path});
    x_changes.push_back({wire::WatchEventType::children_changed, parent->first});
    return wire::ServerError::ok;
}

wire::ServerError FakeTree::remove(const std::string& path, std::int32_t version,
                                   std::int64_t zxid) {
    if (const auto err = check(path, version); err != wire::ServerError::ok) {
        return err;
    }
    if (!x_nodes.at(path).children.empty()) {
        return wire::ServerError::not_empty;
    }
    x_nodes.erase(path);
    Znode& parent = x_nodes.at(parent_of(path));
    parent.children.erase(name_of(path));
    refresh(parent, zxid);
    x_changes.push_back({wire::WatchEventType::deleted, path});
    x_changes.push_back({wire::WatchEventType::children_changed, parent_of(path)});
    return wire::ServerError::ok;
}

wire::ServerError FakeTree::set_data(const std::string& path, std::string data,
                                     std::int32_t version, std::int64_t zxid) {
    if (const auto err = check(path, version); err != wire::ServerError::ok) {
        return err;
    }
    Znode& node = x_nodes.at(path);
    node.stat.mzxid = zxid;
    node.stat.data_length = static_cast<std::int32_t>(data.size());
    ++node.stat.version;
    node.data = std::move(data);
    x_changes.push_back({wire::WatchEventType::data_changed, path});
    return wire::ServerError::ok;
}

wire::ServerError FakeTree::check(const std::string& path, std::int32_t version) const {
    const Znode* node = find(path);
    if (node == nullptr) {
        return wire::ServerError::no_node;
    }
    return version == wire::any_version || version == node->stat.version
               ? wire::ServerError::ok
               : wire::ServerError::bad_version;
}

const Znode* FakeTree::find(const std::string& path) const {
    const auto found = x_nodes.find(path);
    return found == x_nodes.end() ? nullptr : &found->second;
}

std::vector<std::string> FakeTree::ephemerals_of(std::int64_t session) const {
    std::vector<std::string> paths;
    for (const auto& [path, node] : x_nodes) {
        if (session != 0 && node.stat.ephemeral_owner == session) {
            paths.push_back(path);
        }
    }
    return paths;
}

std::size_t FakeTree::ephemerals() const {
    return static_cast<std::size_t>(std::count_if(x_nodes.begin(), x_nodes.end(), [](auto& item) {
        return item.second.stat.ephemeral_owner != 0;
    }));
}

void FakeTree::set_counter(const std::string& path, std::int64_t creates) {
    x_nodes.at(path).creates = creates;
}

void FakeTree::refresh(Znode& parent, std::int64_t zxid) {
    parent.stat.pzxid = zxid;
    parent.stat.num_children = static_cast<std::int32_t>(parent.children.size());
    // Creations plus deletions; not the sequence counter.
    parent.stat.cversion = static_cast<std::int32_t>(2 * parent.creates - parent.stat.num_children);
}

void FakeWatches::arm_data(const std::string& path, ConnectionId connection) {
    x_data[path].insert(connection);
}

void FakeWatches::arm_child(const std::string& path, ConnectionId connection) {
    x_child[path].insert(connection);
}

bool FakeWatches::remove(const std::string& path, ConnectionId connection, wire::WatcherType type) {
    const auto remove_from = [&](Table& table) {
        const auto found = table.find(path);
        if (found == table.end() || found->second.erase(connection) == 0) {
            return false;
        }
        if (found->second.empty()) {
            table.erase(found);
        }
        return true;
    };
    const bool data = type != wire::WatcherType::children && remove_from(x_data);
    const bool child = type != wire::WatcherType::data && remove_from(x_child);
    return data || child;
}

void FakeWatches::forget(ConnectionId connection) {
    for (Table* table : {&x_data, &x_child}) {
        for (auto entry = table->begin(); entry != table->end();) {
            entry->second.erase(connection);
            entry = entry->second.empty() ? table->erase(entry) : std::next(entry);
        }
    }
}

std::set<ConnectionId> FakeWatches::take(Table& table, const std::string& path) {
    const auto found = table.extract(path);
    return found.empty() ? std::set<ConnectionId>{} : found.mapped();
}

std::vector<std::pair<ConnectionId, wire::WatcherEvent>> FakeWatches::fire(const Change& change) {
    std::set<ConnectionId> told;
    if (change.type != wire::WatchEventType::children_changed) {
        told = take(x_data, change.path);
    }
    if (change.type == wire::WatchEventType::deleted ||
        change.type == wire::WatchEventType::children_changed) {
        told.merge(take(x_child, change.path));  // who got it from the data table gets it once
    }
    std::vector<std::pair<ConnectionId, wire::WatcherEvent>> events;
    for (const ConnectionId connection : told) {
        events.push_back({connection, {change.type, wire::connected_state, change.path}});
    }
    return events;
}

std::size_t FakeWatches::size() const {
    std::size_t count = 0;
    for (const Table* table : {&x_data, &x_child}) {
        for (const auto& [path, connections] : *table) {
            count += connections.size();
        }
    }
    return count;
}

std::vector<std::string> FakeWatches::data_paths() const {
    std::vector<std::string> paths;
    for (const auto& [path, connections] : x_data) {
        paths.push_back(path);
    }
    return paths;
}

}  // namespace leasehold::support

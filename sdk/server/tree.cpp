#include "sdk/server/tree.hpp"

#include "sdk/server/path.hpp"

namespace leasehold::server {

namespace {

void refresh(Znode& parent) {
    const auto count = static_cast<std::uint32_t>(parent.children.size());
    parent.stat.num_children = static_cast<std::int32_t>(count);
    // Creations plus deletions: each child that was created and is not there was deleted.
    parent.stat.cversion =
        static_cast<std::int32_t>(2 * static_cast<std::uint32_t>(parent.creates) - count);
}

std::string_view key(std::string_view path) {
    return path.empty() ? std::string_view("/") : path;
}

}  // namespace

Tree::Tree(bool has_config_node, bool counter_wraps) : x_counter_wraps(counter_wraps) {
    add_fixed("/", open_acls());
    add_fixed("/zookeeper", open_acls());
    add_fixed("/zookeeper/quota", open_acls());
    if (has_config_node) {
        add_fixed("/zookeeper/config", read_only_acls()).stat.aversion = -1;
    }
}

Znode& Tree::add_fixed(const char* path, const Acls& acls) {
    const auto added = x_nodes.try_emplace(path).first;
    added->second.acls = acls;
    if (added->first != "/") {
        Znode& parent = *node_at(parent_of(added->first));
        parent.children.insert(name_of(added->first));
        refresh(parent);
    }
    return added->second;
}

const Znode* Tree::find(std::string_view path) const {
    const auto found = x_nodes.find(key(path));
    return found == x_nodes.end() ? nullptr : &found->second;
}

Znode* Tree::node_at(std::string_view path) {
    const auto found = x_nodes.find(key(path));
    return found == x_nodes.end() ? nullptr : &found->second;
}

std::size_t Tree::descendants(std::string_view path) const {
    const Znode* node = find(path);
    if (node == nullptr) {
        return 0;
    }
    std::size_t count = node->children.size();
    std::string child;
    for (const std::string_view name : node->children) {
        child = path == "/" ? std::string_view() : path;
        child += '/';
        child += name;
        count += descendants(child);
    }
    return count;
}

const NodeNames& Tree::ephemerals_of(std::int64_t session) const {
    static const NodeNames none;
    const auto found = x_ephemerals.find(session);
    return found == x_ephemerals.end() ? none : found->second;
}

const Znode* Tree::create(const Change& change, const Transaction& cause) {
    Znode* const parent = node_at(parent_of(change.path));
    if (parent == nullptr) {
        return nullptr;
    }
    const auto [added, is_new] = x_nodes.try_emplace(change.path);
    if (!is_new) {
        return nullptr;
    }
    Znode& node = added->second;
    node.data = change.data;
    node.is_null = change.is_null;
    node.acls = change.acls;
    node.kind = change.node;
    node.ttl_ms = change.ttl_ms;
    node.stat.czxid = node.stat.mzxid = node.stat.pzxid = cause.zxid;
    node.stat.ctime = node.stat.mtime = cause.time_ms;
    node.stat.data_length = static_cast<std::int32_t>(node.data.size());
    if (change.node == NodeKind::ephemeral) {
        node.stat.ephemeral_owner = cause.session;
        x_ephemerals[cause.session].insert(added->first);
        ++x_ephemeral_count;
    } else if (change.node != NodeKind::persistent) {
        x_perishables.insert(added->first);
    }
    // Since 3.6.0 the counter is never lowered: at 2^31 it stays where it is (ZOOKEEPER-3249).
    if (change.creates > parent->creates || x_counter_wraps) {
        parent->creates = change.creates;
        parent->stat.pzxid = cause.zxid;
    }
    parent->children.insert(name_of(added->first));
    refresh(*parent);
    return &node;
}

bool Tree::remove(std::string_view path, std::int64_t zxid) {
    const auto found = x_nodes.find(path);
    if (found == x_nodes.end()) {
        return false;
    }
    if (Znode* const parent = node_at(parent_of(path))) {
        parent->children.erase(name_of(path));
        parent->stat.pzxid = zxid;
        refresh(*parent);
    }
    const Znode& node = found->second;
    if (node.kind == NodeKind::ephemeral) {
        const auto owned = x_ephemerals.find(node.stat.ephemeral_owner);
        owned->second.erase(path);
        if (owned->second.empty()) {
            x_ephemerals.erase(owned);
        }
        --x_ephemeral_count;
    } else if (node.kind != NodeKind::persistent) {
        x_perishables.erase(path);
    }
    x_nodes.erase(found);
    return true;
}

const Znode* Tree::set_data(const Change& change, const Transaction& cause) {
    Znode* const node = node_at(change.path);
    if (node != nullptr) {
        node->data = change.data;
        node->is_null = change.is_null;
        node->stat.data_length = static_cast<std::int32_t>(node->data.size());
        node->stat.version = change.version;
        node->stat.mzxid = cause.zxid;
        node->stat.mtime = cause.time_ms;
    }
    return node;
}

const Znode* Tree::set_acl(const Change& change) {
    Znode* const node = node_at(change.path);
    if (node != nullptr) {
        node->acls = change.acls;
        node->stat.aversion = change.version;
    }
    return node;
}

bool Tree::set_counter(std::string_view path, std::int32_t creates) {
    Znode* const node = node_at(path);
    if (node != nullptr) {
        node->creates = creates;
        refresh(*node);
    }
    return node != nullptr;
}

}  // namespace leasehold::server

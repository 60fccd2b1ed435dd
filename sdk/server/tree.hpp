// The znodes of one server.
#pragma once

#include "sdk/server/transaction.hpp"
#include "sdk/wire/node.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace leasehold::server {

/// Lets a map with strings for keys be asked with views.
struct PathHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view path) const noexcept {
        return std::hash<std::string_view>{}(path);
    }
};

template <class T>
using PathMap = std::unordered_map<std::string, T, PathHash, std::equal_to<>>;

/// Views of strings that live as long as the node they belong to.
using NodeNames = std::set<std::string_view>;

struct Znode {
    std::string data;
    bool is_null = false;  ///< the data are null rather than empty
    wire::Stat stat;       ///< as clients see it: the owner of a container is 0
    /// Successful creates of children, of any kind: what the next sequential name is made from.
    std::int32_t creates = 0;
    NodeKind kind = NodeKind::persistent;
    std::int64_t ttl_ms = 0;
    Acls acls;
    NodeNames children;
};

class Tree {
public:
    /// With the nodes that a release has from the start. `counter_wraps`: see create().
    explicit Tree(bool has_config_node = true, bool counter_wraps = false);

    /// "" is the root as well, as in a real server.
    [[nodiscard]] const Znode* find(std::string_view path) const;
    /// All nodes, the root among them.
    [[nodiscard]] std::size_t size() const { return x_nodes.size(); }
    [[nodiscard]] std::size_t descendants(std::string_view path) const;
    /// All ephemeral nodes of all sessions.
    [[nodiscard]] std::size_t ephemerals() const { return x_ephemeral_count; }
    /// Whole paths, of one session.
    [[nodiscard]] const NodeNames& ephemerals_of(std::int64_t session) const;
    /// Whole paths of containers and of TTL nodes: what the sweep looks at.
    [[nodiscard]] const NodeNames& perishables() const { return x_perishables; }

    // What a transaction does. The node that was changed, or nothing if there is no such node (or,
    // of create, if there is one already), and then nothing is done.

    const Znode* create(const Change& change, const Transaction& cause);
    bool remove(std::string_view path, std::int64_t zxid);
    const Znode* set_data(const Change& change, const Transaction& cause);
    const Znode* set_acl(const Change& change);

    /// Makes the next sequential child of `path` get this number. False if there is no such node.
    bool set_counter(std::string_view path, std::int32_t creates);

private:
    [[nodiscard]] Znode* node_at(std::string_view path);
    Znode& add_fixed(const char* path, const Acls& acls);

    PathMap<Znode> x_nodes;
    std::unordered_map<std::int64_t, NodeNames> x_ephemerals;
    std::size_t x_ephemeral_count = 0;
    NodeNames x_perishables;
    bool x_counter_wraps;
};

}  // namespace leasehold::server

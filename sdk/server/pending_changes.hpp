// What the leader has proposed and not yet applied: the next write is checked against it.
#pragma once

#include "sdk/server/transaction.hpp"
#include "sdk/server/tree.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::server {

/// As much of a node as checking a write needs.
struct NodeView {
    std::int32_t version = 0;
    std::int32_t aversion = 0;
    std::int32_t creates = 0;
    std::size_t children = 0;
    Acls acls{};
    NodeKind kind = NodeKind::persistent;
    std::int64_t owner = 0;
};

class PendingChanges {
public:
    explicit PendingChanges(const Tree& tree) : x_tree(&tree) {}

    /// The node as it will be, or nothing.
    [[nodiscard]] std::optional<NodeView> find(std::string_view path) const;
    /// In the order of their creation.
    [[nodiscard]] std::vector<std::string> ephemerals_of(std::int64_t session) const;

    void note(const Change& change, std::int64_t zxid, std::int64_t session);
    /// Takes back what was noted under this zxid, the latest.
    void roll_back(std::int64_t zxid);
    /// The tree has it now.
    void forget_until(std::int64_t zxid);
    void clear();

private:
    struct Record {
        std::int64_t zxid = 0;
        std::optional<NodeView> node;  ///< nothing: deleted
    };
    struct Step {
        std::int64_t zxid;
        std::string path;
        std::optional<Record> before;
    };

    void put(std::string_view path, std::int64_t zxid, std::optional<NodeView> node);

    const Tree* x_tree;
    PathMap<Record> x_records;
    std::deque<Step> x_steps;
};

}  // namespace leasehold::server

// The znodes and the watch tables of the fake server: what a change does to the tree, and whom it
// is told to.
#pragma once

#include "sdk/wire/node.hpp"
#include "sdk/wire/watch.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leasehold::support {

using ConnectionId = std::uint64_t;

struct Znode {
    std::string data;
    wire::Stat stat;
    /// Successful creates of children, of any kind: what the next sequential name is made from.
    std::int64_t creates = 0;
    std::set<std::string> children;
};

/// One change, as the watch tables see it.
struct Change {
    wire::WatchEventType type;
    std::string path;
};

[[nodiscard]] std::string parent_of(std::string_view path);

/// Copies are independent, so that a multi can be rolled back.
class FakeTree {
public:
    FakeTree();

    /// Appends the number to `path` if the mode is sequential.
    [[nodiscard]] wire::ServerError create(std::string& path, std::string data,
                                           wire::CreateMode mode, std::int64_t session,
                                           std::int64_t zxid);
    [[nodiscard]] wire::ServerError remove(const std::string& path, std::int32_t version,
                                           std::int64_t zxid);
    [[nodiscard]] wire::ServerError set_data(const std::string& path, std::string data,
                                             std::int32_t version, std::int64_t zxid);
    [[nodiscard]] wire::ServerError check(const std::string& path, std::int32_t version) const;

    [[nodiscard]] const Znode* find(const std::string& path) const;
    [[nodiscard]] std::vector<std::string> ephemerals_of(std::int64_t session) const;
    [[nodiscard]] std::size_t ephemerals() const;
    /// Makes the next sequential child of `path` get this number.
    void set_counter(const std::string& path, std::int64_t creates);
    /// What happened since the last call, in order.
    [[nodiscard]] std::vector<Change> take_changes() { return std::exchange(x_changes, {}); }

private:
    void refresh(Znode& parent, std::int64_t zxid);

    std::map<std::string, Znode> x_nodes;
    std::vector<Change> x_changes;
};

/// Two tables of one-shot watches, as on a real server: data (getData and exists) and child.
class FakeWatches {
public:
    void arm_data(const std::string& path, ConnectionId connection);
    void arm_child(const std::string& path, ConnectionId connection);
    /// False if there was none.
    [[nodiscard]] bool remove(const std::string& path, ConnectionId connection,
                              wire::WatcherType type);
    void forget(ConnectionId connection);
    /// Uses up the watches that the change concerns.
    [[nodiscard]] std::vector<std::pair<ConnectionId, wire::WatcherEvent>> fire(
        const Change& change);

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] bool has_data(const std::string& path) const { return x_data.contains(path); }
    [[nodiscard]] bool has_child(const std::string& path) const { return x_child.contains(path); }
    [[nodiscard]] std::vector<std::string> data_paths() const;

private:
    using Table = std::map<std::string, std::set<ConnectionId>>;
    static std::set<ConnectionId> take(Table& table, const std::string& path);

    Table x_data;
    Table x_child;
};

}  // namespace leasehold::support

// What one server has applied: its tree, its watches and the sessions that exist. Transactions come
// in the order of their zxids; out come watch events and what the replies need.
#pragma once

#include "sdk/server/acl.hpp"
#include "sdk/server/options.hpp"
#include "sdk/server/transaction.hpp"
#include "sdk/server/tree.hpp"
#include "sdk/server/watch_table.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/watch.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace leasehold::server {

/// A watch has fired.
struct WatchEvent {
    wire::WatchEventType type;
    std::string_view path;
    std::int64_t zxid;
    const AclList* acls;  ///< of the node; null if nobody's right to read it is asked for
};

/// What became of one operation, as the reply says it.
struct Applied {
    ChangeKind kind;
    std::string path{};  ///< created
    bool has_stat = false;
    wire::Stat stat{};
};

class Store {
public:
    explicit Store(Release release);

    using Listener = std::function<void(WatcherId, const WatchEvent&)>;
    void set_listener(Listener heard) { x_heard = std::move(heard); }

    /// `results`: where to put what the replies need, or null.
    void apply(const Transaction& transaction, std::vector<Applied>* results);
    /// A new epoch begins with this zxid; nothing is changed by it.
    void begin_epoch(std::int64_t zxid);

    [[nodiscard]] const Tree& tree() const { return x_tree; }
    [[nodiscard]] Tree& tree() { return x_tree; }
    [[nodiscard]] std::int64_t zxid() const { return x_zxid; }
    /// The timeout with which each session was created.
    [[nodiscard]] const std::unordered_map<std::int64_t, std::int32_t>& sessions() const {
        return x_sessions;
    }
    [[nodiscard]] WatchTable& data_watches() { return x_data; }
    [[nodiscard]] WatchTable& child_watches() { return x_child; }
    [[nodiscard]] const WatchTable& data_watches() const { return x_data; }
    [[nodiscard]] const WatchTable& child_watches() const { return x_child; }
    void forget_watches();

private:
    void apply(const Change& change, const Transaction& cause, std::vector<Applied>* results);
    void created(const Change& change, const Transaction& cause, std::vector<Applied>* results);
    void deleted(std::string_view path, std::int64_t zxid);
    void tell(const std::vector<WatcherId>& told, const WatchEvent& event);
    void tell_parent(std::string_view path, std::int64_t zxid);

    Tree x_tree;
    WatchTable x_data;
    WatchTable x_child;
    std::unordered_map<std::int64_t, std::int32_t> x_sessions;
    std::int64_t x_zxid = 0;
    bool x_filters_events;
    Listener x_heard;
    std::vector<WatcherId> x_told;        ///< kept for its memory
    std::vector<WatcherId> x_child_told;  ///< likewise
};

}  // namespace leasehold::server

// Which watches this connection has armed on the server, and who waits for them: a waiter that is
// gone must leave none behind, and an event nobody asked for must not wake anybody.
#pragma once

#include "sdk/core/effect.hpp"
#include "sdk/core/engine.hpp"
#include "sdk/wire/watch.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::core {

/// The server keeps two tables of one-shot watches, data and child, with one entry for a
/// connection and path in each, however many of us wait.
class WatchRegistry {
public:
    // ---- of the raw client ----

    void add(OperationId watch, WatchKind kind, const std::string& path);
    /// Forgets the watch; returns what is to be removed on the server, if nobody else needs it.
    [[nodiscard]] std::optional<wire::RemoveWatchesRequest> remove(OperationId watch);

    // ---- of lock queues: getData on one contender; one watch for all lanes of its lock path ----

    enum class Arming {
        done,        ///< the watch stands, or there is no node to watch
        superseded,  ///< it is being armed once more, by a later request: its answer decides
        spent,       ///< it fired before the answer came: whoever still wants it arms it again
    };

    /// A watch is being armed. Returns a ticket for `confirm`.
    std::uint64_t arm_for_lock(const std::string& path, OperationId lane);
    /// The server's answer: armed, or not.
    Arming confirm(const std::string& path, std::uint64_t ticket, bool armed);
    /// The lane lost interest. The entry stays until the server's answer says that it is gone,
    /// unless `can_remove`.
    [[nodiscard]] std::optional<wire::RemoveWatchesRequest> drop_for_lock(const std::string& path,
                                                                          OperationId lane,
                                                                          bool can_remove);

    // ---- of lock queues: the children of a lock path; one watch for all lanes ----

    /// By a list that is being written.
    void arm_children_for_lock(const std::string& path);
    /// The list failed.
    void disarm_children_for_lock(const std::string& path);

    // ---- all ----

    struct Fired {
        std::vector<OperationId> watches;  ///< of the raw client
        bool was_for_lock = false;
        bool was_for_children_of_lock = false;
    };
    /// What one event cancels. Nothing if this connection has no armed watch that it could be of.
    [[nodiscard]] std::optional<Fired> on_event(const wire::WatcherEvent& event);

    void on_detached();
    /// What re-arms the raw client's watches on a new connection, in packets that no server's frame
    /// limit refuses (ZOOKEEPER-706).
    [[nodiscard]] std::vector<wire::SetWatchesRequest> restore(std::int64_t last_zxid);
    /// Ends all watches; returns those of the raw client, with their paths.
    [[nodiscard]] std::vector<std::pair<OperationId, std::string>> end_all();

    /// Believed armed on the server.
    [[nodiscard]] std::size_t armed() const;
    /// Watches of the raw client.
    [[nodiscard]] std::size_t size() const { return x_paths.size(); }

private:
    struct Entry {
        std::set<OperationId> data;
        std::set<OperationId> exist;
        std::set<OperationId> child;
        std::set<OperationId> lanes;    ///< those that wait for the lock queues' watch
        std::uint64_t lock_ticket = 0;  ///< of the request that arms it; 0 if none has to
        bool fired_early = false;       ///< the lock's watch fired before its answer came
        bool is_data_armed = false;
        bool is_child_armed = false;
        bool is_child_for_lock = false;

        [[nodiscard]] bool needs_data() const {
            return !data.empty() || !exist.empty() || lock_ticket != 0;
        }
        void forget_lanes() {
            lanes.clear();
            lock_ticket = 0;
        }
        [[nodiscard]] bool is_unused() const {
            return !needs_data() && child.empty() && !is_data_armed && !is_child_armed;
        }
    };

    void forget_if_unused(const std::string& path);

    std::map<std::string, Entry, std::less<>> x_entries;
    std::map<OperationId, std::pair<WatchKind, std::string>> x_paths;
    std::uint64_t x_next_ticket = 1;
};

}  // namespace leasehold::core

// Sees to it that every node this process created is deleted in the end, whatever became of the
// caller: an orphaned contender would block everybody behind it.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/core/contender_name.hpp"
#include "sdk/core/effect.hpp"
#include "sdk/core/path.hpp"
#include "sdk/core/session.hpp"
#include "sdk/core/timers.hpp"

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leasehold::core {

/// A node that must go. Its prefix is unique for ever, so a delete hits its own incarnation only,
/// and a delete answered NoNode is a success.
struct Condemned {
    SharedPath parent;
    NodeName name;
    OperationId lease = 0;      ///< whose end is told by NodeGone; 0 if nobody's
    std::uint64_t awaited = 0;  ///< the create whose answer is still to come on this connection
    bool is_released = false;   ///< those who watch it are to know that it went in good order
    Instant not_before = Instant::min();  ///< of the delete; its name is found out at once
};

using CondemnedSet = boost::container::small_vector<Condemned, 1>;

/// It never gives up on a live session: past its budget it retries every 10 s and reports an
/// orphan. Its budget is its own, never that of a caller that has been cancelled.
class Reaper {
public:
    Reaper(const Settings& settings, Session& session, Timers& timers,
           std::vector<Effect>& effects);

    /// One node, or several that one transaction has made: they go in one, too, unless one of them
    /// makes trouble. The end of the lease that they have in common is told when all are gone.
    void condemn(Instant now, CondemnedSet&& nodes);
    /// Gives so many creates the numbers from the returned one on.
    [[nodiscard]] std::uint64_t number_creates(std::size_t count) {
        return std::exchange(x_next_create, x_next_create + count);
    }
    /// The answer to the create of a node that was condemned before it came.
    void on_created(Instant now, std::uint64_t create, wire::ServerError err,
                    std::string_view path);
    void on_attached(Instant now);
    void on_detached();
    /// The session is gone, and all its ephemeral nodes with it; or it is left to end by itself,
    /// and `outcome` says so to those who wait for a node to go.
    void on_session_ended(const result<void>& outcome);
    void on_reap_timer(Instant now, std::uint64_t id);
    /// True if the node stands past the orphan limit: only closing the session helps.
    [[nodiscard]] bool is_orphan_due(std::uint64_t id) const { return x_nodes.contains(id); }

    [[nodiscard]] std::size_t size() const { return x_nodes.size(); }
    [[nodiscard]] std::size_t orphans() const;

private:
    struct Entry {
        Condemned node;
        Duration backoff;
        bool is_in_flight = false;
        bool is_orphan = false;
        std::uint64_t set = 0;    ///< the number of the first one of those that belong together
        bool goes_alone = false;  ///< also if it was made together with others
        std::vector<std::string> candidates{};  ///< names that may be the node's, to be looked at
    };

    void add(std::uint64_t id, Entry entry);
    void work_on(Instant now, std::uint64_t id);
    void work_on_set(Instant now, std::uint64_t set);
    void dissolve(Instant now, std::uint64_t set, std::uint64_t except);
    void remove(Instant now, std::uint64_t id);
    void remove_together(Instant now, std::uint64_t set);
    void on_removed_together(Instant now, std::uint64_t set, const Response& response);
    void remove_with_mark(Instant now, std::uint64_t id);
    void resolve(Instant now, std::uint64_t id);
    void on_removed(Instant now, std::uint64_t id, const Response& response);
    void on_removed_with_mark(Instant now, std::uint64_t id, const Response& response);
    void on_listed(Instant now, std::uint64_t id, const Response& response);
    void look_at_candidate(Instant now, std::uint64_t id);
    void on_candidate(Instant now, std::uint64_t id, const Response& response);
    void retry_later(Instant now, std::uint64_t id, std::string_view why);
    void finish(std::uint64_t id, result<void> outcome);
    using Ids = boost::container::small_vector<std::uint64_t, 4>;
    [[nodiscard]] Ids ids_of(std::uint64_t set) const;

    const Settings& x_settings;
    Session& x_session;
    Timers& x_timers;
    std::vector<Effect>& x_effects;
    using Nodes = std::map<std::uint64_t, Entry>;
    Nodes x_nodes;
    Nodes::node_type x_spare;  ///< kept for its memory
    std::uint64_t x_next_id = 1;
    std::uint64_t x_next_create = 1;
};

}  // namespace leasehold::core

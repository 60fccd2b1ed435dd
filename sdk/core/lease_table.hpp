// Every lease that is out: its deadline, its budget, and the moment its node may go.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/options.hpp>
#include <leasehold/state.hpp>

#include "sdk/core/effect.hpp"
#include "sdk/core/engine.hpp"
#include "sdk/core/lease.hpp"
#include "sdk/core/settings.hpp"
#include "sdk/core/timers.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::core {

/// Hears when the node of a lease is not needed any more.
class LeaseListener {
public:
    virtual ~LeaseListener() = default;
    /// `held`: from the grant until now.
    virtual void on_node_free(Instant now, OperationId lease, Loss loss, Duration held) = 0;
    /// The lease is dead; its node may still be needed.
    virtual void on_lease_ended(Instant, OperationId, Loss) {}
};

struct LeaseTerms {
    Duration budget;   ///< without one: Duration::max()
    Duration reserve;  ///< from the call deadline to the lease deadline
    OnBudget on_budget;
    Duration max_hold;  ///< with hold_until_return, from the grant
};

[[nodiscard]] LeaseTerms terms_of(const AcquireSpec& spec);

/// What the session timeout has to leave room for: the budget, or for a lease without one at least
/// the time to be asked to stop.
[[nodiscard]] Duration least_lease(const AcquireSpec& spec);

class LeaseTable {
public:
    LeaseTable(Timers& timers, std::vector<Effect>& effects, LeaseListener& listener);

    /// Lease deadline = min(grant + budget, safe deadline), which must be after `now`.
    std::shared_ptr<Lease> grant(Instant now, OperationId id, const LeaseTerms& terms,
                                 std::int64_t token, NodePaths&& nodes);
    /// The safe deadline moved: leases that it bounds follow.
    void on_safe_deadline(Instant now, Instant safe_deadline);

    void on_end_timer(Instant now, OperationId id);
    void on_stop_timer(Instant now, OperationId id);
    void on_hold_timer(Instant now, OperationId id);

    void release(Instant now, OperationId id);
    void call_returned(Instant now, OperationId id);
    /// The word is latched dead before anything else happens; see DESIGN's order at a deadline.
    void end(Instant now, OperationId id, Loss loss);
    void end_all(Instant now, Loss loss);
    /// `budget` counts from now; the caller has checked it against the lease arithmetic.
    [[nodiscard]] result<Instant> extend(Instant now, OperationId id, Duration budget);

    [[nodiscard]] bool is_live(OperationId id) const;
    /// nullptr if it is not live.
    [[nodiscard]] const Lease* live_lease(OperationId id) const;
    /// A live lease becomes one that is shared, at once. `waiter` is answered with DowngradeDone:
    /// by on_shared, at the latest at the lease's end. False if too many wait for that already.
    [[nodiscard]] bool share(OperationId id, OperationId waiter, LockKind as = LockKind::shared);
    /// Exclusive from now on, with a token of its own for each time. `base`: the smallest.
    void be_alone(OperationId id, std::int64_t base);
    [[nodiscard]] int upgrades(OperationId id) const { return x_entries.at(id)->upgrades; }
    void on_shared(OperationId id, const result<void>& outcome);
    /// Somebody asks its holder to let go, who is told once.
    void ask(OperationId id);

    [[nodiscard]] Instant safe_deadline() const { return x_safe_deadline; }
    [[nodiscard]] std::size_t live() const { return x_live; }
    /// Leases, and nodes that outlive theirs for a call that has not returned; in order.
    [[nodiscard]] std::vector<OperationId> ids() const;
    [[nodiscard]] Instant deadline(OperationId id) const;
    [[nodiscard]] std::uint64_t overruns() const { return x_overruns; }
    [[nodiscard]] std::uint64_t losses() const { return x_losses; }

private:
    /// The lease and what only we need to know of it.
    struct Entry {
        Entry(const LeaseTerms& agreed, Instant now, Instant end, Instant until, std::int64_t token,
              NodePaths&& nodes)
            : lease(until, token, std::move(nodes)),
              terms(agreed),
              granted_at(now),
              budget_end(end),
              deadline(until) {}

        Lease lease;
        const LeaseTerms terms;
        const Instant granted_at;
        Instant budget_end;
        Instant deadline;                       ///< what was written into the word last
        std::vector<OperationId> downgrades{};  ///< to be answered
        int upgrades = 0;                       ///< that succeeded
        bool stop_sent = false;
        bool is_dead = false;
        bool is_asked = false;
    };
    using Entries = boost::unordered_flat_map<OperationId, std::shared_ptr<Entry>>;

    void move(Instant now, OperationId id, Instant deadline);
    void arm(OperationId id, const Entry& entry);
    void arm_hold(OperationId id, const Entry& entry);
    void send_stop(OperationId id, Entry& entry);
    void answer_downgrades(Entry& entry, const result<void>& outcome);
    void free_node(Instant now, OperationId id, Loss loss);

    Timers& x_timers;
    std::vector<Effect>& x_effects;
    LeaseListener& x_listener;
    Entries x_entries;
    std::set<OperationId> x_bounded;  ///< those whose deadline the safe deadline bounds
    Instant x_safe_deadline = Instant::min();
    std::size_t x_live = 0;
    std::uint64_t x_overruns = 0;
    std::uint64_t x_losses = 0;
};

}  // namespace leasehold::core

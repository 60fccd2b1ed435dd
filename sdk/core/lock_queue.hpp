// One lane of a lock path: who of this process waits in it, the one contender that stands for them
// on the server, and who of them holds.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/state.hpp>

#include "sdk/core/contender.hpp"
#include "sdk/core/effect.hpp"
#include "sdk/core/engine.hpp"
#include "sdk/core/hold_pace.hpp"
#include "sdk/core/lease_table.hpp"
#include "sdk/core/random.hpp"
#include "sdk/core/reaper.hpp"
#include "sdk/core/session.hpp"
#include "sdk/core/timers.hpp"
#include "sdk/core/watches.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::core {

class LockQueue;

/// All lanes of this process on one lock path, which share the watches on its contenders.
class Lanes {
public:
    virtual ~Lanes() = default;
    virtual void on_node_deleted(Instant now, const std::string& path, std::string_view name) = 0;
    /// It was not there when it was read.
    virtual void on_node_missing(Instant now, const std::string& path, std::string_view name) = 0;
    /// A watched node changed without going away (somebody wrote to it): the watch is used up.
    virtual void on_node_changed(Instant now, const std::string& path, std::string_view name) = 0;
    /// The watch is used up, and nobody knows by what.
    virtual void on_watch_spent(Instant now, const std::string& path, std::string_view name) = 0;
};

/// What all lock queues share; owned by the engine.
struct LockContext {
    const Settings& settings;
    Session& session;
    WatchRegistry& watches;
    Reaper& reaper;
    LeaseTable& leases;
    Timers& timers;
    Random& random;
    std::vector<Effect>& effects;
    ClientStats& counters;
    Lanes& lanes;
    /// Queues that could grant but for the evidence; asked again when the safe deadline moves.
    std::vector<std::weak_ptr<LockQueue>>& awaiting_evidence;
    // What outlives a queue, which is forgotten when idle:
    std::set<std::string>& warned_paths;  ///< those whose kazoo contenders were warned of
    HoldPaces& paces;
};

/// Threads of one process that want the lock for themselves queue here, first come first served,
/// behind one contender. Whoever shares it has a lane alone: a place in another's would be taken
/// from those of other processes who came before.
///
/// Invariant: each acquisition that joins is answered exactly once by AcquireDone.
class LockQueue final : public std::enable_shared_from_this<LockQueue>, private ContenderPort {
public:
    /// `lane`: which of its path.
    LockQueue(LockContext& context, std::string path, OperationId lane);

    void join(Instant now, OperationId id, AcquireSpec spec);
    /// Takes the acquisition out of the queue and answers it with `code`.
    void leave(Instant now, OperationId id, std::error_code code, std::string what);
    void on_wait_end(Instant now, OperationId id);
    void on_holder_read(Instant now, OperationId id);
    void on_delay_end(Instant now);

    void on_attached(Instant now);
    void on_detached(Instant now);
    void on_session_ended(Instant now);
    void on_auth_failed(Instant now);
    /// The safe deadline moved.
    void on_evidence(Instant now);
    void on_node_deleted(Instant now, std::string_view name);
    /// It was not there when it was read.
    void on_node_missing(Instant now, std::string_view name);
    /// A watched node changed without going away (somebody wrote to it): the watch is used up.
    void on_node_changed(Instant now, std::string_view name);
    /// The watch is used up, and nobody knows by what.
    void on_watch_spent(Instant now, std::string_view name);
    void on_node_free(Instant now, OperationId lease, Loss loss, Duration held);
    /// Answers everybody who waits with `code`; used when the client closes.
    void refuse_all(Instant now, std::error_code code, const std::string& what);

    [[nodiscard]] const std::string& path() const { return x_path; }
    [[nodiscard]] OperationId lane() const { return x_lane; }
    [[nodiscard]] std::size_t waiting() const { return x_waiters.size() + x_leaving.size(); }
    [[nodiscard]] bool has(OperationId id) const;
    [[nodiscard]] bool is_idle() const {
        return x_waiters.empty() && x_leaving.empty() && !x_contender && !x_holder;
    }

private:
    struct Waiter {
        OperationId id;
        AcquireSpec spec;
        Instant since;
        Instant give_up;
        bool is_try;
    };
    /// Refused, but the answer waits for one read, so that it can name the holder.
    struct Leaving {
        OperationId id;
        Refusal refusal;
    };

    // ContenderPort
    std::string create_and_list() override;
    void create_parents() override;
    void list_behind_barrier() override;
    void list() override;
    void watch(std::string_view name) override;
    void unwatch(std::string_view name) override;

    void advance(Instant now);
    void begin(Instant now);
    void check_first(Instant now);
    /// Whom an acquisition would have to wait for.
    struct Ahead {
        std::size_t contenders = 0;
        std::size_t turns = 0;  ///< holds that come one after another
    };
    void on_checked(Instant now, const Response& response, Ahead ahead);
    [[nodiscard]] Ahead ahead_of_us(std::size_t local) const;
    void settle_failure(Instant now);
    void admit(Instant now);
    void try_grant(Instant now);
    void grant(Instant now, Waiter waiter);
    [[nodiscard]] bool hand_over(Instant now, Loss loss);
    [[nodiscard]] bool is_record_due(const AcquireSpec& spec) const;
    void show_record();
    enum class Offer { none, shortened, whole };
    [[nodiscard]] Offer lease_on_offer(Instant now, const Waiter& waiter) const;
    void abandon(Instant now, OperationId lease = 0, Loss loss = Loss::released);
    void drop_watches();

    // after a hold that was not released (lock_queue_delay.cpp)
    enum class End { released, unknown };
    [[nodiscard]] bool may_grant(Instant now);
    void adopt_delay(milliseconds wanted);
    void hold_back(Instant now, std::string_view name, Duration delay);
    [[nodiscard]] Instant held_back_until() const;
    void hold_back_after_own(Instant now, Loss loss);
    void note_end(Instant now, std::string_view name, End end);
    void note_missing(Instant now);
    void note_read(std::string_view name, std::string_view record);
    void choose_farewell(Instant now, Loss loss, Condemned& node) const;
    [[nodiscard]] std::string why_still_waiting(Instant now) const;

    // of a semaphore (lock_queue_permits.cpp)
    /// What the parent says of the number of permits is being found out, or made.
    enum class Limit { unknown, asked, agreed };
    void read_limit();
    void on_limit_read(const Response& response);
    void write_limit(std::int32_t version);
    [[nodiscard]] bool is_limit_agreed() const {
        return x_spec->recipe.kind != LockKind::permit || x_limit == Limit::agreed;
    }
    void refuse_limit(std::error_code code, const std::string& what);

    [[nodiscard]] std::optional<Refusal> why_not_admit(Instant now, const Waiter& waiter,
                                                       Ahead ahead) const;
    [[nodiscard]] Refusal describe(Instant now, const Waiter& waiter, std::error_code code,
                                   std::string what) const;
    void refuse_unaffordable(Instant now);
    void refuse_all_but_candidates(Instant now, std::error_code code, const std::string& what);
    void refuse(Instant now, OperationId id, Refusal refusal);
    void turn_away(Instant now, OperationId id, Refusal refusal, bool read_holder_first);
    void answer(OperationId id, Refusal refusal);
    void read_holder(Instant now, const std::string& name);
    void on_holder_known(Instant now, const std::string& name, std::string record);
    [[nodiscard]] std::string head_name() const;
    void forget_timers(OperationId id);

    void send_list();
    void send_watch(const std::string& name);
    void on_node_read(Instant now, const std::string& name, const Response& response);
    [[nodiscard]] ResponseHandler for_contender(
        std::function<void(LockQueue&, const Response&)> use);
    [[nodiscard]] std::string full(std::string_view name) const {
        return x_path + "/" + std::string(name);
    }

    LockContext& x_context;
    const std::string x_path;
    const OperationId x_lane;
    Instant x_now = Instant::min();  ///< of the turn we are in, for the port's functions

    std::deque<Waiter> x_waiters;
    std::vector<Leaving> x_leaving;
    std::optional<Contender> x_contender;
    std::uint64_t x_serial = 0;  ///< of the contender; answers to an older one are not for us
    std::optional<AcquireSpec> x_spec;  ///< that the contender's node was made with
    std::optional<OperationId> x_holder;
    int x_local_grants = 0;
    bool x_is_admitted = false;
    bool x_is_checking = false;
    bool x_was_checked = false;
    bool x_awaits_evidence = false;
    Limit x_limit = Limit::unknown;
    bool x_is_place_seen = false;  ///< nothing has changed between our create and our list
    bool x_is_record_due = false;  ///< what we hold is to be shown
    std::string x_head;            ///< whose record is in x_head_record
    std::string x_head_record;
    /// What those we watch have asked for, if they have; a name goes when its end is known.
    std::map<std::string, Duration, std::less<>> x_delays;
    /// Those of them that were written to since they were read; the last write may be a release.
    std::set<std::string, std::less<>> x_changed;
    /// Until when we hold back, for each of those that went without a release, by its number.
    std::map<std::int64_t, Instant> x_held_back;
};

}  // namespace leasehold::core

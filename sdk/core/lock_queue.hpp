// One lane of a lock path, or of several that are taken together: who of this process waits in it,
// the contender that stands for them on each path, and who of them holds.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/state.hpp>

#include "sdk/core/contender.hpp"
#include "sdk/core/effect.hpp"
#include "sdk/core/engine.hpp"
#include "sdk/core/hold_pace.hpp"
#include "sdk/core/lease_table.hpp"
#include "sdk/core/path.hpp"
#include "sdk/core/random.hpp"
#include "sdk/core/reaper.hpp"
#include "sdk/core/session.hpp"
#include "sdk/core/timers.hpp"
#include "sdk/core/watches.hpp"

#include <boost/container/devector.hpp>
#include <boost/container/flat_map.hpp>
#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
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
    /// One of them has read who is there.
    virtual void on_listed(Instant now, const std::string& path,
                           std::span<const std::string_view> children) = 0;
};

/// An acquisition that has not got its lock.
struct Waiter {
    OperationId id;
    std::shared_ptr<const AcquireSpec> spec;
    Instant since;
    Instant give_up;
    bool is_try;
};
using Waiters = boost::container::devector<Waiter>;

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
    /// Queues that keep a lock which nobody wants, by its last lease.
    std::map<OperationId, std::weak_ptr<LockQueue>>& keeping;
    // What outlives a queue, which is forgotten when idle:
    std::set<std::string>& warned_paths;  ///< those whose kazoo contenders were warned of
    HoldPaces& paces;
    Waiters& spare_waiters;  ///< empty; kept for its memory
};

/// Threads of one process that want the lock for themselves queue here, first come first served,
/// behind one contender. Whoever shares it has a lane alone: a place in another's would be taken
/// from those of other processes who came before. So has a set, which stands on several paths.
///
/// Invariant: each acquisition that joins is answered exactly once by AcquireDone.
class LockQueue final : public std::enable_shared_from_this<LockQueue> {
public:
    /// `spec`: of the first one to join. `lane`: which of its paths.
    LockQueue(LockContext& context, const std::shared_ptr<const AcquireSpec>& spec,
              OperationId lane);

    void join(Instant now, OperationId id, std::shared_ptr<const AcquireSpec> spec);
    /// Takes the acquisition out of the queue and answers it with `code`.
    void leave(Instant now, OperationId id, std::error_code code, std::string what);
    /// Answered by DowngradeDone.
    void downgrade(Instant now, OperationId id, OperationId lease);
    /// What the exclusive node of an upgradable lease is to be made with, or why it cannot be.
    [[nodiscard]] result<AcquireSpec> make_upgrade(OperationId lease, milliseconds wait);
    /// Of such a node's queue: its lease has ended, or shares again.
    void end_upgrade(Instant now, Loss loss, bool is_taken_back = false);
    [[nodiscard]] bool is_held() const { return x_holder.has_value(); }
    /// Somebody would have the lock if only the safe deadline were later.
    [[nodiscard]] bool awaits_evidence() const { return x_awaits_evidence && !x_waiters.empty(); }
    void on_wait_end(Instant now, OperationId id);
    void on_holder_read(Instant now, OperationId id);
    void on_delay_end(Instant now);

    void on_attached(Instant now);
    void on_detached(Instant now);
    void on_session_ended(Instant now);
    void on_auth_failed(Instant now, const Error& why);
    /// The safe deadline moved.
    void on_evidence(Instant now);
    void on_node_deleted(Instant now, const std::string& path, std::string_view name);
    /// It was not there when it was read.
    void on_node_missing(Instant now, const std::string& path, std::string_view name);
    void on_listed(Instant now, const std::string& path,
                   std::span<const std::string_view> children);
    /// A watched node changed without going away (somebody wrote to it): the watch is used up.
    void on_node_changed(Instant now, const std::string& path, std::string_view name);
    /// The watch is used up, and nobody knows by what.
    void on_watch_spent(Instant now, const std::string& path, std::string_view name);
    void on_node_free(Instant now, OperationId lease, Loss loss, Duration held);
    /// Somebody has come to one of our paths, or has gone from it.
    void on_children_changed(Instant now);
    void on_keep_end(Instant now);
    /// Answers everybody who waits with `code`; used when the client closes.
    void refuse_all(Instant now, std::error_code code, const std::string& what);

    /// The first one, which the queue goes by where it needs one name.
    [[nodiscard]] const std::string& path() const { return x_members.front().path; }
    template <class Use>
    void for_each_path(Use use) const {
        for (const Member& member : x_members) {
            use(member.shared_path);
        }
    }
    /// Full paths of our own nodes, one on each path.
    [[nodiscard]] NodePaths own_nodes() const;
    [[nodiscard]] OperationId lane() const { return x_lane; }
    [[nodiscard]] std::size_t waiting() const { return x_waiters.size() + x_leaving.size(); }
    [[nodiscard]] bool has(OperationId id) const;
    [[nodiscard]] bool is_idle() const {
        return x_waiters.empty() && x_leaving.empty() && !has_contenders() && !x_holder;
    }

private:
    /// One of the paths, and the contender that stands there: all of them do, or none.
    struct Member final : ContenderPort {
        Member(LockQueue& lock_queue, SharedPath lock_path)
            : queue(lock_queue), shared_path(std::move(lock_path)), path(*shared_path) {}
        /// For the vector, which has room for all from the start: nobody calls it.
        Member(Member&& other) noexcept : Member(other.queue, other.shared_path) {}

        std::string new_prefix() override { return queue.new_prefix(); }
        void create_and_list() override { queue.create_and_list(*this); }
        void create_parents() override { queue.create_parents(*this); }
        void list_behind_barrier() override { queue.list_behind_barrier(*this); }
        void list() override { queue.send_list(*this); }
        void watch(std::string_view name) override { queue.send_watch(*this, std::string(name)); }
        void unwatch(std::string_view name) override { queue.unwatch(*this, name); }

        [[nodiscard]] std::string full(std::string_view name) const { return child(path, name); }
        /// Whoever is first in its queue; it may be ourselves.
        [[nodiscard]] std::string head_name(bool is_held) const;

        // after a hold that was not released (lock_queue_delay.cpp)
        enum class End { released, unknown };
        void hold_back(Instant now, std::string_view name, Duration delay);
        void note_end(Instant now, std::string_view name, End end);
        void pass(std::string_view name);
        [[nodiscard]] Instant held_back_until() const;

        LockQueue& queue;
        const SharedPath shared_path;
        const std::string& path;
        std::optional<Contender> contender;
        bool is_asked = false;     ///< for a create, which is sent when all members are
        bool has_path = false;     ///< its path is known to exist, while others are made
        std::uint64_t create = 0;  ///< the number of the create that was sent last
        /// What those we watch have asked for, if they have; a name goes when its end is known.
        std::map<std::string, Duration, std::less<>> delays{};
        /// Those of them that were written to since they were read; the last write may be a
        /// release.
        Contender::Names changed{};
        /// Until when we hold back, for each of those that went without a release, by its number.
        boost::container::flat_map<std::int64_t, Instant> held_back{};
    };
    /// Refused, but the answer waits for one read, so that it can name the holder.
    struct Leaving {
        OperationId id;
        Refusal refusal;
        std::string holder_path;  ///< of the node that is being read
    };

    // for the members' contenders
    [[nodiscard]] std::string new_prefix();
    void create_and_list(Member& member);
    void send_creates();
    [[nodiscard]] wire::CreateRequest create_request(const Member& member) const;
    void on_created(const Response& response);
    [[nodiscard]] ResponseHandler for_created(std::uint64_t first_create);
    void create_parents(Member& member);
    void list_behind_barrier(Member& member);
    void unwatch(Member& member, std::string_view name);

    [[nodiscard]] bool has_contenders() const { return x_members.front().contender.has_value(); }
    [[nodiscard]] bool knows_queue() const;
    [[nodiscard]] bool is_first() const;
    [[nodiscard]] bool is_torn() const;
    [[nodiscard]] bool is_of_one_transaction() const;
    void watch_own_nodes();
    [[nodiscard]] const Member* find_failed() const;
    /// The one with most contenders ahead.
    [[nodiscard]] const Member& slowest() const;
    [[nodiscard]] const Member& member_of(const Refusal& refusal) const;
    [[nodiscard]] Member* find_member(const std::string& path);
    /// Those on the server that stand for the waiter, if one is granted.
    [[nodiscard]] const Contender& contender() const { return *x_members.front().contender; }

    void advance(Instant now);
    void begin(Instant now);
    void check_first(Instant now);
    /// Whom an acquisition would have to wait for.
    struct Ahead {
        std::size_t contenders = 0;
        std::size_t turns = 0;  ///< holds that come one after another
        std::string may_share;  ///< the only one ahead, if its record has to tell its kind
    };
    using AheadOfMembers = boost::container::small_vector<Ahead, 1>;  ///< in their order
    /// A look at all paths before anything is written.
    struct Look {
        AheadOfMembers ahead{};
        std::size_t left = 0;  ///< unanswered
        bool was_lost = false;
    };
    [[nodiscard]] bool has_to_look() const;
    void check_member(Instant now, std::size_t index, const std::shared_ptr<Look>& look);
    void on_checked(Instant now, const Look& look);
    void check_whether_shared(Instant now, const std::string& name);
    [[nodiscard]] AheadOfMembers ahead_of_us(std::size_t local) const;
    void settle_failure(Instant now);
    [[nodiscard]] std::optional<std::string_view> look_at_others(const Member& member);
    void admit(Instant now);
    void try_grant(Instant now);
    void grant(Instant now, Waiter waiter);
    [[nodiscard]] bool hand_over(Instant now, Loss loss);
    [[nodiscard]] bool may_pass_on(Instant now, int most_grants) const;
    void pass_on(Instant now);
    [[nodiscard]] bool is_record_due(const AcquireSpec& spec) const;
    void show_record();
    void hear_request(Member& member, std::string_view data);
    [[nodiscard]] std::string record_with_marks() const;
    void write_record(Member& member, UniqueFunction<void(LockQueue&, const Response&)> use);
    void on_record_shown(const Response& response);
    enum class Offer { none, shortened, whole };
    [[nodiscard]] Offer lease_on_offer(Instant now, const Waiter& waiter) const;
    /// `lease`: is told that the nodes are gone. `loss`: how the hold on them ended, if there was
    /// one.
    void abandon(Instant now, OperationId lease = 0, std::optional<Loss> loss = std::nullopt);
    [[nodiscard]] CondemnedSet nodes_to_go(Instant now, OperationId lease,
                                           std::optional<Loss> loss);
    void drop_watches(Member& member);
    void drop_contenders();

    // of a holder that became one who shares (lock_queue_downgrade.cpp)
    /// Whether others know; asked: they may.
    enum class Share { none, asked, shown };
    void on_share_shown(const Response& response);

    // of an upgradable holder (lock_queue_upgrade.cpp)
    void be_alone(Instant now, const Waiter& waiter);
    void show_wait();
    // after a hold that was not released (lock_queue_delay.cpp)
    [[nodiscard]] bool may_grant(Instant now);
    void adopt_delay(milliseconds wanted);
    template <class Change>
    void change_spec(Change change) {
        auto changed = std::make_shared<AcquireSpec>(*x_spec);
        change(*changed);
        x_spec = std::move(changed);
    }
    [[nodiscard]] Instant held_back_until() const;
    void hold_back_after_own(Instant now, Loss loss);
    void note_missing(Instant now, Member& member);
    void note_read(Member& member, std::string_view name, std::string_view record);
    void choose_farewell(Instant now, const Member& member, std::optional<Loss> loss,
                         Condemned& node) const;
    [[nodiscard]] std::string why_still_waiting(Instant now) const;

    // of a lock that is kept when nobody wants it (lock_queue_keep.cpp)
    /// Whether anybody else stands at the lock path, or may: asked, or not known.
    enum class Others { unknown, asked, none, some };
    void look_for_others(Instant now);
    [[nodiscard]] bool has_to_know_of_others() const;
    void on_others_listed(Member& member, const Response& response);
    [[nodiscard]] bool is_wanted_elsewhere() const;
    [[nodiscard]] bool keep(Instant now, OperationId lease, Loss loss);
    void advance_kept(Instant now);
    void stop_keeping();

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
                                                       const AheadOfMembers& ahead) const;
    [[nodiscard]] std::optional<Refusal> why_not_admit(Instant now, const Waiter& waiter,
                                                       const Member& member,
                                                       const Ahead& ahead) const;
    /// `about`: which of several paths it is for; without one the slowest.
    [[nodiscard]] Refusal describe(Instant now, const Waiter& waiter, std::error_code code,
                                   std::string what, const Member* about = nullptr) const;
    void refuse_all_for(Instant now, const Member& member, std::error_code code,
                        const std::string& what);
    void refuse_unaffordable(Instant now);
    void refuse_all_but_candidates(Instant now, std::error_code code, const std::string& what);
    void refuse(Instant now, OperationId id, Refusal refusal);
    void turn_away(Instant now, OperationId id, Refusal refusal, bool read_holder_first);
    void answer(OperationId id, Refusal refusal);
    void read_holder(Instant now, const std::string& node_path);
    void on_holder_known(Instant now, const std::string& node_path, std::string record);
    /// Full path; empty if nobody is known to hold what somebody waits for.
    [[nodiscard]] std::string head_path(const Member& member) const;
    void forget_timers(OperationId id);
    [[nodiscard]] Waiter take_first();

    void send_list(Member& member);
    void send_watch(Member& member, const std::string& name);
    void on_node_gone(Instant now, const std::string& path, std::string_view name, Member::End end);
    void on_node_read(Instant now, Member& member, const std::string& name,
                      const Response& response);
    /// Wraps what is done with an answer, `use(LockQueue&, const Response&)`: not if the connection
    /// went first (the contender hears on_detached instead), nor if the contender it was for is
    /// gone.
    template <class Use>
    [[nodiscard]] auto for_contender(Use use) {
        return [weak = weak_from_this(), serial = x_serial, use = std::move(use)](
                   Instant now, const Response& response) mutable {
            const auto self = weak.lock();
            if (!self || self->x_serial != serial || !self->has_contenders() ||
                response.failure == make_error_code(errc::connection_lost)) {
                return;
            }
            self->x_now = now;
            use(*self, response);
            self->advance(now);
        };
    }

    LockContext& x_context;
    boost::container::small_vector<Member, 1> x_members;  ///< one for each path; never moved
    const OperationId x_lane;
    Instant x_now = Instant::min();  ///< of the turn we are in, for the port's functions

    Waiters x_waiters;
    std::vector<Leaving> x_leaving;
    std::uint64_t x_serial = 0;  ///< of the contenders; answers to older ones are not for us
    /// That the contenders' nodes were made with, and what their holder has changed since.
    std::shared_ptr<const AcquireSpec> x_spec;
    std::optional<OperationId> x_holder;
    std::optional<OperationId> x_kept_from;  ///< the lease after which the lock is kept
    Others x_others = Others::unknown;
    bool x_was_alone = false;  ///< nobody else stood there when we listed last
    int x_local_grants = 0;
    bool x_is_admitted = false;
    bool x_is_checking = false;
    bool x_is_behind_barrier = false;  ///< what is read since the last attach
    bool x_was_checked = false;
    bool x_awaits_evidence = false;
    Limit x_limit = Limit::unknown;
    bool x_is_place_seen = false;  ///< nothing has changed between our create and our list
    bool x_is_record_due = false;  ///< what we hold is to be shown
    bool x_is_asked = false;       ///< somebody asks us to let go
    Share x_share = Share::none;
    bool x_is_upgrade = false;      ///< the callers have a lease that is to become exclusive
    int x_attempts = 0;             ///< to upgrade our lease
    std::int64_t x_wait_shown = 0;  ///< for whom we are known to wait, on this connection
    std::string x_head;             ///< path of the node whose record is in x_head_record
    std::string x_head_record;
};

}  // namespace leasehold::core

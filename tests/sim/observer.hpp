// Sees all sides of a simulated world at once, and says which promise was broken. It is told facts
// and asks nothing, so that a history made by hand shows whether it would notice.
#pragma once

#include <leasehold/state.hpp>

#include "sdk/core/effect.hpp"
#include "sdk/wire/opcode.hpp"
#include "tests/sim/drift_clock.hpp"
#include "tests/sim/journal.hpp"
#include "tests/sim/tally.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace leasehold::sim {

using core::OperationId;
using ClientNumber = std::size_t;

enum class Condition {
    asleep,     ///< it cannot act
    disturbed,  ///< something is wrong with its connection, or has been a moment ago
    calm,       ///< neither for longer than any answer takes, and its evidence covers a lease
};

/// The letters in what it says are those of docs/guarantees.md.
class Observer {
public:
    struct Options {
        std::vector<std::string> locks;
        std::vector<int> permits{};  ///< for each lock; 0, and what is missing: it is no semaphore
        /// Breaks what S1, S2, S5, S6 and L8 rest on; the rest still holds.
        bool has_foreign_deletes = false;
        /// Without removeWatches a watch is kept until it fires, and L8 does not hold.
        bool can_remove_watches = true;
        int max_connects_per_second = 10;
        std::size_t max_pending = 100'000;
        int max_local_grants = 64;
        Duration patience{};       ///< until a calm client has heard of what happens
        Duration longest_delay{};  ///< that anybody asks for: lock_delay
    };

    struct Asked {
        std::string path;
        std::vector<std::string> more_paths{};  ///< of a set
        Instant due{};                          ///< the client's clock: the end of its wait
        Duration max_hold{};
        bool holds_for_calls = false;
        bool is_shared = false;
        bool is_upgradable = false;  ///< and then shared
        bool looks_first = false;    ///< at the queue, and may be overtaken meanwhile
        bool watches_itself = false;
        bool rolls = false;  ///< a candidate for leadership: without a budget
        Duration lock_delay{};
        Duration keep_idle{};
        Instant since{};           ///< true time
        bool found_queue = false;  ///< somebody stood in it, so that the path had been made

        [[nodiscard]] bool is_set() const { return !more_paths.empty(); }
        [[nodiscard]] bool is_for(const std::string& lock) const;
    };
    /// A node that a hold stands on.
    struct Spot {
        std::size_t lock;
        std::string node;
    };
    struct Holding {
        std::size_t lock;  ///< index of its path
        OperationId id;
        std::shared_ptr<core::Lease> lease;
        Instant granted_at;  ///< the client's clock, as all times here
        Duration max_hold{};
        bool holds_for_calls = false;
        bool is_shared = false;
        bool rolls = false;
        bool is_upgradable = false;
        bool is_downgraded = false;  ///< it was not shared when it was granted
        std::string upgrade_node{};  ///< with which it is alone, once it was upgraded
        Duration lock_delay{};
        Duration keep_idle{};
        Loss loss = Loss::released;
        std::optional<bool> was_marked{};        ///< its delete says that it is a release
        std::optional<Instant> in_line_since{};  ///< if it must not overtake, nor be overtaken
        bool is_calling = false;
        int stops = 0;
        int ends = 0;
        bool is_asked = false;                ///< to let go, and was told so
        bool is_over = false;                 ///< was seen dead or past its deadline
        Instant delete_due = Instant::max();  ///< max once it was written
        bool is_delete_written = false;       ///< on this connection
        std::vector<Spot> spots{};            ///< the one, or those of a set

        [[nodiscard]] bool is_set() const { return spots.size() > 1; }
        [[nodiscard]] bool stands_on(const std::string& node) const;
        [[nodiscard]] bool is_of(std::size_t wanted) const;
    };

    Observer(Journal& journal, Tally& tally, Options options);

    ClientNumber add_client(const DriftClock& clock);

    // ---- what the ensemble commits ----

    void on_node_created(Instant truth, const std::string& path, std::int64_t owner,
                         std::int64_t zxid);
    /// `by` is the session that deleted it; 0 if it went with its own session. `is_marked`: it was
    /// written to in the same transaction.
    void on_node_deleted(Instant truth, const std::string& path, std::int64_t by,
                         bool is_marked = false);

    void on_data_set(Instant truth, const std::string& path, const std::string& data,
                     std::int64_t by);

    // ---- what users ask for ----

    /// `ask.due` is set from `wait`.
    void on_asked(Instant truth, ClientNumber who, OperationId id, Asked ask, Duration wait);
    /// Told when the call has returned: the answer must have come.
    void on_cancelled(Instant truth, ClientNumber who, OperationId id);
    void on_call_returned(Instant truth, ClientNumber who, OperationId lease);
    void on_released(Instant truth, ClientNumber who, OperationId lease);
    void on_downgrade_asked(Instant truth, ClientNumber who, OperationId id, OperationId lease);
    void on_upgrade_asked(Instant truth, ClientNumber who, OperationId id, OperationId lease,
                          Duration wait);
    void on_raw_asked(Instant truth, ClientNumber who, OperationId id, Duration timeout);
    void on_closing(Instant truth, ClientNumber who, Duration within);

    // ---- what a client does ----

    /// It could not act from `from` to `until`, by its own clock.
    void on_asleep(ClientNumber who, Instant from, Instant until);
    void on_gone(ClientNumber who);
    void on_connect(Instant truth, ClientNumber who);
    void on_attached(Instant truth, ClientNumber who, std::int64_t session);
    void on_detached(Instant truth, ClientNumber who);
    void on_session_lost(Instant truth, ClientNumber who);
    void on_delete_written(Instant truth, ClientNumber who, const std::string& path,
                           bool is_marked = false);
    void on_other_written(Instant truth, ClientNumber who, wire::Opcode op);
    /// On a lock's path, or on one of its contenders; nothing that deletes.
    void on_lock_request(Instant truth, ClientNumber who, wire::Opcode op, const std::string& path);
    /// A read that arms a watch.
    void on_watch_written(Instant truth, ClientNumber who, const std::string& path);
    /// The answer to it, if the node was there, and what its record asks for.
    void on_watch_armed(Instant truth, ClientNumber who, const std::string& path, Duration delay);
    /// A NodeDeleted reached the client.
    void on_notified(Instant truth, ClientNumber who, const std::string& path);
    /// `safe_deadline` by the client's clock; `expiry` is the ensemble's, `bound` what the
    /// acknowledged requests allow.
    void on_evidence(Instant truth, ClientNumber who, Instant safe_deadline,
                     std::optional<Instant> expiry, Instant bound);

    // ---- what the engine tells ----

    /// `calm_since`: the end of the last disturbance of this client, or of the servers, one of
    /// which may not hear of what is committed.
    void on_done(Instant truth, ClientNumber who, const core::AcquireDone& done,
                 Instant calm_since);
    void on_downgraded(Instant truth, ClientNumber who, OperationId id,
                       const result<void>& outcome);
    void on_upgraded(Instant truth, ClientNumber who, const core::UpgradeDone& done);
    void on_stop(Instant truth, ClientNumber who, OperationId lease);
    void on_ended(Instant truth, ClientNumber who, OperationId lease, Loss loss);
    void on_node_gone(Instant truth, ClientNumber who, OperationId lease);
    void on_yield_asked(Instant truth, ClientNumber who, OperationId lease);
    void on_raw_done(Instant truth, ClientNumber who, OperationId id);
    void on_watch(Instant truth, ClientNumber who, OperationId watch);
    void on_closed(Instant truth, ClientNumber who);

    // ---- checks ----

    /// After each step.
    void check(Instant truth);
    /// Now and then, with the condition of each client.
    void check_progress(Instant truth, const std::vector<Condition>& conditions, Duration patience);
    /// At rest: everybody was answered, every lease has ended, no node stands.
    void check_rest(Instant truth);

    // ---- for users, who choose among what they have ----

    [[nodiscard]] const std::map<OperationId, Asked>& asked(ClientNumber who) const {
        return x_clients[who].asked;
    }
    [[nodiscard]] std::map<OperationId, Holding>& held(ClientNumber who) {
        return x_clients[who].held;
    }
    [[nodiscard]] bool is_busy() const { return !x_live.empty() || x_unanswered != 0; }
    [[nodiscard]] bool has_nodes() const;
    /// A contender of some lock, chosen by `pick`; empty if there is none.
    [[nodiscard]] std::string some_node(std::uint64_t pick) const;
    [[nodiscard]] bool is_at_rest() const;

private:
    struct Stretch {
        Instant from = Instant::max();
        Instant until = Instant::min();
    };
    /// What one caller's acquisition has cost so far, if it alone causes requests on the path.
    struct Course {
        OperationId id = 0;
        Instant begun{};
        int creates = 0;
        int lists = 0;
        int others = 0;
        bool is_in_one_write = true;
        bool is_by_multi = false;  ///< the create was part of one
    };
    struct Upgrade {
        OperationId lease;
        Instant due;  ///< the client's clock
        bool is_possible;
    };
    struct Downgrade {
        OperationId lease;
        Instant since;
        bool is_possible;
        bool is_of_upgrade;
    };
    /// A watch that a client knows to stand for the only node that it waits with, and the delay
    /// that the watched one asks for.
    struct Armed {
        std::string node;
        Duration delay;
    };
    /// A lease of the client's own that ended without a release.
    struct OwnLoss {
        Instant at = Instant::min();
        Instant held_back_until = Instant::min();  ///< by the client's clock
        std::uint64_t grants = 0;                  ///< of the lock, before it
    };
    struct Client {
        const DriftClock* clock;
        std::vector<Course> courses{};  ///< for each lock
        std::int64_t session = 0;
        bool is_gone = false;
        bool is_attached = false;
        bool has_closed = false;
        std::map<OperationId, Asked> asked;
        std::map<OperationId, Holding> held;
        std::map<OperationId, Downgrade> downgrades;
        std::map<OperationId, Upgrade> upgrades;
        std::map<OperationId, Instant> raw_due;
        std::set<OperationId> fired;
        std::vector<OperationId> last_granted;  ///< for each lock
        std::vector<Instant> last_change;       ///< for each lock: an answer, a node's end
        Instant attached_since{};
        /// One whose wait is over at `now` ends before anything new begins.
        [[nodiscard]] bool is_upgrading(OperationId lease, Instant now) const {
            return std::any_of(upgrades.begin(), upgrades.end(), [&](const auto& each) {
                return each.second.lease == lease && each.second.due > now;
            });
        }
        std::deque<Instant> connects;
        std::deque<Stretch> asleep;
        std::optional<Instant> close_by;
        std::map<std::string, Armed> armed{};
        std::map<std::string, std::string> reading{};  ///< a watch is being armed: for which node
        std::vector<OwnLoss> own_losses{};             ///< for each lock
        std::vector<Instant> excused_until{};  ///< for each lock; of nodes that it makes now
    };
    struct Node {
        std::string name;
        std::int64_t owner;
        std::int64_t zxid;
        Instant since;
        bool is_shared;          ///< by its name, or because its record says so
        bool was_queued;         ///< somebody who blocks it was ahead when it was created
        bool was_behind_shared;  ///< somebody who shares was the last one then
        /// Since when nobody has been ahead who blocks it; max while somebody is.
        Instant free_since = Instant::max();
        Instant moved_up = Instant::min();  ///< when somebody ahead of it went last
        bool is_of_set = false;             ///< made together with others
        bool is_torn = false;               ///< of which one is gone: this one has to go, too
        bool is_downgraded = false;         ///< its record has said that it shares
        bool is_upgradable = false;
        bool is_upgrade = false;      ///< an upgradable holder's second node
        std::int64_t waits_for = 0;   ///< as its record says
        bool is_overwritten = false;  ///< and somebody else has written something else
        bool was_held = false;
        Instant kept_until = Instant::min();  ///< by the owner's clock, since the last release
        bool was_kept = false;
        bool is_leaving = false;  ///< its delete was written
        // If its owner knew of a holder that ended without a release:
        Instant held_back_until = Instant::min();  ///< by the owner's clock
        std::string held_back_for{};
        Instant told_at = Instant::max();
        Instant stay_until = Instant::min();  ///< what its owner was told, by its clock
        /// It may be held back, for all that its owner knows; true time.
        Instant excused_until = Instant::min();
    };
    using Queue = std::map<std::int64_t, Node>;  ///< by number, as it is committed
    struct Gone {
        std::optional<ClientNumber> owner;
        std::vector<ClientNumber> may_wake;  ///< those for whom it was the nearest that blocks
        Instant at{};
        bool was_queued = false;
    };
    struct Lock {
        std::string path;
        std::size_t permits = 0;  ///< 0: it is no semaphore
        Queue nodes;
        std::int64_t last_token = 0;  ///< of exclusive grants
        std::uint64_t grants = 0;
        std::string last_end_node{};  ///< and their ends
        std::string asked_node{};     ///< of the last one that was asked to let go
        Loss last_end = Loss::released;
        bool was_downgraded = false;
        bool has_upgradable = false;  ///< or has had
    };
    /// What a client has in one queue while nothing disturbs it.
    struct Standing {
        bool is_calm = false;
        int exclusive = 0;
        int sharing = 0;  ///< nodes of callers who share and do not hold
        int sets = 0;     ///< and of those who ask for several paths
        int old_exclusive = 0;
        int old_sharing = 0;
        int old_sets = 0;
    };
    struct Live {
        ClientNumber who;
        Holding* holding;
        std::size_t lock;
        std::string node;
    };
    /// Of one lock, in one step.
    struct Valid {
        const Live* any = nullptr;
        const Live* exclusive = nullptr;
        std::size_t count = 0;
    };

    [[nodiscard]] Instant local(ClientNumber who, Instant truth) const {
        return x_clients[who].clock->read(truth);
    }
    [[nodiscard]] bool is_late(const Client& client, Instant due, Instant now,
                               Duration tolerance) const;
    [[nodiscard]] std::optional<ClientNumber> client_of(std::int64_t session) const;
    [[nodiscard]] std::size_t lock_of(const std::string& node) const;
    [[nodiscard]] std::string name(ClientNumber who, OperationId id) const;
    Holding& on_grant(Instant truth, ClientNumber who, OperationId id, const core::Grant& grant,
                      std::size_t lock);
    void count_grant(const core::Grant& grant, ClientNumber who, const Holding& holding);
    void count_set(const Holding& holding);
    void check_grant(Instant truth, ClientNumber who, const Holding& holding);
    void check_node(Instant truth, ClientNumber who, const Holding& holding, const Spot& spot);
    [[nodiscard]] std::vector<Spot> find_spots(ClientNumber who, const Asked& ask,
                                               const core::Lease& lease) const;
    [[nodiscard]] const Node* find_made_at(const Lock& lock, std::int64_t owner,
                                           std::int64_t zxid) const;
    void join_set(Node& node);
    void tear_set(const Node& gone);
    [[nodiscard]] bool is_free_everywhere(const Node& node, Instant by) const;
    void check_order(Instant truth, ClientNumber who, const Holding& holding, const Holding& other,
                     Instant calm_since);
    void check_token(Instant truth, const std::string& lease, const Holding& holding, Lock& lock);
    void check_callers(Instant truth, ClientNumber who, const Holding& holding, Instant calm_since);
    void check_validity(Instant truth, const Live& live);
    void check_local_bound(Instant truth, ClientNumber who, const Holding& holding,
                           Instant calm_since);
    void check_local_grant(Instant truth, const std::string& lease, const Holding& holding,
                           const Lock& lock);
    void check_presence(Instant truth, ClientNumber who, const Holding& holding,
                        Instant calm_since);
    void forget_course(ClientNumber who, const Asked& ask);
    void check_cost(Instant truth, ClientNumber who, const Holding& holding);
    [[nodiscard]] OperationId lone_caller(Instant truth, ClientNumber who, std::size_t lock) const;
    void check_deletes(Instant truth, ClientNumber who);
    void hold_back_behind(Instant truth, Lock& lock, const Node& gone);
    void hold_back(Instant truth, ClientNumber who, Lock& lock, const Node& gone,
                   const Armed& armed);
    [[nodiscard]] Node* only_waiting(ClientNumber who, Lock& lock, const std::string& behind);
    void excuse_behind(Instant truth, std::size_t lock, const Node& gone);
    void note_kept(Instant truth, ClientNumber who, const Holding& holding);
    void note_granted_kept(const Holding& holding);
    [[nodiscard]] bool is_kept(Instant truth, ClientNumber who, const Node& node, const Lock& lock,
                               Duration patience) const;
    void disarm(const std::string& written);
    void keep_excuse(std::size_t lock, const Node& node);
    void excuse_all(Instant truth, ClientNumber who);
    [[nodiscard]] bool may_hold_back(const Node& node, Instant since) const;
    void check_held_back(Instant truth, ClientNumber who, const Holding& holding, const Asked& ask);
    void check_held_back_at(Instant truth, ClientNumber who, const Holding& holding,
                            const Spot& spot);
    void check_farewell(Instant truth, ClientNumber who, const std::string& path);
    void check_mark(Instant truth, ClientNumber who, const Holding& holding);
    void note_own_loss(Instant truth, ClientNumber who, const Holding& holding);
    void note_reading(ClientNumber who, const std::string& path);
    void note_told(Instant truth, ClientNumber who, const std::string& path);
    void make_delete_due(Instant truth, ClientNumber who, OperationId lease);
    [[nodiscard]] static std::int64_t sequence_of(const std::string& node);
    [[nodiscard]] static const Node* blocker_of(const Lock& lock, const Node& node);
    [[nodiscard]] std::vector<ClientNumber> followers(const Lock& lock,
                                                      Queue::const_iterator node) const;
    [[nodiscard]] bool may_wait_for(const Lock& lock, std::int64_t watched, bool is_watched_shared,
                                    const Node& node) const;
    [[nodiscard]] bool is_told(const Lock& lock, const Node& node, Instant by,
                               const std::vector<Standing>& standings) const;
    [[nodiscard]] static const Node* find_node(const Queue& queue, const std::string& name);
    [[nodiscard]] bool is_held(ClientNumber who, const std::string& node) const;
    void check_queue(Instant truth, const Lock& lock, std::size_t index,
                     const std::vector<Condition>& conditions, Duration patience);
    void check_place(Instant truth, ClientNumber who, const Node& node, const Lock& lock,
                     std::vector<Standing>& standings, Duration patience);
    void check_downgrades(Instant truth, ClientNumber who, bool is_calm, Duration patience);
    [[nodiscard]] static const Node* base_of(const Queue& queue, const Node& upgrade);
    [[nodiscard]] static const Node* upgrade_around(const Queue& queue, const Node& node);
    [[nodiscard]] static const Node* blocker_of_upgrade(const Queue& queue, const Node& upgrade);
    [[nodiscard]] Holding* upgraded_by(ClientNumber who, const std::string& node);
    void check_upgrade_place(Instant truth, ClientNumber who, const Node& node, const Lock& lock,
                             Duration patience);
    void check_upgrades(Instant truth, ClientNumber who);
    void check_sharer(Instant truth, const Live& live);
    void count_beside_downgraded(const Holding& holding);
    void note_free(Instant truth, Lock& lock, Queue::iterator from);
    [[nodiscard]] static bool is_hidden(const Lock& lock, const Node& node);
    void check_callers_have_places(Instant truth, ClientNumber who, const Lock& lock,
                                   const Standing& standing, Duration patience);
    void touch(Instant truth, ClientNumber who, const Asked& ask);
    void check_set_cost(Instant truth, ClientNumber who, const Holding& holding);
    void check_lock_cost(Instant truth, ClientNumber who, const Holding& holding,
                         const Course& course);
    Holding* find(Instant truth, ClientNumber who, OperationId lease, const char* what);
    void violated(Instant truth, std::string what) { x_journal.violated(truth, std::move(what)); }

    Journal& x_journal;
    Tally& x_tally;
    Options x_options;
    std::vector<Client> x_clients;
    std::vector<Lock> x_locks;
    std::vector<Live> x_live;
    std::vector<Valid> x_valid;  ///< scratch of check(), for each lock
    std::map<std::int64_t, ClientNumber> x_sessions;
    std::map<std::string, Gone> x_gone;
    std::size_t x_unanswered = 0;
};

}  // namespace leasehold::sim

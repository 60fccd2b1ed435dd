// One place in a lock path's queue: the machine that creates our node, finds out who is ahead,
// watches the right one, and says when nobody is left.
#pragma once

#include <leasehold/error.hpp>
#include <leasehold/options.hpp>

#include "sdk/core/contender_name.hpp"
#include "sdk/core/recipe.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/opcode.hpp"

#include <boost/container/flat_set.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leasehold::core {

/// What a contender asks for. Every request is answered through the matching on_… function, on the
/// connection it was sent on, or the contender hears on_detached first.
class ContenderPort {
public:
    virtual ~ContenderPort() = default;

    /// For the name of a node that no other has or had.
    [[nodiscard]] virtual std::string new_prefix() = 0;
    /// create(EPHEMERAL_SEQUENTIAL) under the contender's prefix, and getChildren, in one write:
    /// session order guarantees that the list holds the node.
    virtual void create_and_list() = 0;
    /// Creates the lock path and what is missing above it.
    virtual void create_parents() = 0;
    /// An empty multi and getChildren in one write: what the list lacks was never created.
    virtual void list_behind_barrier() = 0;
    virtual void list() = 0;
    /// getData with a watch.
    virtual void watch(std::string_view name) = 0;
    virtual void unwatch(std::string_view name) = 0;
};

/// States, and what is known in each:
///  creating   a create is under way; nothing is known
///  uncertain  the connection went before the create was answered: zero or one node exists
///  listing    our node exists; who is ahead is being read
///  waiting    somebody is in our way, and is being watched
///  first      nobody is (conditions (i) and (ii) of a grant); needs the lease's consent
///  held       granted
///  ended      it cannot become a holder any more, or was one; `failure()` says why
enum class ContenderState { creating, uncertain, listing, waiting, first, held, ended };

[[nodiscard]] std::string_view to_string(ContenderState state);

class Contender {
public:
    /// Few, and most often none.
    using Names = boost::container::flat_set<std::string, std::less<>>;

    /// `session_id` is the owner that our node must have. The path outlives the contender.
    Contender(ContenderPort& port, std::string_view path, Recipe recipe, std::int64_t session_id,
              bool watch_own_node);
    Contender(const Contender&) = delete;
    Contender& operator=(const Contender&) = delete;

    /// The first call: asks for the create.
    void start() { create(); }
    void on_created(wire::ServerError err, std::string_view created_path, std::int64_t zxid);
    /// The create was part of a transaction that another's failure has undone.
    void on_rolled_back() { x_may_exist = false; }
    void on_parent_failed(wire::ServerError err);
    void on_listed(std::error_code failure, std::span<const std::string_view> children);
    /// The answer to `watch`, if there is such a node.
    void on_node(std::string_view name, wire::ServerError err, const wire::GetDataReply& node);
    /// The removal of one name, from a watch that was armed on this connection; or there was no
    /// such node when it was to be armed.
    void on_deleted(std::string_view name);
    void on_attached();
    void on_detached();
    void on_granted();
    /// Others keep us from running, though nobody in this queue may: from now on our own node is
    /// watched, as that of one who has to wait here.
    void on_kept_waiting();

    [[nodiscard]] ContenderState state() const { return x_state; }
    [[nodiscard]] const std::optional<Error>& failure() const { return x_failure; }
    /// The prefix of the last create sent: identifies our node even if its number is unknown.
    [[nodiscard]] std::string_view prefix() const { return x_node.prefix(); }
    /// Empty while unknown.
    [[nodiscard]] std::string_view name() const { return x_own.name; }
    /// For who sees to it that the node goes: the contender has no use for it any more.
    [[nodiscard]] NodeName take_name() {
        x_own = {};
        return std::exchange(x_node, {});
    }
    [[nodiscard]] bool may_exist() const { return x_may_exist; }
    [[nodiscard]] std::int64_t czxid() const { return x_czxid; }
    /// Those ahead that count and are not known to be gone, in queue order; known once listed.
    [[nodiscard]] std::span<const Contestant> ahead() const { return x_ahead; }
    [[nodiscard]] bool knows_queue() const;
    /// How many of them have to go before we may run.
    [[nodiscard]] std::size_t blockers() const { return x_recipe.excess(x_ahead.size()); }
    /// How many holds have to end one after the other before we may run.
    [[nodiscard]] std::size_t turns() const { return x_recipe.turns(x_ahead); }
    /// Somebody was in our way when we came.
    [[nodiscard]] bool had_to_queue() const { return x_had_to_queue; }
    /// The only one in our way may be one who shares by now, and has not been read yet.
    [[nodiscard]] bool may_pass() const;
    /// The number of the node behind us that we wait for, because the upgradable holder before us
    /// made it; else 0. Its owner has to be told.
    [[nodiscard]] std::int64_t upgrade_waited_for() const;
    /// Those ahead that are watched; not our own node.
    [[nodiscard]] const Names& watched() const { return x_watched; }
    /// True of these, and of our own node if it is watched.
    [[nodiscard]] bool is_watching(std::string_view name) const {
        return x_watched.contains(name) || (x_own_watched && name == x_own.name);
    }
    [[nodiscard]] const Company& company() const { return x_company; }

private:
    void create();
    void adopt_name(std::string_view name);
    void read_queue(std::span<const std::string_view> children);
    void resolve_create(const Listing& listing);
    void own_names_of_ahead();
    void wait_or_run();
    void watch_ahead();
    void on_neighbour(std::string_view name, std::string_view record);
    void pass(std::string_view name);
    void list_again();
    void go_on();
    void watch_own();
    void drop(std::string_view name);
    void end(Error failure);
    [[nodiscard]] bool is_live() const;

    ContenderPort& x_port;
    const std::string_view x_path;
    const Recipe x_recipe;
    const std::int64_t x_session_id;
    bool x_watch_own_node;  // by option, or because the grant took more than the first round trip

    ContenderState x_state = ContenderState::creating;
    std::optional<Error> x_failure;
    NodeName x_node;
    Contestant x_own;
    std::int64_t x_czxid = 0;
    bool x_may_exist = true;     // false once the server said that no node was made, or is gone
    bool x_own_watched = false;  // asked for, on this connection
    bool x_was_created = false;  // the create is known to have succeeded
    int x_creates = 0;
    wire::ServerError x_parent_error = wire::ServerError::ok;
    Company x_company;
    bool x_may_be_joined = false;  // by somebody ahead, since the list was read
    std::vector<Contestant> x_ahead;
    std::string x_ahead_names;  // what these are called
    Names x_watched;
    std::string x_running;    ///< somebody ahead who is known to have got its permit
    Names x_passed;           ///< ahead, and said that they are in no way
    std::string x_last_read;  ///< of those ahead, on this connection
    bool x_had_to_queue = false;
};

}  // namespace leasehold::core

// One server as the others see it: it looks for a leader, follows one or leads; it logs what is
// proposed and applies what is committed. The protocol is that of ZooKeeper's atomic broadcast,
// with its discovery and synchronisation folded into one exchange.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/server/leadership.hpp"
#include "sdk/server/message.hpp"
#include "sdk/server/server.hpp"
#include "sdk/server/upstream.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace leasehold::server {

enum class Phase : std::uint8_t {
    down,
    looking,
    joining,  ///< following, but not up to date yet
    following,
    gathering,  ///< elected; waiting for a quorum to follow
    syncing,    ///< the epoch is decided; waiting for a quorum to accept it
    leading,
};

class Member : public Upstream {
public:
    Member(ServerId id, const EnsembleOptions& options, Server& server, World& world);

    /// The state in which an ensemble begins: everybody has followed `leader` for ever.
    void begin(Instant now, ServerId leader, const std::vector<Channel>& channels);

    // The election's side.
    void lead(Instant now);
    void follow(Instant now, ServerId leader);
    [[nodiscard]] Phase phase() const { return x_phase; }
    [[nodiscard]] std::optional<ServerId> leader() const;
    [[nodiscard]] History history() const { return {x_current_epoch, x_last_logged}; }
    /// The connection to that server, 0 if there is none.
    [[nodiscard]] Channel channel_to(ServerId other) const;

    void deliver(Instant now, ServerId from, Message& message);
    void on_timer(Instant now, Timer timer, std::uint64_t generation);
    /// Whatever it was doing is over: for its clients, its peers, and what was under way.
    void kill(Instant now);
    void restart(Instant now);

    // The leader's clock.
    [[nodiscard]] Instant next_due() const;
    void on_due(Instant now);
    bool expire(Instant now, std::int64_t session);
    [[nodiscard]] std::optional<Instant> expiry_of(std::int64_t session) const;

    /// Everybody has applied it.
    void trim_log(std::int64_t zxid);

    // Upstream
    [[nodiscard]] bool is_serving() const override;
    [[nodiscard]] bool is_leading() const override { return x_phase == Phase::leading; }
    [[nodiscard]] std::string_view mode() const override;
    void submit(Instant now, const Submission& submission) override;
    void sync(Instant now, std::uint64_t tag) override;
    void revalidate(Instant now, std::uint64_t tag, std::int64_t session,
                    std::int32_t timeout_ms) override;
    [[nodiscard]] bool touch(Instant now, std::int64_t session, std::int32_t timeout_ms) override;
    [[nodiscard]] bool has_moved(std::int64_t session) override;

private:
    [[nodiscard]] std::size_t quorum() const { return x_options.servers / 2 + 1; }
    [[nodiscard]] bool is_alone() const { return x_options.servers == 1; }
    [[nodiscard]] Duration patience() const { return x_options.sync_limit * x_options.tick; }
    [[nodiscard]] std::int64_t wall_clock(Instant now) const;
    void enter(Phase phase);
    /// Gives up whatever it was doing; its clients are dropped.
    void look(Instant now);
    void apply(Instant now, const Transaction& transaction);
    void apply_until(Instant now, std::int64_t zxid);
    void log(TransactionPtr transaction);

    // follower
    void deliver_to_follower(Instant now, Message& message);
    void accept(Instant now, Message& message);
    void send_to_leader(Instant now, Message message);

    // leader
    void deliver_to_leader(Instant now, ServerId from, Message& message);
    void meet(Instant now, ServerId from, const Message& message);
    void decide_epoch(Instant now);
    void tell_epoch(Instant now, ServerId to, Follower& follower);
    void hear_acceptance(Instant now, ServerId from, Follower& follower, std::int64_t zxid);
    void establish(Instant now);
    void start_clock(Instant now);
    void half_tick(Instant now);
    void serve_submission(Instant now, ServerId from, Channel owner, const Submission& submission);
    void propose(Instant now, Transaction transaction);
    void commit_ready(Instant now);
    void close_session(Instant now, std::int64_t session, Origin origin);
    void wait_for_sync(Instant now, ServerId from, const Follower& follower, std::uint64_t tag);
    void send_to_follower(Instant now, ServerId to, const Follower& follower, Message message);
    void plan_sweep(Instant now);
    void sweep(Instant now);

    ServerId x_id;
    const EnsembleOptions& x_options;
    Server& x_server;
    World& x_world;
    Phase x_phase = Phase::looking;
    std::uint64_t x_generation = 0;  ///< of timers

    // What survives a kill, together with the tree.
    std::int64_t x_accepted_epoch = 0;
    ServerId x_epoch_leader = 0;
    std::int64_t x_current_epoch = 0;
    /// What not everybody has applied; the first x_applied_count of it are applied here.
    std::deque<TransactionPtr> x_log;
    std::size_t x_applied_count = 0;
    std::int64_t x_last_logged = 0;

    // follower
    ServerId x_leader = 0;
    Channel x_channel = 0;
    Instant x_heard_at;
    std::unordered_map<std::int64_t, std::int32_t> x_touches;

    Leadership x_lead;
};

}  // namespace leasehold::server

// The parts of an ensemble, put together.
#pragma once

#include "sdk/server/connections.hpp"
#include "sdk/server/ensemble.hpp"
#include "sdk/server/member.hpp"
#include "sdk/server/network.hpp"
#include "sdk/server/server.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace leasehold::server {

struct Ensemble::Impl final : public World {
    explicit Impl(EnsembleOptions given);

    /// What comes to a paused server, in order.
    struct Bytes {
        ConnectionId connection;
        std::string bytes;
    };
    struct HangUp {
        ConnectionId connection;
    };
    using Held = std::variant<Bytes, HangUp, Event>;

    struct Node {
        Node(ServerId id, Impl& all)
            : server(id, all.options, all.connections, all.choose_fate),
              member(id, all.options, server, all) {}

        Server server;
        Member member;
        bool is_paused = false;
        std::vector<Held> held;
    };

    void begin(Instant now);
    void receive(Instant now, ConnectionId id, std::string_view bytes);
    void hang_up(Instant now, ConnectionId id);
    void run(Instant now);
    [[nodiscard]] Instant next_wakeup() const;
    void kill(Instant now, ServerId id);
    void resume(Instant now, ServerId id);
    void rejoin(Instant now, ServerId one, ServerId other);
    [[nodiscard]] std::optional<ServerId> leader() const;
    [[nodiscard]] const Store& most_advanced() const;
    [[nodiscard]] std::size_t quorum() const { return nodes.size() / 2 + 1; }

    // the election
    void hold_election(Instant now);
    [[nodiscard]] bool is_candidate(ServerId id) const;
    [[nodiscard]] bool is_followed(ServerId leader, ServerId as_seen_by) const;
    [[nodiscard]] std::vector<ServerId> voters_of(ServerId candidate) const;

    // World
    void send(Instant now, ServerId from, ServerId to, Message message) override;
    void set_timer(Instant at, ServerId server, Timer timer, std::uint64_t generation) override;
    [[nodiscard]] Channel new_channel() override { return next_channel++; }
    void seek_leader(Instant now) override;
    void committed(Instant now, const Transaction& transaction) override;
    void applied() override;

    EnsembleOptions options;
    ChooseFate choose_fate;
    std::function<void(Instant, const Transaction&)> on_commit;
    Connections connections;
    Network network;
    std::vector<std::unique_ptr<Node>> nodes;
    bool has_begun = false;
    Channel next_channel = 1;
    std::optional<Instant> election_at;
    std::int64_t last_reported = 0;
    std::int64_t applied_by_all = 0;
};

}  // namespace leasehold::server

// The network side of an ensemble: one listener for each server, every client's connection, and one
// timer; each event of theirs is one turn of the model.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/error.hpp>

#include "sdk/embedded/fault_plan.hpp"
#include "sdk/embedded/listener.hpp"
#include "sdk/embedded/peer.hpp"
#include "sdk/embedded/settings.hpp"
#include "sdk/net/boot_timer.hpp"
#include "sdk/server/ensemble.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace leasehold::embedded {

/// Thread safety: none; used on the io_context's thread only, and before that runs.
class Front final : PeerListener {
public:
    Front(boost::asio::io_context& io, Settings settings);
    ~Front();
    Front(const Front&) = delete;
    Front& operator=(const Front&) = delete;

    /// Opens the listeners. Once, before anything else.
    [[nodiscard]] result<void> open();

    [[nodiscard]] const boost::asio::ip::tcp::endpoint& endpoint(server::ServerId server) const {
        return x_doors[server].listener->endpoint();
    }
    [[nodiscard]] const server::Ensemble& ensemble() const { return x_ensemble; }
    [[nodiscard]] std::size_t connections() const { return x_peers.size(); }
    /// Consulted for each request.
    [[nodiscard]] FaultPlan& plan() { return x_plan; }

    /// Something is done to the model, and all that follows from it.
    template <class Input>
    void turn(Input&& input) {
        const Instant now = begin_turn();
        input(now, x_ensemble);
        end_turn(now);
    }

    /// Closes the connections of one server; what was not sent on them is lost.
    void cut(server::ServerId server);
    /// Replies and events are sent this long after they were made.
    void set_delay(Duration delay);
    /// Connections stay, and nothing passes on them; new ones are not answered.
    void set_half_open(server::ServerId server, bool is_half_open);
    void set_refusing(server::ServerId server, bool is_refusing);
    /// As SIGSTOP does.
    void set_paused(server::ServerId server, bool is_paused);
    /// As SIGKILL does, and as starting it again.
    void set_down(server::ServerId server, bool is_down);

private:
    /// Where the clients of one server come in.
    struct Door {
        std::unique_ptr<Listener> listener{};
        bool is_half_open = false;
        bool is_refusing = false;
        bool is_paused = false;
        bool is_down = false;

        [[nodiscard]] bool is_silent() const { return is_half_open || is_paused; }
    };

    void on_readable(Peer& peer) override;
    void on_writable(Peer& peer) override;
    void on_accepted(server::ServerId server, int descriptor);
    void on_starved();
    void on_timer();

    [[nodiscard]] Instant begin_turn();
    void end_turn(Instant now);
    void collect(Instant now);
    void hear(Instant now, Peer& peer);
    void flush(Instant now, server::ConnectionId id);
    void drop(Instant now, Peer& peer);
    void forget(server::ConnectionId id);
    void apply(Door& door, server::ServerId server);
    [[nodiscard]] std::vector<std::shared_ptr<Peer>> peers_of(server::ServerId server) const;
    void arm(Instant when);

    boost::asio::io_context& x_io;
    const Settings x_settings;
    server::Ensemble x_ensemble;
    FaultPlan x_plan;
    std::vector<Door> x_doors;
    std::unordered_map<server::ConnectionId, std::shared_ptr<Peer>> x_peers;
    std::vector<server::ConnectionId> x_with_output;  // in this turn
    /// Connections with output whose time will come.
    std::set<std::pair<Instant, server::ConnectionId>> x_later;
    std::vector<char> x_buffer;
    Duration x_delay{};
    net::BootTimer x_timer;
    Instant x_armed_for = Instant::max();
    Instant x_retry_at = Instant::max();  // accepting
};

}  // namespace leasehold::embedded

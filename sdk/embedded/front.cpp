#include "sdk/embedded/front.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

namespace leasehold::embedded {
namespace {

using boost::asio::ip::tcp;
using server::ConnectionId;
using server::ServerId;

constexpr std::size_t read_size = std::size_t{64} << 10;
/// When descriptors have run out: they come back with the next connection that is closed, or when
/// somebody else in this process closes one, of which nobody tells us.
constexpr Duration accept_retry = std::chrono::milliseconds{100};

/// The model knows the boot clock only; nodes also carry the time of day.
server::EnsembleOptions with_time_of_day(server::EnsembleOptions options) {
    using std::chrono::system_clock;
    const auto milliseconds = [](auto instant) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(instant.time_since_epoch())
            .count();
    };
    options.wall_clock_base_ms = milliseconds(system_clock::now()) - milliseconds(BootClock::now());
    return options;
}

/// The usual soft limit of 1024 is for programs that use select().
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

}  // namespace

Front::Front(boost::asio::io_context& io, Settings settings)
    : x_io(io),
      x_settings(std::move(settings)),
      x_ensemble(with_time_of_day(x_settings.ensemble)),
      x_doors(x_settings.ensemble.servers),
      x_buffer(read_size),
      x_timer(io, [this] { on_timer(); }) {
    raise_descriptor_limit();
    x_ensemble.set_fate([this](const server::Arrival& arrival) { return x_plan.choose(arrival); });
}

/// What still waits on a socket keeps its peer, but finds it closed.
Front::~Front() {
    for (const auto& [id, peer] : x_peers) {
        peer->close();
    }
}

result<void> Front::open() {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(x_settings.address, error);
    if (error || x_settings.port + x_doors.size() - 1 > UINT16_MAX) {
        return errc::invalid_argument;
    }
    for (ServerId server = 0; server < x_doors.size(); ++server) {
        auto& listener = x_doors[server].listener;
        listener = std::make_unique<Listener>(
            x_io, [this, server](int descriptor) { on_accepted(server, descriptor); },
            [this] { on_starved(); });
        const std::size_t port = x_settings.port == 0 ? 0 : x_settings.port + server;
        BOOST_OUTCOME_TRYV(
            listener->open(tcp::endpoint(address, static_cast<std::uint16_t>(port))));
    }
    turn([](Instant, server::Ensemble&) {});
    return success();
}

// ---- turns
// ---------------------------------------------------------------------------------------

Instant Front::begin_turn() {
    const Instant now = BootClock::now();
    x_ensemble.on_time(now);
    return now;
}

void Front::end_turn(Instant now) {
    // What the servers tell each other takes no time, and is done before anybody is answered.
    x_ensemble.on_time(now);
    collect(now);
    for (const ConnectionId id : std::exchange(x_with_output, {})) {
        flush(now, id);
    }
    Instant next = std::min(x_ensemble.next_wakeup(), x_retry_at);
    if (!x_later.empty()) {
        next = std::min(next, x_later.begin()->first);
    }
    arm(next);
}

/// Takes over the model's output; it is sent at the end of the turn, many replies in one go.
void Front::collect(Instant now) {
    for (std::vector<ConnectionId> ready = x_ensemble.take_ready(); !ready.empty();
         ready = x_ensemble.take_ready()) {
        for (const ConnectionId id : ready) {
            server::Ensemble::Output output = x_ensemble.take_output(id);
            const auto found = x_peers.find(id);
            if (found == x_peers.end()) {
                continue;
            }
            Peer& peer = *found->second;
            peer.write(now, std::move(output.bytes));
            if (output.is_closed) {
                peer.write_end(now);
            }
            if (peer.pending() > x_settings.limits.close_above) {
                drop(now, peer);
            } else if (x_with_output.empty() || x_with_output.back() != id) {
                x_with_output.push_back(id);
            }
        }
    }
}

void Front::flush(Instant now, ConnectionId id) {
    const auto found = x_peers.find(id);
    if (found == x_peers.end()) {
        return;
    }
    Peer& peer = *found->second;
    const Instant again = peer.flush(now, x_delay);
    if (peer.is_closed()) {
        return forget(id);
    }
    if (again != Instant::max()) {
        x_later.emplace(again, id);
    }
    peer.wait_readable();
}

void Front::on_timer() {
    x_armed_for = Instant::max();
    turn([this](Instant now, server::Ensemble&) {
        while (!x_later.empty() && x_later.begin()->first <= now) {
            x_with_output.push_back(x_later.begin()->second);
            x_later.erase(x_later.begin());
        }
        if (x_retry_at <= now) {
            x_retry_at = Instant::max();
            for (const Door& door : x_doors) {
                door.listener->retry();
            }
        }
    });
}

/// A timer that fires too early costs a turn, one that is moved with every request costs a system
/// call each.
void Front::arm(Instant when) {
    if (when < x_armed_for) {
        x_armed_for = when;
        x_timer.arm(when);
    }
}

// ---- connections
// ---------------------------------------------------------------------------------

void Front::on_accepted(ServerId server, int descriptor) {
    turn([&](Instant now, server::Ensemble& ensemble) {
        const auto id = ensemble.accept(now, server);
        if (!id) {
            ::close(descriptor);
            return;
        }
        PeerListener& listener = *this;
        auto peer = std::make_shared<Peer>(x_io, listener, x_settings.limits, *id, server);
        if (!peer->open(descriptor)) {
            return ensemble.hang_up(now, *id);
        }
        peer->wait_readable();
        x_peers.emplace(*id, std::move(peer));
    });
}

void Front::on_starved() {
    x_retry_at = BootClock::now() + accept_retry;
    arm(x_retry_at);
}

void Front::on_readable(Peer& peer) {
    turn([&](Instant now, server::Ensemble&) { hear(now, peer); });
}

void Front::on_writable(Peer& peer) {
    turn([&](Instant, server::Ensemble&) { x_with_output.push_back(peer.id()); });
}

/// At most what one read gives, so that a flood delays nobody for long; and less if the client has
/// to take some of its replies first.
void Front::hear(Instant now, Peer& peer) {
    const std::optional<std::string_view> input = peer.read(x_buffer);
    if (!input) {
        return drop(now, peer);
    }
    std::string_view rest = *input;
    while (!rest.empty() && peer.is_heard()) {
        const std::string_view piece = rest.substr(0, x_settings.limits.piece);
        rest.remove_prefix(piece.size());
        x_ensemble.receive(now, peer.id(), piece);
        collect(now);
    }
    peer.leave(rest);
    peer.wait_readable();
}

void Front::drop(Instant now, Peer& peer) {
    x_ensemble.hang_up(now, peer.id());
    peer.close();
    forget(peer.id());
}

void Front::forget(ConnectionId id) {
    x_peers.erase(id);
    if (x_retry_at != Instant::max()) {
        x_retry_at = BootClock::now();
        arm(x_retry_at);
    }
}

std::vector<std::shared_ptr<Peer>> Front::peers_of(ServerId server) const {
    std::vector<std::shared_ptr<Peer>> peers;
    for (const auto& [id, peer] : x_peers) {
        if (peer->server() == server) {
            peers.push_back(peer);
        }
    }
    return peers;
}

// ---- faults
// --------------------------------------------------------------------------------------

void Front::cut(ServerId server) {
    turn([&](Instant now, server::Ensemble&) {
        for (const auto& peer : peers_of(server)) {
            drop(now, *peer);
        }
    });
}

void Front::set_delay(Duration delay) {
    turn([&](Instant, server::Ensemble&) {
        x_delay = delay;
        x_later.clear();
        for (const auto& [id, peer] : x_peers) {
            x_with_output.push_back(id);
        }
    });
}

void Front::set_half_open(ServerId server, bool is_half_open) {
    x_doors[server].is_half_open = is_half_open;
    turn([&](Instant, server::Ensemble&) { apply(x_doors[server], server); });
}

void Front::set_refusing(ServerId server, bool is_refusing) {
    x_doors[server].is_refusing = is_refusing;
    turn([&](Instant, server::Ensemble&) { apply(x_doors[server], server); });
}

void Front::set_paused(ServerId server, bool is_paused) {
    Door& door = x_doors[server];
    if (door.is_down || std::exchange(door.is_paused, is_paused) == is_paused) {
        return;
    }
    turn([&](Instant now, server::Ensemble& ensemble) {
        is_paused ? ensemble.pause(now, server) : ensemble.resume(now, server);
        apply(door, server);
    });
}

void Front::set_down(ServerId server, bool is_down) {
    Door& door = x_doors[server];
    if (std::exchange(door.is_down, is_down) == is_down) {
        return;
    }
    turn([&](Instant now, server::Ensemble& ensemble) {
        if (is_down) {
            door.is_paused = false;
            ensemble.kill(now, server);
            for (const auto& peer : peers_of(server)) {
                drop(now, *peer);
            }
        } else {
            ensemble.restart(now, server);
        }
        apply(door, server);
    });
}

void Front::apply(Door& door, ServerId server) {
    door.listener->set_accepting(!door.is_silent());
    door.listener->set_listening(!door.is_refusing && !door.is_down);
    for (const auto& peer : peers_of(server)) {
        peer->set_silent(door.is_silent());
        x_with_output.push_back(peer->id());
    }
}

}  // namespace leasehold::embedded

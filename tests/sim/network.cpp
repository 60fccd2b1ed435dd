#include "tests/sim/network.hpp"

#include "sdk/wire/header.hpp"
#include "tests/sim/outsider.hpp"
#include "tests/sim/process.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace leasehold::sim {

namespace {

using namespace std::chrono_literals;

// Where a connect response has its timeout and its last byte, the read-only flag: length, version,
// timeout, session, 4 + 16 bytes of password, flag.
constexpr std::size_t timeout_offset = 8;
constexpr std::size_t session_offset = 12;
constexpr std::size_t read_only_offset = 40;
constexpr std::size_t connect_response_size = 41;

std::int32_t int32_at(std::string_view bytes, std::size_t offset) {
    wire::Reader in(bytes.substr(offset, 4));
    return in.int32();
}

}  // namespace

/// Rarely more than a few milliseconds; what a fault adds comes on top.
Duration Network::delay(const Link& link) {
    const LinkPlan& plan = link.owner->plan().link;
    const Duration spread = plan.most_delay - plan.least_delay;
    const bool is_calm = !x_world.is_active();
    return plan.least_delay + link.lag +
           x_world.up_to(is_calm ? std::min<Duration>(spread, 2ms) : spread);
}

LinkPtr Network::find(server::ConnectionId id) const {
    const auto found = x_links.find(id);
    return found == x_links.end() ? nullptr : found->second;
}

// ---- to the servers -----------------------------------------------------------------------------

void Network::connect(const LinkPtr& link) {
    link->id = x_world.ensemble.accept(x_world.now, link->server);
    if (link->id) {
        x_links[*link->id] = link;
    } else {
        x_world.strike(Fault::refused_connect);
    }
}

void Network::send_up(const LinkPtr& link, std::string bytes) {
    link->last_up = std::max(link->last_up, x_world.now + delay(*link));
    x_world.at(link->last_up, [this, link, bytes = std::move(bytes)] {
        if (link->is_dead || !link->id) {
            return;
        }
        if (link->number < link->owner->newest_delivered()) {
            x_world.strike(Fault::reorder);
            if (link->owner->is_attached()) {
                x_world.strike(Fault::session_moved);
            }
        }
        link->owner->note_delivered(link->number);
        const LinkPlan& plan = link->owner->plan().link;
        if (plan.is_crumbled || x_world.chance(plan.splits_percent)) {
            const std::size_t cut = 1 + x_world.random.below(bytes.size());
            x_world.strike(Fault::split);
            x_world.ensemble.receive(x_world.now, *link->id,
                                     std::string_view(bytes).substr(0, cut));
            x_world.ensemble.receive(x_world.now, *link->id, std::string_view(bytes).substr(cut));
        } else {
            x_world.ensemble.receive(x_world.now, *link->id, bytes);
        }
    });
}

void Network::hang_up(const LinkPtr& link) {
    link->last_up = std::max(link->last_up, x_world.now + delay(*link));
    x_world.at(link->last_up, [this, link] {
        if (link->id && !link->is_dead) {
            x_world.ensemble.hang_up(x_world.now, *link->id);
            x_links.erase(*link->id);
        }
    });
}

void Network::reset(const LinkPtr& link) {
    link->is_dead = true;
    x_world.ensemble.hang_up(x_world.now, *link->id);
    x_links.erase(*link->id);
    link->owner->on_closed(link);
}

void Network::abandon(const LinkPtr& link) {
    link->is_dead = true;
    x_world.ensemble.hang_up(x_world.now, *link->id);
    x_links.erase(*link->id);
}

server::Fate Network::choose_fate(const server::Arrival& arrival) {
    using server::Fate;
    // There are so many pings, and so few that show what they hold.
    const std::uint64_t odds = arrival.op == wire::Opcode::ping       ? 3000
                               : arrival.op == wire::Opcode::set_data ? 4
                               : arrival.op == wire::Opcode::multi    ? 25
                                                                      : 120;
    if (!x_world.is_active() || x_world.random.below(odds) != 0) {
        return Fate::serve;
    }
    constexpr std::array<Fate, 5> fates{Fate::close_before, Fate::close_unheard, Fate::close_after,
                                        Fate::freeze_before, Fate::freeze_unheard};
    const Fate fate = fates[x_world.random.below(fates.size())];
    const LinkPtr link = find(arrival.connection);
    if (link) {
        link->is_fated = true;
        link->owner->disturb();
    }
    x_world.note([&] {
        return "server " + std::to_string(arrival.server) + " spoils " +
               std::string(wire::name_of(arrival.op)) + " in way " +
               std::to_string(static_cast<int>(fate));
    });
    switch (fate) {
        case Fate::close_before:
        case Fate::freeze_before: x_world.strike(Fault::request_lost); break;
        case Fate::close_unheard:
        case Fate::freeze_unheard: count_reply_lost(arrival.op); break;
        case Fate::close_after: x_world.strike(Fault::reset); break;
        case Fate::serve: break;
    }
    return fate;
}

void Network::count_reply_lost(wire::Opcode op) {
    switch (op) {
        case wire::Opcode::create: return x_world.strike(Fault::create_reply_lost);
        case wire::Opcode::remove: return x_world.strike(Fault::delete_reply_lost);
        case wire::Opcode::multi: return x_world.strike(Fault::multi_reply_lost);
        case wire::Opcode::close_session: return x_world.strike(Fault::close_reply_lost);
        default: return;
    }
}

// ---- to the clients -----------------------------------------------------------------------------

void Network::collect(Outsider& outsider) {
    for (const server::ConnectionId id : x_world.ensemble.take_ready()) {
        server::Ensemble::Output output = x_world.ensemble.take_output(id);
        const LinkPtr link = find(id);
        if (!link) {
            outsider.on_output(id, output);
            continue;
        }
        if (!output.bytes.empty()) {
            if (!std::exchange(link->is_welcome, true)) {
                tamper(*link, output.bytes);
            }
            send_down(link, std::move(output.bytes));
        }
        if (output.is_closed) {
            close_down(link);
        }
    }
}

/// A smaller timeout than the session has, a session that is another one, or a server that is
/// read-only: told to the client alone. On the ensemble's side nothing changes, so that what it
/// does stays what it promised.
void Network::tamper(Link& link, std::string& bytes) {
    if (!x_world.is_active() || link.is_probe || bytes.size() < connect_response_size) {
        return;
    }
    const std::int32_t timeout_ms = int32_at(bytes, timeout_offset);
    if (timeout_ms > 0 && link.is_reattach && x_world.chance(10)) {
        x_world.strike(Fault::smaller_timeout);
        std::string less;
        wire::Writer(less).int32(timeout_ms / 10 * 9);
        bytes.replace(timeout_offset, less.size(), less);
    } else if (timeout_ms > 0 && link.is_reattach && x_world.chance(3)) {
        x_world.strike(Fault::other_session);
        bytes[session_offset + 7] = static_cast<char>(bytes[session_offset + 7] ^ 0x55);
    } else if (timeout_ms > 0 && x_world.chance(4)) {
        x_world.strike(Fault::read_only);
        bytes[read_only_offset] = '\1';
    }
}

void Network::send_down(const LinkPtr& link, std::string bytes) {
    link->last_down = std::max(link->last_down, x_world.now + delay(*link));
    const LinkPlan& plan = link->owner->plan().link;
    if (plan.is_crumbled) {
        for (std::size_t begin = 0; begin < bytes.size();) {
            const std::size_t size = 1 + x_world.random.below(9);
            deliver_at(link, bytes.substr(begin, size));
            begin += size;
            x_world.strike(Fault::split);
        }
        return;
    }
    if (bytes.size() > 1 && x_world.chance(plan.splits_percent)) {
        const std::size_t cut = 1 + x_world.random.below(bytes.size() - 1);
        x_world.strike(Fault::split);
        deliver_at(link, bytes.substr(0, cut));
        bytes.erase(0, cut);
        link->last_down += x_world.up_to(1ms);
    }
    deliver_at(link, std::move(bytes));
}

void Network::deliver_at(const LinkPtr& link, std::string bytes) {
    x_world.at(link->last_down, [this, link, bytes = std::move(bytes)] {
        if (link->is_dead || !link->is_open) {
            count_lost(*link, bytes);
        } else {
            link->owner->on_bytes(link, bytes);
        }
    });
}

void Network::close_down(const LinkPtr& link) {
    x_links.erase(*link->id);
    if (link->is_greeted && link->is_reattach && !link->is_welcome && !link->is_fated &&
        (x_world.ensemble.role(link->server) == server::Role::following ||
         x_world.ensemble.role(link->server) == server::Role::leading)) {
        x_world.strike(Fault::zxid_ahead);
    }
    link->last_down = std::max(link->last_down, x_world.now + delay(*link));
    x_world.at(link->last_down, [link] {
        if (!link->is_dead) {
            link->owner->on_closed(link);
        }
    });
}

/// Which of the replies that nobody hears were of something that has been done.
void Network::count_lost(const Link& link, std::string_view bytes) {
    while (link.is_welcome && bytes.size() >= 4 + wire::reply_header_size) {
        const auto size = static_cast<std::size_t>(int32_at(bytes, 0));
        wire::Reader in(bytes.substr(4));
        const std::int32_t xid = in.int32();
        static_cast<void>(in.int64());
        const bool is_done = in.int32() == 0;
        const auto request = std::find_if(link.sent.begin(), link.sent.end(),
                                          [&](const Sent& each) { return each.xid == xid; });
        if (is_done && request != link.sent.end()) {
            count_reply_lost(request->op);
        }
        if (bytes.size() < 4 + size) {
            return;
        }
        bytes.remove_prefix(4 + size);
    }
}

}  // namespace leasehold::sim

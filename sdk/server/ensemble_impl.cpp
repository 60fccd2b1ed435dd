#include "sdk/server/ensemble_impl.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::server {

namespace {

EnsembleOptions with_a_server(EnsembleOptions options) {
    options.servers = std::max<std::size_t>(options.servers, 1);
    return options;
}

}  // namespace

Ensemble::Impl::Impl(EnsembleOptions given)
    : options(with_a_server(std::move(given))),
      connections(options.max_frame, options.release),
      network(options) {
    connections.set_servers(options.servers);
    for (ServerId id = 0; id < options.servers; ++id) {
        nodes.push_back(std::make_unique<Node>(id, *this));
    }
}

/// With the last server leading, as if it had been so for ever.
void Ensemble::Impl::begin(Instant now) {
    if (std::exchange(has_begun, true)) {
        return;
    }
    std::vector<Channel> channels;
    std::generate_n(std::back_inserter(channels), nodes.size(), [this] { return new_channel(); });
    for (const auto& node : nodes) {
        node->member.begin(now, nodes.size() - 1, channels);
    }
}

void Ensemble::Impl::receive(Instant now, ConnectionId id, std::string_view bytes) {
    Connection* const connection = connections.find(id);
    if (connection == nullptr || connection->is_unheard) {
        return;
    }
    Node& node = *nodes[connection->server];
    if (node.is_paused) {
        node.held.emplace_back(Bytes{id, std::string(bytes)});
    } else {
        node.server.receive(now, *connection, bytes);
    }
}

void Ensemble::Impl::hang_up(Instant, ConnectionId id) {
    Connection* const connection = connections.find(id);
    if (connection == nullptr) {
        return;
    }
    Node& node = *nodes[connection->server];
    if (node.is_paused) {
        connection->is_unheard = true;
        node.held.emplace_back(HangUp{id});
    } else {
        node.server.hang_up(*connection);
    }
}

void Ensemble::Impl::run(Instant now) {
    for (bool is_idle = false; !is_idle;) {
        is_idle = true;
        while (auto event = network.take(now)) {
            is_idle = false;
            Node& node = *nodes[event->to];
            if (node.is_paused) {
                node.held.emplace_back(std::move(*event));
            } else if (event->message != nullptr) {
                node.member.deliver(now, event->from, *event->message);
            } else {
                node.member.on_timer(now, event->timer, event->generation);
            }
        }
        if (election_at && *election_at <= now) {
            is_idle = false;
            hold_election(now);
        }
        for (const auto& node : nodes) {
            if (!node->is_paused && node->member.next_due() <= now) {
                is_idle = false;
                node->member.on_due(now);
            }
        }
    }
}

Instant Ensemble::Impl::next_wakeup() const {
    if (!has_begun) {
        return nodes.size() > 1 ? Instant{} : Instant::max();
    }
    Instant next = std::min(network.next(), election_at.value_or(Instant::max()));
    for (const auto& node : nodes) {
        if (!node->is_paused) {
            next = std::min(next, node->member.next_due());
        }
    }
    return next;
}

// ---- faults ----

void Ensemble::Impl::kill(Instant now, ServerId id) {
    Node& node = *nodes[id];
    node.member.kill(now);
    node.is_paused = false;
    for (const Held& each : std::exchange(node.held, {})) {
        if (const auto* gone = std::get_if<HangUp>(&each)) {
            hang_up(now, gone->connection);
        }
    }
}

void Ensemble::Impl::resume(Instant now, ServerId id) {
    Node& node = *nodes[id];
    node.is_paused = false;
    for (Held& each : std::exchange(node.held, {})) {
        if (auto* bytes = std::get_if<Bytes>(&each)) {
            if (Connection* const connection = connections.find(bytes->connection)) {
                node.server.receive(now, *connection, bytes->bytes);
            }
        } else if (auto* gone = std::get_if<HangUp>(&each)) {
            hang_up(now, gone->connection);
        } else if (auto& event = std::get<Event>(each); event.message != nullptr) {
            node.member.deliver(now, event.from, *event.message);
        } else {
            node.member.on_timer(now, event.timer, event.generation);
        }
    }
    seek_leader(now);
}

/// Two servers reach each other again. If something was lost between them, they find their
/// connection broken.
void Ensemble::Impl::rejoin(Instant now, ServerId one, ServerId other) {
    if (!network.take_break(one, other)) {
        return;
    }
    const auto tell = [&](ServerId whom, ServerId of) {
        const Channel channel = nodes[whom]->member.channel_to(of);
        if (channel != 0) {
            network.send(now, of, whom, {.kind = MessageKind::hung_up, .channel = channel});
        }
    };
    tell(one, other);
    tell(other, one);
}

// ---- the observer's side ----

std::optional<ServerId> Ensemble::Impl::leader() const {
    for (ServerId id = 0; id < nodes.size(); ++id) {
        if (nodes[id]->member.phase() != Phase::leading) {
            continue;
        }
        const auto followers = std::count_if(nodes.begin(), nodes.end(), [&](const auto& node) {
            return node->member.phase() == Phase::following && node->member.leader() == id;
        });
        if (static_cast<std::size_t>(followers) + 1 >= quorum()) {
            return id;
        }
    }
    return std::nullopt;
}

const Store& Ensemble::Impl::most_advanced() const {
    const auto most =
        std::max_element(nodes.begin(), nodes.end(), [](const auto& one, const auto& other) {
            return one->server.store().zxid() < other->server.store().zxid();
        });
    return (*most)->server.store();
}

// ---- World ----

void Ensemble::Impl::send(Instant now, ServerId from, ServerId to, Message message) {
    network.send(now, from, to, std::move(message));
}

void Ensemble::Impl::set_timer(Instant at, ServerId server, Timer timer, std::uint64_t generation) {
    network.set_timer(at, server, timer, generation);
}

void Ensemble::Impl::committed(Instant now, const Transaction& transaction) {
    if (transaction.zxid > last_reported) {
        last_reported = transaction.zxid;
        if (on_commit) {
            on_commit(now, transaction);
        }
    }
}

void Ensemble::Impl::applied() {
    std::int64_t least = nodes.front()->server.store().zxid();
    for (const auto& node : nodes) {
        least = std::min(least, node->server.store().zxid());
    }
    if (least <= applied_by_all) {
        return;
    }
    applied_by_all = least;
    for (const auto& node : nodes) {
        node->member.trim_log(least);
    }
}

}  // namespace leasehold::server

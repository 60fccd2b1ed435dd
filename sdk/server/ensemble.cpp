#include "sdk/server/ensemble.hpp"

#include "sdk/server/ensemble_impl.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::server {

Ensemble::Ensemble(EnsembleOptions options) : x_impl(std::make_unique<Impl>(std::move(options))) {}
Ensemble::~Ensemble() = default;
Ensemble::Ensemble(Ensemble&&) noexcept = default;
Ensemble& Ensemble::operator=(Ensemble&&) noexcept = default;

// ---- the network's side ----

std::optional<ConnectionId> Ensemble::accept(Instant now, ServerId server, std::string address) {
    x_impl->begin(now);
    if (x_impl->nodes[server]->member.phase() == Phase::down) {
        return std::nullopt;
    }
    return x_impl->connections.add(server, std::move(address)).id;
}

void Ensemble::receive(Instant now, ConnectionId id, std::string_view bytes) {
    x_impl->receive(now, id, bytes);
}

void Ensemble::hang_up(Instant now, ConnectionId id) {
    x_impl->hang_up(now, id);
}

std::vector<ConnectionId> Ensemble::take_ready() {
    return x_impl->connections.take_ready();
}

Ensemble::Output Ensemble::take_output(ConnectionId id) {
    return x_impl->connections.take_output(id);
}

void Ensemble::on_time(Instant now) {
    x_impl->begin(now);
    x_impl->run(now);
}

Instant Ensemble::next_wakeup() const {
    return x_impl->next_wakeup();
}

// ---- faults ----

void Ensemble::set_fate(std::function<Fate(const Arrival&)> choose) {
    x_impl->choose_fate = std::move(choose);
}

bool Ensemble::expire(Instant now, std::int64_t session) {
    x_impl->begin(now);
    const auto leader = x_impl->leader();
    return leader && !x_impl->nodes[*leader]->is_paused &&
           x_impl->nodes[*leader]->member.expire(now, session);
}

bool Ensemble::set_counter(std::string_view path, std::int32_t creates) {
    bool is_everywhere = true;
    for (const auto& node : x_impl->nodes) {
        is_everywhere &= node->server.store().tree().set_counter(path, creates);
    }
    return is_everywhere;
}

void Ensemble::kill(Instant now, ServerId server) {
    x_impl->begin(now);
    if (role(server) != Role::down) {
        x_impl->kill(now, server);
    }
}

void Ensemble::restart(Instant now, ServerId server) {
    x_impl->begin(now);
    if (role(server) == Role::down) {
        x_impl->nodes[server]->member.restart(now);
    }
}

void Ensemble::pause(Instant now, ServerId server) {
    x_impl->begin(now);
    x_impl->nodes[server]->is_paused = role(server) != Role::down;
}

void Ensemble::resume(Instant now, ServerId server) {
    if (x_impl->nodes[server]->is_paused) {
        x_impl->resume(now, server);
    }
}

void Ensemble::set_linked(Instant now, ServerId one, ServerId other, bool is_linked) {
    x_impl->begin(now);
    x_impl->network.set_linked(one, other, is_linked);
    x_impl->rejoin(now, one, other);
}

void Ensemble::set_partitioned(Instant now, ServerId server, bool is_partitioned) {
    x_impl->begin(now);
    x_impl->network.set_partitioned(server, is_partitioned);
    for (ServerId other = 0; other < size(); ++other) {
        if (other != server) {
            x_impl->rejoin(now, server, other);
        }
    }
}

// ---- the observer's side ----

std::size_t Ensemble::size() const {
    return x_impl->nodes.size();
}

Role Ensemble::role(ServerId server) const {
    switch (x_impl->nodes[server]->member.phase()) {
        case Phase::down: return Role::down;
        case Phase::looking:
        case Phase::joining:
        case Phase::gathering:
        case Phase::syncing: break;
        case Phase::following: return Role::following;
        case Phase::leading: return Role::leading;
    }
    return Role::looking;
}

std::optional<ServerId> Ensemble::leader() const {
    return x_impl->leader();
}

const Tree& Ensemble::committed() const {
    return x_impl->most_advanced().tree();
}

const Tree& Ensemble::tree(ServerId server) const {
    return x_impl->nodes[server]->server.store().tree();
}

std::int64_t Ensemble::last_zxid() const {
    return x_impl->most_advanced().zxid();
}

std::vector<std::int64_t> Ensemble::sessions() const {
    std::vector<std::int64_t> ids;
    for (const auto& [id, timeout_ms] : x_impl->most_advanced().sessions()) {
        ids.push_back(id);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

std::optional<Instant> Ensemble::expiry_of(std::int64_t session) const {
    const auto leader = x_impl->leader();
    return leader ? x_impl->nodes[*leader]->member.expiry_of(session) : std::nullopt;
}

std::int64_t Ensemble::session_of(ConnectionId id) const {
    return x_impl->connections.past_of(id).session;
}

ServerId Ensemble::server_of(ConnectionId id) const {
    return x_impl->connections.past_of(id).server;
}

std::size_t Ensemble::watches(ServerId server) const {
    const Store& store = x_impl->nodes[server]->server.store();
    return store.data_watches().size() + store.child_watches().size();
}

std::vector<ConnectionId> Ensemble::connections(ServerId server) const {
    return x_impl->connections.of_server(server);
}

void Ensemble::set_on_commit(std::function<void(Instant, const Transaction&)> heard) {
    x_impl->on_commit = std::move(heard);
}

}  // namespace leasehold::server

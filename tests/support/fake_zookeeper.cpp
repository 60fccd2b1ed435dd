// Connections, sessions and expiry of the fake server; what requests do is in fake_requests.cpp.
#include "tests/support/fake_zookeeper.hpp"

#include "sdk/wire/record.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::support {

namespace {

/// The path that most bodies begin with.
std::string path_of(const wire::RequestView& request) {
    switch (request.header.op) {
        case wire::Opcode::ping:
        case wire::Opcode::auth:
        case wire::Opcode::multi:
        case wire::Opcode::set_watches:
        case wire::Opcode::close_session: return {};
        default: {
            wire::Reader in(request.body);
            return std::string(in.string());
        }
    }
}

}  // namespace

FakeZooKeeper::FakeZooKeeper(FakeOptions given)
    : options(std::move(given)), x_zxid(options.first_zxid) {}

ConnectionId FakeZooKeeper::accept(Instant) {
    const ConnectionId id = x_next_connection++;
    x_connections[id];
    return id;
}

void FakeZooKeeper::receive(Instant now, ConnectionId id, std::string_view bytes) {
    const auto found = x_connections.find(id);
    if (found == x_connections.end() || found->second.output.is_closed) {
        return;
    }
    Connection& connection = found->second;
    if (!connection.is_decided) {
        connection.first_bytes += bytes;
        if (connection.first_bytes.size() < 4) {
            return;
        }
        connection.is_decided = true;
        if (connection.first_bytes.starts_with("srvr")) {
            if (options.answers_srvr) {
                const core::ServerVersion& version = options.version;
                connection.output.frames.push_back(
                    "Zookeeper version: " + std::to_string(version.major) + "." +
                    std::to_string(version.minor) + "." + std::to_string(version.patch) +
                    "-fake, built on 01/01/2020 00:00 GMT\nMode: standalone\n");
            }
            return close(id);
        }
        bytes = connection.first_bytes;
    }
    connection.splitter.feed(bytes);
    while (!connection.output.is_closed && !connection.is_frozen) {
        const auto frame = connection.splitter.next();
        if (!frame) {
            return close(id);
        }
        if (!frame.value()) {
            return;
        }
        connection.is_greeted ? serve(now, id, connection, *frame.value())
                              : greet(now, id, connection, *frame.value());
    }
}

void FakeZooKeeper::hang_up(ConnectionId id) {
    x_watches.forget(id);
    const auto gone = x_connections.extract(id);
    if (gone.empty()) {
        return;
    }
    if (const auto session = x_sessions.find(gone.mapped().session);
        session != x_sessions.end() && session->second.connection == id) {
        session->second.connection = 0;
    }
}

FakeZooKeeper::Output FakeZooKeeper::take_output(ConnectionId id) {
    const auto found = x_connections.find(id);
    if (found == x_connections.end()) {
        return {};
    }
    Output output = std::move(found->second.output);
    found->second.output = {};
    if (output.is_closed) {
        hang_up(id);
    }
    return output;
}

std::vector<ConnectionId> FakeZooKeeper::connections() const {
    std::vector<ConnectionId> ids;
    for (const auto& [id, connection] : x_connections) {
        ids.push_back(id);
    }
    return ids;
}

void FakeZooKeeper::close(ConnectionId id) {
    const auto found = x_connections.find(id);
    if (found != x_connections.end()) {
        found->second.output.is_closed = true;
        x_watches.forget(id);
    }
}

void FakeZooKeeper::greet(Instant now, ConnectionId id, Connection& connection,
                          std::string_view frame) {
    const auto decoded = wire::decode<wire::ConnectRequest>(frame);
    if (!decoded || decoded.value().last_zxid_seen > x_zxid) {
        return close(id);
    }
    const wire::ConnectRequest& request = decoded.value();
    x_seen.push_back({now, id, request.session_id, 0, wire::Opcode::create_session, {}});
    const Fate fate = fate_of(wire::Opcode::create_session);
    if (fate == Fate::close_before) {
        return close(id);
    }
    connection.is_frozen = fate == Fate::freeze_before;
    if (connection.is_frozen) {
        return;
    }
    connection.is_greeted = true;
    wire::ConnectResponse response;
    response.password = std::string(wire::password_size, '\0');
    response.read_only = options.is_read_only;
    auto session = x_sessions.find(request.session_id);
    if (request.session_id == 0) {
        ++x_zxid;
        session = x_sessions.emplace(x_next_session++, Session{}).first;
        for (std::size_t i = 0; i < wire::password_size; ++i) {
            session->second.password += static_cast<char>('a' + (session->first + x_zxid) % 23);
        }
    } else if (session != x_sessions.end()) {
        close(session->second.connection);  // one connection for a session, also if it is refused
        if (session->second.password != request.password) {
            session = x_sessions.end();
        }
    }
    if (session != x_sessions.end()) {
        connection.session = session->first;
        x_attached[id] = session->first;
        connection.timeout = std::clamp<Duration>(std::chrono::milliseconds{request.timeout_ms},
                                                  options.min_timeout, options.max_timeout);
        session->second.timeout = connection.timeout;
        session->second.connection = id;
        response.session_id = session->first;
        response.password = session->second.password;
        response.timeout_ms =
            static_cast<std::int32_t>(connection.timeout / std::chrono::milliseconds{1});
        touch(now, connection);
    }
    connection.is_frozen = fate == Fate::freeze_unheard;
    if (fate != Fate::close_unheard) {
        send(connection, wire::Opcode::create_session, wire::encode_frame(response));
    }
    if (fate == Fate::close_unheard || fate == Fate::close_after || connection.session == 0) {
        close(id);
    }
}

void FakeZooKeeper::serve(Instant now, ConnectionId id, Connection& connection,
                          std::string_view frame) {
    const auto request = wire::split_request(frame);
    if (!request || !x_sessions.contains(connection.session)) {
        return close(id);
    }
    const wire::Opcode op = request.value().header.op;
    x_seen.push_back(
        {now, id, connection.session, request.value().header.xid, op, path_of(request.value())});
    const Fate fate = fate_of(op);
    if (fate == Fate::close_before) {
        return close(id);
    }
    if (op != wire::Opcode::auth && op != wire::Opcode::sasl) {
        touch(now, connection);  // those are answered beside the pipeline
    }
    connection.is_frozen = fate == Fate::freeze_before || fate == Fate::freeze_unheard;
    if (fate == Fate::freeze_before) {
        return;
    }
    const std::size_t before = connection.output.frames.size();
    execute(now, id, connection, request.value());
    if (fate == Fate::close_unheard) {
        connection.output.frames.resize(before);
    }
    if (fate == Fate::close_unheard || fate == Fate::close_after) {
        close(id);
    }
}

void FakeZooKeeper::touch(Instant now, const Connection& connection) {
    const auto session = x_sessions.find(connection.session);
    if (session == x_sessions.end()) {
        return;
    }
    const Duration due = now.time_since_epoch() + connection.timeout;
    session->second.expiry = Instant{(due / options.tick + 1) * options.tick};
}

void FakeZooKeeper::on_time(Instant now) {
    std::vector<std::int64_t> due;
    for (const auto& [id, session] : x_sessions) {
        if (session.expiry <= now) {
            due.push_back(id);
        }
    }
    for (const std::int64_t id : due) {
        expire(now, id);
    }
}

Instant FakeZooKeeper::next_wakeup() const {
    Instant next = Instant::max();
    for (const auto& [id, session] : x_sessions) {
        next = std::min(next, session.expiry);
    }
    return next;
}

void FakeZooKeeper::expire(Instant, std::int64_t session) {
    end_session(session);
    // Of a live connection only the end of the stream is seen.
    for (auto& [id, connection] : x_connections) {
        if (connection.session == session) {
            close(id);
        }
    }
}

void FakeZooKeeper::end_session(std::int64_t session) {
    if (x_sessions.erase(session) == 0) {
        return;
    }
    ++x_zxid;
    for (const std::string& path : x_tree.ephemerals_of(session)) {
        static_cast<void>(x_tree.remove(path, wire::any_version, x_zxid));
    }
    tell_changes();
}

void FakeZooKeeper::tell_changes() {
    for (const Change& change : x_tree.take_changes()) {
        for (const auto& [id, event] : x_watches.fire(change)) {
            tell(id, event);
        }
    }
}

void FakeZooKeeper::tell(ConnectionId id, const wire::WatcherEvent& event) {
    const auto found = x_connections.find(id);
    if (found == x_connections.end() || found->second.output.is_closed) {
        return;
    }
    const bool is_real = options.version >= core::ServerVersion{3, 9, 0};
    const wire::ReplyHeader header{wire::notification_xid, is_real ? x_zxid : -1};
    send(found->second, wire::Opcode::notification, wire::encode_reply(header, event));
}

void FakeZooKeeper::send(Connection& connection, wire::Opcode op, std::string frame) {
    if (connection.is_frozen) {
        return;
    }
    if (tamper) {
        tamper(op, frame);
    }
    connection.output.frames.push_back(std::move(frame));
}

// ---- the script's side ----

void FakeZooKeeper::next(wire::Opcode op, Fate fate, int nth) {
    x_rules.push_back({op, fate, nth});
}

void FakeZooKeeper::fail_next(wire::Opcode op, wire::ServerError err, int times) {
    x_failures.insert(x_failures.end(), static_cast<std::size_t>(times), {op, err});
}

Fate FakeZooKeeper::fate_of(wire::Opcode op) {
    for (auto rule = x_rules.begin(); rule != x_rules.end(); ++rule) {
        if (rule->op == op && --rule->left == 0) {
            const Fate fate = rule->fate;
            x_rules.erase(rule);
            return fate;
        }
    }
    return choose_fate ? choose_fate(op) : Fate::serve;
}

void FakeZooKeeper::remove(Instant, const std::string& path) {
    static_cast<void>(x_tree.remove(path, wire::any_version, ++x_zxid));
    tell_changes();
}

void FakeZooKeeper::write(Instant, const std::string& path, std::string data) {
    static_cast<void>(x_tree.set_data(path, std::move(data), wire::any_version, ++x_zxid));
    tell_changes();
}

std::string FakeZooKeeper::make(Instant, std::string path, wire::CreateMode mode, std::string data,
                                std::int64_t session) {
    static_cast<void>(x_tree.create(path, std::move(data), mode, session, ++x_zxid));
    tell_changes();
    return path;
}

// ---- the observer's side ----

std::int64_t FakeZooKeeper::session_of(ConnectionId id) const {
    const auto found = x_attached.find(id);
    return found == x_attached.end() ? 0 : found->second;
}

std::optional<Instant> FakeZooKeeper::expiry_of(std::int64_t session) const {
    const auto found = x_sessions.find(session);
    return found == x_sessions.end() ? std::nullopt : std::optional(found->second.expiry);
}

std::vector<Seen> FakeZooKeeper::seen(wire::Opcode op) const {
    std::vector<Seen> some;
    std::copy_if(x_seen.begin(), x_seen.end(), std::back_inserter(some),
                 [&](const Seen& each) { return each.op == op; });
    return some;
}

}  // namespace leasehold::support

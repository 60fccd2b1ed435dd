#include "sdk/server/server.hpp"

#include "sdk/server/digest.hpp"
#include "sdk/server/four_letter.hpp"
#include "sdk/wire/record.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::server {

namespace {

using State = Connection::State;

constexpr std::size_t word_size = 4;

std::int32_t clamped(std::int32_t timeout_ms, const EnsembleOptions& options) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    const Duration least =
        options.min_session_timeout != Duration{} ? options.min_session_timeout : 2 * options.tick;
    const Duration most =
        options.max_session_timeout != Duration{} ? options.max_session_timeout : 20 * options.tick;
    const auto least_ms = static_cast<std::int32_t>(duration_cast<milliseconds>(least).count());
    const auto most_ms = static_cast<std::int32_t>(duration_cast<milliseconds>(most).count());
    return std::min(std::max(timeout_ms, least_ms), most_ms);
}

/// The server's number above, then the time of day, then a count: a client that comes back to
/// another run of a server, with the password that every run derives from the id, must not find a
/// stranger's session there.
std::int64_t first_session(ServerId id, const EnsembleOptions& options, Instant now) {
    using std::chrono::milliseconds;
    const std::int64_t now_ms =
        options.wall_clock_base_ms +
        std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count();
    const auto clock = static_cast<std::uint64_t>(now_ms) & 0xFFFFFFFFFFU;
    return static_cast<std::int64_t>((std::uint64_t{id + 1} << 56U) | (clock << 16U));
}

}  // namespace

Server::Server(ServerId id, const EnsembleOptions& options, Connections& connections,
               const ChooseFate& choose_fate)
    : x_id(id),
      x_options(options),
      x_connections(connections),
      x_choose_fate(choose_fate),
      x_store(options.release),
      x_reads(x_store, connections, options.release) {
    x_store.set_listener([this](WatcherId watcher, const WatchEvent& event) {
        if (Connection* const connection = x_connections.find(watcher)) {
            x_connections.notify(*connection, event);
        }
    });
}

void Server::receive(Instant now, Connection& connection, std::string_view bytes) {
    if (connection.state == State::closed || connection.is_frozen) {
        return;
    }
    if (connection.state == State::fresh) {
        connection.first_bytes += bytes;
        if (connection.first_bytes.size() < word_size || answers_four_letters(connection)) {
            return;
        }
        connection.state = State::unknown;
        connection.input.feed(connection.first_bytes);
        connection.first_bytes = {};
    } else {
        connection.input.feed(bytes);
    }
    pump(now, connection);
}

bool Server::answers_four_letters(Connection& connection) {
    const auto answer =
        four_letter_answer(std::string_view(connection.first_bytes).substr(0, word_size),
                           {x_options, x_connections, x_store, *x_upstream, x_id});
    if (answer) {
        x_connections.write(connection, *answer);
        close(connection);
    }
    return answer.has_value();
}

void Server::pump(Instant now, Connection& connection) {
    if (connection.is_pumping) {
        return;
    }
    connection.is_pumping = true;
    while ((connection.state == State::unknown || connection.state == State::open) &&
           !connection.is_frozen) {
        const auto frame = connection.input.next();
        if (!frame) {
            close(connection);
            break;
        }
        if (!frame.value()) {
            break;
        }
        ++connection.received;
        if (connection.state == State::unknown) {
            join(now, connection, *frame.value());
        } else {
            take(now, connection, *frame.value());
        }
    }
    connection.is_pumping = false;
}

void Server::close(Connection& connection) {
    if (connection.state == State::closed) {
        return;
    }
    x_store.data_watches().forget(connection.id);
    x_store.child_watches().forget(connection.id);
    const auto attached = x_attached.find(connection.session);
    if (attached != x_attached.end() && attached->second == connection.id) {
        x_attached.erase(attached);
    }
    x_connections.close(connection);
}

void Server::close(ConnectionId id) {
    if (Connection* const connection = x_connections.find(id)) {
        close(*connection);
    }
}

void Server::close_if(bool is_due, Connection& connection) {
    if (is_due) {
        close(connection);
    }
}

void Server::hang_up(Connection& connection) {
    close(connection);
    x_connections.remove(connection.id);
}

void Server::drop_clients() {
    for (const ConnectionId id : x_connections.of_server(x_id)) {
        close(id);
    }
    x_attached.clear();
    x_pipelines.clear();
    x_revalidations.clear();
    x_syncs.clear();
}

Fate Server::fate_of(Instant now, const Connection& connection, std::int32_t xid, wire::Opcode op,
                     std::string_view body) const {
    if (!x_choose_fate) {
        return Fate::serve;
    }
    return x_choose_fate({now, x_id, connection.id, connection.session, xid, op, body});
}

// ---- connecting ----

void Server::join(Instant now, Connection& connection, std::string_view frame) {
    const auto decoded = wire::decode<wire::ConnectRequest>(frame);
    if (!decoded) {
        return close(connection);
    }
    const wire::ConnectRequest& body = decoded.value();
    connection.session = body.session_id;  // for whoever chooses the fate
    const Fate fate = fate_of(now, connection, 0, wire::Opcode::create_session, frame);
    connection.session = 0;
    connection.has_read_only_byte = body.read_only.has_value();
    if (fate == Fate::close_before || !x_upstream->is_serving() ||
        body.last_zxid_seen > x_store.zxid()) {
        return close(connection);
    }
    connection.is_frozen = fate == Fate::freeze_before || fate == Fate::freeze_unheard;
    if (fate == Fate::freeze_before) {
        return;
    }
    join(now, connection, body, fate);
}

void Server::join(Instant now, Connection& connection, const wire::ConnectRequest& body,
                  Fate fate) {
    const Release release = x_options.release;
    const bool wants_byte = release >= Release{3, 9, 0} && release < Release{3, 9, 3};
    if (wants_byte && !connection.has_read_only_byte) {
        return close(connection);
    }
    connection.state = State::joining;
    connection.timeout_ms = clamped(body.timeout_ms, x_options);
    if (!x_options.is_read_only) {
        return body.session_id == 0 ? create_session(now, connection, fate)
                                    : attach(now, connection, body, fate);
    }
    if (!body.read_only.value_or(false)) {
        return close(connection);
    }
    if (release >= Release{3, 7, 0}) {  // ZOOKEEPER-3863: all they have to say to a client
        x_connections.write(connection, wire::encode_reply(wire::ReplyHeader{
                                            0, x_store.zxid(), wire::ServerError::not_read_only}));
        return;
    }
    body.session_id == 0 ? create_session(now, connection, fate)
                         : attach(now, connection, body, fate);
}

void Server::create_session(Instant now, Connection& connection, Fate fate) {
    if (x_next_session == 0) {
        x_next_session = first_session(x_id, x_options, now);
    }
    const std::int64_t session = x_next_session++;
    connection.session = session;
    x_attached[session] = connection.id;
    x_connections.remember(connection);
    Request request{.connection = connection.id, .op = wire::Opcode::create_session, .fate = fate};
    write(now, connection, std::move(request), {});
}

void Server::attach(Instant now, Connection& connection, const wire::ConnectRequest& body,
                    Fate fate) {
    // One connection for a session: the older one goes, even if the password turns out wrong.
    if (const auto older = x_attached.find(body.session_id); older != x_attached.end()) {
        close(older->second);
    }
    if (body.password.value_or(std::string()) != password_of(body.session_id)) {
        return welcome(now, connection, fate, false);
    }
    connection.session = body.session_id;
    x_attached[connection.session] = connection.id;
    x_connections.remember(connection);
    const std::uint64_t tag = x_next_tag++;
    x_revalidations[tag] = {connection.id, fate};
    x_upstream->revalidate(now, tag, connection.session, connection.timeout_ms);
}

void Server::revalidated(Instant now, std::uint64_t tag, bool is_valid) {
    const auto pending = x_revalidations.extract(tag);
    if (pending.empty()) {
        return;
    }
    Connection* const connection = x_connections.find(pending.mapped().connection);
    if (connection != nullptr && connection->state == State::joining) {
        welcome(now, *connection, pending.mapped().fate, is_valid);
    }
}

void Server::welcome(Instant now, Connection& connection, Fate fate, bool is_valid) {
    if (fate == Fate::close_unheard) {
        return close(connection);
    }
    wire::ConnectResponse response;
    response.password = std::string(wire::password_size, '\0');
    if (is_valid) {
        response.timeout_ms = connection.timeout_ms;
        response.session_id = connection.session;
        response.password = password_of(connection.session);
    }
    response.read_only.reset();
    if (connection.has_read_only_byte) {
        response.read_only = x_options.is_read_only;
    }
    x_connections.write(connection, wire::encode_frame(response));
    if (!is_valid || fate == Fate::close_after) {
        return close(connection);
    }
    connection.state = State::open;
    pump(now, connection);
}

}  // namespace leasehold::server

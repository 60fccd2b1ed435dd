#include "sdk/server/connections.hpp"

#include "sdk/server/release.hpp"
#include "sdk/wire/watch.hpp"

namespace leasehold::server {

namespace {

constexpr unsigned place_bits = 24;
constexpr std::uint64_t place_mask = (std::uint64_t{1} << place_bits) - 1;
constexpr std::size_t past_size = std::size_t{1} << 16U;

/// Serial numbers begin with 1, and each is remembered when it is given out.
std::size_t place_of_past(ConnectionId id) {
    return ((id >> place_bits) - 1) % past_size;
}

}  // namespace

Connection& Connections::add(ServerId server, std::string address) {
    std::uint64_t place = x_slots.size();
    if (x_free.empty()) {
        x_slots.emplace_back();
    } else {
        place = x_free.back();
        x_free.pop_back();
    }
    auto& slot = x_slots[place];
    slot = std::make_unique<Connection>();
    slot->id = (x_next_serial++ << place_bits) | place;
    slot->server = server;
    slot->address = std::move(address);
    slot->identities.push_back({"ip", slot->address});
    slot->input = wire::FrameSplitter({.frame = x_max_frame, .drain = x_max_frame});
    ++x_counts[server];
    remember(*slot);
    return *slot;
}

Connection* Connections::find(ConnectionId id) {
    const std::uint64_t place = id & place_mask;
    if (place >= x_slots.size() || x_slots[place] == nullptr || x_slots[place]->id != id) {
        return nullptr;
    }
    return x_slots[place].get();
}

const Connection* Connections::find(ConnectionId id) const {
    const std::uint64_t place = id & place_mask;
    if (place >= x_slots.size() || x_slots[place] == nullptr || x_slots[place]->id != id) {
        return nullptr;
    }
    return x_slots[place].get();
}

void Connections::remove(ConnectionId id) {
    Connection* const connection = find(id);
    if (connection == nullptr) {
        return;
    }
    if (connection->state != Connection::State::closed) {
        --x_counts[connection->server];
    }
    x_slots[id & place_mask].reset();
    x_free.push_back(static_cast<std::uint32_t>(id & place_mask));
}

std::vector<ConnectionId> Connections::of_server(ServerId server) const {
    std::vector<ConnectionId> ids;
    for (const auto& slot : x_slots) {
        if (slot != nullptr && slot->server == server && slot->state != Connection::State::closed) {
            ids.push_back(slot->id);
        }
    }
    return ids;
}

void Connections::remember(const Connection& connection) {
    const std::size_t place = place_of_past(connection.id);
    if (place == x_past.size()) {
        x_past.emplace_back();
    }
    x_past[place] = {connection.id, connection.server, connection.session};
}

Connections::Past Connections::past_of(ConnectionId id) const {
    const std::size_t place = place_of_past(id);
    return place < x_past.size() && x_past[place].id == id ? x_past[place] : Past{};
}

Ensemble::Output Connections::take_output(ConnectionId id) {
    Connection* const connection = find(id);
    if (connection == nullptr) {
        return {};
    }
    connection->is_ready = false;
    Ensemble::Output output{std::exchange(connection->output, {}),
                            connection->state == Connection::State::closed};
    if (output.is_closed) {
        remove(id);
    }
    return output;
}

void Connections::make_ready(Connection& connection) {
    if (!connection.is_ready) {
        connection.is_ready = true;
        x_ready.push_back(connection.id);
    }
}

bool Connections::begin_output(Connection& connection) {
    if (connection.is_frozen || connection.is_unheard ||
        connection.state == Connection::State::closed) {
        return false;
    }
    ++connection.sent;
    make_ready(connection);
    return true;
}

void Connections::close(Connection& connection) {
    if (connection.state == Connection::State::closed) {
        return;
    }
    connection.state = Connection::State::closed;
    --x_counts[connection.server];
    if (!connection.is_unheard) {
        make_ready(connection);
    }
}

void Connections::write(Connection& connection, std::string_view bytes) {
    if (begin_output(connection)) {
        connection.output += bytes;
    }
}

void Connections::notify(Connection& connection, const WatchEvent& event) {
    if (event.acls != nullptr && !allows(*event.acls, wire::perms::read, connection.identities)) {
        return;
    }
    if (begin_output(connection)) {
        const std::int64_t zxid = x_release >= Release{3, 9, 0} ? event.zxid : -1;
        const wire::FrameScope frame(connection.output);
        wire::Writer out(connection.output);
        encode(out, wire::ReplyHeader{wire::notification_xid, zxid, wire::ServerError::ok});
        out.int32(static_cast<std::int32_t>(event.type));
        out.int32(wire::connected_state);
        out.buffer(event.path);
    }
}

}  // namespace leasehold::server

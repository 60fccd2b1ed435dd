// The clients' connections of all servers: what has come in, what is to go out, and who they are.
#pragma once

#include "sdk/server/acl.hpp"
#include "sdk/server/ensemble.hpp"
#include "sdk/server/store.hpp"
#include "sdk/wire/archive.hpp"
#include "sdk/wire/frame.hpp"
#include "sdk/wire/header.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leasehold::server {

struct Connection {
    enum class State : std::uint8_t {
        fresh,    ///< not a frame yet: it may be a four-letter word
        unknown,  ///< the connect request has not come
        joining,  ///< it has, and its answer is under way; nothing more is read until then
        open,
        closed,
    };

    ConnectionId id = 0;
    ServerId server = 0;
    State state = State::fresh;
    bool is_frozen = false;   ///< nothing is read or written any more
    bool is_pumping = false;  ///< somebody is taking frames out of it further up the stack
    bool is_ready = false;    ///< in the list of those that have output
    bool is_unheard = false;  ///< the client is gone, and the server has not noticed yet
    bool has_read_only_byte = true;
    std::int64_t session = 0;
    std::int32_t timeout_ms = 0;
    std::uint32_t received = 0;
    std::uint32_t sent = 0;
    std::string address;
    std::string first_bytes;  ///< of a fresh one
    std::string output;
    Identities identities;
    wire::FrameSplitter input;
};

/// What a reply needs to know of its request, and what a request that waits needs to be served.
struct Request {
    ConnectionId connection = 0;
    std::int32_t xid = 0;
    wire::Opcode op{};
    Fate fate = Fate::serve;
    std::uint64_t tag = 0;  ///< of one that waits for the leader
    std::string body{};     ///< of one that waits behind another
};

class Connections {
public:
    Connections(std::size_t max_frame, Release release)
        : x_max_frame(max_frame), x_release(release) {}

    Connection& add(ServerId server, std::string address);
    /// Also one that is closed and whose output nobody has taken. Null if it is unknown.
    [[nodiscard]] Connection* find(ConnectionId id);
    [[nodiscard]] const Connection* find(ConnectionId id) const;
    void remove(ConnectionId id);
    [[nodiscard]] std::vector<ConnectionId> of_server(ServerId server) const;
    /// Open or about to be.
    [[nodiscard]] std::size_t count(ServerId server) const { return x_counts[server]; }
    void set_servers(std::size_t count) { x_counts.resize(count); }

    /// The session of a connection and its server, also if that is closed, unless it was very long
    /// ago.
    void remember(const Connection& connection);
    struct Past {
        ConnectionId id = 0;
        ServerId server = 0;
        std::int64_t session = 0;
    };
    [[nodiscard]] Past past_of(ConnectionId id) const;

    [[nodiscard]] std::vector<ConnectionId> take_ready() { return std::exchange(x_ready, {}); }
    [[nodiscard]] Ensemble::Output take_output(ConnectionId id);

    /// Behind what was written. To be done through the server, which has more to forget.
    void close(Connection& connection);
    void write(Connection& connection, std::string_view bytes);
    void notify(Connection& connection, const WatchEvent& event);

    /// Writes one reply, unless its request is to have none. True if the connection has to be
    /// closed now.
    template <class WriteBody>
    [[nodiscard]] bool reply(Connection& connection, const Request& request, std::int64_t zxid,
                             wire::ServerError err, const WriteBody& write_body) {
        if (request.fate != Fate::close_unheard && begin_output(connection)) {
            const wire::FrameScope frame(connection.output);
            wire::Writer out(connection.output);
            encode(out, wire::ReplyHeader{request.xid, zxid, err});
            write_body(out);
        }
        return request.fate == Fate::close_unheard || request.fate == Fate::close_after;
    }

private:
    /// False if nothing may be written to it any more.
    bool begin_output(Connection& connection);
    void make_ready(Connection& connection);

    std::size_t x_max_frame;
    Release x_release;
    /// An id is a serial number above, the place in this list below.
    std::vector<std::unique_ptr<Connection>> x_slots;
    std::vector<std::uint32_t> x_free;
    std::uint64_t x_next_serial = 1;
    std::vector<ConnectionId> x_ready;
    std::vector<std::size_t> x_counts;
    std::vector<Past> x_past;  ///< a ring, once it is full
};

}  // namespace leasehold::server

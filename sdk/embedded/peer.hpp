// One client's connection: what is read is handed out in order, what is to be sent is kept, in
// bounds, until its time has come and the client takes it.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/embedded/settings.hpp"
#include "sdk/server/ensemble.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::embedded {

class Peer;

/// What a peer tells its owner; never called from within a call of the owner's.
class PeerListener {
public:
    virtual ~PeerListener() = default;

    /// There is something to read, if only the end of the stream.
    virtual void on_readable(Peer& peer) = 0;
    /// The client takes output again.
    virtual void on_writable(Peer& peer) = 0;
};

/// What waits on the socket keeps the peer alive; after `close` it calls nobody any more.
/// Thread safety: none; used on the io_context's thread only.
class Peer : public std::enable_shared_from_this<Peer> {
public:
    Peer(boost::asio::io_context& io, PeerListener& listener, const Limits& limits,
         server::ConnectionId id, server::ServerId server);

    /// Takes the socket. False if the reactor cannot.
    [[nodiscard]] bool open(int descriptor);
    /// The socket is closed, what was not sent is lost.
    void close();

    [[nodiscard]] server::ConnectionId id() const { return x_id; }
    [[nodiscard]] server::ServerId server() const { return x_server; }
    [[nodiscard]] bool is_closed() const { return x_is_closed; }
    /// False while it is silent, or has more output than a client that reads lets stand.
    [[nodiscard]] bool is_heard() const {
        return !x_is_closed && !x_is_silent && x_pending <= x_limits.pause_above;
    }
    /// Bytes that wait to be sent.
    [[nodiscard]] std::size_t pending() const { return x_pending; }

    /// Calls on_readable once, when there is something to read and the peer is heard.
    void wait_readable();
    /// What was left the last time, else what one read gives (into `buffer`, at the end of which it
    /// stands). Empty if there is nothing; no value at the end of the stream. The view is good
    /// until the buffer changes, or `leave` is called.
    [[nodiscard]] std::optional<std::string_view> read(std::vector<char>& buffer);
    /// Keeps what cannot be used now for the next `read`.
    void leave(std::string_view rest);

    void write(Instant made_at, std::string bytes);
    /// The socket is to be closed behind what was written.
    void write_end(Instant made_at);
    /// Sends what was made `delay` ago or earlier, as far as the client takes it. Returns when to
    /// come again for the rest; Instant::max() if there is none, or on_writable will be called.
    [[nodiscard]] Instant flush(Instant now, Duration delay);

    /// While it is silent, nothing is read or sent, not even the end of the stream.
    void set_silent(bool is_silent);

private:
    struct Chunk {
        Instant made_at;
        std::string bytes;
    };

    [[nodiscard]] bool send_first();
    void wait_writable();
    [[nodiscard]] Instant finish(Instant now, Duration delay);

    boost::asio::io_context& x_io;
    boost::asio::ip::tcp::socket x_socket;
    PeerListener& x_listener;
    const Limits& x_limits;
    const server::ConnectionId x_id;
    const server::ServerId x_server;

    std::string x_left;     // for the next read
    std::string x_reading;  // what was left, while somebody looks at it
    std::deque<Chunk> x_output;
    std::size_t x_sent = 0;  // of the first chunk
    std::size_t x_pending = 0;
    std::optional<Instant> x_end_made_at;
    bool x_is_broken = false;  // nothing can be sent any more; what was received can still be read
    bool x_is_silent = false;
    bool x_is_closed = false;
    bool x_is_waiting_to_read = false;
    bool x_is_waiting_to_write = false;
};

}  // namespace leasehold::embedded

// One TCP connection at a time: connecting, reading and writing without ever blocking, and without
// ever mistaking a late answer of an earlier connection for one of this.
#pragma once

#include "sdk/core/endpoint.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::net {

/// What a connection tells its owner. Never called from within a call of the owner's; the owner
/// may connect and disconnect inside.
class ConnectionListener {
public:
    virtual ~ConnectionListener() = default;

    virtual void on_connected() = 0;
    /// The view lives as long as the call.
    virtual void on_bytes(std::string_view bytes) = 0;
    /// Connecting failed, or the connection ended from the other side. The socket is closed.
    virtual void on_disconnected(std::string_view why) = 0;
};

/// Thread safety: none; used on the io_context's thread only.
class Connection {
public:
    Connection(boost::asio::io_context& io, ConnectionListener& listener);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Replaces whatever was before. Answered by on_connected or on_disconnected, once, unless
    /// disconnect() or another connect() comes first. The endpoint's host is a numeric address.
    void connect(const core::Endpoint& endpoint);
    /// Writes what the socket takes now, and the rest when it takes more. Ignored unless connected.
    void write(std::string_view bytes);
    /// Closes the socket; nothing is called for it any more. Bytes that were not taken are lost. An
    /// attempt that nobody has answered yet is reset: a server that is stopped, or not ready, would
    /// keep the connection (in CLOSE-WAIT) until it comes to it, or for ever.
    void disconnect();

private:
    void fail(std::string why);
    void read();
    [[nodiscard]] std::string why_ended(boost::system::error_code error) const;
    void send_pending();
    void wait_writable();

    boost::asio::io_context& x_io;
    ConnectionListener& x_listener;
    boost::asio::ip::tcp::socket x_socket;
    /// Counts connections: a callback that carries another number than this is late.
    std::uint64_t x_generation = 0;
    bool x_is_connected = false;
    bool x_is_answered = false;  // a byte has come from the other side
    bool x_is_writing = false;   // waiting until the socket takes more
    std::string x_write_failure;
    std::string x_pending;
    std::vector<char> x_buffer;
};

}  // namespace leasehold::net

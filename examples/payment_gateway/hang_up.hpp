// Silence: a connection that is kept and not answered until its other end has gone.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <list>

namespace payment_gateway {

/// Reads and forgets until the other end closes the connection.
boost::asio::awaitable<void> hang_up(boost::asio::ip::tcp::socket& socket);

/// Accepts connections and never reads a byte of them, so that whoever writes enough gets stuck in
/// writing, and whoever waits for an answer waits for ever.
///
/// Thread safety: none; everything runs on the one thread of the io_context.
class BlackHole {
public:
    BlackHole(boost::asio::io_context& io, unsigned short port);

    [[nodiscard]] unsigned short port() const { return x_acceptor.local_endpoint().port(); }

private:
    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> sweep();

    boost::asio::ip::tcp::acceptor x_acceptor;
    std::list<boost::asio::ip::tcp::socket> x_sockets;
};

}  // namespace payment_gateway

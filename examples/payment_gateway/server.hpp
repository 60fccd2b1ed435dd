// The stub of a payment gateway: HTTP/1.1 on loopback, and it misbehaves when it is asked to.
#pragma once

#include "behaviour.hpp"
#include "ledger.hpp"
#include "wire.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstddef>

namespace payment_gateway {

/// Serves until the io_context is stopped:
///
///     POST /charges             {"payment": "order-42", "amount_cents": 1999} -> the receipt
///     GET  /charges/{payment}   how often it was asked for, how often it was charged
///     GET  /charges             the same of all
///     PUT  /behaviour           {"behave": "hang", "times": 3}; without times: from now on
///     GET  /healthz
///
/// Thread safety: none; everything runs on the one thread of the io_context.
class Server {
public:
    /// Port 0 takes a free one. Throws boost::system::system_error if the port is not to be had.
    Server(boost::asio::io_context& io, unsigned short port);

    [[nodiscard]] unsigned short port() const { return x_acceptor.local_endpoint().port(); }
    [[nodiscard]] const Ledger& ledger() const { return x_ledger; }
    [[nodiscard]] Script& script() { return x_script; }

private:
    using Request = boost::beast::http::request<boost::beast::http::string_body>;
    using Response = boost::beast::http::response<boost::beast::http::string_body>;

    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);
    /// False: the connection has to go.
    boost::asio::awaitable<bool> handle(boost::beast::tcp_stream& stream, const Request& request);
    boost::asio::awaitable<bool> charge(boost::beast::tcp_stream& stream, const Request& request);
    boost::asio::awaitable<bool> misbehave(boost::beast::tcp_stream& stream, const Request& request,
                                           Kind kind);
    [[nodiscard]] Response receipt(const Request& request, const Charge& charge, Entry& entry);
    [[nodiscard]] Response look(const Request& request) const;
    [[nodiscard]] Response set_behaviour(const Request& request);

    boost::asio::ip::tcp::acceptor x_acceptor;
    Ledger x_ledger;
    Script x_script;
    std::size_t x_connections = 0;
};

}  // namespace payment_gateway

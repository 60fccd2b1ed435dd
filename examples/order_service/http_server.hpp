// HTTP/1.1 around one coroutine that answers: limits, timeouts, and an end that nobody has to fear.
#pragma once

#include "answer.hpp"
#include "settings.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

namespace order_service {

using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;

/// Each connection is on a strand of its own, and asks one thing after the other.
/// Thread safety: the io_context may have any number of threads.
class HttpServer {
public:
    using Handler = std::function<boost::asio::awaitable<Answer>(const HttpRequest&)>;

    /// Throws boost::system::system_error if the port is not to be had.
    HttpServer(boost::asio::io_context& io, const Settings& settings, Handler handler);

    [[nodiscard]] unsigned short port() const { return x_port; }

    /// Takes nothing more, lets what runs go on for `drain`, then cancels it; completes when no
    /// connection is left, or a second after that.
    boost::asio::awaitable<void> shut_down(milliseconds drain);

private:
    struct Connection {
        explicit Connection(boost::asio::any_io_executor on) : strand(std::move(on)) {}
        boost::asio::any_io_executor strand;
        boost::asio::cancellation_signal signal;  ///< on the strand only, as the next one
        bool is_idle = true;
    };
    using Place = std::list<std::shared_ptr<Connection>>::iterator;

    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> serve(std::shared_ptr<Connection> connection,
                                       boost::asio::ip::tcp::socket socket);
    void begin(boost::asio::ip::tcp::socket socket);
    boost::asio::awaitable<bool> exchange(Connection& connection, boost::beast::tcp_stream& stream,
                                          boost::beast::flat_buffer& buffer);
    void cancel(bool only_idle);
    [[nodiscard]] std::size_t count() const;

    boost::asio::io_context& x_io;
    boost::asio::any_io_executor x_acceptor_strand;
    boost::asio::ip::tcp::acceptor x_acceptor;
    unsigned short x_port;
    std::size_t x_max_connections;
    Handler x_handler;
    std::atomic<bool> x_is_stopping{false};
    mutable std::mutex x_mutex;
    std::list<std::shared_ptr<Connection>> x_connections;
};

}  // namespace order_service

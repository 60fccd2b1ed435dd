#include "http_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <utility>

namespace order_service {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::awaitable;
using asio::redirect_error;
using asio::use_awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using HttpResponse = http::response<http::string_body>;

constexpr std::uint64_t max_body = 16 << 10;
constexpr std::uint32_t max_header = 8 << 10;
constexpr std::chrono::seconds read_limit{30};  // of one request, and of idleness before it
constexpr std::chrono::seconds write_limit{10};
constexpr std::chrono::seconds drain_limit{2};  // of what nobody wants to read
constexpr std::size_t max_drained = 64 << 20;
constexpr std::chrono::milliseconds look_again{10};

HttpResponse response_to(const HttpRequest& request, const Answer& answer) {
    HttpResponse response(static_cast<http::status>(answer.status), request.version());
    response.set(http::field::content_type,
                 answer.text.empty() ? "application/json" : "text/plain; version=0.0.4");
    if (answer.retry_after_s) {
        response.set(http::field::retry_after, std::to_string(*answer.retry_after_s));
    }
    response.body() =
        answer.text.empty()
            ? answer.body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n'
            : answer.text;
    response.keep_alive(request.keep_alive());
    response.prepare_payload();
    return response;
}

/// What the parser did not like; nothing if the connection just ended.
std::optional<Answer> complaint(const error_code& failure) {
    if (failure == http::error::body_limit) {
        return refuse(413, "too_large", "the body is larger than 16 KiB");
    }
    if (failure == http::error::header_limit || failure == http::error::buffer_overflow) {
        return refuse(431, "too_large", "the header is larger than 8 KiB");
    }
    if (failure == beast::error::timeout || failure == http::error::end_of_stream ||
        failure == http::error::partial_message ||
        failure.category() != http::make_error_code(http::error::bad_target).category()) {
        return std::nullopt;
    }
    return refuse(400, "no_http", failure.message());
}

/// A socket that is closed with bytes unread resets the connection, and whoever is still sending
/// them never sees the answer.
awaitable<void> drain(beast::tcp_stream& stream) {
    error_code failure;
    stream.socket().shutdown(tcp::socket::shutdown_send, failure);
    stream.expires_after(drain_limit);
    std::array<char, 16 << 10> bytes{};
    for (std::size_t left = max_drained; !failure && left > 0;) {
        const std::size_t count = co_await stream.async_read_some(
            asio::buffer(bytes), redirect_error(use_awaitable, failure));
        left -= std::min(left, count);
    }
}

}  // namespace

HttpServer::HttpServer(asio::io_context& io, const Settings& settings, Handler handler)
    : x_io(io),
      x_acceptor_strand(asio::make_strand(io)),
      x_acceptor(x_acceptor_strand,
                 tcp::endpoint(asio::ip::make_address(settings.address), settings.port)),
      x_port(x_acceptor.local_endpoint().port()),
      x_max_connections(settings.max_connections),
      x_handler(std::move(handler)) {
    asio::co_spawn(x_acceptor_strand, accept(), asio::detached);
}

awaitable<void> HttpServer::accept() {
    asio::steady_timer pause(x_acceptor_strand);
    while (!x_is_stopping) {
        error_code failure;
        tcp::socket socket = co_await x_acceptor.async_accept(
            asio::make_strand(x_io), redirect_error(use_awaitable, failure));
        if (x_is_stopping) {
            co_return;
        }
        if (failure) {  // out of descriptors: some will be given back
            pause.expires_after(look_again);
            co_await pause.async_wait(redirect_error(use_awaitable, failure));
        } else if (count() < x_max_connections) {
            begin(std::move(socket));
        }
    }
}

void HttpServer::begin(tcp::socket socket) {
    const auto connection = std::make_shared<Connection>(socket.get_executor());
    Place place;
    {
        const std::lock_guard lock(x_mutex);
        place = x_connections.insert(x_connections.end(), connection);
    }
    // On the strand, so that nobody cancels before there is something to cancel.
    asio::dispatch(connection->strand, [this, place, connection,
                                        socket = std::move(socket)]() mutable {
        auto ended = [this, place](const std::exception_ptr&) {
            const std::lock_guard lock(x_mutex);
            x_connections.erase(place);
        };
        asio::co_spawn(connection->strand, serve(connection, std::move(socket)),
                       asio::bind_cancellation_slot(connection->signal.slot(), std::move(ended)));
    });
}

awaitable<void> HttpServer::serve(std::shared_ptr<Connection> connection, tcp::socket socket) {
    // A payment that is cancelled still gets its answer.
    co_await asio::this_coro::throw_if_cancelled(false);
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer(max_header + max_body);
    bool goes_on = true;
    while (goes_on && !x_is_stopping) {
        goes_on = co_await exchange(*connection, stream, buffer);
    }
    error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
}

awaitable<bool> HttpServer::exchange(Connection& connection, beast::tcp_stream& stream,
                                     beast::flat_buffer& buffer) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(max_body);
    parser.header_limit(max_header);
    stream.expires_after(read_limit);
    error_code failure;
    connection.is_idle = true;
    co_await http::async_read(stream, buffer, parser, redirect_error(use_awaitable, failure));
    connection.is_idle = false;
    std::optional<Answer> answer = failure ? complaint(failure) : std::nullopt;
    if (failure && !answer) {
        co_return false;
    }
    if (!answer) {
        stream.expires_never();
        answer = co_await x_handler(parser.get());
    }
    HttpResponse response = response_to(parser.get(), *answer);
    if (failure || x_is_stopping) {
        response.keep_alive(false);
    }
    stream.expires_after(write_limit);
    error_code unwritten;
    co_await http::async_write(stream, response, redirect_error(use_awaitable, unwritten));
    if (failure && !unwritten) {
        co_await drain(stream);
    }
    co_return !unwritten && response.keep_alive();
}

void HttpServer::cancel(bool only_idle) {
    const std::lock_guard lock(x_mutex);
    for (const auto& connection : x_connections) {
        asio::post(connection->strand, [connection, only_idle] {
            if (connection->is_idle || !only_idle) {
                connection->signal.emit(asio::cancellation_type::terminal);
            }
        });
    }
}

std::size_t HttpServer::count() const {
    const std::lock_guard lock(x_mutex);
    return x_connections.size();
}

awaitable<void> HttpServer::shut_down(milliseconds drain) {
    using Clock = std::chrono::steady_clock;
    x_is_stopping = true;
    asio::post(x_acceptor_strand, [this] {
        error_code ignored;
        x_acceptor.close(ignored);
    });
    cancel(true);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto drained = Clock::now() + drain;
    const auto end = drained + std::chrono::seconds(1);
    bool is_cancelled = false;
    while (count() > 0 && Clock::now() < end) {
        if (Clock::now() >= drained && !is_cancelled) {
            is_cancelled = true;
            cancel(false);
        }
        timer.expires_after(look_again);
        co_await timer.async_wait(use_awaitable);
    }
}

}  // namespace order_service

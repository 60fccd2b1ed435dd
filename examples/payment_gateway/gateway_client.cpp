#include "gateway_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace payment_gateway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::awaitable;
using asio::redirect_error;
using asio::use_awaitable;
using asio::ip::tcp;
using boost::system::error_code;
using leasehold::BootClock;
using leasehold::errc;
using leasehold::Error;
using leasehold::ErrorContext;
using leasehold::Instant;
using leasehold::result;

constexpr std::uint64_t max_body = 16 << 10;
constexpr std::uint32_t max_header = 8 << 10;
constexpr std::chrono::hours longest_charge{24};

class GatewayCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "payment gateway"; }
    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<gateway_errc>(value)) {
            case gateway_errc::declined: return "the gateway declined the payment";
            case gateway_errc::refused: return "the gateway refused the request";
            case gateway_errc::unreachable: return "the gateway could not be reached";
            case gateway_errc::busy: return "the gateway is busy";
            case gateway_errc::bad_answer: return "the gateway's answer is no receipt";
            case gateway_errc::no_answer: return "the gateway closed the connection";
        }
        return "unknown";
    }
};

Error gateway_error(gateway_errc code, std::string what) {
    ErrorContext context;
    context.what = std::move(what);
    return {make_error_code(code), std::move(context)};
}

std::chrono::steady_clock::time_point on_stream_clock(Instant deadline) {
    // The stream's clock stops while the machine is suspended: it may be late then, and only then.
    const leasehold::Duration left = deadline - BootClock::now();
    return std::chrono::steady_clock::now() + std::min<leasehold::Duration>(left, longest_charge);
}

Error stopped(const error_code& failure) {
    if (failure == beast::error::timeout) {
        return {errc::timed_out, "the gateway did not answer before the deadline"};
    }
    return {errc::cancelled, "the charge was cancelled"};
}

bool is_stop(const error_code& failure) {
    return failure == beast::error::timeout || failure == asio::error::operation_aborted;
}

}  // namespace

const std::error_category& gateway_category() noexcept {
    static const GatewayCategory category;
    return category;
}

std::error_code make_error_code(gateway_errc code) noexcept {
    return {static_cast<int>(code), gateway_category()};
}

bool is_certain(const Error& error) noexcept {
    return error == make_error_code(gateway_errc::declined) ||
           error == make_error_code(gateway_errc::refused) ||
           error == make_error_code(gateway_errc::unreachable) ||
           error == make_error_code(gateway_errc::busy);
}

result<Endpoint> resolve(std::string_view host_port) {
    constexpr std::string_view scheme = "http://";
    if (host_port.starts_with(scheme)) {
        host_port.remove_prefix(scheme.size());
    }
    const std::size_t colon = host_port.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == host_port.size()) {
        return Error(errc::invalid_argument, "the gateway's address is HOST:PORT");
    }
    asio::io_context io(1);
    tcp::resolver resolver(io);
    error_code failure;
    const auto found = resolver.resolve(host_port.substr(0, colon), host_port.substr(colon + 1),
                                        tcp::resolver::numeric_service, failure);
    if (failure || found.empty()) {
        return Error(errc::invalid_argument, "cannot resolve the gateway's address " +
                                                 std::string(host_port) + ": " + failure.message());
    }
    return found.begin()->endpoint();
}

/// Sockets without an executor, since each charge runs on one of its own.
struct Connections::Idle {
    struct Entry {
        Endpoint gateway;
        int socket;
    };

    explicit Idle(std::size_t max) : max_idle(max) {}
    ~Idle() {
        for (const Entry& each : entries) {
            ::close(each.socket);
        }
    }
    Idle(const Idle&) = delete;
    Idle& operator=(const Idle&) = delete;

    /// One that is still open, and on which nothing came unasked.
    std::optional<int> take(const Endpoint& gateway) {
        const std::lock_guard lock(mutex);
        for (std::size_t index = entries.size(); index-- > 0;) {
            if (entries[index].gateway != gateway) {
                continue;
            }
            const int socket = entries[index].socket;
            entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(index));
            char byte = 0;
            if (::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN) {
                return socket;
            }
            ::close(socket);
        }
        return std::nullopt;
    }

    void put(const Endpoint& gateway, int socket) {
        const std::lock_guard lock(mutex);
        if (entries.size() < max_idle) {
            entries.push_back({gateway, socket});
        } else {
            ::close(socket);
        }
    }

    std::size_t max_idle;
    std::mutex mutex;
    std::vector<Entry> entries;
};

Connections::Connections(std::size_t max_idle) : x_idle(std::make_unique<Idle>(max_idle)) {}
Connections::~Connections() = default;

/// One charge on one connection.
class Call {
public:
    Call(const asio::any_io_executor& executor, const Endpoint& gateway, Connections* connections)
        : x_gateway(gateway),
          x_idle(connections != nullptr ? connections->x_idle.get() : nullptr),
          x_stream(executor) {}

    [[nodiscard]] bool is_reused() const { return x_is_reused; }

    /// `can_reuse`: one that was left by an earlier charge will do.
    awaitable<result<void>> connect(Instant deadline, bool can_reuse) {
        const std::optional<int> idle =
            can_reuse && x_idle != nullptr ? x_idle->take(x_gateway) : std::nullopt;
        error_code failure;
        if (idle) {
            x_stream.socket().assign(x_gateway.protocol(), *idle, failure);
            if (!failure) {
                x_is_reused = true;
                co_return leasehold::success();
            }
            ::close(*idle);
        }
        x_stream.expires_at(on_stream_clock(deadline));
        co_await x_stream.async_connect(x_gateway, redirect_error(use_awaitable, failure));
        if (is_stop(failure)) {
            co_return stopped(failure);
        }
        if (failure) {
            co_return gateway_error(gateway_errc::unreachable, failure.message());
        }
        x_stream.socket().set_option(tcp::no_delay(true), failure);
        co_return leasehold::success();
    }

    awaitable<result<Receipt>> exchange(const Charge& charge, Instant deadline) {
        http::request<http::string_body> request(http::verb::post, "/charges", 11);
        request.set(http::field::host, "gateway");
        request.set(http::field::content_type, "application/json");
        if (!charge.behave.empty()) {
            request.set(behave_header, charge.behave);
        }
        request.keep_alive(x_idle != nullptr);
        request.body() = to_json(charge);
        request.prepare_payload();

        x_stream.expires_at(on_stream_clock(deadline));
        error_code failure;
        co_await http::async_write(x_stream, request, redirect_error(use_awaitable, failure));
        http::response_parser<http::string_body> parser;
        parser.body_limit(max_body);
        parser.header_limit(max_header);
        beast::flat_buffer buffer(max_header + max_body);
        if (!failure) {
            co_await http::async_read(x_stream, buffer, parser,
                                      redirect_error(use_awaitable, failure));
        }
        if (failure) {
            x_can_repeat = x_is_reused && !is_stop(failure) && !parser.got_some();
            co_return failure_of(failure);
        }
        keep(parser.get(), buffer);
        co_return receipt_in(parser.get(), charge);
    }

    /// The connection was closed while it was idle, and nobody could know.
    [[nodiscard]] bool can_repeat() const { return x_can_repeat; }

private:
    using Response = http::response<http::string_body>;

    static Error failure_of(const error_code& failure) {
        if (is_stop(failure)) {
            return stopped(failure);
        }
        const bool is_http = failure.category() == http::make_error_code({}).category();
        if (is_http && failure != http::error::end_of_stream &&
            failure != http::error::partial_message) {
            return gateway_error(gateway_errc::bad_answer, failure.message());
        }
        return gateway_error(gateway_errc::no_answer, failure.message());
    }

    void keep(const Response& response, const beast::flat_buffer& buffer) {
        if (x_idle == nullptr || !response.keep_alive() || buffer.size() != 0) {
            return;
        }
        x_stream.expires_never();
        tcp::socket socket = x_stream.release_socket();
        error_code failure;
        const int descriptor = socket.release(failure);
        if (!failure) {
            x_idle->put(x_gateway, descriptor);
        }
    }

    static result<Receipt> receipt_in(const Response& response, const Charge& charge) {
        const unsigned status = response.result_int();
        // What it said is for the log, and may be long.
        const std::string said =
            "it answered " + std::to_string(status) + ": " + response.body().substr(0, 200);
        switch (status) {
            case 200: break;
            case 402: return gateway_error(gateway_errc::declined, said);
            case 429:
            case 503: return gateway_error(gateway_errc::busy, said);
            default:
                return gateway_error(status >= 400 && status < 500 ? gateway_errc::refused
                                                                   : gateway_errc::bad_answer,
                                     said);
        }
        std::string why;
        auto receipt = parse_receipt(response.body(), why);
        if (!receipt) {
            return gateway_error(gateway_errc::bad_answer, why);
        }
        if (receipt->payment != charge.payment || receipt->amount_cents != charge.amount_cents) {
            return gateway_error(gateway_errc::bad_answer, "the receipt is of another charge");
        }
        return std::move(*receipt);
    }

    Endpoint x_gateway;
    Connections::Idle* x_idle;
    beast::tcp_stream x_stream;
    bool x_is_reused = false;
    bool x_can_repeat = false;
};

namespace {

awaitable<result<Receipt>> charge_on(const asio::any_io_executor& executor, const Endpoint& gateway,
                                     const Charge& charge, Instant deadline,
                                     Connections* connections) {
    bool can_reuse = true;
    for (;;) {
        if (BootClock::now() >= deadline) {
            co_return Error(errc::timed_out, "no time is left for the gateway");
        }
        Call call(executor, gateway, connections);
        BOOST_OUTCOME_CO_TRYV(co_await call.connect(deadline, can_reuse));
        auto receipt = co_await call.exchange(charge, deadline);
        if (receipt || !call.can_repeat()) {
            co_return receipt;
        }
        can_reuse = false;
    }
}

}  // namespace

awaitable<result<Receipt>> charge(Endpoint gateway, Charge charge, Instant deadline,
                                  Connections* connections) {
    const auto executor = co_await asio::this_coro::executor;
    // A cancelled operation is an answer here; the caller's own choice is put back.
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    auto receipt = co_await charge_on(executor, gateway, charge, deadline, connections);
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return receipt;
}

}  // namespace payment_gateway

#include "server.hpp"

#include "hang_up.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace payment_gateway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::awaitable;
using asio::redirect_error;
using asio::use_awaitable;
using asio::ip::tcp;
using Json = nlohmann::json;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr std::size_t max_connections = 4096;
constexpr std::uint64_t max_body = 16 << 10;
constexpr std::uint32_t max_header = 8 << 10;
constexpr std::chrono::seconds idle_limit{120};

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

Response json_response(const Request& request, http::status status, const Json& body) {
    Response response(status, request.version());
    response.set(http::field::content_type, "application/json");
    response.keep_alive(request.keep_alive());
    response.body() = body.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
    response.prepare_payload();
    return response;
}

Response refusal(const Request& request, http::status status, std::string why) {
    return json_response(request, status, Json{{"error", std::move(why)}});
}

awaitable<bool> send(beast::tcp_stream& stream, Response response) {
    boost::system::error_code failure;
    co_await http::async_write(stream, response, redirect_error(use_awaitable, failure));
    co_return !failure && response.keep_alive();
}

}  // namespace

Server::Server(asio::io_context& io, unsigned short port)
    : x_acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), port)) {
    asio::co_spawn(io, accept(), asio::detached);
}

awaitable<void> Server::accept() {
    asio::steady_timer pause(x_acceptor.get_executor());
    for (;;) {
        boost::system::error_code failure;
        tcp::socket socket =
            co_await x_acceptor.async_accept(redirect_error(use_awaitable, failure));
        if (failure) {  // out of descriptors: some will be given back
            pause.expires_after(std::chrono::milliseconds(50));
            co_await pause.async_wait(use_awaitable);
            continue;
        }
        if (x_connections < max_connections) {
            const auto executor = socket.get_executor();
            asio::co_spawn(executor, serve(std::move(socket)), asio::detached);
        }
    }
}

awaitable<void> Server::serve(tcp::socket socket) {
    ++x_connections;
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer(max_header + max_body);
    bool goes_on = true;
    while (goes_on) {
        http::request_parser<http::string_body> parser;
        parser.body_limit(max_body);
        parser.header_limit(max_header);
        stream.expires_after(idle_limit);
        boost::system::error_code failure;
        co_await http::async_read(stream, buffer, parser, redirect_error(use_awaitable, failure));
        if (failure.category() == make_error_code(http::error::bad_target).category() &&
            failure != http::error::end_of_stream && failure != http::error::partial_message) {
            Response bad = refusal(parser.get(), http::status::bad_request, failure.message());
            bad.keep_alive(false);
            co_await send(stream, std::move(bad));
        }
        if (failure) {
            break;
        }
        const Request request = parser.release();
        goes_on = co_await handle(stream, request);
    }
    --x_connections;
}

awaitable<bool> Server::handle(beast::tcp_stream& stream, const Request& request) {
    const std::string_view target = view(request.target());
    if (target == "/charges" && request.method() == http::verb::post) {
        co_return co_await charge(stream, request);
    }
    Response response = target == "/behaviour" ? set_behaviour(request) : look(request);
    co_return co_await send(stream, std::move(response));
}

Server::Response Server::look(const Request& request) const {
    const std::string_view target = view(request.target());
    const std::string_view prefix = "/charges/";
    if (request.method() != http::verb::get) {
        return refusal(request, http::status::method_not_allowed, "only GET is allowed here");
    }
    if (target == "/healthz") {
        return json_response(request, http::status::ok, Json{{"live", true}});
    }
    if (target == "/charges") {
        const Totals& totals = x_ledger.totals();
        return json_response(request, http::status::ok,
                             Json{{"payments", totals.payments},
                                  {"asked", totals.asked},
                                  {"charged", totals.charged}});
    }
    if (target.starts_with(prefix) && is_payment_id(target.substr(prefix.size()))) {
        const std::string payment(target.substr(prefix.size()));
        const Entry entry = x_ledger.find(payment);
        return json_response(request, http::status::ok,
                             Json{{"payment", payment},
                                  {"asked", entry.asked},
                                  {"charged", entry.charged},
                                  {"amount_cents", entry.amount_cents},
                                  {"receipt", entry.receipt}});
    }
    return refusal(request, http::status::not_found, "there is nothing here");
}

Server::Response Server::set_behaviour(const Request& request) {
    if (request.method() != http::verb::put) {
        return refusal(request, http::status::method_not_allowed, "only PUT is allowed here");
    }
    const Json json = Json::parse(request.body(), nullptr, false);
    const auto behave = json.is_object() ? json.find("behave") : json.end();
    if (behave == json.end() || !behave->is_string()) {
        return refusal(request, http::status::bad_request,
                       R"(wanted: {"behave": "...", "times": N}, without times for all)");
    }
    const auto behaviour = parse_behaviour(behave->get<std::string>());
    if (!behaviour) {
        return refusal(request, http::status::bad_request, "behave is one of " + behaviours());
    }
    std::optional<std::uint64_t> times;
    if (const auto wanted = json.find("times"); wanted != json.end()) {
        if (!wanted->is_number_unsigned()) {
            return refusal(request, http::status::bad_request, "'times' has to be a number from 0");
        }
        times = wanted->get<std::uint64_t>();
    }
    x_script.set(*behaviour, times);
    return json_response(request, http::status::ok, Json{{"behave", *behave}});
}

awaitable<bool> Server::charge(beast::tcp_stream& stream, const Request& request) {
    std::string why;
    const std::optional<Charge> wanted = parse_charge(request.body(), why);
    const auto header = request.find(behave_header);
    std::optional<Behaviour> behaviour =
        header == request.end() ? Behaviour{} : parse_behaviour(view(header->value()));
    if (!behaviour) {
        why = "X-Behave is one of " + behaviours();
    }
    if (!wanted || !behaviour) {
        Response refused = refusal(request, http::status::bad_request, why);
        co_return co_await send(stream, std::move(refused));
    }
    Entry* const entry = x_ledger.ask(wanted->payment);
    if (entry == nullptr) {
        Response full = refusal(request, http::status::service_unavailable, "the ledger is full");
        co_return co_await send(stream, std::move(full));
    }
    if (header == request.end()) {
        behaviour = x_script.next();
    }
    if (behaviour->delay.count() > 0) {
        asio::steady_timer timer(stream.get_executor(), behaviour->delay);
        co_await timer.async_wait(use_awaitable);
    }
    const bool is_charged = entry->charged != 0;
    if (behaviour->kind == Kind::charge_then_hang || behaviour->kind == Kind::charge_then_close) {
        x_ledger.charge(*entry, wanted->amount_cents);
    }
    // A payment that has been charged is not declined afterwards.
    if (behaviour->kind == Kind::normal || (behaviour->kind == Kind::fail && is_charged)) {
        Response answer = receipt(request, *wanted, *entry);
        co_return co_await send(stream, std::move(answer));
    }
    co_return co_await misbehave(stream, request, behaviour->kind);
}

Server::Response Server::receipt(const Request& request, const Charge& charge, Entry& entry) {
    const Ledger::Outcome outcome = x_ledger.charge(entry, charge.amount_cents);
    if (outcome == Ledger::Outcome::other_amount) {
        return refusal(request, http::status::unprocessable_entity,
                       "this payment was charged with another amount");
    }
    Receipt answer;
    answer.payment = charge.payment;
    answer.receipt = entry.receipt;
    answer.amount_cents = entry.amount_cents;
    answer.is_repeated = outcome == Ledger::Outcome::repeated;
    Response response = json_response(request, http::status::ok, nullptr);
    response.body() = to_json(answer) + '\n';
    response.prepare_payload();
    return response;
}

awaitable<bool> Server::misbehave(beast::tcp_stream& stream, const Request& request, Kind kind) {
    stream.expires_never();
    boost::system::error_code failure;
    if (kind == Kind::fail) {
        Response declined =
            refusal(request, http::status::payment_required, "the card is declined");
        co_return co_await send(stream, std::move(declined));
    }
    if (kind == Kind::garbage) {
        const std::string_view bytes = "\x16\x03\x01 this is no HTTP\r\n\r\n";
        co_await asio::async_write(stream, asio::buffer(bytes),
                                   redirect_error(use_awaitable, failure));
        co_return false;
    }
    if (kind == Kind::flood) {
        std::string bytes = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
        while (!failure) {  // until the caller has had enough
            co_await asio::async_write(stream, asio::buffer(bytes),
                                       redirect_error(use_awaitable, failure));
            bytes.assign(4096, ' ');
        }
        co_return false;
    }
    if (kind == Kind::hang || kind == Kind::charge_then_hang) {
        co_await hang_up(stream.socket());
    }
    co_return false;
}

}  // namespace payment_gateway

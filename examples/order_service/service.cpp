#include "service.hpp"

#include "log.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace order_service {
namespace {

namespace http = boost::beast::http;
using boost::asio::awaitable;
using boost::asio::redirect_error;
using boost::asio::use_awaitable;

constexpr milliseconds longest_look{500};  // at each of those whom a payment needs

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

Answer wrong_method(std::string_view allowed) {
    return refuse(405, "method", "allowed here: " + std::string(allowed));
}

/// Shown to those who wait for the lock, and in the logs.
std::string trace_of(const HttpRequest& request) {
    const std::string_view text = view(request["X-Request-Id"]);
    return is_order_id(text) ? std::string(text) : std::string();
}

/// Whether somebody listens there; nothing is said to him.
awaitable<boost::system::error_code> knock(payment_gateway::Endpoint gateway) {
    boost::beast::tcp_stream stream(co_await boost::asio::this_coro::executor);
    stream.expires_after(longest_look);
    boost::system::error_code failure;
    co_await stream.async_connect(gateway, redirect_error(use_awaitable, failure));
    co_return failure;
}

}  // namespace

Service::Service(const Settings& settings, const leasehold::Client& client,
                 const payment_gateway::Endpoint& gateway)
    : x_settings(settings),
      x_client(client),
      x_gateway(gateway),
      x_store(settings),
      x_payments(settings, client, x_store, x_metrics, gateway) {}

awaitable<Answer> Service::handle(const HttpRequest& request) {
    Answer answer = refuse(500, "internal", "the service failed; its log says more");
    std::string_view name = "none";
    try {
        answer = co_await route(request, name);
    } catch (const std::exception& error) {
        log("error", "request_failed", {{"why", error.what()}});
    }
    x_metrics.answered(name, answer.status);
    co_return answer;
}

awaitable<Answer> Service::route(const HttpRequest& request, std::string_view& name) {
    constexpr std::string_view orders = "/orders/";
    constexpr std::string_view pay_suffix = "/pay";
    std::string_view target = view(request.target());
    target = target.substr(0, target.find('?'));
    const bool is_get = request.method() == http::verb::get;

    if (target == "/healthz" || target == "/readyz" || target == "/metrics") {
        name = target.substr(1);
        if (!is_get) {
            co_return wrong_method("GET");
        }
        if (target == "/metrics") {
            Answer figures(200, nlohmann::json::object());
            figures.text = x_metrics.text(x_client.stats());
            co_return figures;
        }
        nlohmann::json body = co_await readiness();
        const bool is_fine = target == "/healthz" || body["ready"] == true;
        Answer answer(is_fine ? 200 : 503, std::move(body));
        co_return answer;
    }
    if (!target.starts_with(orders)) {
        co_return refuse(404, "no_such_route", "there is nothing here");
    }
    target.remove_prefix(orders.size());
    const bool is_payment = target.ends_with(pay_suffix);
    name = is_payment ? "pay" : "order";
    if (is_payment) {
        target.remove_suffix(pay_suffix.size());
    }
    if (target.find('/') != std::string_view::npos) {
        name = "none";
        co_return refuse(404, "no_such_route", "there is nothing here");
    }
    std::string id(target);
    if (!is_order_id(id)) {
        co_return refuse(400, "order_id", "an order's id is 1 to 64 letters, digits, - and _");
    }
    if (is_payment) {
        if (request.method() != http::verb::post) {
            co_return wrong_method("POST");
        }
        co_return co_await pay(std::move(id), request);
    }
    if (is_get) {
        co_return co_await show_order(std::move(id));
    }
    if (request.method() != http::verb::put) {
        co_return wrong_method("GET, PUT");
    }
    co_return co_await create_order(std::move(id), request.body());
}

awaitable<nlohmann::json> Service::readiness() {
    const leasehold::ClientState state = x_client.state();
    const milliseconds limit = std::min(x_settings.database_timeout, longest_look);
    const auto ping = co_await x_store.ping(leasehold::BootClock::now() + limit);
    const auto refused = co_await knock(x_gateway);
    const bool is_attached = state == leasehold::ClientState::connected;
    nlohmann::json body = {{"live", true}, {"ready", is_attached && ping && !refused}};
    body["zookeeper"] = leasehold::to_string(state);
    body["database"] = ping ? std::string("connected") : ping.error().message();
    body["gateway"] = refused ? refused.message() : std::string("connected");
    co_return body;
}

awaitable<Answer> Service::show_order(std::string id) {
    const auto order = co_await x_store.find(id);
    if (!order) {
        co_return answer_no_database(order.error());
    }
    if (!*order) {
        co_return refuse(404, "no_such_order", "there is no order " + id);
    }
    co_return show(200, **order);
}

awaitable<Answer> Service::create_order(std::string id, std::string_view body) {
    std::string why;
    const auto amount = parse_order(body, why);
    if (!amount) {
        co_return refuse(400, "body", why);
    }
    const auto created = co_await x_store.create(id, *amount);
    if (!created) {
        co_return answer_no_database(created.error());
    }
    if (created->order.amount_cents != *amount) {
        co_return refuse(409, "other_amount", "this order exists, and costs something else");
    }
    co_return show(created->is_new ? 201 : 200, created->order);
}

awaitable<Answer> Service::pay(std::string id, const HttpRequest& request) {
    std::string why;
    const auto wanted = parse_pay_request(request.body(), x_settings, why);
    if (!wanted) {
        co_return refuse(400, "body", why);
    }
    std::string trace = trace_of(request);
    co_return co_await x_payments.pay(std::move(id), *wanted, std::move(trace));
}

}  // namespace order_service

#include "service.hpp"

#include "log.hpp"

#include <exception>
#include <utility>

namespace order_service {
namespace {

namespace http = boost::beast::http;
using boost::asio::awaitable;

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

}  // namespace

Service::Service(const Settings& settings, const leasehold::Client& client,
                 const payment_gateway::Endpoint& gateway)
    : x_settings(settings),
      x_client(client),
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
        if (target == "/readyz") {
            co_return co_await ready();
        }
        Answer answer(200, nlohmann::json{{"live", true}});
        if (target == "/metrics") {
            answer.text = x_metrics.text(x_client.stats());
        }
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

awaitable<Answer> Service::ready() {
    const leasehold::ClientState state = x_client.state();
    const auto ping =
        co_await x_store.ping(leasehold::BootClock::now() + x_settings.database_timeout);
    const bool is_attached = state == leasehold::ClientState::connected;
    const bool is_ready = is_attached && ping;
    Answer answer(is_ready ? 200 : 503, nlohmann::json::object());
    answer.body["ready"] = is_ready;
    answer.body["zookeeper"] = leasehold::to_string(state);
    answer.body["database"] = ping ? std::string("connected") : ping.error().message();
    co_return answer;
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

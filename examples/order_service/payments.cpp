#include "payments.hpp"

#include "log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace order_service {

using boost::asio::awaitable;
using boost::asio::use_awaitable;
using leasehold::BootClock;
using leasehold::CallContext;
using leasehold::Instant;
using leasehold::result;
using leasehold::ScopedLock;
using payment_gateway::Charge;
using payment_gateway::gateway_errc;
using payment_gateway::Receipt;

/// Who waits for an answer has waited already.
constexpr std::chrono::milliseconds longest_look{200};

Answer show(unsigned status, const Order& order) {
    Answer answer(status, nlohmann::json{{"order", order.id},
                                         {"amount_cents", order.amount_cents},
                                         {"state", order.state}});
    if (!order.receipt.empty()) {
        answer.body["receipt"] = order.receipt;
    }
    return answer;
}

Payments::Payments(const Settings& settings, const leasehold::Client& client, OrderStore& store,
                   Metrics& metrics, const payment_gateway::Endpoint& gateway)
    : x_settings(settings),
      x_client(client),
      x_store(store),
      x_metrics(metrics),
      x_gateway(gateway) {}

awaitable<Answer> Payments::pay(std::string id, PayRequest request, std::string trace) {
    Answer answer = co_await attempt(id, request, trace);
    const std::string outcome = answer.body.value("error", "paid");
    x_metrics.ended(outcome);
    log(answer.status < 500 ? "info" : "warning", "payment",
        {{"order", id}, {"outcome", outcome}, {"status", answer.status}, {"trace", trace}});
    answer.body["order"] = id;
    co_return answer;
}

awaitable<Answer> Payments::attempt(const std::string& id, const PayRequest& request,
                                    const std::string& trace) {
    // What needs no lock is answered without one.
    const auto order = co_await x_store.find(id);
    if (!order) {
        co_return answer_no_database(order.error());
    }
    if (!*order) {
        co_return refuse(404, "no_such_order", "there is no order " + id);
    }
    const std::int64_t amount = (*order)->amount_cents;
    if (request.amount_cents && *request.amount_cents != amount) {
        co_return refuse(400, "amount", "this order costs " + std::to_string(amount) + " cents");
    }
    if ((*order)->state == "paid") {
        co_return show(200, **order);
    }

    const std::string path = "/orders/" + id;
    const Instant asked = BootClock::now();
    auto lock = co_await x_client.async_lock(path,
                                             {.wait = request.wait,
                                              .budget = request.budget,
                                              .max_queue = x_settings.max_queue,
                                              .trace_id = trace},
                                             use_awaitable);
    const Instant granted = BootClock::now();
    x_metrics.waited(granted - asked);
    if (!lock) {
        Answer refused = answer_no_lock(lock.error(), request.budget);
        if (refused.status == 409) {
            co_await look_at_holder(path, refused);
        }
        co_return refused;
    }
    Answer answer = co_await pay_under(*lock, id, amount);
    x_metrics.held(BootClock::now() - granted);
    co_return answer;  // the lock is released by its destructor
}

awaitable<void> Payments::look_at_holder(const std::string& path, Answer& answer) {
    using namespace boost::asio::experimental::awaitable_operators;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, longest_look);
    auto looking = x_client.async_contenders(path, use_awaitable);
    auto waiting = timer.async_wait(use_awaitable);
    const auto first = co_await (std::move(looking) || std::move(waiting));
    const auto* const contenders = std::get_if<0>(&first);
    if (contenders == nullptr || !*contenders || (*contenders)->empty()) {
        co_return;
    }
    const leasehold::ContenderInfo& holder = (*contenders)->front();
    answer.body["held_for_s"] = std::chrono::duration<double>(holder.age).count();
    if (holder.budget) {
        const auto left = std::chrono::ceil<std::chrono::seconds>(*holder.budget - holder.age);
        answer.retry_after_s = std::max(1, static_cast<int>(left.count()));
        answer.body["retry_after_s"] = *answer.retry_after_s;
    }
}

awaitable<Answer> Payments::pay_under(ScopedLock& lock, const std::string& id,
                                      std::int64_t amount_cents) {
    const std::int64_t token = lock.token();
    // From here on the row refuses whoever held the lock before us.
    const auto begun = co_await x_store.write(id, "charging", "", token);
    if (!begun) {
        co_return answer_no_database(begun.error());
    }
    if (!*begun) {
        co_return co_await explain_refusal(id, token);
    }

    const auto receipt = co_await charge_under(lock, id, amount_cents);
    if (!receipt && receipt.error() != make_error_code(gateway_errc::declined)) {
        // Nobody knows whether it was charged, or only of this attempt, and one before it may have
        // charged: the row stays as it is, and the next attempt gets the receipt if there is one.
        co_return answer_no_receipt(receipt.error());
    }
    std::string state = receipt ? "paid" : "declined";
    std::string number = receipt ? receipt->receipt : std::string();
    // Also when the lock has just ended: then the row decides.
    const auto written = co_await x_store.write(id, std::move(state), number, token);
    if (!receipt) {
        co_return answer_no_receipt(receipt.error());
    }
    if (!written) {
        co_return answer_no_database(written.error());
    }
    if (!*written) {
        co_return co_await explain_refusal(id, token);
    }
    Order order;
    order.id = id;
    order.amount_cents = amount_cents;
    order.state = "paid";
    order.receipt = number;
    co_return show(200, order);
}

awaitable<result<Receipt>> Payments::charge_under(ScopedLock& lock, const std::string& id,
                                                  std::int64_t amount_cents) {
    const Instant begin = BootClock::now();
    // The guard gives the charge its deadline, and cancels it there.
    auto charging = [this, &id, amount_cents](const CallContext& context) {
        return payment_gateway::charge(x_gateway, Charge("order-" + id, amount_cents),
                                       context.deadline(), &x_connections);
    };
    auto receipt = co_await lock.async_call(charging, use_awaitable);
    x_metrics.charged(BootClock::now() - begin);
    co_return receipt;
}

awaitable<Answer> Payments::explain_refusal(const std::string& id, std::int64_t token) {
    const auto order = co_await x_store.find(id);
    if (!order) {
        co_return answer_no_database(order.error());
    }
    if (*order && (*order)->state == "paid") {
        co_return show(200, **order);
    }
    Answer stale =
        refuse_for(1, 409, "stale_token", "somebody with a newer lock has written to this order");
    stale.body["token"] = token;
    stale.body["newest_token"] = *order ? (*order)->fence : 0;
    co_return stale;
}

}  // namespace order_service

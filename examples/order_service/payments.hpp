// One payment: the order's lock, the charge under it, and the row that only the newest holder may
// write.
#pragma once

#include <leasehold/client.hpp>

#include "answer.hpp"
#include "metrics.hpp"
#include "order_store.hpp"
#include "pay_request.hpp"
#include "payment_gateway/gateway_client.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <string>

namespace order_service {

/// Thread safety: any number of payments at once, each on a strand of its own.
class Payments {
public:
    Payments(const Settings& settings, const leasehold::Client& client, OrderStore& store,
             Metrics& metrics, const payment_gateway::Endpoint& gateway);

    /// Safe to repeat, whatever it answered: an order is charged once.
    boost::asio::awaitable<Answer> pay(std::string id, PayRequest request, std::string trace);

private:
    boost::asio::awaitable<Answer> attempt(const std::string& id, const PayRequest& request,
                                           const std::string& trace);
    boost::asio::awaitable<Answer> pay_under(leasehold::ScopedLock& lock, const std::string& id,
                                             std::int64_t amount_cents);
    boost::asio::awaitable<leasehold::result<payment_gateway::Receipt>> charge_under(
        leasehold::ScopedLock& lock, const std::string& id, std::int64_t amount_cents);
    /// Adds how long it has been held, and comes nearer to the truth about when to come back.
    boost::asio::awaitable<void> look_at_holder(const std::string& path, Answer& answer);
    /// The row did not take a write: it is paid, or somebody with a newer token has written.
    boost::asio::awaitable<Answer> explain_refusal(const std::string& id, std::int64_t token);

    const Settings& x_settings;
    const leasehold::Client& x_client;
    OrderStore& x_store;
    Metrics& x_metrics;
    payment_gateway::Endpoint x_gateway;
    payment_gateway::Connections x_connections;
};

[[nodiscard]] Answer show(unsigned status, const Order& order);

}  // namespace order_service

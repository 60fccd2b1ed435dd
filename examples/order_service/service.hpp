// Which request goes where.
#pragma once

#include <leasehold/client.hpp>

#include "answer.hpp"
#include "http_server.hpp"
#include "metrics.hpp"
#include "order_store.hpp"
#include "payments.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <string_view>

namespace order_service {

/// GET /healthz (it lives, and whether it is ready), /readyz (503 if it is not), /metrics; GET and
/// PUT /orders/{id}; POST /orders/{id}/pay. Thread safety: any number of requests at once, each on
/// a strand of its own.
class Service {
public:
    Service(const Settings& settings, const leasehold::Client& client,
            const payment_gateway::Endpoint& gateway);

    boost::asio::awaitable<Answer> handle(const HttpRequest& request);

private:
    boost::asio::awaitable<Answer> route(const HttpRequest& request, std::string_view& name);
    /// Asks all that a payment needs, each for a moment.
    boost::asio::awaitable<nlohmann::json> readiness();
    boost::asio::awaitable<Answer> show_order(std::string id);
    boost::asio::awaitable<Answer> create_order(std::string id, std::string_view body);
    boost::asio::awaitable<Answer> pay(std::string id, const HttpRequest& request);

    const Settings& x_settings;
    const leasehold::Client& x_client;
    payment_gateway::Endpoint x_gateway;
    Metrics x_metrics;
    OrderStore x_store;
    Payments x_payments;
};

}  // namespace order_service

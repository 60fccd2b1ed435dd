// The table of orders: every write of a payment carries the fencing token of its lock, and an older
// one than the newest is refused by the row itself.
#pragma once

#include "database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace order_service {

/// open -> charging -> paid | declined. From charging and declined it may be charged again, since
/// the gateway charges an order once.
///
/// No aggregate: GCC 12 destroys those twice when they are temporaries beside a co_await.
struct Order {
    Order() = default;

    std::string id;
    std::int64_t amount_cents = 0;
    std::string state;
    std::string receipt;  ///< once it is paid
    std::int64_t fence = 0;
};

struct Created {
    Order order;
    bool is_new = false;
};

/// Thread safety: as Database.
class OrderStore {
public:
    explicit OrderStore(const Settings& settings);

    boost::asio::awaitable<leasehold::result<void>> ping(leasehold::Instant deadline);
    /// One that exists is left as it is.
    boost::asio::awaitable<leasehold::result<Created>> create(std::string id,
                                                              std::int64_t amount_cents);
    boost::asio::awaitable<leasehold::result<std::optional<Order>>> find(std::string id);
    /// Writes the state unless a newer token has written, or the order is paid. False: refused.
    boost::asio::awaitable<leasehold::result<bool>> write(std::string id, std::string state,
                                                          std::string receipt, std::int64_t token);

private:
    [[nodiscard]] leasehold::Instant deadline() const;

    milliseconds x_timeout;
    Database x_database;
};

}  // namespace order_service

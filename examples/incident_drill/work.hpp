// What is done under the lock: one order's counter is read, the gateway is called, and the counter
// is written back. Whoever loses the lock in between loses somebody's update.
#pragma once

#include <leasehold/leasehold.hpp>

#include "journal.hpp"
#include "payment_gateway/gateway_client.hpp"

#include <boost/asio/thread_pool.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace drill {

/// A token that no fence admits: of those who have none.
inline constexpr std::int64_t no_token = 0;

/// Counters of one path in the database, as they were read.
struct Counters {
    std::int64_t unfenced = 0;
    std::optional<std::int64_t> fenced;  ///< nothing: the fence has seen a newer token
};

/// One caller's connection to the database. Thread safety: none.
class Table {
public:
    explicit Table(const std::string& connection);
    ~Table();

    /// With a token, reading raises the fence: who reads and then writes what follows from it has
    /// to keep those before it out from the read on.
    Counters read(const std::string& path, std::int64_t token);
    /// Whatever is there is overwritten.
    bool write_unfenced(const std::string& path, std::int64_t value);
    bool write_fenced(const std::string& path, std::int64_t value, std::int64_t token);

private:
    struct Open;
    std::unique_ptr<Open> x_open;
};

/// The gateway, called by a thread that waits for the answer.
class Gateway {
public:
    Gateway(payment_gateway::Endpoint endpoint, leasehold::milliseconds hold_time);

    /// Returns at the deadline at the latest, and when it is asked to stop.
    leasehold::result<void> charge(bool is_stuck, leasehold::Instant deadline,
                                   std::stop_token stop);

private:
    payment_gateway::Endpoint x_endpoint;
    std::string x_delay;
    boost::asio::thread_pool x_pool{1};
};

}  // namespace drill

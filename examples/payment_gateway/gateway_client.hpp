// A client of the payment gateway that never waits longer than it may: one coroutine, one charge.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/error.hpp>

#include "wire.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <system_error>

namespace payment_gateway {

/// What may become of a charge, beside leasehold::errc::timed_out and cancelled.
enum class gateway_errc {
    declined = 1,  ///< the gateway said no; nothing was charged
    refused,       ///< it took the request for a wrong one; nothing was charged
    unreachable,   ///< there was no connection; nothing was charged
    busy,          ///< it said that it cannot now; nothing was charged
    bad_answer,    ///< what it answered is no receipt of this charge; whether it charged is unknown
    no_answer,     ///< it closed the connection; whether it charged is unknown
};

[[nodiscard]] const std::error_category& gateway_category() noexcept;
[[nodiscard]] std::error_code make_error_code(gateway_errc) noexcept;

/// Whether it is certain that nothing was charged. After any other error ask again, with the same
/// payment id: it is charged once.
[[nodiscard]] bool is_certain(const leasehold::Error& error) noexcept;

using Endpoint = boost::asio::ip::tcp::endpoint;

/// `host:port`, `http://host:port` as well. Asks the resolver and blocks: do it at the start.
[[nodiscard]] leasehold::result<Endpoint> resolve(std::string_view host_port);

/// Idle connections, for charges that come often. Outlives the charges that it is given to.
/// Thread safety: may be used from any number of threads.
class Connections {
public:
    explicit Connections(std::size_t max_idle = 64);
    ~Connections();
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;

private:
    friend class Call;
    struct Idle;
    std::unique_ptr<Idle> x_idle;
};

/// Charges, and returns no later than at the deadline. Runs wholly on the coroutine's executor.
///
/// With `connections` it takes an idle one if there is one, and leaves it there when it is done.
/// Errors: gateway_errc; leasehold::errc::timed_out and cancelled (any type of cancellation), after
/// which it is unknown whether the payment was charged.
boost::asio::awaitable<leasehold::result<Receipt>> charge(Endpoint gateway, Charge charge,
                                                          leasehold::Instant deadline,
                                                          Connections* connections = nullptr);

}  // namespace payment_gateway

template <>
struct std::is_error_code_enum<payment_gateway::gateway_errc> : std::true_type {};

// Turns the hosts of a connect string into addresses without ever waiting for the system's
// resolver, which may be stuck for minutes and cannot be cancelled.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/core/endpoint.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace leasehold::net {

/// All numeric addresses of one host name; empty if there are none. May block.
using Lookup = std::function<std::vector<std::string>(const std::string& host)>;

/// getaddrinfo.
[[nodiscard]] std::vector<std::string> look_up(const std::string& host);

/// Answers within `limit` with what is known by then. Names are looked up on a thread of its own,
/// one at a time; destroying the resolver leaves that thread to itself, which then touches nothing
/// of the resolver's any more.
/// Thread safety: none; used on the io_context's thread only.
class Resolver {
public:
    static constexpr std::size_t most_per_host = 64;
    static constexpr std::size_t most = 256;
    using Handler = std::function<void(std::vector<core::Endpoint>)>;

    Resolver(boost::asio::io_context& io, Duration limit, Lookup lookup = look_up);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// Numeric addresses, without repetition, in the order of the hosts. Replaces a request that
    /// has not been answered. A look-up that is still under way from an earlier request is waited
    /// for, no second one is started beside it.
    void resolve(std::vector<core::Endpoint> hosts, Handler handler);

private:
    struct Mailbox;

    void look_up_missing();
    void answer();

    boost::asio::io_context& x_io;
    boost::asio::steady_timer x_timer;
    const Duration x_limit;
    std::shared_ptr<Mailbox> x_mailbox;
    std::vector<core::Endpoint> x_hosts;
    Handler x_handler;
};

}  // namespace leasehold::net

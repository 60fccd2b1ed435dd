// One listening socket that can stop listening and start again on the port that it keeps meanwhile.
#pragma once

#include <leasehold/error.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace leasehold::embedded {

/// Hands out connected sockets, non-blocking and close-on-exec. Neither a storm of connections nor
/// a lack of descriptors keeps it from letting others run: it accepts a bounded number in one go,
/// and waits for `retry` when the system has no descriptor to give.
/// Thread safety: none; used on the io_context's thread only.
class Listener {
public:
    using Accepted = std::function<void(int descriptor)>;
    /// The system has no descriptor to give: somebody calls `retry` later.
    using Starved = std::function<void()>;

    Listener(boost::asio::io_context& io, Accepted on_accepted, Starved on_starved);

    /// Binds and listens. Port 0 takes a free one and keeps it. Once.
    [[nodiscard]] result<void> open(const boost::asio::ip::tcp::endpoint& endpoint);
    [[nodiscard]] const boost::asio::ip::tcp::endpoint& endpoint() const { return x_endpoint; }

    /// While it does not listen, connecting to the port is refused.
    void set_listening(bool is_listening);
    /// While it does not accept, the kernel completes connections (as many as the backlog has
    /// places), and nobody answers on them.
    void set_accepting(bool is_accepting);
    /// Descriptors may be free again.
    void retry();

private:
    void wait();
    void accept();

    boost::asio::posix::stream_descriptor x_descriptor;
    boost::asio::ip::tcp::endpoint x_endpoint;
    Accepted x_on_accepted;
    Starved x_on_starved;
    bool x_is_listening = false;
    bool x_is_accepting = true;
    bool x_is_starved = false;
    bool x_is_waiting = false;
};

}  // namespace leasehold::embedded

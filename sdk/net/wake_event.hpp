// How other threads tell the I/O thread that there is something to do.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace leasehold::net {

/// An eventfd. Asio's own post() would do as well, but it wakes the other thread while it holds the
/// mutex that this one needs first: on one core that is two more switches between them, each way.
/// Thread safety: set() from any thread.
class WakeEvent {
public:
    /// Throws std::system_error if there is no descriptor to be had.
    WakeEvent();
    ~WakeEvent();
    WakeEvent(const WakeEvent&) = delete;
    WakeEvent& operator=(const WakeEvent&) = delete;

    void set() const noexcept;
    [[nodiscard]] int descriptor() const noexcept { return x_descriptor; }

private:
    const int x_descriptor;
};

/// Calls its handler on the io_context's thread after the event was set, once or more often.
/// Thread safety: none; used on the io_context's thread only. Who sets the event may outlive this.
class WakeListener {
public:
    WakeListener(boost::asio::io_context& io, std::shared_ptr<const WakeEvent> event,
                 std::function<void()> on_woken);
    ~WakeListener();
    WakeListener(const WakeListener&) = delete;
    WakeListener& operator=(const WakeListener&) = delete;

private:
    void wait();

    const std::shared_ptr<const WakeEvent> x_event;
    boost::asio::posix::stream_descriptor x_descriptor;
    const std::function<void()> x_on_woken;
    std::uint64_t x_count = 0;
};

}  // namespace leasehold::net

// One timer on the boot clock: after a suspend it fires at once, where a steady timer would go on
// counting as if no time had passed.
#pragma once

#include <leasehold/clock.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>

namespace leasehold::net {

/// Calls its handler on the io_context's thread some time after the instant it is armed for. It may
/// also be called without need: who is called looks at the clock.
/// Thread safety: none; used on the io_context's thread only.
class BootTimer {
public:
    /// Throws std::system_error if there is no descriptor to be had.
    BootTimer(boost::asio::io_context& io, std::function<void()> on_fired);

    /// Replaces the instant before; Instant::max() disarms. Costs a system call only if it is
    /// nearer than what the kernel's timer is set for: each request moves the next ping a little
    /// further.
    void arm(Instant when);

private:
    void set(Instant when);
    void wait();
    void on_expired();

    boost::asio::posix::stream_descriptor x_descriptor;
    bool x_is_absolute = true;
    std::function<void()> x_on_fired;
    Instant x_armed_for = Instant::max();
    Instant x_set_for = Instant::max();  ///< the kernel's timer: never later than what is armed
};

}  // namespace leasehold::net

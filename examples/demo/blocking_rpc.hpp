// A blocking call that can be bounded: it returns at its deadline, or when it is asked to stop.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/error.hpp>

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

namespace demo {

/// Sends one line to the loopback port and returns the line that comes back.
///
/// `deadline` is asked each time before the call blocks, because that of a lock may move while the
/// call runs. Errors: timed_out at the deadline, cancelled when `stop` was requested, else the
/// system's own.
leasehold::result<std::string> call_line(unsigned short port, std::string_view request,
                                         const std::function<leasehold::Instant()>& deadline,
                                         std::stop_token stop);

}  // namespace demo

// What the tool says on standard error: one line of what happened, and one of what to do.
#pragma once

#include <leasehold/error.hpp>

#include <string>
#include <string_view>

namespace leasehold::cli {

/// "leasehold: <text>", written in one go, so that lines of several processes do not mix.
void say(std::string_view text);

/// Says what went wrong and what to do about it. Returns the exit code.
int report(const Error& error, std::string_view path);

/// "SIGTERM", or "signal 42".
[[nodiscard]] std::string signal_name(int number);

}  // namespace leasehold::cli

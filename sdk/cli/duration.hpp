// Durations as a person writes and reads them: "500ms", "2s", "1.5s", "1m", "1h".
#pragma once

#include <leasehold/error.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace leasehold::cli {

/// The longest that is accepted: what ZooKeeper's 32 bits of milliseconds hold, in whole hours.
inline constexpr std::chrono::hours longest_duration{596};

/// A number with its unit, ms, s, m or h; fractions are fine as long as whole milliseconds come
/// out. Anything else is errc::invalid_argument, with a text that says what to write instead.
[[nodiscard]] result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest exact form: "250ms", "1.5s", "1m 30s", "2h 5m". A zero is "0s".
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

/// The same, rounded down to what matters in an age: "830ms", "4.2s", "17s", "3m 5s", "2h 5m".
[[nodiscard]] std::string format_age(std::chrono::milliseconds age);

}  // namespace leasehold::cli

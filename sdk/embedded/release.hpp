// "3.8.0" to numbers.
#pragma once

#include "sdk/server/options.hpp"

#include <optional>
#include <string_view>

namespace leasehold::embedded {

/// Nothing unless it is a release that is imitated: 3.4.0 to 3.9.9.
[[nodiscard]] std::optional<server::Release> parse_release(std::string_view text);

}  // namespace leasehold::embedded

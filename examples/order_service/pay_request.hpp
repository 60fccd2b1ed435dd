// What a caller may ask for, taken out of JSON that nobody has looked at yet.
#pragma once

#include "settings.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace order_service {

struct PayRequest {
    std::optional<std::int64_t> amount_cents;  ///< what the caller believes that it costs
    milliseconds budget{0};
    milliseconds wait{0};
};

/// {"amount_cents": 1999, "budget_ms": 2000, "wait_ms": 500}; each of them may be left out.
/// Nothing, and `why`, if it is no such thing or beyond the settings' bounds.
[[nodiscard]] std::optional<PayRequest> parse_pay_request(std::string_view body,
                                                          const Settings& settings,
                                                          std::string& why);
/// {"amount_cents": 1999}
[[nodiscard]] std::optional<std::int64_t> parse_order(std::string_view body, std::string& why);

/// Letters, digits, dash and underscore; 1 to 64 of them: a name in a path of ZooKeeper.
[[nodiscard]] bool is_order_id(std::string_view text);

}  // namespace order_service

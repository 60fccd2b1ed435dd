// What a mechanism says, in the words of a test.
#pragma once

#include "sdk/core/sasl_exchange.hpp"

#include <string_view>

namespace leasehold::core {

inline SaslMove says(std::string_view token) {
    return {.token = Secret(token)};
}

inline SaslMove says_at_last(std::string_view token) {
    return {.token = Secret(token), .is_done = true};
}

inline SaslMove is_done() {
    return {.is_done = true};
}

}  // namespace leasehold::core

// The client's side of one SASL conversation, whoever speaks it.
#pragma once

#include <leasehold/error.hpp>

#include "sdk/core/sasl_exchange.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace leasehold::net {

/// Calls may block for as long as a KDC, or a disk, takes.
/// Thread safety: one call at a time, on whatever thread.
class SaslClient {
public:
    virtual ~SaslClient() = default;

    [[nodiscard]] virtual result<core::SaslMove> begin() = 0;
    [[nodiscard]] virtual result<core::SaslMove> proceed(std::string_view challenge) = 0;
};

/// One for a conversation with the server of this name. May block.
using OpenSaslClient =
    std::function<result<std::unique_ptr<SaslClient>>(const std::string& server)>;

}  // namespace leasehold::net

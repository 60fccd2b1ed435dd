// SASL as Cyrus speaks it: DIGEST-MD5 with a password, GSSAPI with a Kerberos ticket.
#pragma once

#include <leasehold/error.hpp>

#include "sdk/core/settings.hpp"
#include "sdk/net/sasl_client.hpp"

#include <memory>
#include <string>

namespace leasehold::net {

/// Reads the password anew. Fails with errc::auth_failed, whose text says what is missing: a
/// password, the library, or the mechanism's package. Asks no KDC yet. Blocks as long as files
/// take.
[[nodiscard]] result<std::unique_ptr<SaslClient>> open_cyrus_client(
    const core::SaslSettings& settings, const std::string& server);

}  // namespace leasehold::net

// What TLS connections are made with: whom we trust, and who we are, read from files.
#pragma once

#include <leasehold/error.hpp>

#include "sdk/core/settings.hpp"

#include <memory>

struct ssl_ctx_st;  // SSL_CTX of OpenSSL

namespace leasehold::net {

using TlsContext = std::shared_ptr<ssl_ctx_st>;

/// Reads every file anew, and blocks for as long as that takes. Fails with errc::tls_failed, and
/// says which file and what is wrong with it; never with a passphrase in the text.
[[nodiscard]] result<TlsContext> load_tls_context(const core::TlsSettings& settings);

}  // namespace leasehold::net

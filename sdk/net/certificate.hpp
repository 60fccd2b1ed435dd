// What is wrong with a certificate, in words that say which one and what to do.
#pragma once

#include <leasehold/error.hpp>

#include <string>

struct x509_store_ctx_st;  // X509_STORE_CTX of OpenSSL

namespace leasehold::net {

/// Of a verification that has just failed. `name` is who the server should have been.
[[nodiscard]] Error describe_distrust(x509_store_ctx_st* store, const std::string& name);

}  // namespace leasehold::net

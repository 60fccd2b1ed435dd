// Certificates made by the test that needs them, so that none in a file can expire.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;  // EVP_PKEY of OpenSSL
struct x509_st;      // X509 of OpenSSL

namespace leasehold::support {

struct CertificateWish {
    std::string common_name = "server";
    std::vector<std::string> names{};      ///< DNS names it is for
    std::vector<std::string> addresses{};  ///< numeric ones
    std::chrono::hours valid_from{-1};     ///< from now
    std::chrono::hours valid_until{24};
};

/// In PEM format.
struct Certificate {
    std::string certificate;
    std::string key;  ///< PKCS #8

    [[nodiscard]] std::string both() const { return key + certificate; }
};

/// The key again, encrypted.
[[nodiscard]] std::string encrypted(const std::string& key, const std::string& passphrase);

/// A certificate authority.
class Authority {
public:
    explicit Authority(const std::string& common_name = "Test CA");

    /// Its own certificate, in PEM format.
    [[nodiscard]] const std::string& certificate() const { return x_own.certificate; }
    [[nodiscard]] Certificate issue(const CertificateWish& wish) const;

private:
    std::shared_ptr<evp_pkey_st> x_key;
    std::shared_ptr<x509_st> x_certificate;
    Certificate x_own;
};

}  // namespace leasehold::support

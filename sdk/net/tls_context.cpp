#include "sdk/net/tls_context.hpp"

#include "sdk/net/secret_file.hpp"
#include "sdk/net/tls_error.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace leasehold::net {
namespace {

constexpr std::size_t longest_passphrase = 1023;  // OpenSSL's buffer

Error file_error(std::string_view option, const std::string& path, const std::string& why) {
    return tls_error("tls." + std::string(option) + " " + path + ": " + why);
}

std::string last_system_error() {
    return std::system_category().message(errno);
}

/// OpenSSL says of a file that is not there only that it could not be loaded.
result<void> check_file(std::string_view option, const std::string& path, bool is_directory) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        return file_error(option, path, last_system_error() + "; correct the path");
    }
    const bool fits = is_directory ? S_ISDIR(status.st_mode) : S_ISREG(status.st_mode);
    if (!fits) {
        return file_error(option, path, is_directory ? "not a directory" : "not a regular file");
    }
    if (::access(path.c_str(), R_OK) != 0) {
        return file_error(option, path, last_system_error() + "; let this user read it");
    }
    return success();
}

// ---- whom we trust ----

/// The places that OpenSSL was built with. SSL_CERT_FILE and SSL_CERT_DIR do not count: what is
/// trusted is not for the environment to say.
result<void> trust_system(SSL_CTX* context) {
    const char* const file = X509_get_default_cert_file();
    if (::access(file, R_OK) == 0 && SSL_CTX_load_verify_file(context, file) != 1) {
        return file_error("ca_file", file, reason_of(take_openssl_error()));
    }
    SSL_CTX_load_verify_dir(context, X509_get_default_cert_dir());
    return success();
}

result<void> set_trust(SSL_CTX* context, const core::TlsSettings& settings) {
    if (settings.ca_file.empty() && settings.ca_directory.empty()) {
        return trust_system(context);
    }
    if (!settings.ca_file.empty()) {
        BOOST_OUTCOME_TRYV(check_file("ca_file", settings.ca_file, false));
        if (SSL_CTX_load_verify_file(context, settings.ca_file.c_str()) != 1) {
            return file_error(
                "ca_file", settings.ca_file,
                reason_of(take_openssl_error()) + "; it has to hold certificates in PEM format");
        }
    }
    if (!settings.ca_directory.empty()) {
        BOOST_OUTCOME_TRYV(check_file("ca_directory", settings.ca_directory, true));
        SSL_CTX_load_verify_dir(context, settings.ca_directory.c_str());
    }
    return success();
}

// ---- who we are ----

result<core::Secret> find_passphrase(const core::TlsSettings& settings) {
    result<core::Secret> found = find_secret({.file_option = "tls.passphrase_file",
                                              .file = settings.passphrase_file,
                                              .env_option = "tls.passphrase_env",
                                              .env = settings.passphrase_env,
                                              .longest = longest_passphrase});
    return found ? std::move(found) : tls_error(found.error().context().what);
}

/// Never asks at the terminal, as OpenSSL's own would.
int give_passphrase(char* buffer, int size, int, void* user) {
    const std::string_view text = static_cast<const core::Secret*>(user)->text();
    if (text.empty() || text.size() > static_cast<std::size_t>(size)) {
        return -1;
    }
    std::memcpy(buffer, text.data(), text.size());
    return static_cast<int>(text.size());
}

result<void> load_key(SSL_CTX* context, const core::TlsSettings& settings) {
    const bool is_apart = !settings.key_file.empty();
    const std::string_view option = is_apart ? "key_file" : "certificate_file";
    const std::string& path = is_apart ? settings.key_file : settings.certificate_file;
    BOOST_OUTCOME_TRYV(check_file(option, path, false));
    BOOST_OUTCOME_TRY(core::Secret passphrase, find_passphrase(settings));
    SSL_CTX_set_default_passwd_cb(context, give_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(context, &passphrase);
    const bool is_loaded =
        SSL_CTX_use_PrivateKey_file(context, path.c_str(), SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
    if (!is_loaded) {
        const unsigned long error = take_openssl_error();
        return ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH
                   ? file_error(option, path, "the key is not that of tls.certificate_file")
                   : file_error(option, path,
                                reason_of(error) +
                                    "; it has to hold a private key in PEM format, and if that is "
                                    "encrypted, tls.passphrase_file or tls.passphrase_env its "
                                    "passphrase");
    }
    return success();
}

result<void> set_identity(SSL_CTX* context, const core::TlsSettings& settings) {
    if (settings.certificate_file.empty()) {
        return success();
    }
    BOOST_OUTCOME_TRYV(check_file("certificate_file", settings.certificate_file, false));
    if (SSL_CTX_use_certificate_chain_file(context, settings.certificate_file.c_str()) != 1) {
        return file_error(
            "certificate_file", settings.certificate_file,
            reason_of(take_openssl_error()) + "; it has to hold a certificate in PEM format");
    }
    return load_key(context, settings);
}

}  // namespace

result<TlsContext> load_tls_context(const core::TlsSettings& settings) {
    ERR_clear_error();
    TlsContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    if (!context) {
        return tls_error("OpenSSL cannot be used: " + reason_of(take_openssl_error()));
    }
    const int least = settings.min_version == TlsVersion::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
    SSL_CTX_set_min_proto_version(context.get(), least);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    BOOST_OUTCOME_TRYV(set_trust(context.get(), settings));
    BOOST_OUTCOME_TRYV(set_identity(context.get(), settings));
    return context;
}

}  // namespace leasehold::net

#include "sdk/net/tls_error.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <system_error>
#include <utility>

namespace leasehold::net {
namespace {

constexpr std::string_view no_tls_there =
    "it does not speak TLS on this port: use the server's secureClientPort (or set "
    "client.portUnification), or correct the connect string";

std::string our_certificate(bool shows_certificate) {
    return shows_certificate ? "tls.certificate_file has to be one that the server's trust store "
                               "knows the authority of, and that has not expired"
                             : "the server may want a client certificate: set "
                               "tls.certificate_file and tls.key_file";
}

}  // namespace

Error tls_error(std::string what) {
    return {errc::tls_failed, std::move(what)};
}

unsigned long take_openssl_error() {
    const unsigned long error = ERR_get_error();
    ERR_clear_error();
    return error;
}

std::string reason_of(unsigned long error) {
    if (ERR_SYSTEM_ERROR(error)) {
        return std::system_category().message(ERR_GET_REASON(error));
    }
    const char* const reason = ERR_reason_error_string(error);
    return reason != nullptr ? reason : "error " + std::to_string(error);
}

Error handshake_error(unsigned long error, bool shows_certificate) {
    const std::string reason = "the TLS handshake failed (" + reason_of(error) + "): ";
    switch (ERR_GET_REASON(error)) {
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_PACKET_LENGTH_TOO_LONG:
        case SSL_R_HTTP_REQUEST:
        case SSL_R_BAD_RECORD_TYPE:
        case SSL_R_RECORD_LENGTH_MISMATCH: return tls_error(reason + std::string(no_tls_there));
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        case SSL_R_VERSION_TOO_LOW:
            return tls_error(reason +
                             "the server has no version from tls.min_version on; set its "
                             "ssl.enabledProtocols");
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
        case SSL_R_SSLV3_ALERT_NO_CERTIFICATE:
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
        case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
            return tls_error("the server refused our client certificate, or that there is none (" +
                             reason_of(error) + "): " + our_certificate(shows_certificate));
        default: return tls_error(reason + "look at the server's log, and at the tls options here");
    }
}

Error handshake_cut(std::string_view how) {
    return tls_error("the TLS handshake was cut off (" + std::string(how) +
                     "): either the port is one without TLS, or the server refuses our client "
                     "certificate, or that there is none; its log says which");
}

}  // namespace leasehold::net

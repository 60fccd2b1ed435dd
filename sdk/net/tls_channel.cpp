#include "sdk/net/tls_channel.hpp"

#include "sdk/net/certificate.hpp"
#include "sdk/net/tls_error.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <new>
#include <utility>

namespace leasehold::net {
namespace {

constexpr std::size_t record_size = std::size_t{16} << 10;  // the largest that TLS has

}  // namespace

TlsChannel::TlsChannel(const TlsContext& context, std::string name)
    : x_context(context), x_name(std::move(name)), x_ssl(SSL_new(context.get())) {
    BIO* const in = BIO_new(BIO_s_mem());
    BIO* const out = BIO_new(BIO_s_mem());
    if (x_ssl == nullptr || in == nullptr || out == nullptr) {
        SSL_free(x_ssl);
        BIO_free(in);
        BIO_free(out);
        throw std::bad_alloc();
    }
    SSL_set_bio(x_ssl, in, out);
    SSL_set_connect_state(x_ssl);
    SSL_set_app_data(x_ssl, this);
    SSL_set_verify(x_ssl, SSL_VERIFY_PEER, &TlsChannel::on_verified);
}

TlsChannel::~TlsChannel() {
    SSL_free(x_ssl);
}

result<std::unique_ptr<TlsChannel>> TlsChannel::open(const TlsContext& context,
                                                     const std::string& name) {
    std::unique_ptr<TlsChannel> channel(new TlsChannel(context, name));
    ERR_clear_error();
    if (!channel->expect_name()) {
        return tls_error("\"" + name + "\" is no name that a certificate could have");
    }
    BOOST_OUTCOME_TRYV(channel->shake_hands());
    return channel;
}

/// An address has to be in the certificate as an address; a name is sent along (SNI), so that a
/// server with several certificates shows the right one.
bool TlsChannel::expect_name() {
    if (x_name.empty()) {
        return false;  // to OpenSSL it would mean that any name is right
    }
    boost::system::error_code error;
    boost::asio::ip::make_address(x_name, error);
    if (!error) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(x_ssl), x_name.c_str()) == 1;
    }
    SSL_set_hostflags(x_ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(x_ssl, x_name.c_str()) == 1 &&
           SSL_set_tlsext_host_name(x_ssl, x_name.c_str()) == 1;
}

/// Only OpenSSL's own verdict counts; here it is put into words while the certificate is at hand.
int TlsChannel::on_verified(int is_valid, x509_store_ctx_st* store) {
    if (is_valid != 1) {
        const auto* const ssl = static_cast<const SSL*>(
            X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
        auto* const channel = static_cast<TlsChannel*>(SSL_get_app_data(ssl));
        channel->x_distrust = describe_distrust(store, channel->x_name);
    }
    return is_valid;
}

result<void> TlsChannel::receive(std::string_view bytes, std::string& plain) {
    ERR_clear_error();
    if (BIO_write(SSL_get_rbio(x_ssl), bytes.data(), static_cast<int>(bytes.size())) !=
        static_cast<int>(bytes.size())) {
        return tls_error("out of memory");
    }
    if (!x_is_open) {
        BOOST_OUTCOME_TRYV(shake_hands());
    }
    return x_is_open ? read(plain) : success();
}

result<void> TlsChannel::shake_hands() {
    const int done = SSL_do_handshake(x_ssl);
    if (done != 1) {
        const bool waits = SSL_get_error(x_ssl, done) == SSL_ERROR_WANT_READ;
        return waits ? result<void>(success()) : result<void>(failure());
    }
    if (SSL_get_verify_result(x_ssl) != X509_V_OK || SSL_get0_peer_certificate(x_ssl) == nullptr) {
        return tls_error("the server has not shown who it is");
    }
    x_is_open = true;
    return success();
}

result<void> TlsChannel::read(std::string& plain) {
    std::array<char, record_size> piece;
    for (;;) {
        const int size = SSL_read(x_ssl, piece.data(), static_cast<int>(piece.size()));
        if (size > 0) {
            plain.append(piece.data(), static_cast<std::size_t>(size));
            continue;
        }
        switch (SSL_get_error(x_ssl, size)) {
            case SSL_ERROR_WANT_READ: return success();
            case SSL_ERROR_ZERO_RETURN: x_has_ended = true; return success();
            default: return failure();
        }
    }
}

result<void> TlsChannel::send(std::string_view plain) {
    ERR_clear_error();
    std::size_t written = 0;
    if (!plain.empty() && SSL_write_ex(x_ssl, plain.data(), plain.size(), &written) != 1) {
        return failure();
    }
    return success();
}

void TlsChannel::end() {
    if (x_is_open) {
        ERR_clear_error();
        SSL_shutdown(x_ssl);
    }
}

void TlsChannel::take_outbound(std::string& bytes) {
    BIO* const out = SSL_get_wbio(x_ssl);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    if (size > 0) {
        bytes.append(data, static_cast<std::size_t>(size));
        BIO_reset(out);
    }
}

Error TlsChannel::failure() {
    const unsigned long error = take_openssl_error();
    if (x_distrust) {
        return *x_distrust;
    }
    return handshake_error(error, SSL_get_certificate(x_ssl) != nullptr);
}

}  // namespace leasehold::net

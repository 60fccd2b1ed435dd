#include "tests/support/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace leasehold::support {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using Paper = std::shared_ptr<X509>;

void need(bool done, const char* what) {
    if (!done) {
        throw std::runtime_error(std::string("OpenSSL: ") + what);
    }
}

template <class Write>
std::string to_pem(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    need(write(out.get()) == 1, "PEM");
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

Key make_key() {
    Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    need(key != nullptr, "key");
    return key;
}

void add_extension(X509* certificate, int id, const std::string& value) {
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str()), X509_EXTENSION_free);
    need(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value.c_str());
}

long seconds(std::chrono::hours hours) {
    return static_cast<long>(std::chrono::seconds(hours).count());
}

/// Everything but issuer and signature.
Paper draft(const CertificateWish& wish, EVP_PKEY* key) {
    Paper certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), 2);
    std::int64_t serial = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()),
                            static_cast<std::uint64_t>(serial) >> 1 | 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), seconds(wish.valid_from));
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), seconds(wish.valid_until));
    X509_set_pubkey(certificate.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1,
                               -1, 0);
    return certificate;
}

std::string pem_of(X509* certificate) {
    return to_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
    return to_pem([&](BIO* out) {
        return PEM_write_bio_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
}

}  // namespace

std::string encrypted(const std::string& key, const std::string& passphrase) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> in(
        BIO_new_mem_buf(key.data(), static_cast<int>(key.size())), BIO_free);
    const Key plain(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    return to_pem([&](BIO* out) {
        return PEM_write_bio_PKCS8PrivateKey(out, plain.get(), EVP_aes_256_cbc(), passphrase.data(),
                                             static_cast<int>(passphrase.size()), nullptr, nullptr);
    });
}

Authority::Authority(const std::string& common_name) : x_key(make_key()) {
    x_certificate = draft({.common_name = common_name}, x_key.get());
    X509_set_issuer_name(x_certificate.get(), X509_get_subject_name(x_certificate.get()));
    add_extension(x_certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(x_certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    need(X509_sign(x_certificate.get(), x_key.get(), EVP_sha256()) > 0, "signature");
    x_own = {pem_of(x_certificate.get()), pem_of(x_key.get())};
}

Certificate Authority::issue(const CertificateWish& wish) const {
    const Key key = make_key();
    const Paper certificate = draft(wish, key.get());
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(x_certificate.get()));
    std::string names;
    for (const std::string& name : wish.names) {
        names += (names.empty() ? "DNS:" : ",DNS:") + name;
    }
    for (const std::string& address : wish.addresses) {
        names += (names.empty() ? "IP:" : ",IP:") + address;
    }
    if (!names.empty()) {
        add_extension(certificate.get(), NID_subject_alt_name, names);
    }
    need(X509_sign(certificate.get(), x_key.get(), EVP_sha256()) > 0, "signature");
    return {pem_of(certificate.get()), pem_of(key.get())};
}

}  // namespace leasehold::support

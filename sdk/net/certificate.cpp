#include "sdk/net/certificate.hpp"

#include "sdk/net/tls_error.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace leasehold::net {
namespace {

constexpr std::size_t most_names = 8;

std::string text_of(const std::unique_ptr<BIO, decltype(&BIO_free)>& bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string print_name(const X509_NAME* name) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253);
    return text_of(out);
}

std::string print_time(const ASN1_TIME* time) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    ASN1_TIME_print(out.get(), time);
    return text_of(out);
}

std::string print_address(const ASN1_OCTET_STRING* address) {
    const unsigned char* const bytes = ASN1_STRING_get0_data(address);
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(address));
    if (boost::asio::ip::address_v4::bytes_type v4; size == v4.size()) {
        std::copy_n(bytes, size, v4.begin());
        return boost::asio::ip::make_address_v4(v4).to_string();
    }
    if (boost::asio::ip::address_v6::bytes_type v6; size == v6.size()) {
        std::copy_n(bytes, size, v6.begin());
        return boost::asio::ip::make_address_v6(v6).to_string();
    }
    return {};
}

/// "zk1.example.com, 10.0.0.1"; the subject where there are none.
std::string names_of(const X509* certificate) {
    std::string all;
    std::size_t count = 0;
    const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
        static_cast<GENERAL_NAMES*>(
            X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
        GENERAL_NAMES_free);
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* const each = sk_GENERAL_NAME_value(names.get(), i);
        std::string text;
        if (each->type == GEN_DNS) {
            text.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(each->d.dNSName)),
                        static_cast<std::size_t>(ASN1_STRING_length(each->d.dNSName)));
        } else if (each->type == GEN_IPADD) {
            text = print_address(each->d.iPAddress);
        }
        if (!text.empty() && ++count <= most_names) {
            all += (all.empty() ? "" : ", ") + text;
        }
    }
    if (count > most_names) {
        all += ", ...";
    }
    return all.empty() ? print_name(X509_get_subject_name(certificate)) : all;
}

std::string why(X509_STORE_CTX* store, const X509* certificate, const std::string& name) {
    switch (const int error = X509_STORE_CTX_get_error(store)) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "is for " + names_of(certificate) + ", not for " + name +
                   ": connect by a name that it has, or set tls.server_name";
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "expired at " + print_time(X509_get0_notAfter(certificate)) +
                   ": renew it, or correct this host's clock";
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "is valid from " + print_time(X509_get0_notBefore(certificate)) +
                   " on: correct this host's clock, or the certificate";
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        case X509_V_ERR_CERT_UNTRUSTED:
            return "was issued by " + print_name(X509_get_issuer_name(certificate)) +
                   ", which is not trusted (" + X509_verify_cert_error_string(error) +
                   "): tls.ca_file or tls.ca_directory has to have that authority";
        default: return std::string("does not hold: ") + X509_verify_cert_error_string(error);
    }
}

}  // namespace

Error describe_distrust(x509_store_ctx_st* store, const std::string& name) {
    const X509* const certificate = X509_STORE_CTX_get_current_cert(store);
    if (certificate == nullptr) {
        return tls_error(
            "the server's certificate does not hold: " +
            std::string(X509_verify_cert_error_string(X509_STORE_CTX_get_error(store))));
    }
    return tls_error("the server's certificate " + print_name(X509_get_subject_name(certificate)) +
                     " " + why(store, certificate, name));
}

}  // namespace leasehold::net

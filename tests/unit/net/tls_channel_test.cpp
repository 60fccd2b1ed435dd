// TLS without a socket: bytes in pieces of any size, changed, cut off, and more than was asked for.
#include "sdk/net/tls_channel.hpp"

#include "tests/support/answers.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string>

namespace leasehold::net {
namespace {

using support::Authority;
using support::fails_with;
using support::why;

using Bytes = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bytes open_text(const std::string& text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

/// The other end, also without a socket.
class Server {
public:
    explicit Server(const support::Certificate& identity)
        : x_context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free), x_ssl(nullptr, SSL_free) {
        const std::unique_ptr<X509, decltype(&X509_free)> certificate(
            PEM_read_bio_X509(open_text(identity.certificate).get(), nullptr, nullptr, nullptr),
            X509_free);
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
            PEM_read_bio_PrivateKey(open_text(identity.key).get(), nullptr, nullptr, nullptr),
            EVP_PKEY_free);
        SSL_CTX_use_certificate(x_context.get(), certificate.get());
        SSL_CTX_use_PrivateKey(x_context.get(), key.get());
        x_ssl.reset(SSL_new(x_context.get()));
        SSL_set_bio(x_ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_accept_state(x_ssl.get());
    }

    SSL* ssl() { return x_ssl.get(); }

    /// Takes the client's bytes, and gives what the server says to them.
    std::string answer(const std::string& bytes) {
        BIO_write(SSL_get_rbio(x_ssl.get()), bytes.data(), static_cast<int>(bytes.size()));
        std::array<char, 16384> piece;
        if (SSL_do_handshake(x_ssl.get()) == 1) {
            for (int size = 0; (size = SSL_read(x_ssl.get(), piece.data(),
                                                static_cast<int>(piece.size()))) > 0;) {
                heard.append(piece.data(), static_cast<std::size_t>(size));
            }
        }
        return take();
    }
    std::string say(const std::string& text) {
        SSL_write(x_ssl.get(), text.data(), static_cast<int>(text.size()));
        return take();
    }
    std::string take() {
        std::string bytes(BIO_ctrl_pending(SSL_get_wbio(x_ssl.get())), '\0');
        BIO_read(SSL_get_wbio(x_ssl.get()), bytes.data(), static_cast<int>(bytes.size()));
        return bytes;
    }

    std::string heard;

private:
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> x_context;
    std::unique_ptr<SSL, decltype(&SSL_free)> x_ssl;
};

class TlsChannelTest : public testing::Test {
protected:
    std::unique_ptr<TlsChannel> open() {
        const core::TlsSettings tls{.ca_file = x_files.put("ca.pem", x_authority.certificate())};
        return TlsChannel::open(load_tls_context(tls).value(), "localhost").value();
    }
    static std::string taken(TlsChannel& channel) {
        std::string bytes;
        channel.take_outbound(bytes);
        return bytes;
    }
    /// Until neither has anything to say.
    void shake_hands(TlsChannel& channel) {
        for (std::string ours = taken(channel); !ours.empty(); ours = taken(channel)) {
            const auto read = channel.receive(x_server.answer(ours), x_plain);
            ASSERT_TRUE(read.has_value()) << why(read);
        }
        ASSERT_TRUE(channel.is_open());
    }

    const Authority x_authority;
    support::TemporaryDirectory x_files;
    Server x_server{x_authority.issue({.names = {"localhost"}})};
    std::string x_plain;
};

TEST_F(TlsChannelTest, BytesInPiecesOfOne) {
    const auto channel = open();
    for (std::string ours = taken(*channel); !ours.empty(); ours = taken(*channel)) {
        for (const char byte : x_server.answer(ours)) {
            const auto read = channel->receive({&byte, 1}, x_plain);
            ASSERT_TRUE(read.has_value()) << why(read);
        }
    }
    ASSERT_TRUE(channel->is_open());
    for (const char byte : x_server.say("one by one")) {
        ASSERT_TRUE(channel->receive({&byte, 1}, x_plain).has_value());
    }
    EXPECT_EQ(x_plain, "one by one");
    ASSERT_TRUE(channel->send("and back").has_value());
    x_server.answer(taken(*channel));
    EXPECT_EQ(x_server.heard, "and back");
}

TEST_F(TlsChannelTest, WordsBehindTheHandshakeInTheSameBytes) {
    const auto channel = open();
    std::string ours = taken(*channel);
    std::string theirs = x_server.answer(ours);
    ASSERT_TRUE(channel->receive(theirs, x_plain).has_value());
    theirs = x_server.answer(taken(*channel));
    theirs += x_server.say("at once");
    ASSERT_TRUE(channel->receive(theirs, x_plain).has_value());
    EXPECT_EQ(x_plain, "at once");
}

TEST_F(TlsChannelTest, ChangedBytesAreNeverDelivered) {
    const auto channel = open();
    shake_hands(*channel);
    ASSERT_TRUE(channel->receive(x_server.say("good"), x_plain).has_value());
    std::string changed = x_server.say("evil");
    changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
    EXPECT_TRUE(fails_with(channel->receive(changed, x_plain), errc::tls_failed));
    EXPECT_EQ(x_plain, "good");
    EXPECT_FALSE(channel->send("more").has_value() && !taken(*channel).empty() &&
                 channel->receive(x_server.say("more"), x_plain).has_value());
    EXPECT_EQ(x_plain, "good");
}

/// Of what is not encrypted the record's header is not covered, and does not matter.
TEST_F(TlsChannelTest, ChangedBytesOfTheHandshakeAreNoticed) {
    constexpr std::size_t header = 5;
    const std::string change_cipher("\x14\x03\x03\x00\x01\x01", 6);
    for (std::size_t at = header;; at += 7) {
        Server server{x_authority.issue({.names = {"localhost"}})};
        const auto channel = open();
        std::string theirs = server.answer(taken(*channel));
        if (at >= theirs.size()) {
            return;
        }
        const std::size_t unprotected = theirs.find(change_cipher);
        if (at >= unprotected && at < unprotected + change_cipher.size()) {
            continue;
        }
        theirs[at] = static_cast<char>(theirs[at] ^ 0x20);
        const auto read = channel->receive(theirs, x_plain);
        // A record that seems longer than it is waits for its end; nothing opens.
        EXPECT_FALSE(channel->is_open()) << "byte " << at;
        EXPECT_TRUE(read.has_value() || read.error() == errc::tls_failed);
        EXPECT_EQ(x_plain, "");
    }
}

TEST_F(TlsChannelTest, WhatCameBeforeTheEndIsDelivered) {
    const auto channel = open();
    shake_hands(*channel);
    std::string theirs = x_server.say("last words");
    SSL_shutdown(x_server.ssl());
    theirs += x_server.take();
    ASSERT_TRUE(channel->receive(theirs, x_plain).has_value());
    EXPECT_EQ(x_plain, "last words");
    EXPECT_TRUE(channel->has_ended());
}

TEST_F(TlsChannelTest, LeaveIsTakenInOrder) {
    const auto channel = open();
    shake_hands(*channel);
    channel->end();
    x_server.answer(taken(*channel));
    EXPECT_TRUE((SSL_get_shutdown(x_server.ssl()) & SSL_RECEIVED_SHUTDOWN) != 0);
}

TEST_F(TlsChannelTest, NewKeysOnTheWay) {
    const auto channel = open();
    shake_hands(*channel);
    SSL_key_update(x_server.ssl(), SSL_KEY_UPDATE_REQUESTED);
    ASSERT_TRUE(channel->receive(x_server.say("with new keys"), x_plain).has_value());
    EXPECT_EQ(x_plain, "with new keys");
    ASSERT_TRUE(channel->send("ours too").has_value());
    x_server.answer(taken(*channel));
    EXPECT_EQ(x_server.heard, "ours too");
}

}  // namespace
}  // namespace leasehold::net

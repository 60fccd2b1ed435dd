// Connections through TLS to servers that are who they should be, and to all kinds that are not:
// those get not a byte in the clear, and the user hears what does not hold.
#include "tests/support/certificates.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/tls_front.hpp"
#include "tests/unit/net/fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

namespace leasehold::net {
namespace {

using namespace std::chrono_literals;
using support::Authority;
using support::Certificate;
using support::ScriptedServer;
using support::TlsFront;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const Authority& our_authority() {
    static const Authority authority("Ours");
    return authority;
}

const Authority& foreign_authority() {
    static const Authority authority("Foreign");
    return authority;
}

Certificate for_localhost(const Authority& authority = our_authority()) {
    return authority.issue({.names = {"localhost"}, .addresses = {"127.0.0.1"}});
}

class TlsTest : public Loop {
protected:
    TlsTest() { x_tls.ca_file = x_files.put("ca.pem", our_authority().certificate()); }

    /// Makes an attempt, and says whether it came to a connection.
    bool connects(std::uint16_t port, const std::string& name = "localhost") {
        if (!x_connection) {
            x_connection.emplace(x_io, x_heard, x_tls);
        }
        x_heard.events.clear();
        x_heard.received.clear();
        x_connection->connect({"127.0.0.1", port, name});
        EXPECT_TRUE(x_heard.events.empty()) << "told inside the call";
        run_until([this] { return !x_heard.events.empty(); });
        return x_heard.events.front() == "connected";
    }

    bool is_refused(std::uint16_t port, const std::string& name = "localhost") {
        const bool connected = connects(port, name);
        EXPECT_FALSE(connected);
        EXPECT_EQ(x_heard.code, errc::tls_failed) << x_heard.why;
        return !connected && x_heard.code == errc::tls_failed;
    }

    void show_certificate(const Certificate& certificate) {
        x_tls.certificate_file = x_files.put("client.pem", certificate.certificate);
        x_tls.key_file = x_files.put("client.key", certificate.key);
    }

    void echoes(const std::string& text) {
        x_connection->write(text);
        run_until(
            [&] { return x_heard.received.size() >= text.size() || x_heard.events.size() > 1; });
        EXPECT_TRUE(x_heard.received == text) << x_heard.why;
    }

    support::TemporaryDirectory x_files;
    core::TlsSettings x_tls;
    ScriptedServer x_backend{echo()};
    Recorder x_heard;
    std::optional<Connection> x_connection;
};

// ---- servers that are who they should be ----

TEST_F(TlsTest, BytesGoThereAndComeBack) {
    const TlsFront server(x_backend.port(), {.identity = for_localhost()});
    ASSERT_TRUE(connects(server.port())) << x_heard.why;
    echoes("hello world");
    EXPECT_EQ(server.asked_for(), "localhost");
}

TEST_F(TlsTest, MoreThanTheSocketTakesIsWrittenInOrder) {
    const TlsFront server(x_backend.port(), {.identity = for_localhost()});
    ASSERT_TRUE(connects(server.port())) << x_heard.why;
    std::string all;
    for (int i = 0; i < 300'000; ++i) {
        all += std::to_string(i) + ",";
    }
    echoes(all);
}

TEST_F(TlsTest, AddressHasToBeInTheCertificateAsOne) {
    const TlsFront server(x_backend.port(), {.identity = for_localhost()});
    EXPECT_TRUE(connects(server.port(), "127.0.0.1")) << x_heard.why;
    EXPECT_EQ(server.asked_for(), "") << "addresses are not for SNI";
    const TlsFront other(x_backend.port(),
                         {.identity = our_authority().issue({.names = {"127.0.0.1"}})});
    EXPECT_TRUE(is_refused(other.port(), "127.0.0.1"));
}

TEST_F(TlsTest, WildcardStandsForOneWholeLabel) {
    const TlsFront server(x_backend.port(),
                          {.identity = our_authority().issue({.names = {"*.zk.example"}})});
    EXPECT_TRUE(connects(server.port(), "a.zk.example")) << x_heard.why;
    EXPECT_TRUE(is_refused(server.port(), "a.b.zk.example"));
    EXPECT_TRUE(is_refused(server.port(), "zk.example"));
    const TlsFront partial(x_backend.port(),
                           {.identity = our_authority().issue({.names = {"z*.example"}})});
    EXPECT_TRUE(is_refused(partial.port(), "zk.example"));
}

TEST_F(TlsTest, OlderVersionThatIsGoodEnough) {
    const TlsFront server(x_backend.port(),
                          {.identity = for_localhost(), .max_version = TLS1_2_VERSION});
    ASSERT_TRUE(connects(server.port())) << x_heard.why;
    echoes("1.2");
}

TEST_F(TlsTest, ServerThatTakesLeave) {
    TlsFront server(x_backend.port(), {.identity = for_localhost()});
    ASSERT_TRUE(connects(server.port()));
    echoes("here");
    x_backend.cut();
    run_until([this] { return x_heard.events.size() == 2; });
    EXPECT_EQ(x_heard.code, errc::no_server);
    EXPECT_EQ(x_heard.why, "closed by the server");
}

TEST_F(TlsTest, OwnerMayReconnectWhileBytesAreDelivered) {
    const TlsFront server(x_backend.port(), {.identity = for_localhost()});
    ASSERT_TRUE(connects(server.port()));
    for (int round = 0; round < 10; ++round) {
        bool is_again = false;
        x_heard.on_data = [&] {
            is_again = true;
            x_heard.events.clear();
            x_connection->connect({"127.0.0.1", server.port(), "localhost"});
        };
        x_connection->write("again");
        run_until([&] { return is_again && !x_heard.events.empty(); });
        ASSERT_THAT(x_heard.events, ElementsAre("connected")) << x_heard.why;
    }
}

// ---- servers that are not ----

TEST_F(TlsTest, ForeignAuthority) {
    const TlsFront server(x_backend.port(), {.identity = for_localhost(foreign_authority())});
    EXPECT_TRUE(is_refused(server.port()));
    EXPECT_THAT(x_heard.why, HasSubstr("was issued by CN=Foreign, which is not trusted"));
    EXPECT_THAT(x_heard.why, HasSubstr("tls.ca_file"));
    EXPECT_TRUE(support::eventually([&] { return server.last_failure() != ""; }));
    EXPECT_EQ(x_backend.accepted(), 0u);
}

TEST_F(TlsTest, SelfSigned) {
    const Authority self("localhost");
    TlsFront server(x_backend.port(), {.identity = for_localhost(self)});
    EXPECT_TRUE(is_refused(server.port()));
    EXPECT_THAT(x_heard.why, HasSubstr("not trusted"));
}

TEST_F(TlsTest, WrongName) {
    const TlsFront server(x_backend.port(),
                          {.identity = our_authority().issue(
                               {.names = {"zk1.example", "zk2.example"}, .addresses = {"::1"}})});
    EXPECT_TRUE(is_refused(server.port(), "zk3.example"));
    EXPECT_THAT(x_heard.why,
                HasSubstr("is for zk1.example, zk2.example, ::1, not for zk3.example"));
    EXPECT_THAT(x_heard.why, HasSubstr("tls.server_name"));
    EXPECT_TRUE(connects(server.port(), "zk2.example"));
}

TEST_F(TlsTest, EmptyNameIsNoName) {
    const TlsFront server(x_backend.port(), {.identity = for_localhost()});
    EXPECT_TRUE(is_refused(server.port(), ""));
}

TEST_F(TlsTest, NamesOfAHostileCertificateDoNotSteerATerminal) {
    const TlsFront server(x_backend.port(),
                          {.identity = our_authority().issue({.common_name = "\x1b[2J\n"})});
    EXPECT_TRUE(is_refused(server.port()));
    EXPECT_THAT(x_heard.why, Not(HasSubstr("\x1b")));
}

TEST_F(TlsTest, ExpiredCertificate) {
    const TlsFront server(x_backend.port(),
                          {.identity = our_authority().issue(
                               {.names = {"localhost"}, .valid_from = -48h, .valid_until = -24h})});
    EXPECT_TRUE(is_refused(server.port()));
    EXPECT_THAT(x_heard.why, HasSubstr("expired at "));
    EXPECT_THAT(x_heard.why, HasSubstr("renew it"));
}

TEST_F(TlsTest, CertificateOfTheFuture) {
    const TlsFront server(x_backend.port(),
                          {.identity = our_authority().issue(
                               {.names = {"localhost"}, .valid_from = 24h, .valid_until = 48h})});
    EXPECT_TRUE(is_refused(server.port()));
    EXPECT_THAT(x_heard.why, HasSubstr("clock"));
}

TEST_F(TlsTest, OldVersion) {
    const TlsFront server(x_backend.port(),
                          {.identity = for_localhost(), .max_version = TLS1_1_VERSION});
    EXPECT_TRUE(is_refused(server.port()));
    EXPECT_THAT(x_heard.why, HasSubstr("min_version"));
}

TEST_F(TlsTest, VersionBelowWhatIsAskedFor) {
    const TlsFront server(x_backend.port(),
                          {.identity = for_localhost(), .max_version = TLS1_2_VERSION});
    x_tls.min_version = TlsVersion::tls_1_3;
    EXPECT_TRUE(is_refused(server.port()));
    EXPECT_THAT(x_heard.why, HasSubstr("min_version"));
}

TEST_F(TlsTest, PlaintextServerThatAnswers) {
    const ScriptedServer plain(support::always("HTTP/1.1 400 Bad Request\r\n\r\n"));
    EXPECT_TRUE(is_refused(plain.port()));
    EXPECT_THAT(x_heard.why, HasSubstr("does not speak TLS on this port"));
}

TEST_F(TlsTest, PlaintextServerThatCloses) {
    ScriptedServer closes([](std::string_view bytes) -> std::optional<std::string> {
        return bytes.empty() ? std::optional<std::string>("") : std::nullopt;
    });
    EXPECT_TRUE(is_refused(closes.port()));
    EXPECT_THAT(x_heard.why, HasSubstr("either the port is one without TLS"));
}

TEST_F(TlsTest, ServerThatNeverAnswersGetsNoByteInTheClear) {
    std::string seen;
    std::mutex mutex;
    ScriptedServer silent([&](std::string_view bytes) {
        const std::lock_guard lock(mutex);
        seen += bytes;
        return std::optional<std::string>("");
    });
    x_connection.emplace(x_io, x_heard, x_tls);
    x_connection->connect({"127.0.0.1", silent.port(), "localhost"});
    run_until([&] {
        const std::lock_guard lock(mutex);
        return !seen.empty();
    });
    x_connection->write("not connected yet");
    x_io.run_for(20ms);
    EXPECT_TRUE(x_heard.events.empty()) << "it is for the owner to lose patience";
    x_connection->disconnect();
    const std::lock_guard lock(mutex);
    EXPECT_EQ(seen.front(), '\x16') << "a handshake record";
    EXPECT_EQ(seen.find("not connected"), std::string::npos);
}

TEST_F(TlsTest, GarbageInsteadOfAHandshake) {
    const std::string hello("\x16\x03\x03\x00\x04\x02\x00\x00\x00", 9);
    for (const std::string& bytes :
         {std::string(5, '\0'), hello, std::string("\x15\x03\x03\x00\x02\x02\x28", 7),
          std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string(100'000, '\x16')}) {
        ScriptedServer server(support::always(bytes));
        EXPECT_TRUE(is_refused(server.port())) << bytes.substr(0, 20);
    }
}

// ---- who we are ----

TEST_F(TlsTest, ServerThatWantsACertificate) {
    const TlsFront server(x_backend.port(), {.identity = for_localhost(),
                                             .client_authority = our_authority().certificate(),
                                             .max_version = TLS1_2_VERSION});
    EXPECT_TRUE(is_refused(server.port()));
    EXPECT_THAT(x_heard.why, HasSubstr("set tls.certificate_file and tls.key_file"));
    x_connection.reset();
    show_certificate(our_authority().issue({.common_name = "client"}));
    ASSERT_TRUE(connects(server.port())) << x_heard.why;
    echoes("it is me");
}

TEST_F(TlsTest, CertificateOfOursThatIsRefused) {
    const TlsFront server(x_backend.port(), {.identity = for_localhost(),
                                             .client_authority = our_authority().certificate(),
                                             .max_version = TLS1_2_VERSION});
    for (const Certificate& bad :
         {foreign_authority().issue({.common_name = "client"}),
          our_authority().issue(
              {.common_name = "client", .valid_from = -48h, .valid_until = -24h})}) {
        x_connection.reset();
        show_certificate(bad);
        EXPECT_TRUE(is_refused(server.port()));
        EXPECT_THAT(x_heard.why, HasSubstr("refused our client certificate"));
        EXPECT_THAT(x_heard.why, HasSubstr("tls.certificate_file has to be"));
    }
}

/// With TLS 1.3 the client's side of the handshake ends before the server has seen its certificate.
TEST_F(TlsTest, RefusalBehindTheHandshake) {
    const TlsFront server(x_backend.port(), {.identity = for_localhost(),
                                             .client_authority = our_authority().certificate()});
    ASSERT_TRUE(connects(server.port()));
    run_until([this] { return x_heard.events.size() == 2; });
    EXPECT_EQ(x_heard.code, errc::tls_failed);
    EXPECT_THAT(x_heard.why, HasSubstr("set tls.certificate_file and tls.key_file"));
    EXPECT_EQ(x_heard.received, "");
}

// ---- certificates that change ----

TEST_F(TlsTest, FilesAreReadForEachConnection) {
    TlsFront server(x_backend.port(), {.identity = for_localhost(),
                                       .client_authority = our_authority().certificate(),
                                       .max_version = TLS1_2_VERSION});
    show_certificate(our_authority().issue({.common_name = "client"}));
    ASSERT_TRUE(connects(server.port())) << x_heard.why;

    // Both sides move to another authority.
    server.set_options({.identity = for_localhost(foreign_authority()),
                        .client_authority = foreign_authority().certificate(),
                        .max_version = TLS1_2_VERSION});
    EXPECT_TRUE(is_refused(server.port()));
    x_files.put("ca.pem", foreign_authority().certificate());
    EXPECT_TRUE(is_refused(server.port())) << "our certificate is the old one";
    const Certificate renewed = foreign_authority().issue({.common_name = "client"});
    x_files.put("client.pem", renewed.certificate);
    EXPECT_TRUE(is_refused(server.port())) << "the key is the old one";
    EXPECT_THAT(x_heard.why, HasSubstr("not that of tls.certificate_file"));
    x_files.put("client.key", renewed.key);
    ASSERT_TRUE(connects(server.port())) << x_heard.why;
    echoes("renewed");
}

TEST_F(TlsTest, BrokenFileFailsClosedUntilItIsMended) {
    const TlsFront server(x_backend.port(), {.identity = for_localhost()});
    ASSERT_TRUE(connects(server.port()));
    for (const std::string& broken :
         {std::string(), std::string("-----BEGIN CERTIFICATE-----\n")}) {
        x_files.put("ca.pem", broken);
        EXPECT_TRUE(is_refused(server.port()));
        EXPECT_THAT(x_heard.why, HasSubstr("tls.ca_file " + x_tls.ca_file));
    }
    x_files.put("ca.pem", our_authority().certificate());
    EXPECT_TRUE(connects(server.port())) << x_heard.why;
}

TEST_F(TlsTest, LateAnswerOfAnEarlierConnectionIsNotTakenForTheNext) {
    ScriptedServer old(support::always("old", true));
    const TlsFront first(old.port(), {.identity = for_localhost()});
    const TlsFront second(x_backend.port(), {.identity = for_localhost()});
    x_connection.emplace(x_io, x_heard, x_tls);
    for (int i = 0; i < 20; ++i) {
        x_connection->connect({"127.0.0.1", first.port(), "localhost"});
        x_io.run_for(std::chrono::milliseconds(i));
        ASSERT_TRUE(connects(second.port())) << x_heard.why;
        echoes("new");
    }
}

}  // namespace
}  // namespace leasehold::net

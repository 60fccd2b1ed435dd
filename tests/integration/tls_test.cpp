// TLS with real servers: locks go through it, and whoever is not who they should be gets nowhere,
// with the reason in the error. Certificates change while a lock is held.
#include "tests/integration/fixture.hpp"
#include "tests/support/certificates.hpp"
#include "tests/support/descriptor.hpp"

#include <gmock/gmock.h>

namespace leasehold::integration {
namespace {

using ::testing::HasSubstr;

const Authority& our_authority() {
    static const Authority authority("Ours");
    return authority;
}

const Authority& foreign_authority() {
    static const Authority authority("Foreign");
    return authority;
}

Certificate for_localhost(const Authority& authority = our_authority()) {
    return authority.issue({.names = {"localhost"}});
}

/// A standalone server with a port for TLS beside the plain one, and the files of both sides.
class TlsServer {
public:
    explicit TlsServer(const Certificate& identity, const std::string& client_auth = "none")
        : x_tls_port(free_ports(1).front()) {
        set_identity(identity);
        x_files.put("trusted.pem", our_authority().certificate());
        x_servers.emplace(
            ServerOptions{.is_netty = true,
                          .config = {{"secureClientPort", std::to_string(x_tls_port)},
                                     {"secureClientPortAddress", "127.0.0.1"},
                                     {"ssl.keyStore.location", path_of("server.pem")},
                                     {"ssl.trustStore.location", path_of("trusted.pem")},
                                     {"ssl.clientAuth", client_auth}}});
    }

    /// From its next start on.
    void set_identity(const Certificate& identity) { x_files.put("server.pem", identity.both()); }
    void restart() {
        x_servers->server().kill();
        x_servers->heal();
    }
    [[nodiscard]] ZooKeeperEnsemble& servers() { return *x_servers; }
    /// By its name, which its certificate has.
    [[nodiscard]] std::string hosts() const {
        return "tls://localhost:" + std::to_string(x_tls_port);
    }
    [[nodiscard]] std::uint16_t tls_port() const { return x_tls_port; }

private:
    [[nodiscard]] std::string path_of(const std::string& name) const {
        return (x_files.path() / name).string();
    }

    TemporaryDirectory x_files;
    const std::uint16_t x_tls_port;
    std::optional<ZooKeeperEnsemble> x_servers;
};

TlsServer& open_server() {
    static TlsServer server(for_localhost());
    return server;
}

TlsServer& server_that_asks() {
    static TlsServer server(for_localhost(), "need");
    return server;
}

class RealTls : public ::testing::Test {
protected:
    RealTls() : ca(files.put("ca.pem", our_authority().certificate())) {}

    [[nodiscard]] ClientOptions options() {
        ClientOptions options = standalone_options();
        options.tls.ca_file = ca;
        options.on_log = LogHandler(log);
        return options;
    }
    void show(ClientOptions& options, const Certificate& certificate) {
        shown = files.put("client.pem", certificate.both());
        options.tls.certificate_file = shown;
    }
    /// What the user is told.
    static std::string trouble_with(const std::string& hosts, const ClientOptions& with) {
        const Client client = Client::connect(hosts, with).value();
        const auto connected = client.wait_connected(patient(1s));
        EXPECT_TRUE(fails_with(connected, errc::tls_failed));
        EXPECT_TRUE(
            fails_with(client.lock("/tls", {.wait = 200ms, .budget = 1s}), errc::tls_failed));
        EXPECT_EQ(client.stats().sessions, 0u);
        return why(connected);
    }

    TemporaryDirectory files;
    const std::string ca;
    std::string shown;
    LogBook log;
};

TEST_F(RealTls, LocksGoThroughIt) {
    const Client us = connect(open_server().hosts(), options());
    const Client plain = connect(open_server().servers().connect_string());
    const std::string path = fresh_path();
    auto held = us.lock(path, {.wait = 5s, .budget = 5s});
    ASSERT_TRUE(held.has_value()) << why(held);
    EXPECT_TRUE(fails_with(plain.lock(path, {.wait = 50ms, .budget = 1s}), errc::wait_expired));
    EXPECT_TRUE(held->release().has_value());
    EXPECT_TRUE(plain.lock(path, {.wait = 5s, .budget = 1s}).has_value());
}

TEST_F(RealTls, DataOfManyRecords) {
    const Client us = connect(open_server().hosts(), options());
    const std::string path = existing_path(us);
    const std::string data(900'000, 'x');
    ASSERT_TRUE(us.zookeeper().set(path, data).has_value());
    EXPECT_TRUE(us.zookeeper().get(path)->data == data);
}

TEST_F(RealTls, ForeignAuthority) {
    files.put("ca.pem", foreign_authority().certificate());
    EXPECT_THAT(trouble_with(open_server().hosts(), options()),
                HasSubstr("was issued by CN=Ours, which is not trusted"));
    EXPECT_TRUE(log.has("tls_failed"));
}

TEST_F(RealTls, SystemsAuthoritiesDoNotKnowOurs) {
    ClientOptions with = standalone_options();
    EXPECT_THAT(trouble_with(open_server().hosts(), with), HasSubstr("not trusted"));
}

TEST_F(RealTls, WrongName) {
    const std::string by_address = "tls://127.0.0.1:" + std::to_string(open_server().tls_port());
    EXPECT_THAT(trouble_with(by_address, options()),
                HasSubstr("is for localhost, not for 127.0.0.1"));
    ClientOptions named = options();
    named.tls.server_name = "localhost";
    EXPECT_TRUE(Client::connect(by_address, named)->wait_connected(patient(10s)).has_value());
}

TEST_F(RealTls, ExpiredCertificate) {
    TlsServer expired(
        our_authority().issue({.names = {"localhost"}, .valid_from = -48h, .valid_until = -24h}));
    EXPECT_THAT(trouble_with(expired.hosts(), options()), HasSubstr("expired at"));
}

TEST_F(RealTls, VersionThatTheServerDoesNotHave) {
    // 3.8 has 1.2 unless told otherwise.
    ClientOptions with = options();
    with.tls.min_version = TlsVersion::tls_1_3;
    EXPECT_THAT(trouble_with(open_server().hosts(), with), HasSubstr("min_version"));
}

TEST_F(RealTls, PlaintextServer) {
    for (ZooKeeperEnsemble* servers : {&one_server(), &open_server().servers()}) {
        const std::string hosts = "tls://localhost:" + std::to_string(servers->server().port());
        EXPECT_THAT(trouble_with(hosts, options()), HasSubstr("one without TLS"));
    }
}

TEST_F(RealTls, PlaintextClientIsNoDowngrade) {
    const std::string plain = "localhost:" + std::to_string(open_server().tls_port());
    const Client client = Client::connect(plain, standalone_options()).value();
    EXPECT_TRUE(fails_with(client.wait_connected(patient(500ms)), errc::no_server));
    // An option of TLS is enough to rule out anything else, whatever the connect string says.
    EXPECT_TRUE(Client::connect(plain, options())->wait_connected(patient(10s)).has_value());
}

TEST_F(RealTls, ClientCertificateThatIsMissingOrRefused) {
    ClientOptions with = options();
    EXPECT_THAT(trouble_with(server_that_asks().hosts(), with), HasSubstr("tls.certificate_file"));
    show(with, foreign_authority().issue({.common_name = "client"}));
    EXPECT_THAT(trouble_with(server_that_asks().hosts(), with),
                HasSubstr("refused our client certificate"));
    show(with,
         our_authority().issue({.common_name = "client", .valid_from = -48h, .valid_until = -24h}));
    EXPECT_THAT(trouble_with(server_that_asks().hosts(), with),
                HasSubstr("refused our client certificate"));
}

TEST_F(RealTls, CertificateIsAnIdentity) {
    ClientOptions with = options();
    show(with, our_authority().issue({.common_name = "client"}));
    const Client us = connect(server_that_asks().hosts(), with);
    const Client plain = connect(server_that_asks().servers().connect_string());
    const std::string path = existing_path(us);
    const AclEntry only_us{perms::all, "x509", "CN=client"};
    ASSERT_TRUE(us.zookeeper().create(path + "/ours", "", {.acl = {&only_us, 1}}).has_value());
    EXPECT_TRUE(us.zookeeper().get(path + "/ours").has_value());
    EXPECT_TRUE(fails_with(plain.zookeeper().get(path + "/ours"), zk_errc::no_auth));
}

TEST_F(RealTls, CertificateShutsOthersOutWhereTheAclSaysSo) {
    ClientOptions with = options();
    show(with, our_authority().issue({.common_name = "client"}));
    const AclEntry creator_only[] = {{perms::all, "auth", ""}};
    const LockOptions closed{.wait = 5s, .budget = 5s, .acl = creator_only};
    const Client us = connect(server_that_asks().hosts(), with);
    const Client plain = connect(server_that_asks().servers().connect_string());
    const std::string path = existing_path(us);

    const auto open = us.lock(path + "/open", {.wait = 5s, .budget = 5s});
    ASSERT_TRUE(open.has_value()) << why(open);
    EXPECT_TRUE(plain.zookeeper().get(open->node()).has_value()) << "by itself it closes nothing";

    const auto held = us.lock(path + "/closed", closed);
    ASSERT_TRUE(held.has_value()) << why(held);
    EXPECT_TRUE(
        fails_with(plain.lock(path + "/closed", {.wait = 1s, .budget = 1s}), errc::not_permitted));
    EXPECT_TRUE(fails_with(plain.zookeeper().remove(held->node()), zk_errc::no_auth));

    // A server that does not ask for a certificate knows nobody by one.
    const Client unknown = connect(open_server().hosts(), with);
    const auto refused = unknown.lock(fresh_path(), closed);
    EXPECT_TRUE(fails_with(refused, zk_errc::invalid_acl));
    EXPECT_THAT(why(refused), HasSubstr("a client certificate that it asks for"));
}

TEST_F(RealTls, CertificatesChangeUnderALockThatIsHeld) {
    TlsServer server(for_localhost());
    ClientOptions with = options();
    with.session_timeout = 30s;
    const Client us = connect(server.hosts(), with);
    auto held = us.lock(fresh_path(), {.wait = 5s, .budget = 25s});
    ASSERT_TRUE(held.has_value()) << why(held);

    server.set_identity(for_localhost(foreign_authority()));
    server.restart();
    ASSERT_TRUE(eventually([&] { return log.has("tls_failed"); }));
    files.put("ca.pem", "no certificate\n");
    EXPECT_TRUE(eventually([&] { return log.has("tls.ca_file " + ca); }));
    EXPECT_NE(us.state(), ClientState::connected);
    EXPECT_TRUE(fails_with(us.wait_connected(100ms), errc::tls_failed));
    files.put("ca.pem", foreign_authority().certificate());
    const auto connected = us.wait_connected(patient(10s));
    ASSERT_TRUE(connected.has_value()) << why(connected);
    EXPECT_TRUE(held->valid());
    EXPECT_TRUE(held->release().has_value());
    EXPECT_EQ(us.stats().sessions, 1u);
    EXPECT_EQ(us.stats().reconnects, 1u);
}

}  // namespace
}  // namespace leasehold::integration

// GSSAPI with a real server and a KDC of the test's own: who has a ticket has locks.
#include "tests/integration/fixture.hpp"
#include "tests/integration/sasl_server.hpp"
#include "tests/support/kdc.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

namespace leasehold::integration {
namespace {

using ::testing::HasSubstr;

/// One KDC and one server for all cases of this process.
struct Realm {
    Kdc kdc;
    std::string keytab = kdc.add("shop");
    SaslServer server{kerberos_jaas(kdc.add("zookeeper/localhost")),
                      {},
                      {"-Djava.security.krb5.conf=" + kdc.config()}};

    /// By its name, which is in its principal.
    [[nodiscard]] std::string hosts() {
        return "localhost:" + std::to_string(server.servers().server().port());
    }
};

Realm& realm() {
    static Realm realm;
    return realm;
}

/// What is in KRB5CCNAME counts for the whole process.
class RealKerberos : public ::testing::Test {
protected:
    ~RealKerberos() override {
        realm().kdc.resume();
        ::unsetenv("KRB5CCNAME");
        ::unsetenv("KRB5_CLIENT_KTNAME");
    }

    static void use(const std::string& ticket) {
        ::setenv("KRB5CCNAME", ("FILE:" + ticket).c_str(), 1);
    }
    [[nodiscard]] ClientOptions options() {
        ClientOptions options = standalone_options();
        options.sasl.mechanism = SaslMechanism::gssapi;
        options.on_log = LogHandler(log);
        return options;
    }
    std::string trouble() {
        const Client client = Client::connect(realm().hosts(), options()).value();
        const auto lock = client.lock("/kerberos", {.wait = patient(2s), .budget = 1s});
        EXPECT_TRUE(fails_with(lock, errc::auth_failed));
        EXPECT_EQ(client.stats().requests, 0u);
        EXPECT_EQ(client.stats().sessions, 0u) << "without a ticket nothing is opened";
        return why(lock);
    }

    LogBook log;
    TemporaryDirectory files;
};

TEST_F(RealKerberos, TicketLocks) {
    realm();
    use(realm().kdc.ticket("shop", realm().keytab));
    const Client us = connect(realm().hosts(), options());
    const Client stranger = connect(realm().hosts());
    const std::string path = fresh_path();
    auto held = us.lock(path, {.wait = 5s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    EXPECT_TRUE(fails_with(stranger.zookeeper().get(held->node()), zk_errc::no_auth));
    const AclEntry only_us{perms::all, "sasl", "shop@LEASEHOLD.TEST"};
    ASSERT_TRUE(us.zookeeper().create(path + "/ours", "", {.acl = {&only_us, 1}}).has_value());
    EXPECT_TRUE(us.zookeeper().get(path + "/ours").has_value());

    realm().server.restart();
    ASSERT_TRUE(eventually([&] { return us.stats().reconnects == 1; }));
    EXPECT_TRUE(held->valid());
    EXPECT_TRUE(held->release().has_value());
    EXPECT_EQ(us.stats().sessions, 1u);
}

TEST_F(RealKerberos, KeytabGetsTheTicketByItself) {
    realm();
    use((files.path() / "fetched").string());
    ::setenv("KRB5_CLIENT_KTNAME", realm().keytab.c_str(), 1);
    const Client us = connect(realm().hosts(), options());
    EXPECT_TRUE(us.lock(fresh_path(), {.wait = 5s, .budget = 1s}).has_value());
}

TEST_F(RealKerberos, NoTicket) {
    realm();
    use((files.path() / "nowhere").string());
    EXPECT_THAT(trouble(), HasSubstr("see with klist that there is a ticket"));
    EXPECT_TRUE(log.has("auth_failed"));
}

TEST_F(RealKerberos, ExpiredTicket) {
    const std::string ticket = realm().kdc.ticket("shop", realm().keytab, 1);
    ASSERT_TRUE(eventually([&] { return realm().kdc.is_expired(ticket); }));
    use(ticket);
    EXPECT_THAT(trouble(), HasSubstr("expired"));
}

TEST_F(RealKerberos, TicketThatComesLaterIsTaken) {
    realm();
    const std::filesystem::path later = files.path() / "later";
    use(later.string());
    const Client us = Client::connect(realm().hosts(), options()).value();
    ASSERT_TRUE(eventually([&] { return log.has("auth_failed"); }));
    std::filesystem::rename(realm().kdc.ticket("shop", realm().keytab), later);
    EXPECT_TRUE(us.lock(fresh_path(), {.wait = patient(10s), .budget = 1s}).has_value());
}

TEST_F(RealKerberos, ServerThatTheRealmDoesNotKnow) {
    realm();
    use(realm().kdc.ticket("shop", realm().keytab));
    ClientOptions named = options();
    named.sasl.server_name = "elsewhere";
    const Client client = Client::connect(realm().hosts(), named).value();
    EXPECT_TRUE(fails_with(client.wait_connected(patient(1s)), errc::auth_failed));
    named.sasl.server_name = "localhost";
    named.sasl.service = "hbase";
    const Client other = Client::connect(realm().hosts(), named).value();
    const auto connected = other.wait_connected(patient(1s));
    EXPECT_TRUE(fails_with(connected, errc::auth_failed));
    EXPECT_THAT(why(connected), HasSubstr("hbase/HOST"));
}

TEST_F(RealKerberos, KdcThatDoesNotAnswerHoldsUpNothing) {
    const std::string ticket = realm().kdc.ticket("shop", realm().keytab);
    realm().kdc.pause();
    use(ticket);
    ClientOptions impatient = options();
    impatient.connect_timeout = 500ms;
    const Client us = Client::connect(realm().hosts(), impatient).value();
    const auto connected = us.wait_connected(patient(1500ms));
    EXPECT_TRUE(fails_with(connected, errc::auth_failed));
    EXPECT_THAT(why(connected), HasSubstr("KDC"));
    const auto before = std::chrono::steady_clock::now();
    EXPECT_TRUE(fails_with(us.lock(fresh_path(), {.wait = 50ms, .budget = 1s}), errc::auth_failed));
    EXPECT_LT(std::chrono::steady_clock::now() - before, patient(1s)) << "the I/O thread is free";
}

}  // namespace
}  // namespace leasehold::integration

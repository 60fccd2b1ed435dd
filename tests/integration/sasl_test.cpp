// SASL with real servers: who knows the password has locks, and nobody else; it is said again on
// each connection before anything else.
#include "sdk/wire/node.hpp"
#include "tests/integration/fixture.hpp"
#include "tests/integration/parcel.hpp"
#include "tests/integration/sasl_server.hpp"
#include "tests/support/cutting_proxy.hpp"
#include "tests/support/raw_session.hpp"

#include <gmock/gmock.h>

#include <list>
#include <optional>

namespace leasehold::integration {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using wire::Opcode;

SaslServer& digest_server() {
    static SaslServer server(digest_jaas({{"shop", "s3cret"}, {"other", "0ther"}}));
    return server;
}

class RealSasl : public ::testing::Test {
protected:
    [[nodiscard]] ClientOptions as(const std::string& user, const std::string& password) {
        texts.push_back(user);
        const std::string& kept_user = texts.back();
        texts.push_back(files.put("password-" + std::to_string(texts.size()), password + "\n"));
        ClientOptions options = standalone_options();
        options.sasl = {.mechanism = SaslMechanism::digest_md5,
                        .user = kept_user,
                        .password_file = texts.back()};
        options.on_log = LogHandler(log);
        return options;
    }
    /// What a user is told who gets nowhere.
    static std::string trouble_with(const std::string& hosts, const ClientOptions& with) {
        const Client client = Client::connect(hosts, with).value();
        const auto lock = client.lock("/sasl", {.wait = patient(2s), .budget = 1s});
        EXPECT_TRUE(fails_with(lock, errc::auth_failed));
        const auto connected = client.wait_connected(200ms);
        EXPECT_TRUE(fails_with(connected, errc::auth_failed));
        EXPECT_LE(client.stats().sessions, 1u);
        EXPECT_EQ(client.stats().requests, 0u);
        return why(lock) + "\n" + why(connected);
    }

    LogBook log;
    TemporaryDirectory files;
    std::list<std::string> texts;
};

TEST_F(RealSasl, RightPasswordLocks) {
    const std::string hosts = digest_server().hosts();
    const Client us = connect(hosts, as("shop", "s3cret"));
    const Client same = connect(hosts, as("shop", "s3cret"));
    const Client other = connect(hosts, as("other", "0ther"));
    const Client stranger = connect(hosts);
    const std::string path = fresh_path();
    auto held = us.lock(path, {.wait = 5s, .budget = 5s});
    ASSERT_TRUE(held.has_value()) << why(held);
    EXPECT_TRUE(fails_with(same.lock(path, {.wait = 50ms, .budget = 1s}), errc::wait_expired));
    for (const Client* foreign : {&other, &stranger}) {
        EXPECT_TRUE(
            fails_with(foreign->lock(path, {.wait = 1s, .budget = 1s}), errc::not_permitted));
        EXPECT_TRUE(fails_with(foreign->zookeeper().get(held->node()), zk_errc::no_auth));
        EXPECT_TRUE(fails_with(foreign->zookeeper().remove(held->node()), zk_errc::no_auth));
    }
    EXPECT_TRUE(held->release().has_value());
    EXPECT_TRUE(same.lock(path, {.wait = 5s, .budget = 1s}).has_value());
}

TEST_F(RealSasl, CreatorIsTheUserOfSasl) {
    const Client us = connect(digest_server().hosts(), as("shop", "s3cret"));
    const std::string path = existing_path(us);
    const AclEntry acl[] = {{perms::all, "auth", ""}, {perms::read, "world", "anyone"}};
    ASSERT_TRUE(us.zookeeper().create(path + "/ours", "", {.acl = acl}).has_value());
    RawSession observer(digest_server().servers().server().port());
    const auto answer = observer.ask(wire::GetAclRequest{path + "/ours"});
    const auto reply = wire::decode<wire::GetAclReply>(answer.body);
    ASSERT_TRUE(reply.has_value());
    ASSERT_FALSE(reply.value().acls.empty());
    EXPECT_EQ(reply.value().acls.front(), (wire::Acl{wire::perms::all, "sasl", "shop"}));
}

TEST_F(RealSasl, WrongPasswordAndUnknownUserGetNothing) {
    for (const auto& [user, password] :
         {std::pair{"shop", "guess"}, std::pair{"nobody", "n0body"}}) {
        const std::string trouble = trouble_with(digest_server().hosts(), as(user, password));
        EXPECT_THAT(trouble, HasSubstr("refuses our SASL credentials"));
        EXPECT_THAT(trouble, Not(HasSubstr(password)));
    }
    EXPECT_TRUE(log.has("auth_failed"));
    for (const std::string& line : log.lines()) {
        EXPECT_THAT(line, Not(HasSubstr("guess")));
        EXPECT_THAT(line, Not(HasSubstr("s3cret")));
    }
}

TEST_F(RealSasl, WrongPasswordOnAServerThatLetsFailedClientsGoOn) {
    SaslServer lenient(digest_jaas({{"shop", "s3cret"}}), {},
                       {"-Dzookeeper.allowSaslFailedClients=true"});
    EXPECT_THAT(trouble_with(lenient.hosts(), as("shop", "guess")),
                HasSubstr("goes on without SASL, and we do not"));
    EXPECT_EQ(connect(lenient.hosts(), as("shop", "s3cret")).state(), ClientState::connected);
}

TEST_F(RealSasl, ServerWithoutSasl) {
    EXPECT_THAT(trouble_with(one_server().connect_string(), as("shop", "s3cret")),
                HasSubstr("goes on without SASL, and we do not"));
}

TEST_F(RealSasl, GoesBeforeAnythingElseOnEachConnection) {
    CuttingProxy proxy(digest_server().servers().server().port());
    ClientOptions options = as("shop", "s3cret");
    options.server_version = "3.8.0";
    const std::string auth = files.put("auth", "digest shop:also\n");
    options.auth_file = auth;
    const Client us = connect(proxy.connect_string(), options);
    auto held = us.lock(fresh_path(), {.wait = 5s, .budget = 8s, .watch_own_node = true});
    ASSERT_TRUE(held.has_value()) << why(held);
    proxy.clear();
    proxy.cut_all();
    ASSERT_TRUE(eventually([&] { return us.stats().reconnects == 1; }));
    ASSERT_TRUE(eventually([&] { return proxy.requests(Opcode::auth) == 1; }));
    std::vector<Opcode> requests;
    std::optional<std::size_t>
        connection;  // the new one; the old one may have had something to say
    for (const ProxyFrame& frame : proxy.frames()) {
        if (frame.kind == FrameKind::connect_request) {
            connection = frame.connection;
        } else if (frame.kind == FrameKind::request && frame.connection == connection &&
                   requests.size() < 3) {
            requests.push_back(frame.op);
        }
    }
    EXPECT_THAT(requests, ElementsAre(Opcode::sasl, Opcode::sasl, Opcode::auth));
    EXPECT_TRUE(held->valid());
    EXPECT_TRUE(held->release().has_value());
    EXPECT_EQ(us.stats().sessions, 1u);
}

TEST_F(RealSasl, LockOutlivesARestartOfTheServer) {
    SaslServer server(digest_jaas({{"shop", "s3cret"}}));
    ClientOptions options = as("shop", "s3cret");
    options.session_timeout = 30s;
    const Client us = connect(server.hosts(), options);
    auto held = us.lock(fresh_path(), {.wait = 5s, .budget = 25s});
    ASSERT_TRUE(held.has_value()) << why(held);
    server.restart();
    ASSERT_TRUE(eventually([&] { return us.stats().reconnects == 1; }));
    EXPECT_TRUE(held->valid());
    EXPECT_TRUE(held->release().has_value());
    EXPECT_EQ(us.stats().sessions, 1u);
}

TEST_F(RealSasl, CredentialsThatAreNotTakenAnyMoreLoseTheLock) {
    SaslServer server(digest_jaas({{"shop", "s3cret"}}));
    ClientOptions options = as("shop", "s3cret");
    options.session_timeout = 4s;
    const Client us = connect(server.hosts(), options);
    auto held = us.lock(fresh_path(), {.wait = 5s, .budget = 2s});
    ASSERT_TRUE(held.has_value()) << why(held);
    server.set_jaas(digest_jaas({{"shop", "changed"}}));
    server.restart();
    ASSERT_TRUE(eventually([&] { return log.has("auth_failed"); }));
    EXPECT_FALSE(held->valid());
    EXPECT_TRUE(fails_with(us.wait_connected(100ms), errc::auth_failed));
    EXPECT_TRUE(eventually([&] {
        const auto counts = server.servers().counts();
        return counts && counts->ephemerals == 0;
    })) << "attempts that are refused keep no node";
    // A new password needs no restart of ours.
    files.put("password-1", "changed\n");
    EXPECT_TRUE(eventually([&] {
        return us.lock(fresh_path(), {.wait = 5s, .budget = 1s}).has_value();
    })) << "an attempt with the old one may still be under way";
}

TEST_F(RealSasl, HolderIsToldThatARefusalHasCostTheLock) {
    SaslServer server(digest_jaas({{"shop", "s3cret"}}));
    ClientOptions options = as("shop", "s3cret");
    options.session_timeout = 30s;
    const Client us = connect(server.hosts(), options);
    auto held = us.lock(fresh_path(), {.wait = 5s, .budget = 25s});
    ASSERT_TRUE(held.has_value()) << why(held);
    const Parcel<result<Loss>> lost;
    held->lost([lost](result<Loss> loss) { lost.deliver(std::move(loss)); });
    server.set_jaas(digest_jaas({{"shop", "changed"}}));
    server.restart();
    const auto loss = lost.receive();
    ASSERT_TRUE(loss.has_value()) << why(loss);
    EXPECT_EQ(*loss, Loss::auth_failed);
    EXPECT_FALSE(held->valid());
    EXPECT_TRUE(log.has("session_given_up"));
    const auto extended = held->extend(1s);
    EXPECT_TRUE(fails_with(extended, errc::lock_lost));
    EXPECT_THAT(why(extended), HasSubstr("refuses our SASL credentials"));
}

TEST_F(RealSasl, ServersThatRequireIt) {
    const std::vector<std::pair<std::string, std::string>> enforced = {
        {"enforce.auth.enabled", "true"}, {"enforce.auth.schemes", "sasl"}};
    SaslServer enforcing(digest_jaas({{"shop", "s3cret"}}), enforced);
    SaslServer requiring(digest_jaas({{"shop", "s3cret"}}), {},
                         {"-Dzookeeper.sessionRequireClientSASLAuth=true"});
    for (SaslServer* server : {&enforcing, &requiring}) {
        const Client us = connect(server->hosts(), as("shop", "s3cret"));
        EXPECT_TRUE(us.lock(fresh_path(), {.wait = 5s, .budget = 1s}).has_value());
        EXPECT_THAT(trouble_with(server->hosts(), as("shop", "guess")),
                    HasSubstr("refuses our SASL credentials"));
        const Client nobody = Client::connect(server->hosts(), standalone_options()).value();
        const auto lock = nobody.lock(fresh_path(), {.wait = patient(2s), .budget = 1s});
        EXPECT_TRUE(fails_with(lock, errc::not_permitted));
        EXPECT_THAT(why(lock), HasSubstr("give credentials: sasl, or auth_file"));
    }
}

TEST_F(RealSasl, MissingPasswordIsSaidAtOnce) {
    ClientOptions options = as("shop", "s3cret");
    const std::string nowhere = (files.path() / "nowhere").string();
    options.sasl.password_file = nowhere;
    const auto client = Client::connect(digest_server().hosts(), options);
    EXPECT_TRUE(fails_with(client, errc::auth_failed));
    EXPECT_THAT(why(client), HasSubstr("sasl.password_file " + nowhere));
}

}  // namespace
}  // namespace leasehold::integration

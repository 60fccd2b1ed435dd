// Credentials with real servers: who is let in, what strangers can do to a lock, and servers that
// take no request without credentials.
#include "tests/integration/fixture.hpp"
#include "tests/support/cutting_proxy.hpp"

#include <gmock/gmock.h>

#include <list>

namespace leasehold::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Credentials : public ::testing::Test {
protected:
    [[nodiscard]] ClientOptions with(const std::string& name, const std::string& secret) {
        paths.push_back(files.put(name, "digest " + secret + "\n"));
        ClientOptions options = standalone_options();
        options.auth_file = paths.back();
        options.on_log = LogHandler(log);
        return options;
    }

    LogBook log;
    TemporaryDirectory files;
    std::list<std::string> paths;
    Client us = connect(one_server().connect_string(), with("us", "shop:s3cret"));
    Client wrong = connect(one_server().connect_string(), with("wrong", "shop:guess"));
    Client stranger = connect(one_server().connect_string());
    const std::string path = fresh_path();
};

TEST_F(Credentials, LockOfOursIsClosedToAllOthers) {
    auto held = us.lock(path, {.wait = 5s, .budget = 5s});
    ASSERT_TRUE(held.has_value()) << why(held);
    for (const Client* other : {&wrong, &stranger}) {
        EXPECT_TRUE(fails_with(other->lock(path, {.wait = 1s, .budget = 1s}), errc::not_permitted));
        EXPECT_TRUE(fails_with(other->zookeeper().get(held->node()), zk_errc::no_auth));
        EXPECT_TRUE(fails_with(other->zookeeper().set(held->node(), "x"), zk_errc::no_auth));
        EXPECT_TRUE(fails_with(other->zookeeper().children(path), zk_errc::no_auth));
        EXPECT_TRUE(fails_with(other->zookeeper().remove(held->node()), zk_errc::no_auth))
            << "that is for the path's own ACL to refuse";
        EXPECT_TRUE(
            fails_with(other->zookeeper().create(path + "/x-lock-0000000000"), zk_errc::no_auth));
    }
    EXPECT_TRUE(held->valid());
    EXPECT_TRUE(held->release().has_value());
    Client again = connect(one_server().connect_string(), with("again", "shop:s3cret"));
    EXPECT_TRUE(again.lock(path, {.wait = 5s, .budget = 1s}).has_value());
}

TEST_F(Credentials, ParticipantsAreNotProtectedFromEachOther) {
    const Client participant = connect(one_server().connect_string(), with("other", "shop:s3cret"));
    auto held = us.lock(path, {.wait = 5s, .budget = 5s, .watch_own_node = true});
    ASSERT_TRUE(held.has_value()) << why(held);
    EXPECT_TRUE(participant.zookeeper().remove(held->node()).has_value());
    EXPECT_TRUE(eventually([&] { return !held->valid(); }));
}

TEST_F(Credentials, OpenOnlyWhenSpelledOut) {
    const AclEntry everybody{perms::all, "world", "anyone"};
    auto held = us.lock(path, {.wait = 5s, .budget = 1s, .acl = {&everybody, 1}});
    ASSERT_TRUE(held.has_value()) << why(held);
    EXPECT_TRUE(fails_with(stranger.lock(path, {.wait = 50ms, .budget = 1s}), errc::wait_expired));
    EXPECT_TRUE(held->release().has_value());
    EXPECT_TRUE(stranger.lock(path, {.wait = 5s, .budget = 1s}).has_value());
}

TEST_F(Credentials, AreNeverInTheLog) {
    ASSERT_TRUE(us.lock(path, {.wait = 5s, .budget = 1s}).has_value());
    for (const std::string& line : log.lines()) {
        EXPECT_THAT(line, Not(HasSubstr("s3cret")));
    }
}

TEST_F(Credentials, UnknownSchemeEndsWaitsAndNotTheClient) {
    ASSERT_TRUE(us.add_auth("no-such-scheme", "s3cret").has_value());
    ASSERT_TRUE(eventually([&] { return log.has("auth_failed"); }));
    const auto refused = us.lock(path, {.wait = 1s, .budget = 1s});
    EXPECT_FALSE(refused.has_value());
    EXPECT_THAT(why(refused), Not(HasSubstr("s3cret")));
}

/// 3.7 and newer: no request without credentials, not even a ping.
TEST(EnforcedAuthentication, CredentialsComeBeforeAnythingElse) {
    ZooKeeperEnsemble strict(ServerOptions{
        .config = {{"enforce.auth.enabled", "true"}, {"enforce.auth.schemes", "digest"}}});
    TemporaryDirectory files;
    const std::string file = files.put("auth", "digest shop:s3cret\n");
    ClientOptions options = standalone_options();
    options.auth_file = file;
    CuttingProxy proxy(strict.server().port());
    const Client us = connect(proxy.connect_string(), options);
    auto held = us.lock(fresh_path(), {.wait = 5s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    proxy.cut_all();
    ASSERT_TRUE(eventually([&] { return us.stats().reconnects == 1; }));
    EXPECT_TRUE(held->release().has_value());
    EXPECT_EQ(us.stats().sessions, 1u);

    const Client nobody = Client::connect(strict.connect_string(), standalone_options()).value();
    EXPECT_TRUE(fails_with(nobody.lock(fresh_path(), {.wait = patient(1s), .budget = 1s}),
                           errc::not_permitted));
}

}  // namespace
}  // namespace leasehold::integration

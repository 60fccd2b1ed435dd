#include "tests/unit/client/fixture.hpp"

#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <string>
#include <utility>

namespace leasehold::testing_client {
namespace {

namespace asio = boost::asio;

class RawClient : public ServedTest {
protected:
    Client x_client = connect();
    ZooKeeper x_zk = x_client.zookeeper();
};

TEST_F(RawClient, NodesAreMadeReadChangedAndRemoved) {
    EXPECT_EQ(x_zk.create("/a", "one").value(), "/a");
    EXPECT_EQ(x_zk.create("/a", "two").error(), zk_errc::node_exists);
    EXPECT_EQ(x_zk.get("/a").value().data, "one");
    EXPECT_EQ(x_zk.set("/a", "two").value().version, 1);
    EXPECT_EQ(x_zk.set("/a", "three", 0).error(), zk_errc::bad_version);
    EXPECT_EQ(x_zk.create("/a/n-", "", {.mode = CreateMode::persistent_sequential}).value(),
              "/a/n-0000000000");
    EXPECT_THAT(x_zk.children("/a").value().names, ::testing::ElementsAre("n-0000000000"));
    EXPECT_EQ(x_zk.remove("/a").error(), zk_errc::not_empty);
    EXPECT_TRUE(x_zk.remove("/a/n-0000000000"));
    EXPECT_TRUE(x_zk.remove("/a", 1));
    EXPECT_FALSE(x_zk.exists("/a").value());
    EXPECT_EQ(x_zk.get("/a").error(), zk_errc::no_node);
    EXPECT_TRUE(x_zk.sync());
}

TEST_F(RawClient, EphemeralNodeBelongsToTheSession) {
    ASSERT_TRUE(x_zk.create("/e", "", {.mode = CreateMode::ephemeral}));
    EXPECT_NE(x_zk.exists("/e").value()->ephemeral_owner, 0);
    ASSERT_TRUE(x_client.close());
    const Client other = connect();
    EXPECT_FALSE(other.zookeeper().exists("/e").value());
}

TEST_F(RawClient, MultiIsAllOrNothing) {
    Multi good;
    good.create("/a", "1").create("/b", "2");
    const auto made = x_zk.multi(good);
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(made->at(1).path, "/b");
    Multi bad;
    bad.set("/a", "changed").check("/b", 7);
    const auto failed = x_zk.multi(std::move(bad));
    EXPECT_EQ(failed.error(), zk_errc::bad_version);
    EXPECT_EQ(failed.error().context().path, "/b");
    EXPECT_EQ(x_zk.get("/a").value().data, "1");
}

TEST_F(RawClient, BadPathIsRefusedWithoutASingleByte) {
    const auto before = x_client.stats().requests;
    EXPECT_EQ(x_zk.get("a").error(), errc::invalid_argument);
    EXPECT_EQ(x_zk.create("/a//b").error(), errc::invalid_argument);
    EXPECT_EQ(x_zk.children_watched("/a/").error(), errc::invalid_argument);
    EXPECT_EQ(x_zk.multi(Multi().remove("a")).error(), errc::invalid_argument);
    EXPECT_EQ(x_client.stats().requests, before);
}

TEST_F(RawClient, EveryAsynchronousFormWorks) {
    const auto& token = asio::use_future;
    EXPECT_EQ(x_zk.async_create("/a", "x", {}, token).get().value(), "/a");
    EXPECT_EQ(x_zk.async_get("/a", token).get().value().data, "x");
    EXPECT_EQ(x_zk.async_set("/a", "y", any_version, token).get().value().version, 1);
    EXPECT_TRUE(x_zk.async_exists("/a", token).get().value());
    EXPECT_TRUE(x_zk.async_children("/", token).get());
    EXPECT_TRUE(x_zk.async_sync("/", token).get());
    EXPECT_EQ(x_zk.async_get_watched("/a", token).get().value().value.data, "y");
    EXPECT_TRUE(x_zk.async_children_watched("/a", token).get());
    EXPECT_TRUE(x_zk.async_exists_watched("/b", token).get());
    EXPECT_TRUE(x_zk.async_multi(Multi().check("/a"), token).get());
    EXPECT_TRUE(x_zk.async_remove("/a", any_version, token).get());
}

TEST_F(RawClient, OperationEndsByItsTimeLimit) {
    x_server.set_deaf(true);
    const auto quick = x_zk.with_timeout(50ms);
    const auto answer = quick.get("/a");
    EXPECT_EQ(answer.error(), errc::timed_out);
    EXPECT_EQ(answer.error().context().path, "/a");
    EXPECT_EQ(quick.async_get("/a", asio::use_future).get().error(), errc::timed_out);
    x_server.set_deaf(false);
    EXPECT_TRUE(x_zk.sync());
}

TEST_F(RawClient, WriteWhoseReplyIsLostSaysSo) {
    x_server.with([](FakeZooKeeper& zookeeper) {
        zookeeper.next(wire::Opcode::create, support::Fate::close_unheard);
    });
    EXPECT_EQ(x_zk.create("/a").error(), errc::connection_lost);
    EXPECT_TRUE(x_zk.exists("/a").value()) << "here it took effect";
}

TEST(RawClientOfAnOldServer, ContainersAndTtlNodesAreNeverTried) {
    ScriptedServer server(support::FakeOptions{.version = {3, 4, 8}});
    const auto client = Client::connect(server.address(), fast_options()).value();
    const auto zk = client.zookeeper();
    EXPECT_EQ(zk.create("/c", "", {.mode = CreateMode::container}).error(), errc::unsupported);
    EXPECT_EQ(zk.create("/t", "", {.mode = CreateMode::ttl, .ttl = 1s}).error(), errc::unsupported);
    EXPECT_TRUE(zk.create("/p"));
    server.with([](FakeZooKeeper& zookeeper) {
        EXPECT_TRUE(zookeeper.seen(wire::Opcode::create_container).empty());
        EXPECT_TRUE(zookeeper.seen(wire::Opcode::create_ttl).empty());
    });
}

// ---- watches ----

TEST_F(RawClient, WatchTellsOfTheFirstChange) {
    ASSERT_TRUE(x_zk.create("/a", "one"));
    auto data = x_zk.get_watched("/a").value();
    auto names = x_zk.children_watched("/a").value();
    auto absent = x_zk.exists_watched("/b").value();
    EXPECT_EQ(data.value.data, "one");
    EXPECT_FALSE(absent.value);
    ASSERT_TRUE(x_zk.create("/a/c"));
    ASSERT_TRUE(x_zk.create("/b"));
    ASSERT_TRUE(x_zk.set("/a", "two"));
    EXPECT_EQ(names.watch.wait(0ms).value().type, WatchEventType::children_changed);
    EXPECT_EQ(absent.watch.wait(0ms).value().type, WatchEventType::created);
    const auto event = data.watch.wait(0ms).value();
    EXPECT_EQ(event.type, WatchEventType::data_changed);
    EXPECT_EQ(event.path, "/a");
    EXPECT_EQ(data.watch.wait(0ms).value().type, WatchEventType::data_changed)
        << "what has fired can be asked again";
}

TEST_F(RawClient, WaitForAWatchEndsByItsTimeLimitAndTheWatchStays) {
    auto watched = x_zk.exists_watched("/a").value();
    EXPECT_EQ(watched.watch.wait(20ms).error(), errc::timed_out);
    auto event = watched.watch.async_wait(asio::use_future);
    ASSERT_TRUE(x_zk.create("/a"));
    EXPECT_EQ(event.get().value().type, WatchEventType::created);
}

TEST_F(RawClient, DroppedWatchIsTakenOffTheServer) {
    {
        const auto watched = x_zk.exists_watched("/a").value();
        EXPECT_EQ(x_client.stats().watches, 1u);
    }
    EXPECT_TRUE(eventually([&] { return x_client.stats().watches == 0; }));
    EXPECT_TRUE(eventually([&] { return requests(wire::Opcode::remove_watches) == 1; }));
}

TEST_F(RawClient, FailedReadLeavesNoWatch) {
    EXPECT_EQ(x_zk.get_watched("/absent").error(), zk_errc::no_node);
    EXPECT_EQ(x_client.stats().watches, 0u);
}

TEST_F(RawClient, WatchOutlivesAReconnection) {
    auto watched = x_zk.exists_watched("/a").value();
    x_server.cut();
    ASSERT_TRUE(eventually([&] { return x_client.stats().reconnects == 1; }));
    ASSERT_TRUE(x_zk.create("/a"));
    EXPECT_EQ(watched.watch.wait(15s).value().type, WatchEventType::created);
}

TEST_F(RawClient, WatchEndsWithItsSession) {
    auto watched = x_zk.exists_watched("/a").value();
    ASSERT_TRUE(x_zk.create("/mine", "", {.mode = CreateMode::ephemeral}));
    const auto session = x_zk.exists("/mine").value()->ephemeral_owner;
    x_server.with([&](FakeZooKeeper& zookeeper) { zookeeper.expire(BootClock::now(), session); });
    EXPECT_EQ(watched.watch.wait(15s).error(), errc::session_expired);
}

TEST_F(RawClient, WatchEndsWithItsClient) {
    std::optional<Client> client = connect();
    auto watched = client->zookeeper().exists_watched("/a").value();
    auto event = watched.watch.async_wait(asio::use_future);
    client.reset();
    EXPECT_FALSE(event.get());
    EXPECT_FALSE(watched.watch.wait(1s));
}

TEST_F(RawClient, HandleDoesNotKeepTheClientOpen) {
    std::optional<Client> client = connect();
    const ZooKeeper zk = client->zookeeper();
    client.reset();
    EXPECT_EQ(zk.get("/a").error(), errc::closed);
    EXPECT_EQ(sessions(), 1u) << "only this fixture's own";
}

}  // namespace
}  // namespace leasehold::testing_client

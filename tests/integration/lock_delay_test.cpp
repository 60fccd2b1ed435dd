// With a lock delay the next holder comes later if the one before died or overran, and at once if
// it let go; and the difference is one that ZooKeeper makes.
#include "tests/integration/fixture.hpp"
#include "tests/integration/worker_process.hpp"

#include <boost/asio/use_future.hpp>

#include <future>

namespace leasehold::integration {
namespace {

constexpr milliseconds short_timeout{2'000};
constexpr milliseconds delay{3'000};

class LockDelay : public ::testing::TestWithParam<Flavour> {
protected:
    std::string hosts = GetParam().servers().connect_string();
    Client other = connect(hosts, options_for(GetParam()));
    const std::string path = existing_path(other);
};

INSTANTIATE_TEST_SUITE_P(Servers, LockDelay, ::testing::ValuesIn(flavours), flavour_name);

TEST_P(LockDelay, WriteAndDeleteInOneTransactionAreToldAsAWrite) {
    const Client watcher = connect(hosts, options_for(GetParam()));
    for (const bool is_release : {true, false}) {
        const std::string node = path + (is_release ? "/released" : "/deleted");
        ASSERT_TRUE(
            other.zookeeper().create(node, "data", {.mode = CreateMode::ephemeral}).has_value());
        ASSERT_TRUE(watcher.zookeeper().sync(path).has_value());
        auto watched = watcher.zookeeper().get_watched(node);
        ASSERT_TRUE(watched.has_value()) << why(watched);
        if (is_release) {
            Multi multi;
            multi.set(node, "").remove(node);
            const auto done = other.zookeeper().multi(multi);
            ASSERT_TRUE(done.has_value()) << why(done);
        } else {
            ASSERT_TRUE(other.zookeeper().remove(node).has_value());
        }
        const auto event = watched->watch.wait(patient(10s));
        ASSERT_TRUE(event.has_value()) << why(event);
        EXPECT_EQ(event->type, is_release ? WatchEventType::data_changed : WatchEventType::deleted);
        EXPECT_TRUE(fails_with(watcher.zookeeper().get(node), zk_errc::no_node));
    }
}

TEST_P(LockDelay, ReleaseDelaysNobody) {
    const Client us = connect(hosts, options_for(GetParam()));
    auto held = us.lock(path, {.wait = 10s, .budget = 1s, .lock_delay = 30s});
    ASSERT_TRUE(held.has_value()) << why(held);
    auto next = other.async_lock(path, {.wait = 40s, .budget = 1s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(us, path, 2));
    const Instant released = BootClock::now();
    ASSERT_TRUE(held->release().has_value());
    const auto granted = next.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_LT(BootClock::now() - released, 10s);
}

TEST_P(LockDelay, OverrunDelaysTheNextOne) {
    const Client us = connect(hosts, options_for(GetParam()));
    const auto held = us.lock(path, {.wait = 10s, .budget = 500ms, .lock_delay = delay});
    ASSERT_TRUE(held.has_value()) << why(held);
    const Instant due = held->deadline();
    auto next = other.async_lock(path, {.wait = 40s, .budget = 1s}, boost::asio::use_future);
    const auto granted = next.get();
    const Instant now = BootClock::now();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_GE(now, due + delay) << in_ms(now - due) << " ms after the budget";
}

class LockDelayAfterADeath : public ::testing::Test {
protected:
    std::string hosts = one_server().connect_string();
    Client other = connect(hosts);
    const std::string path = existing_path(other);
};

TEST_F(LockDelayAfterADeath, NextOneComesNoEarlierThanTheDelayAfterTheSessionsEnd) {
    WorkerProcess holder(hosts, short_timeout, true);
    holder.lock_with_delay("1", path, 10s, 1'400ms, delay);
    const RemoteGrant dead = holder.granted("1");
    auto waiting = other.async_lock(path, {.wait = 40s, .budget = 1s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 2));
    const Client observer = connect(hosts);
    auto watched = observer.zookeeper().exists_watched(dead.node);
    ASSERT_TRUE(watched.has_value()) << why(watched);
    holder.process().kill();
    const Instant killed = BootClock::now();
    const auto end = watched->watch.wait(patient(10s));
    ASSERT_TRUE(end.has_value()) << why(end);
    EXPECT_EQ(end->type, WatchEventType::deleted) << "the end of a session is no release";
    const Instant told = BootClock::now();
    const auto granted = waiting.get();
    const Instant now = BootClock::now();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    // The waiter may have heard of it a moment before the observer.
    EXPECT_GE(now, told + delay - 200ms) << in_ms(now - told) << " ms after the end";
    EXPECT_LE(now - killed, short_timeout + 200ms + delay + patient(1'500ms));
    EXPECT_GT(granted->token(), dead.token);
}

TEST_F(LockDelayAfterADeath, WithoutOneTheNextComesAtOnce) {
    WorkerProcess holder(hosts, short_timeout, true);
    holder.lock("1", path, 10s, 1'400ms);
    (void)holder.granted("1");
    auto waiting = other.async_lock(path, {.wait = 40s, .budget = 1s, .lock_delay = 30s},
                                    boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 2));
    holder.process().kill();
    const Instant killed = BootClock::now();
    const auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_LE(BootClock::now() - killed, short_timeout + 200ms + patient(1'500ms));
}

}  // namespace
}  // namespace leasehold::integration

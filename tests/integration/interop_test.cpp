// One queue with other clients' locks: kazoo in both directions, and Curator's node names.
#include "tests/integration/fixture.hpp"
#include "tests/integration/peers.hpp"

#include <boost/asio/use_future.hpp>

#include <future>
#include <string>

namespace leasehold::integration {
namespace {

class Interop : public ::testing::Test {
protected:
    std::string hosts = one_server().connect_string();
    Client us = connect(hosts);
    Client observer = connect(hosts);
    const std::string path = existing_path(observer);
};

class InteropWithCurator : public Interop {
protected:
    void SetUp() override {
        if (!CuratorPeer::is_here()) {
            GTEST_SKIP() << "no jars of Curator; './dev setup' fetches them";
        }
    }
};

TEST_F(Interop, KazooHoldsAndWeWait) {
    KazooPeer kazoo(hosts);
    kazoo.lock("k1", path);
    kazoo.expect_granted("k1");
    auto waiting = us.async_lock(path, {.wait = 30s, .budget = 3s, .naming = Naming::kazoo},
                                 boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 2));
    EXPECT_EQ(waiting.wait_for(100ms), std::future_status::timeout) << "granted beside kazoo";
    kazoo.release("k1");
    const auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_NE(granted->node().find("__lock__"), std::string::npos);
}

TEST_F(Interop, WeHoldAndKazooWaits) {
    auto held = us.lock(path, {.wait = 10s, .budget = 8s, .naming = Naming::kazoo});
    ASSERT_TRUE(held.has_value()) << why(held);
    KazooPeer kazoo(hosts);
    kazoo.lock("k1", path);
    ASSERT_TRUE(becomes_nodes(observer, path, 2));
    auto behind = observer.async_lock(path, {.wait = 30s, .budget = 3s, .naming = Naming::kazoo},
                                      boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 3));
    ASSERT_TRUE(held->release().has_value());
    kazoo.expect_granted("k1");
    EXPECT_EQ(behind.wait_for(100ms), std::future_status::timeout) << "we were behind kazoo";
    kazoo.release("k1");
    EXPECT_TRUE(behind.get().has_value());
}

TEST_F(Interop, LockThatWeKeepIsKazoosWhenItComes) {
    auto held =
        us.lock(path, {.wait = 10s, .budget = 8s, .naming = Naming::kazoo, .keep_idle = 10min});
    ASSERT_TRUE(held.has_value()) << why(held);
    ASSERT_TRUE(held->release().has_value());
    KazooPeer kazoo(hosts);
    kazoo.lock("k1", path);
    kazoo.expect_granted("k1");
    EXPECT_TRUE(becomes_nodes(observer, path, 1));
    kazoo.release("k1");
}

TEST_F(Interop, LockThatOneOfUsKeepsIsTheOthersWhenItComes) {
    const LockOptions kept{.wait = 10s, .budget = 8s, .keep_idle = 10min};
    std::int64_t token = 0;
    for (int turn = 0; turn < 6; ++turn) {
        auto held = (turn / 2 % 2 == 0 ? us : observer).lock(path, kept);
        ASSERT_TRUE(held.has_value()) << why(held);
        EXPECT_GT(held->token(), token);
        token = held->token();
        ASSERT_TRUE(held->release().has_value());
    }
    EXPECT_TRUE(becomes_nodes(observer, path, 1));
}

TEST_F(Interop, LockThatIsKeptIsBusyForATry) {
    auto held = us.lock(path, {.wait = 10s, .budget = 8s, .keep_idle = 10min});
    ASSERT_TRUE(held.has_value()) << why(held);
    ASSERT_TRUE(held->release().has_value());
    EXPECT_EQ(observer.lock(path, {.wait = 0s, .budget = 1s, .check_first = true}).error(),
              errc::wait_expired);
    EXPECT_TRUE(us.lock(path, {.wait = 0s, .budget = 1s}).has_value());
}

TEST_F(Interop, KazooWithExtraPatternsSharesOurUsualNames) {
    auto held = us.lock(path, {.wait = 10s, .budget = 8s});
    ASSERT_TRUE(held.has_value()) << why(held);
    KazooPeer kazoo(hosts);
    kazoo.lock("k1", path, true);
    ASSERT_TRUE(becomes_nodes(observer, path, 2));
    auto behind = observer.async_lock(path, {.wait = 30s, .budget = 3s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 3));
    ASSERT_TRUE(held->release().has_value());
    kazoo.expect_granted("k1");
    kazoo.release("k1");
    EXPECT_TRUE(behind.get().has_value());
}

TEST_F(Interop, KazooContenderUnderOurUsualNames_IsWaitedForAndWarnedOfOnce) {
    LogBook book;
    ClientOptions options = standalone_options();
    options.on_log = book;
    const Client warned = connect(hosts, options);
    KazooPeer kazoo(hosts);
    kazoo.lock("k1", path);
    kazoo.expect_granted("k1");
    for (int round = 0; round < 2; ++round) {
        EXPECT_TRUE(
            fails_with(warned.lock(path, {.wait = 200ms, .budget = 1s}), errc::wait_expired))
            << "we see kazoo's nodes, whatever kazoo sees of ours";
    }
    EXPECT_TRUE(eventually([&] { return book.has("extra_lock_patterns"); }));
    int warnings = 0;
    for (const std::string& line : book.lines()) {
        const bool names_both = line.find("extra_lock_patterns") != std::string::npos &&
                                line.find("naming") != std::string::npos;
        warnings += names_both ? 1 : 0;
    }
    EXPECT_EQ(warnings, 1) << "once per path, with both remedies";
    kazoo.release("k1");
}

TEST_F(Interop, KazoosContenders_AreListed) {
    KazooPeer kazoo(hosts);
    kazoo.lock("k1", path);
    kazoo.expect_granted("k1");
    auto waiting = us.async_lock(
        path, {.wait = 30s, .budget = 3s, .naming = Naming::kazoo, .owner = "order-service"},
        boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 2));
    const auto contenders = observer.contenders(path);
    ASSERT_TRUE(contenders.has_value()) << why(contenders);
    ASSERT_EQ(contenders->size(), 2U);
    EXPECT_EQ((*contenders)[0].kind, ContenderKind::kazoo);
    EXPECT_TRUE((*contenders)[0].is_held);
    EXPECT_FALSE((*contenders)[1].is_held);
    EXPECT_EQ((*contenders)[1].owner, "order-service");
    kazoo.release("k1");
    EXPECT_TRUE(waiting.get().has_value());
}

TEST_F(InteropWithCurator, OneQueueInTheOrderOfArrival) {
    CuratorPeer curator(hosts);
    curator.lock("c1", path);
    curator.expect_granted("c1");
    auto first = us.async_lock(path, {.wait = 30s, .budget = 3s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 2));
    curator.lock("c2", path);
    auto second = observer.async_lock(path, {.wait = 30s, .budget = 3s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 4));
    EXPECT_EQ(first.wait_for(100ms), std::future_status::timeout) << "granted beside Curator";
    curator.release("c1");
    auto granted = first.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    EXPECT_EQ(second.wait_for(100ms), std::future_status::timeout) << "Curator is before us";
    ASSERT_TRUE(granted->release().has_value());
    curator.expect_granted("c2");
    curator.release("c2");
    const auto last = second.get();
    ASSERT_TRUE(last.has_value()) << why(last);
    EXPECT_GT(last->token(), granted->token());
}

TEST_F(InteropWithCurator, OurBudgetFreesTheLockForIt) {
    const auto held = us.lock(path, {.wait = 10s, .budget = 500ms});
    ASSERT_TRUE(held.has_value()) << why(held);
    CuratorPeer curator(hosts);
    curator.lock("c1", path);
    curator.expect_granted("c1");
    EXPECT_FALSE(held->valid());
    curator.release("c1");
}

TEST_F(InteropWithCurator, LockThatWeKeepIsItsWhenItComes) {
    auto held = us.lock(path, {.wait = 10s, .budget = 8s, .keep_idle = 10min});
    ASSERT_TRUE(held.has_value()) << why(held);
    ASSERT_TRUE(held->release().has_value());
    CuratorPeer curator(hosts);
    curator.lock("c1", path);
    curator.expect_granted("c1");
    EXPECT_TRUE(becomes_nodes(observer, path, 1));
    curator.release("c1");
}

TEST_F(InteropWithCurator, RequestsToLetGoAreHeardByTheOther) {
    constexpr LockOptions watchful{.wait = 30s, .budget = 8s, .watch_own_node = true};
    CuratorPeer curator(hosts);
    curator.revocable("c1", path);
    curator.expect_granted("c1");
    auto waiting = us.async_lock(path, watchful, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 2));
    EXPECT_EQ(observer.request_release(path).value(), 1U);
    curator.expect_asked("c1");
    curator.release("c1");
    auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);

    std::promise<void> asked;
    granted->on_requested([&] { asked.set_value(); });
    curator.revoke(std::string(granted->node()));
    ASSERT_EQ(asked.get_future().wait_for(patient(15s)), std::future_status::ready);
    EXPECT_TRUE(eventually([&] { return !observer.contenders(path).value().at(0).owner.empty(); }))
        << "Curator's marker took the place of our record, and it is back";
    EXPECT_TRUE(granted->release().has_value());
}

TEST_F(Interop, CuratorsNodes_AreWaitedForInTheOrderOfTheirNumbers) {
    // As InterProcessMutex names them: "_c_<uuid>-lock-" and the server's number.
    const ZooKeeper zookeeper = observer.zookeeper();
    const CreateOptions contender{.mode = CreateMode::ephemeral_sequential};
    const auto curator = zookeeper.create(path + "/_c_f81d4fae-7dec-11d0-a765-00a0c91e6bf6-lock-",
                                          "127.0.0.1", contender);
    ASSERT_TRUE(curator.has_value()) << why(curator);
    auto waiting = us.async_lock(path, {.wait = 30s, .budget = 3s}, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 2));
    const auto behind = zookeeper.create(path + "/_c_a0000000-7dec-11d0-a765-00a0c91e6bf6-lock-",
                                         "127.0.0.1", contender);
    ASSERT_TRUE(behind.has_value()) << why(behind);
    const auto contenders = observer.contenders(path);
    ASSERT_TRUE(contenders.has_value()) << why(contenders);
    ASSERT_EQ(contenders->size(), 3U);
    EXPECT_EQ((*contenders)[0].kind, ContenderKind::curator);
    EXPECT_EQ(waiting.wait_for(100ms), std::future_status::timeout);
    ASSERT_TRUE(zookeeper.remove(*curator).has_value());
    auto granted = waiting.get();
    ASSERT_TRUE(granted.has_value()) << why(granted);
    // Curator's own rule: the lowest number after the last "lock-" holds. Ours is it now.
    const auto names = observer.zookeeper().children(path);
    ASSERT_TRUE(names.has_value()) << why(names);
    for (const std::string& name : names->names) {
        const auto number = name.substr(name.rfind("lock-") + 5);
        EXPECT_EQ(number.size(), 10U) << name;
        EXPECT_GE(number, std::string(granted->node()).substr(granted->node().size() - 10));
    }
}

}  // namespace
}  // namespace leasehold::integration

// Upgrades that fail, locks that end while they are upgraded or about to be, and that nothing of
// them stays on real servers.
#include "tests/integration/cancellable.hpp"
#include "tests/integration/fixture.hpp"
#include "tests/integration/stuck.hpp"
#include "tests/integration/worker_process.hpp"
#include "tests/support/cutting_proxy.hpp"

#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <future>
#include <string>
#include <vector>

namespace leasehold::integration {
namespace {

namespace asio = boost::asio;

constexpr LockOptions patiently{.wait = 60s, .budget = 7s};
constexpr LockOptions at_once{.wait = 0ms, .budget = 1s};
constexpr UpgradeOptions for_long{.wait = 60s};
/// The nodes by which somebody is alone or waits to be.
int second_nodes(const Client& observer, const std::string& path) {
    const auto children = observer.zookeeper().children(path);
    if (!children) {
        return -1;
    }
    return static_cast<int>(
        std::count_if(children->names.begin(), children->names.end(),
                      [](const auto& name) { return name.find("-w") != std::string::npos; }));
}

class UpgradeEnd : public TwoClients {
protected:
    [[nodiscard]] bool are_queued(int count) { return becomes_nodes(observer, path, count); }
    /// All that the failed upgrade may leave is the share.
    [[nodiscard]] ::testing::AssertionResult keeps_its_share(const ScopedLock& lock, int nodes) {
        if (!lock.valid() || lock.kind() != LockKind::upgradable || lock.token() != 0) {
            return ::testing::AssertionFailure() << "it is no share any more";
        }
        if (!are_queued(nodes) || second_nodes(observer, path) != 0) {
            return ::testing::AssertionFailure() << "its second node stands";
        }
        const auto beside = observer.lock_shared(path, at_once);
        if (!beside) {
            return ::testing::AssertionFailure() << "no reader gets in: " << why(beside);
        }
        return ::testing::AssertionSuccess();
    }
};

INSTANTIATE_TEST_SUITE_P(Servers, UpgradeEnd, ::testing::Values(flavours[0], flavours[2]),
                         flavour_name);

TEST_P(UpgradeEnd, WaitThatEnds_KeepsTheShareAndLeavesNoNode) {
    auto holder = us.lock_upgradable(path, patiently);
    ASSERT_TRUE(holder.has_value()) << why(holder);
    auto read = other.lock_shared(path, patiently);
    ASSERT_TRUE(read.has_value()) << why(read);
    for (const milliseconds wait : {0ms, 200ms}) {
        EXPECT_TRUE(fails_with(holder->upgrade({.wait = wait}), errc::wait_expired));
        EXPECT_TRUE(keeps_its_share(*holder, 2)) << in_ms(wait);
    }
    ASSERT_TRUE(read->release().has_value());
    const auto upgraded = holder->upgrade(for_long);
    EXPECT_TRUE(upgraded.has_value()) << why(upgraded);
    EXPECT_EQ(holder->kind(), LockKind::exclusive);
}

TEST_P(UpgradeEnd, Cancelled_KeepsTheShareAndLeavesNoNode) {
    auto holder = us.lock_upgradable(path, patiently);
    ASSERT_TRUE(holder.has_value()) << why(holder);
    const auto read = other.lock_shared(path, patiently);
    ASSERT_TRUE(read.has_value()) << why(read);
    const Cancellable<void> upgrading;
    holder->async_upgrade(for_long, upgrading.token());
    ASSERT_TRUE(are_queued(3));
    EXPECT_EQ(second_nodes(observer, path), 1);
    upgrading.cancel();
    EXPECT_TRUE(fails_with(upgrading.answer(), errc::cancelled));
    EXPECT_TRUE(keeps_its_share(*holder, 2));
}

TEST_P(UpgradeEnd, Budget_TakesBothNodesAndTheNextGoesOn) {
    auto holder = us.lock_upgradable(path, {.wait = 60s, .budget = 1s});
    ASSERT_TRUE(holder.has_value()) << why(holder);
    const auto upgraded = holder->upgrade(for_long);
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    const Instant due = holder->deadline();
    const std::int64_t token = holder->token();
    Farewell farewell(observer, holder->node());
    auto writing = other.async_lock(path, patiently, asio::use_future);
    EXPECT_TRUE(gone_in_time(farewell.wait(), due));
    EXPECT_FALSE(holder->valid());
    // The second node goes before the first.
    EXPECT_EQ(second_nodes(observer, path), 0);
    const auto written = writing.get();
    ASSERT_TRUE(written.has_value()) << why(written);
    EXPECT_GT(written->token(), token);
    EXPECT_TRUE(fails_with(holder->upgrade(for_long), errc::budget_exceeded));
}

TEST_P(UpgradeEnd, BudgetWhileItWaits_AnswersItAndTakesBothNodes) {
    const auto read = other.lock_shared(path, patiently);
    ASSERT_TRUE(read.has_value()) << why(read);
    auto holder = us.lock_upgradable(path, {.wait = 60s, .budget = 1s});
    ASSERT_TRUE(holder.has_value()) << why(holder);
    const Instant due = holder->deadline();
    EXPECT_TRUE(fails_with(holder->upgrade(for_long), errc::budget_exceeded));
    EXPECT_GE(BootClock::now(), due);
    EXPECT_FALSE(holder->valid());
    EXPECT_TRUE(are_queued(1)) << "the reader's";
    const auto beside = observer.lock_shared(path, at_once);
    EXPECT_TRUE(beside.has_value()) << why(beside);
}

TEST_P(UpgradeEnd, ProcessKilledWhileItWaitsOrIsAlone_LeavesNothing) {
    constexpr milliseconds short_timeout{4'000};
    const std::string hosts = GetParam().servers().connect_string();
    for (const bool is_alone : {false, true}) {
        auto read = other.lock_shared(path, patiently);
        ASSERT_TRUE(read.has_value()) << why(read);
        WorkerProcess holder(hosts, short_timeout, GetParam().is_standalone);
        holder.lock_upgradable("u", path, 60s, 1s);
        const RemoteGrant dead = holder.granted("u");
        holder.upgrade("u", 60s);
        ASSERT_TRUE(are_queued(3));
        if (is_alone) {
            ASSERT_TRUE(read->release().has_value());
            EXPECT_GT(holder.upgraded("u"), 0);
        }
        auto next = us.async_lock_shared(path, patiently, asio::use_future);
        holder.process().kill();
        const auto granted = next.get();
        ASSERT_TRUE(granted.has_value()) << why(granted);
        EXPECT_TRUE(!is_alone || BootClock::now() >= dead.deadline) << "granted beside it";
        EXPECT_TRUE(are_queued(is_alone ? 1 : 2)) << "the readers'";
    }
}

TEST_P(UpgradeEnd, SecondNodeDeletedByAnOperator_EndsTheLock) {
    auto holder = us.lock_upgradable(path, patiently);
    ASSERT_TRUE(holder.has_value()) << why(holder);
    const auto upgraded = holder->upgrade(for_long);
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    ASSERT_TRUE(are_queued(2));
    const auto children = observer.zookeeper().children(path);
    ASSERT_TRUE(children.has_value()) << why(children);
    const auto second =
        std::find_if(children->names.begin(), children->names.end(),
                     [](const auto& name) { return name.find("-w") != std::string::npos; });
    ASSERT_NE(second, children->names.end());
    const auto removed = observer.zookeeper().remove(path + "/" + *second);
    ASSERT_TRUE(removed.has_value()) << why(removed);
    const auto lost = holder->lost(asio::use_future).get();
    ASSERT_TRUE(lost.has_value()) << why(lost);
    EXPECT_EQ(*lost, Loss::node_deleted);
    EXPECT_FALSE(holder->valid());
    EXPECT_TRUE(are_queued(0)) << "the first node goes, too";
}

TEST_P(UpgradeEnd, AllOfIt_LeavesNoNodeAndNoWatch) {
    {
        auto read = other.lock_shared(path, patiently);
        ASSERT_TRUE(read.has_value()) << why(read);
        auto holder = us.lock_upgradable(path, patiently);
        ASSERT_TRUE(holder.has_value()) << why(holder);
        auto writing = other.async_lock(path, patiently, asio::use_future);
        ASSERT_TRUE(are_queued(3));
        EXPECT_TRUE(fails_with(holder->upgrade({.wait = 100ms}), errc::wait_expired));
        auto upgrading = holder->async_upgrade(for_long, asio::use_future);
        ASSERT_TRUE(are_queued(4));
        auto late = observer.async_lock_shared(path, patiently, asio::use_future);
        ASSERT_TRUE(are_queued(5));
        ASSERT_TRUE(read->release().has_value());
        const auto upgraded = upgrading.get();
        ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
        ASSERT_TRUE(holder->downgrade().has_value());
        const auto again = holder->upgrade(for_long);
        ASSERT_TRUE(again.has_value()) << why(again);
        ASSERT_TRUE(holder->release().has_value());
        ASSERT_TRUE(writing.get().has_value());
        ASSERT_TRUE(late.get().has_value());
    }
    EXPECT_TRUE(are_queued(0));
    for (const Client* each : {&us, &other, &observer}) {
        EXPECT_TRUE(eventually([&] {
            const ClientStats stats = each->stats();
            return stats.nodes_to_delete == 0 && stats.locks_waiting == 0 && stats.watches == 0;
        }));
        EXPECT_TRUE(each->close().has_value());
    }
    EXPECT_TRUE(nothing_left(GetParam().servers()));
}

class UpgradeWire : public ::testing::Test {
protected:
    CuttingProxy proxy{one_server().server().port()};
    Client us = connect(proxy.connect_string());
    Client other = connect(one_server().connect_string());
    const std::string path = existing_path(other);
};

TEST_F(UpgradeWire, OfWhatIsNotUpgradable_WritesNothing) {
    auto share = us.lock_shared(path, patiently);
    ASSERT_TRUE(share.has_value()) << why(share);
    auto upgradable = us.lock_upgradable(path, patiently);
    ASSERT_TRUE(upgradable.has_value()) << why(upgradable);
    const auto set = us.lock_all(std::vector{path + "/a", path + "/b"}, patiently);
    ASSERT_TRUE(set.has_value()) << why(set);
    proxy.clear();
    EXPECT_TRUE(fails_with(share->upgrade(for_long), errc::invalid_argument));
    EXPECT_TRUE(fails_with(set->upgrade(for_long), errc::invalid_argument));
    EXPECT_TRUE(fails_with(upgradable->upgrade({.wait = -1ms}), errc::invalid_argument));
    EXPECT_TRUE(proxy.requests().empty()) << proxy.requests().front();
    EXPECT_TRUE(share->valid() && upgradable->valid() && set->valid());

    ASSERT_TRUE(share->release().has_value());
    const auto upgraded = upgradable->upgrade(for_long);
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    const auto exclusive = us.lock(existing_path(other), patiently);
    ASSERT_TRUE(exclusive.has_value()) << why(exclusive);
    ASSERT_TRUE(exclusive->downgrade().has_value());
    proxy.clear();
    EXPECT_TRUE(fails_with(upgradable->upgrade(for_long), errc::invalid_argument)) << "twice";
    EXPECT_TRUE(fails_with(exclusive->upgrade(for_long), errc::invalid_argument));
    EXPECT_TRUE(proxy.requests().empty()) << proxy.requests().front();
    EXPECT_TRUE(upgradable->valid());
}

TEST_F(UpgradeWire, ReplyThatIsLost_IsMadeGoodOnTheNextConnection) {
    auto holder = us.lock_upgradable(path, patiently);
    ASSERT_TRUE(holder.has_value()) << why(holder);
    proxy.judge(on_reply(wire::Opcode::create, Verdict::cut_before));
    const auto upgraded = holder->upgrade(for_long);
    EXPECT_EQ(proxy.judged(), 1U);
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    EXPECT_TRUE(holder->valid());
    EXPECT_GT(holder->token(), 0);
    EXPECT_TRUE(becomes_nodes(other, path, 2)) << "made twice";
    EXPECT_EQ(second_nodes(other, path), 1);
    ASSERT_TRUE(holder->release().has_value());
    EXPECT_TRUE(becomes_nodes(other, path, 0));
}

/// It lists anew, and finds no writer before the reader any more: only what the reader has written
/// into its own record says that it does not hold.
TEST_F(UpgradeWire, ReconnectedWhileItWaits_PassesAReaderThatWaitsForIt) {
    const Client third = connect(one_server().connect_string());
    auto holder = us.lock_upgradable(path, patiently);
    ASSERT_TRUE(holder.has_value()) << why(holder);
    auto first = other.lock_shared(path, patiently);
    ASSERT_TRUE(first.has_value()) << why(first);
    const Cancellable<ScopedLock> writing;
    other.async_lock(path, patiently, writing.token());
    ASSERT_TRUE(becomes_nodes(other, path, 3));
    auto reading = third.async_lock_shared(path, patiently, asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 4));
    auto upgrading = holder->async_upgrade(for_long, asio::use_future);
    ASSERT_TRUE(becomes_nodes(other, path, 5));
    writing.cancel();
    EXPECT_TRUE(fails_with(writing.answer(), errc::cancelled));
    ASSERT_TRUE(becomes_nodes(other, path, 4));
    const auto connects = us.stats().connects;
    proxy.cut_all();
    ASSERT_TRUE(eventually([&] { return us.stats().connects > connects; }));
    EXPECT_TRUE(still_waits(upgrading)) << "alone beside a reader";
    EXPECT_TRUE(still_waits(reading)) << "it came after a writer, and the upgrade is before it";
    ASSERT_TRUE(first->release().has_value());
    const auto upgraded = upgrading.get();
    ASSERT_TRUE(upgraded.has_value()) << "each waited for the other: " << why(upgraded);
    EXPECT_TRUE(still_waits(reading)) << "granted beside an exclusive holder";
    ASSERT_TRUE(holder->release().has_value());
    const auto read = reading.get();
    EXPECT_TRUE(read.has_value()) << why(read);
}

}  // namespace
}  // namespace leasehold::integration

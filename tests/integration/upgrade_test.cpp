// Upgradable locks on real servers: shared until an upgrade is alone, and after it again; what
// either leaves behind is in upgrade_end_test.cpp.
#include "tests/integration/cancellable.hpp"
#include "tests/integration/fixture.hpp"

#include <boost/asio/use_future.hpp>

#include <atomic>
#include <future>
#include <string>
#include <thread>

namespace leasehold::integration {
namespace {

namespace asio = boost::asio;

using Grant = std::future<result<ScopedLock>>;
using Answer = std::future<result<void>>;

constexpr LockOptions patiently{.wait = 60s, .budget = 7s};
constexpr LockOptions at_once{.wait = 0ms, .budget = 1s};
constexpr UpgradeOptions for_long{.wait = 60s};

class Upgrade : public TwoClients {
protected:
    [[nodiscard]] Grant read(const Client& who) {
        return who.async_lock_shared(path, patiently, asio::use_future);
    }
    [[nodiscard]] Grant write(const Client& who) {
        return who.async_lock(path, patiently, asio::use_future);
    }
    [[nodiscard]] static Answer upgrade(const ScopedLock& lock) {
        return lock.async_upgrade(for_long, asio::use_future);
    }
    [[nodiscard]] bool are_queued(int count) { return becomes_nodes(observer, path, count); }
};

INSTANTIATE_TEST_SUITE_P(Servers, Upgrade, ::testing::Values(flavours[0], flavours[2]),
                         flavour_name);

TEST_P(Upgrade, Upgradable_SharesWithReadersAndShutsOutItsKindAndWriters) {
    const auto ahead = other.lock_shared(path, patiently);
    ASSERT_TRUE(ahead.has_value()) << why(ahead);
    auto holder = us.lock_upgradable(path, patiently);
    ASSERT_TRUE(holder.has_value()) << why(holder);
    const auto behind = observer.lock_shared(path, at_once);
    ASSERT_TRUE(behind.has_value()) << why(behind);
    EXPECT_TRUE(ahead->valid() && holder->valid() && behind->valid()) << "together";
    EXPECT_EQ(holder->kind(), LockKind::upgradable);
    EXPECT_EQ(holder->token(), 0);

    EXPECT_TRUE(fails_with(other.lock(path, at_once), errc::wait_expired));
    EXPECT_TRUE(fails_with(other.lock_upgradable(path, at_once), errc::wait_expired));
    ASSERT_TRUE(are_queued(3)) << "nothing of either is left";
    auto second = other.async_lock_upgradable(path, patiently, asio::use_future);
    ASSERT_TRUE(are_queued(4));
    EXPECT_TRUE(still_waits(second)) << "two could wait for each other";
    ASSERT_TRUE(holder->release().has_value());
    const auto next = second.get();
    ASSERT_TRUE(next.has_value()) << why(next);
    EXPECT_TRUE(ahead->valid() && behind->valid()) << "the readers were not in its way";
}

TEST_P(Upgrade, WaitsForTheReadersAheadAndBehind_AndIsAloneThen) {
    auto ahead = other.lock_shared(path, patiently);
    ASSERT_TRUE(ahead.has_value()) << why(ahead);
    auto holder = us.lock_upgradable(path, patiently);
    ASSERT_TRUE(holder.has_value()) << why(holder);
    auto behind = observer.lock_shared(path, patiently);
    ASSERT_TRUE(behind.has_value()) << why(behind);
    auto upgrading = upgrade(*holder);
    ASSERT_TRUE(are_queued(4));
    EXPECT_TRUE(still_waits(upgrading)) << "alone beside two readers";
    ASSERT_TRUE(behind->release().has_value());
    EXPECT_TRUE(still_waits(upgrading)) << "alone beside the reader ahead";
    EXPECT_EQ(holder->kind(), LockKind::upgradable);
    EXPECT_EQ(holder->token(), 0) << "nobody may write yet";
    ASSERT_TRUE(ahead->release().has_value());
    const auto upgraded = upgrading.get();
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    EXPECT_EQ(holder->kind(), LockKind::exclusive);
    EXPECT_GT(holder->token(), 0);
    EXPECT_TRUE(fails_with(other.lock_shared(path, at_once), errc::wait_expired));
    EXPECT_TRUE(fails_with(other.lock_upgradable(path, at_once), errc::wait_expired));
    EXPECT_TRUE(holder->valid()) << "too slow to tell";
}

TEST_P(Upgrade, GoesBeforeTheWritersThatWait_WithATokenBetweenTheirs) {
    auto before = other.lock(path, patiently);
    ASSERT_TRUE(before.has_value()) << why(before);
    auto taking = us.async_lock_upgradable(path, patiently, asio::use_future);
    ASSERT_TRUE(are_queued(2));
    auto writing = observer.async_lock(path, patiently, asio::use_future);
    ASSERT_TRUE(are_queued(3));
    ASSERT_TRUE(before->release().has_value());
    auto holder = taking.get();
    ASSERT_TRUE(holder.has_value()) << why(holder);
    const auto upgraded = holder->upgrade(for_long);
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    EXPECT_GT(holder->token(), before->token());
    EXPECT_TRUE(still_waits(writing)) << "granted beside an exclusive holder";
    const std::int64_t token = holder->token();
    ASSERT_TRUE(holder->release().has_value());
    const auto written = writing.get();
    ASSERT_TRUE(written.has_value()) << why(written);
    EXPECT_GT(written->token(), token);
}

TEST_P(Upgrade, ReadersThatComeWhileItWaitsOrIsAlone_WaitForIt) {
    auto first = other.lock_shared(path, patiently);
    ASSERT_TRUE(first.has_value()) << why(first);
    auto holder = us.lock_upgradable(path, patiently);
    ASSERT_TRUE(holder.has_value()) << why(holder);
    auto upgrading = upgrade(*holder);
    ASSERT_TRUE(are_queued(3));
    auto late = read(observer);
    ASSERT_TRUE(are_queued(4));
    EXPECT_TRUE(still_waits(late)) << "readers that go on coming would starve the upgrade";
    ASSERT_TRUE(first->release().has_value());
    const auto upgraded = upgrading.get();
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    auto later = read(other);
    ASSERT_TRUE(are_queued(4));
    EXPECT_TRUE(still_waits(late) && still_waits(later)) << "granted beside an exclusive holder";
    EXPECT_TRUE(holder->valid()) << "too slow to tell";
    ASSERT_TRUE(holder->release().has_value());
    const auto one = late.get();
    const auto two = later.get();
    ASSERT_TRUE(one.has_value()) << why(one);
    ASSERT_TRUE(two.has_value()) << why(two);
    EXPECT_TRUE(one->valid() && two->valid()) << "together";
}

TEST_P(Upgrade, Downgraded_LetsReadersInAndMayBeUpgradedAgain) {
    auto holder = us.lock_upgradable(path, patiently);
    ASSERT_TRUE(holder.has_value()) << why(holder);
    const auto once = holder->upgrade(for_long);
    ASSERT_TRUE(once.has_value()) << why(once);
    const std::int64_t token = holder->token();
    auto reading = read(other);
    ASSERT_TRUE(are_queued(3));
    EXPECT_TRUE(still_waits(reading)) << "granted beside an exclusive holder";
    const auto downgraded = holder->downgrade();
    ASSERT_TRUE(downgraded.has_value()) << why(downgraded);
    EXPECT_EQ(holder->kind(), LockKind::upgradable);
    EXPECT_EQ(holder->token(), 0);
    auto read = reading.get();
    ASSERT_TRUE(read.has_value()) << why(read);
    EXPECT_TRUE(holder->valid() && read->valid()) << "together";
    ASSERT_TRUE(are_queued(2)) << "its second node is gone";

    auto again = upgrade(*holder);
    ASSERT_TRUE(are_queued(3));
    EXPECT_TRUE(still_waits(again)) << "alone beside a reader";
    ASSERT_TRUE(read->release().has_value());
    const auto twice = again.get();
    ASSERT_TRUE(twice.has_value()) << why(twice);
    EXPECT_GT(holder->token(), token);
    ASSERT_TRUE(holder->release().has_value());
    EXPECT_GT(other.lock(path, patiently)->token(), token);
}

/// It waits for the writer, and the writer for the holder: the upgrade must not wait for it.
TEST_P(Upgrade, ReaderWhoseWriterGivesUp_IsNeitherWaitedForNorLetIn) {
    auto holder = us.lock_upgradable(path, patiently);
    ASSERT_TRUE(holder.has_value()) << why(holder);
    const Cancellable<ScopedLock> writing;
    other.async_lock(path, patiently, writing.token());
    ASSERT_TRUE(are_queued(2));
    auto reading = read(observer);
    ASSERT_TRUE(are_queued(3));
    const auto upgraded = holder->upgrade(for_long);
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    writing.cancel();
    EXPECT_TRUE(fails_with(writing.answer(), errc::cancelled));
    ASSERT_TRUE(are_queued(3)) << "the two of the holder's and the reader's";
    EXPECT_TRUE(still_waits(reading)) << "granted beside an exclusive holder";
    ASSERT_TRUE(holder->downgrade().has_value());
    const auto read = reading.get();
    ASSERT_TRUE(read.has_value()) << why(read);
    EXPECT_TRUE(holder->valid() && read->valid()) << "together";
}

/// Each process reads, writes what it has read and reads again, with others that read or write.
TEST_P(Upgrade, OfSeveralProcesses_AreAloneInTurnAndAllGetThrough) {
    constexpr int rounds = 8;
    std::atomic<int> readers{0};
    std::atomic<int> writers{0};
    std::atomic<int> done{0};
    std::atomic<bool> was_disturbed{false};
    std::atomic<std::int64_t> last_token{0};
    const auto be_alone = [&](const ScopedLock& lock) {
        was_disturbed = was_disturbed || writers.fetch_add(1) != 0 || readers != 0 ||
                        last_token.exchange(lock.token()) >= lock.token();
        writers.fetch_sub(1);
    };
    const auto share = [&] {
        readers.fetch_add(1);
        was_disturbed = was_disturbed || writers != 0;
        readers.fetch_sub(1);
    };
    const LockOptions options{.wait = 60s, .budget = 7s, .refuse_hopeless = false};
    const auto update = [&](const Client& client) {
        for (int i = 0; i < rounds; ++i) {
            auto lock = client.lock_upgradable(path, options);
            if (!lock) {
                continue;
            }
            share();
            const bool is_upgraded = lock->upgrade(for_long).has_value();
            if (is_upgraded) {
                be_alone(*lock);
            }
            const bool is_downgraded = lock->downgrade().has_value();
            share();
            done += is_upgraded && is_downgraded && lock->release().has_value() ? 1 : 0;
        }
    };
    {
        std::jthread one([&] { update(us); });
        std::jthread two([&] { update(other); });
        std::jthread reading([&] {
            for (int i = 0; i < rounds; ++i) {
                auto lock = observer.lock_shared(path, options);
                share();
                done += lock && lock->release() ? 1 : 0;
            }
        });
        for (int i = 0; i < rounds; ++i) {
            auto lock = observer.lock(path, options);
            if (lock) {
                be_alone(*lock);
                done += lock->release() ? 1 : 0;
            }
        }
    }
    EXPECT_EQ(done, 4 * rounds);
    EXPECT_FALSE(was_disturbed);
    EXPECT_TRUE(are_queued(0));
}

}  // namespace
}  // namespace leasehold::integration

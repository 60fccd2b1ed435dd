// Upgradable locks in one queue with the read-write locks of other clients, which take the first
// node for a reader's and the second for a writer's: nobody holds beside an upgraded one.
#include "tests/integration/cancellable.hpp"
#include "tests/integration/read_write_peers.hpp"

#include <boost/asio/use_future.hpp>

#include <cstdint>
#include <future>
#include <string>

namespace leasehold::integration {
namespace {

constexpr UpgradeOptions for_long{.wait = 60s};
/// For those that nobody but the end of their wait brings to an end.
constexpr UpgradeOptions briefly{.wait = 2s};

class WithAnUpgradable : public WithAPeer {
protected:
    using WithAPeer::WithAPeer;

    [[nodiscard]] Answer take(const Client& who) {
        return who.async_lock_upgradable(path, options, boost::asio::use_future);
    }
    [[nodiscard]] static std::future<result<void>> upgrade(const ScopedLock& lock) {
        return lock.async_upgrade(for_long, boost::asio::use_future);
    }

    [[nodiscard]] ::testing::AssertionResult is_alone(const ScopedLock& lock) {
        return has(lock, LockKind::exclusive);
    }
    [[nodiscard]] ::testing::AssertionResult shares(const ScopedLock& lock) {
        return has(lock, LockKind::upgradable);
    }

private:
    static ::testing::AssertionResult has(const ScopedLock& lock, LockKind kind) {
        const bool is_alone = kind == LockKind::exclusive;
        if (!lock.valid() || lock.kind() != kind || (lock.token() > 0) != is_alone) {
            return ::testing::AssertionFailure()
                   << (lock.valid() ? "valid" : "invalid") << ", token " << lock.token();
        }
        return ::testing::AssertionSuccess();
    }
};

class UpgradeInterop : public WithAnUpgradable, public ::testing::WithParamInterface<Library> {
protected:
    UpgradeInterop() : WithAnUpgradable(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(With, UpgradeInterop, ::testing::ValuesIn(libraries),
                         [](const auto& library) { return std::string(library.param.name); });

TEST_P(UpgradeInterop, TheirReaders_ShareWithIt_AndItsUpgradeWaitsForAll) {
    they().read("r1", path);
    they().expect_granted("r1");
    auto ours = us.lock_upgradable(path, options);
    ASSERT_TRUE(ours.has_value()) << why(ours);
    they().read("r2", path);
    they().expect_granted("r2");
    EXPECT_TRUE(shares(*ours));
    auto upgrading = upgrade(*ours);
    ASSERT_TRUE(are_queued(4));
    they().release("r2");
    EXPECT_TRUE(still_waits(upgrading)) << "alone beside their first reader";
    they().release("r1");
    const auto upgraded = upgrading.get();
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    EXPECT_TRUE(is_alone(*ours));
}

TEST_P(UpgradeInterop, TheirReader_WaitsForTheUpgradedOne_AndIsLetInByItsDowngrade) {
    auto ours = us.lock_upgradable(path, options);
    ASSERT_TRUE(ours.has_value()) << why(ours);
    const auto upgraded = ours->upgrade(for_long);
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    const std::int64_t token = ours->token();
    they().read("r1", path);
    EXPECT_TRUE(they_still_wait("r1")) << "granted beside an exclusive holder";
    EXPECT_TRUE(is_alone(*ours)) << "too slow to tell";
    const auto downgraded = ours->downgrade();
    ASSERT_TRUE(downgraded.has_value()) << why(downgraded);
    they().expect_granted("r1");
    EXPECT_TRUE(shares(*ours)) << "together";
    auto again = upgrade(*ours);
    ASSERT_TRUE(are_queued(3));
    EXPECT_TRUE(still_waits(again)) << "alone beside their reader";
    they().release("r1");
    const auto twice = again.get();
    ASSERT_TRUE(twice.has_value()) << why(twice);
    EXPECT_TRUE(is_alone(*ours));
    EXPECT_GT(ours->token(), token);
}

TEST_P(UpgradeInterop, TheirReaderThatComesWhileItWaits_WaitsForIt) {
    auto first = observer.lock_shared(path, options);
    ASSERT_TRUE(first.has_value()) << why(first);
    auto ours = us.lock_upgradable(path, options);
    ASSERT_TRUE(ours.has_value()) << why(ours);
    auto upgrading = upgrade(*ours);
    ASSERT_TRUE(are_queued(3));
    they().read("r1", path);
    EXPECT_TRUE(they_still_wait("r1")) << "readers that go on coming would starve the upgrade";
    ASSERT_TRUE(first->release().has_value());
    const auto upgraded = upgrading.get();
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    EXPECT_TRUE(they_still_wait("r1")) << "granted beside an exclusive holder";
    EXPECT_TRUE(is_alone(*ours)) << "too slow to tell";
    ASSERT_TRUE(ours->release().has_value());
    they().expect_granted("r1");
    they().release("r1");
}

TEST_P(UpgradeInterop, TheirWriter_WaitsForIt_AndItsUpgradeGoesFirst) {
    auto ours = us.lock_upgradable(path, options);
    ASSERT_TRUE(ours.has_value()) << why(ours);
    they().write("w1", path);
    EXPECT_TRUE(they_still_wait("w1")) << "granted beside one who shares";
    const auto upgraded = ours->upgrade(for_long);
    ASSERT_TRUE(upgraded.has_value()) << "it waits for us: " << why(upgraded);
    EXPECT_TRUE(they_still_wait("w1"));
    EXPECT_TRUE(is_alone(*ours)) << "too slow to tell";
    const std::int64_t token = ours->token();
    ASSERT_TRUE(ours->release().has_value());
    they().expect_granted("w1");
    auto last = write(us);
    ASSERT_TRUE(are_queued(2));
    they().release("w1");
    const auto written = last.get();
    ASSERT_TRUE(written.has_value()) << why(written);
    EXPECT_GT(written->token(), token);
}

TEST_P(UpgradeInterop, TheirWriterBehindTheUpgradedOne_WaitsForBothOfItsNodes) {
    auto ours = us.lock_upgradable(path, options);
    ASSERT_TRUE(ours.has_value()) << why(ours);
    const auto upgraded = ours->upgrade(for_long);
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    they().write("w1", path);
    EXPECT_TRUE(they_still_wait("w1"));
    ASSERT_TRUE(ours->downgrade().has_value());
    EXPECT_TRUE(they_still_wait("w1")) << "granted beside one who shares";
    EXPECT_TRUE(shares(*ours)) << "too slow to tell";
    ASSERT_TRUE(ours->release().has_value());
    they().expect_granted("w1");
    they().release("w1");
}

TEST_P(UpgradeInterop, BehindTheirWriter_ItWaits) {
    they().write("w1", path);
    they().expect_granted("w1");
    auto taking = take(us);
    ASSERT_TRUE(are_queued(2));
    EXPECT_TRUE(still_waits(taking)) << "granted beside their writer";
    they().release("w1");
    const auto ours = taking.get();
    ASSERT_TRUE(ours.has_value()) << why(ours);
    const auto upgraded = ours->upgrade(for_long);
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    EXPECT_TRUE(is_alone(*ours));
}

/// Their reader waits for their writer, that for us, and we for the reader, which takes the lock
/// when the writer goes whether or not our second node stands: only our wait has an end.
TEST_P(UpgradeInterop, TheirReaderBehindTheirWriter_EndsTheWaitAndNotTheShare) {
    auto ours = us.lock_upgradable(path, options);
    ASSERT_TRUE(ours.has_value()) << why(ours);
    they().write("w1", path);
    they().read("r2", path);
    ASSERT_TRUE(are_queued(3));
    EXPECT_TRUE(fails_with(ours->upgrade(briefly), errc::wait_expired));
    EXPECT_TRUE(shares(*ours));
    EXPECT_TRUE(are_queued(3)) << "only its share";
    EXPECT_FALSE(they().was_granted("w1"));
    ASSERT_TRUE(ours->release().has_value());
    they().expect_granted("w1");
    they().release("w1");
    they().expect_granted("r2");
    they().release("r2");
}

/// Curator's reader takes the lock then, beside our second node. kazoo's before 2.9 waits for that,
/// too, as for every writer: whichever it is, we never hold beside it.
TEST_P(UpgradeInterop, TheirReaderWhoseWriterGivesUp_IsNeverBesideTheUpgradedOne) {
    auto ours = us.lock_upgradable(path, options);
    ASSERT_TRUE(ours.has_value()) << why(ours);
    const Cancellable<ScopedLock> writing;
    observer.async_lock(path, options, writing.token());
    ASSERT_TRUE(are_queued(2));
    they().read("r1", path);
    ASSERT_TRUE(are_queued(3));
    auto upgrading = ours->async_upgrade(briefly, boost::asio::use_future);
    ASSERT_TRUE(are_queued(4));
    writing.cancel();
    EXPECT_TRUE(fails_with(writing.answer(), errc::cancelled));
    EXPECT_TRUE(fails_with(upgrading.get(), errc::wait_expired)) << "their reader is not gone";
    they().expect_granted("r1");
    EXPECT_TRUE(shares(*ours)) << "together";
    they().release("r1");
    const auto upgraded = ours->upgrade(for_long);
    EXPECT_TRUE(upgraded.has_value()) << why(upgraded);
    EXPECT_TRUE(is_alone(*ours));
}

class CuratorsUpgrade : public WithAnUpgradable {
protected:
    CuratorsUpgrade() : WithAnUpgradable(libraries[0]) {}
};

TEST_F(CuratorsUpgrade, MixedQueue_IsServedInItsOrder) {
    auto gate = observer.lock(path, options);
    ASSERT_TRUE(gate.has_value()) << why(gate);
    they().read("r1", path);
    ASSERT_TRUE(are_queued(2));
    auto taking = take(us);
    ASSERT_TRUE(are_queued(3));
    they().write("w3", path);
    ASSERT_TRUE(are_queued(4));
    auto our_last = read(observer);
    ASSERT_TRUE(are_queued(5));
    ASSERT_TRUE(gate->release().has_value());
    they().expect_granted("r1");
    auto ours = taking.get();
    ASSERT_TRUE(ours.has_value()) << why(ours);
    auto upgrading = upgrade(*ours);
    ASSERT_TRUE(are_queued(5));
    EXPECT_TRUE(still_waits(upgrading)) << "alone beside their reader";
    they().release("r1");
    const auto upgraded = upgrading.get();
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    EXPECT_GT(ours->token(), gate->token());
    EXPECT_FALSE(they().was_granted("w3"));
    ASSERT_TRUE(ours->release().has_value());
    they().expect_granted("w3");
    EXPECT_TRUE(still_waits(our_last)) << "granted beside their writer";
    they().release("w3");
    const auto last = our_last.get();
    EXPECT_TRUE(last.has_value()) << why(last);
}

/// The second node is named so that Curator sees it in its place, though a lock's would not be.
TEST_F(CuratorsUpgrade, WithTheDefaultNaming_IsSeenByItsReadersAndWriters) {
    auto ours = us.lock_upgradable(path, {.wait = 60s, .budget = 7s});
    ASSERT_TRUE(ours.has_value()) << why(ours);
    they().read("r1", path);
    they().expect_granted("r1");
    auto upgrading = upgrade(*ours);
    ASSERT_TRUE(are_queued(3));
    they().read("r2", path);
    they().write("w3", path);
    they().release("r1");
    const auto upgraded = upgrading.get();
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    EXPECT_TRUE(they_still_wait("r2"));
    EXPECT_TRUE(is_alone(*ours)) << "too slow to tell";
    ASSERT_TRUE(ours->release().has_value());
    they().expect_granted("r2");
    EXPECT_TRUE(they_still_wait("w3"));
    they().release("r2");
    they().expect_granted("w3");
    they().release("w3");
}

TEST_F(CuratorsUpgrade, BesideItsMutex_IsRefused_AndAnUpgradeKeepsTheShare) {
    auto ours = us.lock_upgradable(path, options);
    ASSERT_TRUE(ours.has_value()) << why(ours);
    they().lock("m1", path);
    for (const milliseconds wait : {0ms, 5'000ms}) {
        EXPECT_TRUE(fails_with(ours->upgrade({.wait = wait}), errc::mixed_queue));
        EXPECT_TRUE(shares(*ours));
        EXPECT_TRUE(are_queued(2)) << "our share and their mutex";
    }
    ASSERT_TRUE(ours->release().has_value());
    they().expect_granted("m1");
    EXPECT_TRUE(fails_with(us.lock_upgradable(path, options), errc::mixed_queue));
    EXPECT_TRUE(are_queued(1)) << "only theirs";
    they().release("m1");
}

TEST(KazoosLocks, BesideThem_AnUpgradeUnderCuratorsNamesIsRefusedAndKeepsTheShare) {
    const Client us = connect(one_server().connect_string());
    const std::string path = existing_path(us);
    KazooPeer kazoo(one_server().connect_string());
    const auto ours =
        us.lock_upgradable(path, {.wait = 10s, .budget = 7s, .naming = Naming::curator_read_write});
    ASSERT_TRUE(ours.has_value()) << why(ours);
    kazoo.lock("k1", path);
    const auto refused = ours->upgrade({.wait = 5s});
    EXPECT_TRUE(fails_with(refused, errc::mixed_queue));
    EXPECT_NE(why(refused).find("naming = kazoo"), std::string::npos) << why(refused);
    EXPECT_TRUE(ours->valid());
    EXPECT_EQ(ours->kind(), LockKind::upgradable);
    EXPECT_TRUE(becomes_nodes(us, path, 2)) << "our share and theirs";
    kazoo.release("k1");
}

/// Curator 5.5 and newer, whose reader takes the number of the writer that its thread holds.
TEST(CuratorsReader, WithItsWritersNumber_IsWaitedForByTheUpgrade) {
    const Client us = connect(one_server().connect_string());
    const Client observer = connect(one_server().connect_string());
    const std::string path = existing_path(observer);
    const ZooKeeper theirs = observer.zookeeper();
    const auto writer = theirs.create(path + "/_c_f81d4fae-7dec-11d0-a765-00a0c91e6bf6-__WRIT__",
                                      "", {.mode = CreateMode::ephemeral_sequential});
    ASSERT_TRUE(writer.has_value()) << why(writer);
    auto taking = us.async_lock_upgradable(
        path, {.wait = 60s, .budget = 7s, .naming = Naming::curator_read_write},
        boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 2));
    const auto reader = theirs.create(path + "/_c_a0000000-7dec-11d0-a765-00a0c91e6bf6-__READ__" +
                                          writer->substr(writer->size() - 10),
                                      "", {.mode = CreateMode::ephemeral});
    ASSERT_TRUE(reader.has_value()) << why(reader);
    ASSERT_TRUE(theirs.remove(*writer).has_value());
    const auto ours = taking.get();
    ASSERT_TRUE(ours.has_value()) << "it shares with their reader: " << why(ours);
    auto upgrading = ours->async_upgrade(for_long, boost::asio::use_future);
    ASSERT_TRUE(becomes_nodes(observer, path, 3));
    EXPECT_EQ(upgrading.wait_for(150ms), std::future_status::timeout) << "alone beside a reader";
    ASSERT_TRUE(theirs.remove(*reader).has_value());
    const auto upgraded = upgrading.get();
    ASSERT_TRUE(upgraded.has_value()) << why(upgraded);
    EXPECT_EQ(ours->kind(), LockKind::exclusive);
}

}  // namespace
}  // namespace leasehold::integration

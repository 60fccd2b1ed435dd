// Lock delays where upgradable holders are: for whom an upgrade holds back, and who does after one.
#include "tests/unit/core/engine_bench.hpp"

#include <string>
#include <string_view>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;

/// Of contender.proto: lock_delay_ms, the ninth field, of two seconds.
constexpr std::string_view delayed_record =
    "J\x04"
    "2000";
constexpr Duration delay = 2s;

class LockDelayOfUpgrades : public EngineBench {
protected:
    OperationId ask(EngineDriver& who, LockKind kind, milliseconds budget = 10s) {
        return who.acquire(Recipe{kind}, "/q", {.wait = 30s, .budget = budget, .lock_delay = 2s},
                           std::string(delayed_record));
    }
    OperationId take(EngineDriver& who, LockKind kind, milliseconds budget = 10s) {
        const OperationId id = ask(who, kind, budget);
        EXPECT_TRUE(answered(who, id, 1s));
        EXPECT_NE(who.grant(id), nullptr);
        return id;
    }
    bool is_gone(EngineDriver& who, OperationId lease) {
        return world.run_until([&] { return who.about<NodeGone>(lease) != nullptr; }, 1s);
    }
    const UpgradeDone* answer(EngineDriver& who, OperationId upgrade) {
        EXPECT_TRUE(
            world.run_until([&] { return who.about<UpgradeDone>(upgrade) != nullptr; }, 5s));
        return who.about<UpgradeDone>(upgrade);
    }
    EngineDriver& c = [this]() -> EngineDriver& {
        EngineDriver& driver = world.add(support::test_settings());
        driver.start();
        world.run_for(100ms);
        return driver;
    }();

    Instant granted_at(EngineDriver& who, OperationId id) {
        EXPECT_TRUE(answered(who, id));
        const Grant* grant = who.grant(id);
        return grant == nullptr ? Instant::min() : grant->granted_at;
    }
};

TEST_F(LockDelayOfUpgrades, OneThatIsTriedAgainStillHoldsBack) {
    const OperationId reader = take(b, LockKind::shared, 500ms);
    const OperationId lease = take(a, LockKind::upgradable);
    const OperationId first = a.upgrade(lease, 1s);
    ASSERT_TRUE(is_gone(b, reader));
    const Instant overrun = world.now();
    ASSERT_TRUE(answer(a, first)->refusal);
    const OperationId again = a.upgrade(lease, 3s);
    EXPECT_FALSE(answer(a, again)->refusal);
    EXPECT_GE(world.now() - overrun, delay);
}

TEST_F(LockDelayOfUpgrades, OneThatWakesUpAfterItsLeaseIsNotUpgraded) {
    const OperationId reader = take(b, LockKind::shared, 500ms);
    const OperationId lease = take(a, LockKind::upgradable, 4s);
    const OperationId upgrade = a.upgrade(lease, 10s);
    ASSERT_TRUE(is_gone(b, reader));
    world.run_for(100ms);
    a.pause(5s);  // beyond the delay's end, and the lease's
    ASSERT_TRUE(answer(a, upgrade)->refusal);
    EXPECT_EQ(answer(a, upgrade)->refusal->code, errc::lock_lost);
}

TEST_F(LockDelayOfUpgrades, ReaderThatDiesBesideADowngradedHolderWhoseRecordIsGone) {
    const OperationId alone = take(c, LockKind::exclusive);
    c.downgrade(alone);
    world.run_for(20ms);
    const OperationId reader = take(b, LockKind::shared, 500ms);
    const OperationId writer = ask(a, LockKind::exclusive);
    world.run_for(20ms);
    server.write(world.now(), c.grant(alone)->lease->node(), "__REVOKE__");
    ASSERT_TRUE(is_gone(b, reader));
    const Instant overrun = world.now();
    world.run_for(20ms);
    c.release(alone);
    EXPECT_GE(granted_at(a, writer) - overrun, delay);
}

TEST_F(LockDelayOfUpgrades, WhoeverComesAfterAnUpgradedOneThatOverranHoldsBack) {
    const OperationId lease = take(a, LockKind::upgradable, 500ms);
    ASSERT_FALSE(answer(a, a.upgrade(lease, 1s))->refusal);
    const OperationId writer = ask(b, LockKind::exclusive);
    ASSERT_TRUE(world.run_until([&] { return contenders() == 1; }, 1s));
    const Instant overrun = world.now();
    EXPECT_GE(granted_at(b, writer) - overrun, delay);
}

TEST_F(LockDelayOfUpgrades, WhoeverComesAfterAnUpgradedOneThatReleasedDoesNot) {
    const OperationId lease = take(a, LockKind::upgradable);
    ASSERT_FALSE(answer(a, a.upgrade(lease, 1s))->refusal);
    const OperationId writer = ask(b, LockKind::exclusive);
    world.run_for(20ms);
    const Instant released = world.now();
    a.release(lease);
    EXPECT_LE(granted_at(b, writer) - released, 10ms);
}

}  // namespace
}  // namespace leasehold::core

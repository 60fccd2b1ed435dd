// After a hold that was not released, those who waited for it hold back; after a release, nobody.
#include "tests/unit/core/engine_bench.hpp"

#include <string>
#include <string_view>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// Of contender.proto: lock_delay_ms, the ninth field, of two seconds.
constexpr std::string_view delayed_record =
    "J\x04"
    "2000";

class LockDelay : public EngineBench {
protected:
    static constexpr Duration delay = 2s;

    static LockOptions delayed(milliseconds wait = 30s) {
        return {.wait = wait, .budget = 10s, .lock_delay = 2s};
    }
    OperationId ask(EngineDriver& who, LockOptions options = delayed(), Recipe recipe = {}) {
        return who.acquire(recipe, "/q", options,
                           std::string(options.lock_delay > 0ms ? delayed_record : "record"));
    }
    OperationId take(EngineDriver& who, LockOptions options = delayed(), Recipe recipe = {}) {
        const OperationId id = ask(who, options, recipe);
        EXPECT_TRUE(answered(who, id, 1s));
        EXPECT_NE(who.grant(id), nullptr);
        return id;
    }
    OperationId wait(EngineDriver& who, LockOptions options = delayed(), Recipe recipe = {}) {
        const OperationId id = ask(who, options, recipe);
        world.run_for(20ms);
        EXPECT_EQ(who.about<AcquireDone>(id), nullptr);
        return id;
    }
    /// The process is gone, and its session ends now.
    void crash(EngineDriver& who) {
        const std::int64_t session = who.session();
        who.pause(1000s);
        server.expire(world.now(), session);
        world.collect();
    }
    Duration granted_after(EngineDriver& who, OperationId id, Instant since) {
        EXPECT_TRUE(answered(who, id));
        const Grant* grant = who.grant(id);
        return grant == nullptr ? Duration::max() : grant->granted_at - since;
    }

    EngineDriver& c = [this]() -> EngineDriver& {
        EngineDriver& driver = world.add(support::test_settings());
        driver.start();
        world.run_for(100ms);
        return driver;
    }();
};

TEST_F(LockDelay, CrashOfTheHolderKeepsTheNextOneWaiting) {
    take(a);
    const OperationId next = wait(b);
    const Instant crashed = world.now();
    crash(a);
    const Duration waited = granted_after(b, next, crashed);
    EXPECT_GE(waited, delay);
    EXPECT_LE(waited, delay + 5ms);
}

TEST_F(LockDelay, ReleaseKeepsNobodyWaiting) {
    const OperationId held = take(a);
    const OperationId next = wait(b);
    const Instant released = world.now();
    a.release(held);
    EXPECT_EQ(granted_after(b, next, released), 4ms) << "one read more than without";
    EXPECT_EQ(contenders(), 1u);
}

TEST_F(LockDelay, ReleaseIsOneWrite) {
    const OperationId held = take(a);
    a.forget_writes();
    a.release(held);
    world.run_for(10ms);
    EXPECT_EQ(ops(a.requests()), std::vector{Opcode::multi});
    EXPECT_EQ(a.about<NodeGone>(held)->outcome.has_value(), true);
}

TEST_F(LockDelay, HolderThatDoesNotWantItCostsNothingAndDelaysNobody) {
    const OperationId held = take(a, default_options());
    const OperationId next = wait(b);
    a.forget_writes();
    a.release(held);
    world.run_for(10ms);
    EXPECT_EQ(ops(a.requests()), std::vector{Opcode::remove});
    ASSERT_NE(b.grant(next), nullptr);
    const OperationId last = wait(c);
    b.release(next);
    ASSERT_TRUE(answered(c, last, 10ms));
}

TEST_F(LockDelay, IsTheHoldersWishWhateverTheWaitersIs) {
    take(a);
    LockOptions plain = default_options();
    plain.wait = 30s;
    const OperationId next = wait(b, plain);
    const Instant crashed = world.now();
    crash(a);
    EXPECT_GE(granted_after(b, next, crashed), delay);
}

TEST_F(LockDelay, CrashOfAHolderThatDidNotWantItDelaysNobody) {
    take(a, default_options());
    const OperationId next = wait(b);
    const Instant crashed = world.now();
    crash(a);
    EXPECT_LE(granted_after(b, next, crashed), 5ms);
}

TEST_F(LockDelay, OverrunOfTheBudgetIsNoRelease) {
    const OperationId held = take(a);
    const OperationId next = wait(b);
    Instant ended{};
    ASSERT_TRUE(world.run_until([&] { return a.about<LeaseEnded>(held, &ended) != nullptr; }));
    EXPECT_EQ(a.about<LeaseEnded>(held)->loss, Loss::budget);
    EXPECT_GE(granted_after(b, next, ended), delay);
}

TEST_F(LockDelay, OverrunKeepsTheNextOneOfTheSameProcessWaitingToo) {
    const OperationId held = take(a);
    const OperationId next = wait(a);
    Instant ended{};
    ASSERT_TRUE(world.run_until([&] { return a.about<LeaseEnded>(held, &ended) != nullptr; }));
    const Duration waited = granted_after(a, next, ended);
    EXPECT_GE(waited, delay);
    EXPECT_LE(waited, delay + 5ms);
}

TEST_F(LockDelay, HandOverWithinOneProcessIsARelease) {
    const OperationId held = take(a);
    const OperationId next = wait(a);
    const Instant released = world.now();
    a.release(held);
    EXPECT_EQ(granted_after(a, next, released), 0ms);
    EXPECT_EQ(a.grant(next)->lease->node(), a.grant(held)->lease->node());
}

TEST_F(LockDelay, NodeIsNotHandedToOneWhoWantsAnotherDelay) {
    const OperationId held = take(a);
    const OperationId next = wait(a, default_options());
    a.release(held);
    ASSERT_TRUE(answered(a, next, 100ms));
    EXPECT_NE(a.grant(next)->lease->node(), a.grant(held)->lease->node());
}

TEST_F(LockDelay, HolderOnTheNodeOfOneWhoGaveUpIsObeyedToo) {
    const OperationId held = take(a, default_options());
    const OperationId gone = wait(b, default_options());
    const OperationId second = wait(b);
    const OperationId third = wait(c);
    b.cancel(gone);
    a.release(held);
    ASSERT_TRUE(answered(b, second, 100ms));
    EXPECT_NE(b.grant(second), nullptr);
    world.run_for(20ms);
    const Instant crashed = world.now();
    crash(b);
    EXPECT_GE(granted_after(c, third, crashed), delay);
}

TEST_F(LockDelay, OneWhoCameBetweenDoesNotEndItForTheProcessThatOverran) {
    const OperationId held = take(a);
    const OperationId next = wait(a);
    const OperationId between = wait(b, default_options());
    b.stall();  // it will not hear of the overrun, and its node stands ahead of the next one's
    Instant ended{};
    ASSERT_TRUE(world.run_until([&] { return a.about<LeaseEnded>(held, &ended) != nullptr; }));
    world.run_for(500ms);
    server.expire(world.now(), b.session());
    world.collect();
    EXPECT_GE(granted_after(a, next, ended), delay);
    EXPECT_EQ(b.grant(between), nullptr);
}

TEST_F(LockDelay, OutlastsALostConnection) {
    take(a);
    const OperationId next = wait(b);
    const Instant crashed = world.now();
    crash(a);
    world.run_for(500ms);
    b.cut();
    const Duration waited = granted_after(b, next, crashed);
    EXPECT_GE(waited, delay);
    EXPECT_LE(waited, delay + 5ms);
}

TEST_F(LockDelay, HolderThatVanishesWhileNobodyTellsUsIsTakenForDead) {
    const OperationId held = take(a);
    const OperationId next = wait(b);
    b.cut();
    a.release(held);
    world.run_for(5ms);
    const Instant released = world.now();
    EXPECT_GE(granted_after(b, next, released), delay) << "a release that was not seen as one";
}

TEST_F(LockDelay, WriteOfAnotherIsNotARelease) {
    const OperationId held = take(a);
    const OperationId next = wait(b);
    server.write(world.now(), a.grant(held)->lease->node(), std::string(delayed_record));
    world.collect();
    world.run_for(10ms);
    const Instant crashed = world.now();
    crash(a);
    EXPECT_GE(granted_after(b, next, crashed), delay);
}

TEST_F(LockDelay, RequestToLetGoDoesNotTakeItBack) {
    LockOptions options = delayed();
    options.watch_own_node = true;
    const OperationId held = take(a, options);
    world.run_for(10ms);
    const OperationId before = wait(b);
    server.write(world.now(), a.grant(held)->lease->node(), "__REVOKE__");
    world.collect();
    world.run_for(10ms);
    EXPECT_THAT(server.tree().find(a.grant(held)->lease->node())->data,
                ::testing::StartsWith(std::string(delayed_record)))
        << "whoever comes now has to read it, too";
    const Instant crashed = world.now();
    crash(a);
    EXPECT_GE(granted_after(b, before, crashed), delay);
}

TEST_F(LockDelay, WaiterThatLeavesDelaysNobody) {
    const OperationId held = take(a);
    const OperationId second = wait(b);
    const OperationId third = wait(c);
    b.cancel(second);
    world.run_for(10ms);
    const Instant released = world.now();
    a.release(held);
    EXPECT_LE(granted_after(c, third, released), 5ms);
}

TEST_F(LockDelay, CrashOfAWaiterDelaysNobodyIfTheHolderReleases) {
    const OperationId held = take(a);
    wait(b);
    const OperationId third = wait(c);
    crash(b);
    world.run_for(10ms);
    const Instant released = world.now();
    a.release(held);
    EXPECT_LE(granted_after(c, third, released), 5ms);
}

TEST_F(LockDelay, WaiterThatGivesUpDuringItLetsNobodyBehindItGoEarlier) {
    take(a);
    const OperationId second = wait(b, delayed(5s));
    LockOptions plain = default_options();
    plain.wait = 30s;
    const OperationId third = wait(c, plain);
    const Instant crashed = world.now();
    crash(a);
    world.run_for(500ms);
    b.cancel(second);
    EXPECT_NE(b.refusal(second), nullptr);
    const Duration waited = granted_after(c, third, crashed);
    EXPECT_GE(waited, delay);
    EXPECT_LE(waited, delay + 10ms) << "and not once more for the one that gave up";
    EXPECT_EQ(contenders(), 1u);
}

TEST_F(LockDelay, WaiterThatGivesUpWhileDisconnectedLetsNobodyBehindItGoEarlier) {
    take(a);
    const OperationId second = wait(b);
    const OperationId third = wait(c);
    const Instant crashed = world.now();
    crash(a);
    world.run_for(500ms);
    b.refuses_connects = true;
    b.cut();
    b.cancel(second);
    world.run_for(100ms);
    b.refuses_connects = false;
    EXPECT_GE(granted_after(c, third, crashed), delay);
}

TEST_F(LockDelay, NextCallOfTheSameProcessQueuesBehindTheNodeThatStays) {
    take(a);
    const OperationId second = wait(b);
    const Instant crashed = world.now();
    crash(a);
    world.run_for(500ms);
    b.cancel(second);
    const OperationId again = wait(b);
    const Duration waited = granted_after(b, again, crashed);
    EXPECT_GE(waited, delay);
    EXPECT_LE(waited, delay + 10ms);
}

TEST_F(LockDelay, OneThatComesDuringItQueuesBehindTheOneThatWaits) {
    take(a);
    wait(b);
    crash(a);
    world.run_for(500ms);
    const OperationId tried = ask(c, delayed(0ms));
    ASSERT_TRUE(answered(c, tried));
    EXPECT_EQ(c.refusal(tried)->code, errc::wait_expired);
}

TEST_F(LockDelay, RefusalSaysThatItIsTheReason) {
    take(a);
    const OperationId next = wait(b, delayed(1s));
    crash(a);
    ASSERT_TRUE(answered(b, next));
    EXPECT_EQ(b.refusal(next)->code, errc::wait_expired);
    EXPECT_THAT(b.refusal(next)->what, HasSubstr("did not release it"));
    EXPECT_THAT(b.refusal(next)->what, HasSubstr("are left"));
}

TEST_F(LockDelay, SecondLocalCallerGoesOnWhereTheFirstGaveUp) {
    take(a);
    const OperationId first = wait(b, delayed(1s));
    const OperationId second = wait(b);
    const Instant crashed = world.now();
    crash(a);
    const Duration waited = granted_after(b, second, crashed);
    EXPECT_NE(b.refusal(first), nullptr);
    EXPECT_GE(waited, delay);
    EXPECT_LE(waited, delay + 5ms);
}

TEST_F(LockDelay, WriterHoldsBackForAReaderThatDied) {
    const Recipe shared{.kind = LockKind::shared};
    const OperationId alive = take(a, delayed(), shared);
    take(b, delayed(), shared);
    const OperationId writer = wait(c);
    const Instant crashed = world.now();
    crash(b);
    world.run_for(10ms);
    a.release(alive);
    EXPECT_GE(granted_after(c, writer, crashed), delay);
}

TEST_F(LockDelay, ReaderHoldsBackForAWriterThatDied) {
    take(a);
    const OperationId reader = wait(b, delayed(), {.kind = LockKind::shared});
    const Instant crashed = world.now();
    crash(a);
    EXPECT_GE(granted_after(b, reader, crashed), delay);
}

TEST_F(LockDelay, NobodyHoldsBackForAPermit) {
    const Recipe two{.kind = LockKind::permit, .permits = 2};
    const OperationId released = take(a, delayed(), two);
    take(b, delayed(), two);
    const OperationId third = wait(c, delayed(), two);
    const OperationId fourth = wait(c, delayed(), two);
    const Instant crashed = world.now();
    crash(b);
    EXPECT_LE(granted_after(c, third, crashed), 5ms);
    world.run_for(20ms);
    const Instant let_go = world.now();
    a.release(released);
    EXPECT_LE(granted_after(c, fourth, let_go), 5ms) << "there is room beside the third";
}

TEST_F(LockDelay, ReleaseThatIsNotAnsweredIsRepeatedAsOne) {
    const OperationId held = take(a);
    const OperationId next = wait(b);
    server.next(Opcode::multi, Fate::close_before);
    const Instant released = world.now();
    a.release(held);
    EXPECT_LT(granted_after(b, next, released), delay);
}

TEST_F(LockDelay, ReleaseThatMayNotWriteIsADelete) {
    const OperationId held = take(a);
    const OperationId next = wait(b);
    server.fail_next(Opcode::multi, ServerError::no_auth);
    const Instant released = world.now();
    a.release(held);
    EXPECT_GE(granted_after(b, next, released), delay);
    EXPECT_TRUE(a.about<NodeGone>(held)->outcome.has_value());
}

TEST_F(LockDelay, EndOfTheClientIsNoRelease) {
    take(a);
    const OperationId next = wait(b);
    const Instant closed = world.now();
    a.close(1s);
    EXPECT_GE(granted_after(b, next, closed), delay);
}

}  // namespace
}  // namespace leasehold::core

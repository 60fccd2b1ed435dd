// Semaphores: how many run at once, whom the next one watches, and who says how many permits
// there are.
#include "tests/unit/core/engine_bench.hpp"

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class Permits : public EngineBench {
protected:
    using EngineBench::EngineBench;

    OperationId ask_permit(EngineDriver& who, int permits = 2,
                           LockOptions options = default_options()) {
        return who.acquire(Recipe{LockKind::permit, permits}, "/q", options, "a record");
    }
    OperationId take(EngineDriver& who, int permits = 2) {
        const OperationId id = ask_permit(who, permits);
        EXPECT_TRUE(answered(who, id, 1s));
        EXPECT_NE(who.grant(id), nullptr);
        return id;
    }
    OperationId wait(EngineDriver& who, int permits = 2) {
        const OperationId id = ask_permit(who, permits);
        world.run_for(20ms);
        EXPECT_EQ(who.about<AcquireDone>(id), nullptr);
        return id;
    }
    std::string limit() { return server.tree().find("/q")->data; }
};

TEST_F(Permits, AreGivenUpToTheirNumber) {
    take(a);
    take(b);
    wait(a);
    wait(b);
    EXPECT_EQ(contenders(), 4u);
}

TEST_F(Permits, FreeOneCostsOneRoundTripOnceTheNumberIsWritten) {
    take(a, 3);
    EXPECT_EQ(limit(), "3");
    b.forget_writes();
    const Instant asked = world.now();
    const OperationId id = take(b, 3);
    EXPECT_EQ(b.grant(id)->granted_at, asked + 2ms);
    EXPECT_THAT(ops(b.requests()),
                ElementsAre(Opcode::create, Opcode::get_children, Opcode::get_data));
    EXPECT_THAT(b.requests()[0].path, EndsWith("-lease-"));
}

TEST_F(Permits, HaveATokenEach) {
    const OperationId first = take(a);
    const OperationId second = take(b);
    EXPECT_GT(lock_token(a, first), 0);
    EXPECT_GT(lock_token(b, second), lock_token(a, first));
}

TEST_F(Permits, WhicheverGoesFirstTheFirstOneThatWaitsIsNext) {
    const OperationId first = take(a);
    const OperationId second = take(a);
    const OperationId third = wait(b);
    const OperationId fourth = wait(b);
    const OperationId fifth = wait(a);
    a.release(second);
    ASSERT_TRUE(answered(b, third, 100ms));
    world.run_for(20ms);
    EXPECT_EQ(b.about<AcquireDone>(fourth), nullptr);
    EXPECT_EQ(a.about<AcquireDone>(fifth), nullptr);
    b.release(third);
    ASSERT_TRUE(answered(b, fourth, 100ms));
    world.run_for(20ms);
    EXPECT_EQ(a.about<AcquireDone>(fifth), nullptr);
    a.release(first);
    ASSERT_TRUE(answered(a, fifth, 100ms));
    EXPECT_NE(a.grant(fifth), nullptr);
}

TEST_F(Permits, OneThatGivesUpIsStoodInForByTheNext) {
    const OperationId first = take(a);
    take(a);
    const OperationId third = wait(b);
    const OperationId fourth = wait(b);
    const OperationId fifth = wait(a);
    b.cancel(fourth);
    world.run_for(20ms);
    b.cancel(third);
    world.run_for(20ms);
    EXPECT_EQ(a.about<AcquireDone>(fifth), nullptr);
    a.release(first);
    ASSERT_TRUE(answered(a, fifth, 100ms));
    EXPECT_NE(a.grant(fifth), nullptr);
}

TEST_F(Permits, OnlyTheFirstThatWaitsWatchesThoseWhoRun) {
    take(a);
    take(a);
    const std::size_t before = server.watches().size();
    wait(b);
    EXPECT_EQ(server.watches().size() - before, 3u) << "both that run, and its own node";
    wait(a);
    EXPECT_EQ(server.watches().size() - before, 5u) << "the one before it, and its own node";
}

TEST_F(Permits, GrantThatHadToBeWaitedForIsShownToTheNextAlsoAfterAReconnect) {
    const OperationId first = take(a);
    const OperationId second = take(a);
    const OperationId third = wait(b);
    const OperationId fourth = wait(a);
    server.next(Opcode::set_data, support::Fate::close_before);
    a.release(second);
    ASSERT_TRUE(answered(b, third, 100ms));
    world.run_for(2s);
    EXPECT_EQ(a.about<AcquireDone>(fourth), nullptr);
    a.release(first);
    ASSERT_TRUE(answered(a, fourth, 100ms)) << "not only when the third has gone";
    EXPECT_NE(a.grant(fourth), nullptr);
    EXPECT_TRUE(b.is_valid(third));
}

TEST_F(Permits, GrantIsShownIfOthersMayHaveSeenItWait) {
    const OperationId first = take(a);
    const OperationId second = take(a);
    b.link_options = {100ms, 100ms};
    const OperationId third = ask_permit(b);
    world.run_for(110ms);  // its node stands, and its list is under way
    const OperationId fourth = wait(a);
    b.stall();
    a.release(first);
    world.run_for(20ms);
    EXPECT_EQ(a.about<AcquireDone>(fourth), nullptr);
    b.link_options = {};
    b.cut();
    ASSERT_TRUE(answered(b, third, 5s)) << "by a list in which nobody is in its way any more";
    world.run_for(20ms);
    a.release(second);
    ASSERT_TRUE(answered(a, fourth, 100ms)) << "while the third still runs";
    EXPECT_NE(a.grant(fourth), nullptr);
    EXPECT_TRUE(b.is_valid(third));
}

TEST_F(Permits, AnotherNumberIsRefusedWithBothAndLeavesNothing) {
    take(a, 2);
    const OperationId id = ask_permit(b, 3);
    ASSERT_TRUE(answered(b, id, 1s));
    EXPECT_EQ(b.refusal(id)->code, errc::permits_disagree);
    EXPECT_THAT(b.refusal(id)->what, HasSubstr("2 permits, not 3"));
    world.run_for(20ms);
    EXPECT_EQ(contenders(), 1u);
    EXPECT_EQ(limit(), "2");
}

TEST_F(Permits, NumberIsWrittenOnceWhoeverComesFirst) {
    const OperationId first = ask_permit(a, 2);
    const OperationId second = ask_permit(b, 3);
    ASSERT_TRUE(answered(a, first, 1s) && answered(b, second, 1s));
    EXPECT_NE(a.grant(first), nullptr);
    EXPECT_EQ(b.refusal(second)->code, errc::permits_disagree);
}

TEST_F(Permits, MissingPathIsMadeWithTheNumber) {
    const OperationId id = a.acquire(Recipe{LockKind::permit, 5}, "/x/y", default_options());
    ASSERT_TRUE(answered(a, id, 1s));
    ASSERT_NE(a.grant(id), nullptr);
    EXPECT_EQ(server.tree().find("/x/y")->data, "5");
    EXPECT_EQ(server.tree().find("/x")->data, "");
}

TEST_F(Permits, PathThatHoldsOtherDataIsNoSemaphore) {
    server.write(world.now(), "/q", "somebody's data");
    const OperationId id = ask_permit(a);
    ASSERT_TRUE(answered(a, id, 1s));
    EXPECT_EQ(a.refusal(id)->code, errc::mixed_queue);
    world.run_for(20ms);
    EXPECT_EQ(contenders(), 0u);
}

TEST_F(Permits, LocksAndPermitsDoNotMix) {
    const std::string permit = stranger("someone-lease-");
    const OperationId lock = a.acquire("/q", default_options());
    ASSERT_TRUE(answered(a, lock, 1s));
    EXPECT_EQ(a.refusal(lock)->code, errc::mixed_queue);
    remove(permit);
    stranger("someone-lock-");
    const OperationId id = ask_permit(a);
    ASSERT_TRUE(answered(a, id, 1s));
    EXPECT_EQ(a.refusal(id)->code, errc::mixed_queue);
    world.run_for(20ms);
    EXPECT_EQ(contenders(), 1u);
}

/// Curator's waits too, takes its permit when nobody waits any more, and says so to nobody.
TEST_F(Permits, FreeOneIsFoundAlsoBehindCuratorsThatHasGotOneUnseen) {
    const OperationId first = take(a);
    const OperationId second = take(a);
    stranger("_c_0b1c-lease-");
    const OperationId third = wait(b);
    const OperationId fourth = wait(b);
    a.release(first);
    world.run_for(20ms);
    EXPECT_EQ(b.about<AcquireDone>(third), nullptr) << "Curator's may have it";
    a.release(second);
    ASSERT_TRUE(answered(b, third, 100ms));
    world.run_for(20ms);
    EXPECT_EQ(b.about<AcquireDone>(fourth), nullptr);
    b.release(third);
    ASSERT_TRUE(answered(b, fourth, 100ms));
    EXPECT_NE(b.grant(fourth), nullptr);
}

/// Curator's waits for those behind it, who would wait for it.
TEST_F(Permits, OnlyOneIsRefusedBesideCurators) {
    stranger("_c_0b1c-lease-");
    const OperationId only = ask_permit(a, 1);
    ASSERT_TRUE(answered(a, only, 1s));
    EXPECT_EQ(a.refusal(only)->code, errc::mixed_queue);
    EXPECT_THAT(a.refusal(only)->what, HasSubstr("InterProcessSemaphoreV2"));
    world.run_for(20ms);
    EXPECT_EQ(contenders(), 1u);
}

TEST_F(Permits, AreRefusedBesideSemaphoresThatCountOtherwise) {
    for (const auto& [child, library] : {std::pair{"/q/0123456789abcdef0123456789abcdef", "kazoo"},
                                         std::pair{"/q/0123456789abcdef0123450123456789", "kazoo"},
                                         std::pair{"/q/leases", "Curator"}}) {
        server.make(world.now(), child, wire::CreateMode::persistent);
        const OperationId id = ask_permit(a);
        ASSERT_TRUE(answered(a, id, 1s));
        ASSERT_NE(a.refusal(id), nullptr) << child;
        EXPECT_EQ(a.refusal(id)->code, errc::mixed_queue) << child;
        EXPECT_THAT(a.refusal(id)->what, HasSubstr(library));
        remove(child);
        world.run_for(20ms);
        EXPECT_EQ(contenders(), 0u);
        EXPECT_EQ(limit(), "");
    }
    server.make(world.now(), "/q/0123456789abcdef0123456789abcdeg", wire::CreateMode::persistent);
    take(a);
}

TEST_F(Permits, TryIsRefusedByOneReadWhenAllAreOut) {
    take(a);
    take(a);
    b.forget_writes();
    const OperationId id = ask_permit(b, 2, {.wait = 0ms, .budget = 1s, .check_first = true});
    ASSERT_TRUE(answered(b, id, 1s));
    EXPECT_EQ(b.refusal(id)->code, errc::wait_expired);
    EXPECT_THAT(ops(b.requests()), ElementsAre(Opcode::get_children));
}

TEST_F(Permits, ReconnectLeavesEveryOneItsPlace) {
    const OperationId first = take(a);
    take(b);
    const OperationId third = wait(a);
    const OperationId fourth = wait(b);
    a.cut();
    b.cut();
    world.run_for(1s);
    a.release(first);
    ASSERT_TRUE(answered(a, third, 1s));
    EXPECT_NE(a.grant(third), nullptr);
    world.run_for(100ms);
    EXPECT_EQ(b.about<AcquireDone>(fourth), nullptr);
}

}  // namespace
}  // namespace leasehold::core

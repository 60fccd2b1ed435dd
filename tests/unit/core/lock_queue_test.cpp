// The course of an acquisition on the wire: how little it costs, whom it waits for, and how it is
// refused.
#include "tests/unit/core/engine_bench.hpp"

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LockQueueing : public EngineBench {};

TEST_F(LockQueueing, FreeLockCostsOneWriteAndOneRoundTrip) {
    const Instant asked = world.now();
    const OperationId id = hold(a);
    EXPECT_EQ(a.grant(id)->granted_at, asked + 2ms);
    EXPECT_EQ(a.grant(id)->deadline, asked + 2ms + 10s);
    EXPECT_FALSE(a.grant(id)->is_shortened);
    std::size_t writes = 0;
    for (const auto& write : a.writes()) {
        writes += ops(write.frames) == std::vector{Opcode::create, Opcode::get_children};
    }
    EXPECT_EQ(writes, 1u);
    EXPECT_EQ(a.requests().size(), 2u);
    EXPECT_EQ(server.watches().size(), 0u);
}

TEST_F(LockQueueing, NodeCarriesTheRecordTheAclAndAFreshName) {
    const OperationId id = hold(a);
    const std::string node = a.grant(id)->lease->node();
    EXPECT_EQ(server.tree().find(node)->data, "record of the holder");
    EXPECT_THAT(node, ::testing::MatchesRegex("/q/[0-9a-f]+-lock-0000000000"));
    a.release(id);
    const OperationId again = hold(a);
    EXPECT_NE(a.grant(again)->lease->node().substr(0, 19), node.substr(0, 19));
}

TEST_F(LockQueueing, TokenIsTheNodesCzxidTimes64) {
    const OperationId id = hold(a);
    EXPECT_EQ(lock_token(a, id), server.tree().find(a.grant(id)->lease->node())->stat.czxid * 64);
}

TEST_F(LockQueueing, QueuedOneWatchesItsPredecessorAndItselfAndNeverByExists) {
    const OperationId held = hold(a);
    queue(b);
    EXPECT_THAT(ops(b.requests()), ElementsAre(Opcode::create, Opcode::get_children,
                                               Opcode::get_data, Opcode::get_data));
    EXPECT_EQ(b.requests()[2].path, a.grant(held)->lease->node());
    EXPECT_EQ(server.watches().size(), 2u);
    EXPECT_TRUE(server.watches().has_data(a.grant(held)->lease->node()));
}

TEST_F(LockQueueing, HandOffNeedsNoRequestAndOneTrip) {
    const OperationId held = hold(a);
    const OperationId id = queue(b);
    b.forget_writes();
    const Instant released = world.now();
    a.release(held);
    ASSERT_TRUE(answered(b, id));
    EXPECT_THAT(b.requests(), IsEmpty());
    EXPECT_EQ(b.grant(id)->granted_at, released + 2ms);
    EXPECT_GT(lock_token(b, id), lock_token(a, held));
}

TEST_F(LockQueueing, NoNodeOfThePredecessorIsTheWakeUp) {
    const std::string other = stranger();
    const OperationId id = b.acquire("/q", default_options());
    ASSERT_TRUE(world.run_until([&] { return b.requests().size() == 4; }));
    remove(other);  // after the list, before the getData arrives
    ASSERT_TRUE(answered(b, id));
    EXPECT_NE(b.grant(id), nullptr);
    world.run_for(10ms);
    EXPECT_EQ(server.watches().size(), 1u) << "its own node's";
}

TEST_F(LockQueueing, WalksDownWhenThePredecessorLeavesTheQueue) {
    const std::string first = stranger();
    const std::string second = stranger();
    const OperationId id = queue(b);
    EXPECT_TRUE(server.watches().has_data(second));
    remove(second);
    world.run_for(10ms);
    EXPECT_TRUE(server.watches().has_data(first));
    EXPECT_EQ(b.about<AcquireDone>(id), nullptr);
    remove(first);
    ASSERT_TRUE(answered(b, id));
    EXPECT_NE(b.grant(id), nullptr);
    EXPECT_EQ(server.seen(Opcode::get_children).size(), 1u) << "nothing is listed again";
}

TEST_F(LockQueueing, ChangeOfThePredecessorsDataOnlyRearmsTheWatch) {
    const std::string other = stranger();
    const OperationId id = queue(b);
    server.write(world.now(), other, "new data");
    world.collect();
    world.run_for(10ms);
    EXPECT_TRUE(server.watches().has_data(other));
    EXPECT_EQ(b.about<AcquireDone>(id), nullptr);
    remove(other);
    ASSERT_TRUE(answered(b, id));
    EXPECT_NE(b.grant(id), nullptr);
}

/// Without removeWatches the watch of a waiter that gave up is kept until it fires.
class LockQueueingOnOldServer : public EngineBench {
protected:
    LockQueueingOnOldServer()
        : EngineBench({.version = {3, 4, 8}}, support::test_settings({.session_timeout = 20s,
                                                                      .tick = 1s,
                                                                      .standalone = true,
                                                                      .server_version = "3.4.8"})) {
    }
};

TEST_F(LockQueueingOnOldServer, KeptWatchThatFiresWhileItIsArmedAgainCostsOneMoreRead) {
    const std::string other = stranger();
    b.cancel(queue(b));
    world.run_for(20ms);
    b.forget_writes();
    const OperationId id = b.acquire("/q", default_options());
    world.run_for(1500us);  // the event arrives between the new read and its answer
    server.write(world.now(), other, "new data");
    world.collect();
    world.run_for(100ms);
    std::size_t reads = 0;
    for (const auto& frame : b.requests()) {
        reads += frame.op == Opcode::get_data && frame.path == other ? 1 : 0;
    }
    EXPECT_EQ(reads, 2u);
    remove(other);
    ASSERT_TRUE(answered(b, id, 1s));
    EXPECT_NE(b.grant(id), nullptr);
}

TEST_F(LockQueueing, CancelIsAnsweredAtOnceAndRemovesWatchAndNode) {
    hold(a);
    const OperationId id = queue(b);
    b.cancel(id);
    EXPECT_EQ(b.refusal(id)->code, errc::cancelled);
    world.run_for(20ms);
    EXPECT_EQ(contenders(), 1u);
    EXPECT_EQ(server.watches().size(), 0u);
    EXPECT_EQ(b.stats().watches, 0u);
    b.cancel(id);
    EXPECT_EQ(b.count<AcquireDone>(id), 1u);
}

TEST_F(LockQueueing, CancelBeforeTheCreateIsAnsweredLeavesNoNode) {
    const OperationId id = a.acquire("/q", default_options());
    a.cancel(id);
    EXPECT_EQ(a.refusal(id)->code, errc::cancelled);
    world.run_for(20ms);
    EXPECT_EQ(contenders(), 0u);
    EXPECT_EQ(server.seen(Opcode::create).size(), 1u);
    EXPECT_EQ(a.stats().nodes_to_delete, 0u);
}

TEST_F(LockQueueing, WaitThatEndsIsAnsweredInTimeWithHolderAndPosition) {
    const OperationId held = hold(a);
    const Instant asked = world.now();
    const OperationId id = b.acquire("/q", {.wait = 2s, .budget = 1s});
    Instant at;
    ASSERT_TRUE(answered(b, id));
    ASSERT_NE(b.about<AcquireDone>(id, &at), nullptr);
    EXPECT_EQ(at, asked + 2s);
    const Refusal* refusal = b.refusal(id);
    EXPECT_EQ(refusal->code, errc::wait_expired);
    EXPECT_EQ(refusal->position, 1u);
    EXPECT_EQ("/q/" + refusal->holder_node, a.grant(held)->lease->node());
    EXPECT_EQ(refusal->holder_record, "record of the holder");
    world.run_for(20ms);
    EXPECT_EQ(contenders(), 1u);
}

TEST_F(LockQueueing, RefusalNamesTheHeadOfAQueueEvenIfItIsNotTheOneWatched) {
    hold(a);
    stranger();
    const OperationId id = b.acquire("/q", {.wait = 2s, .budget = 1s});
    ASSERT_TRUE(answered(b, id));
    EXPECT_EQ(b.refusal(id)->holder_record, "record of the holder");
    EXPECT_EQ(b.refusal(id)->position, 2u);
}

TEST_F(LockQueueing, TryOnAFreeLockIsGrantedAndOnABusyOneRefusedWithoutAWait) {
    const OperationId first = a.acquire("/q", {.wait = 0ms, .budget = 1s}, "record of the holder");
    ASSERT_TRUE(answered(a, first, 10ms));
    EXPECT_NE(a.grant(first), nullptr);
    const OperationId second = b.acquire("/q", {.wait = 0ms, .budget = 1s});
    ASSERT_TRUE(answered(b, second, 10ms));
    EXPECT_EQ(b.refusal(second)->code, errc::wait_expired);
    EXPECT_EQ(b.refusal(second)->holder_record, "record of the holder");
    world.run_for(10ms);
    EXPECT_EQ(contenders(), 1u);
    EXPECT_EQ(server.watches().size(), 0u);
}

TEST_F(LockQueueing, RefusalThatWaitsForTheHoldersNameComesWithinTheWait) {
    hold(a);
    const OperationId id = b.acquire("/q", {.wait = 300ms, .budget = 1s, .max_queue = 0});
    b.cancel(id);
    world.run_for(20ms);
    // The list comes; the read of the holder's record never does.
    server.next(Opcode::get_data, Fate::freeze_before);
    const Instant asked = world.now();
    const OperationId attempt = b.acquire("/q", {.wait = 0ms, .budget = 1s});
    Instant at;
    ASSERT_TRUE(answered(b, attempt));
    ASSERT_NE(b.about<AcquireDone>(attempt, &at), nullptr);
    EXPECT_LE(at, asked + 1s) << "ack_gap bounds a try, reading included";
}

TEST_F(LockQueueing, CheckFirstOnABusyLockWritesNothing) {
    hold(a);
    server.forget_seen();
    const OperationId id = b.acquire("/q", {.wait = 0ms, .budget = 1s, .check_first = true});
    ASSERT_TRUE(answered(b, id, 10ms));
    EXPECT_EQ(b.refusal(id)->code, errc::wait_expired);
    EXPECT_THAT(ops(b.requests()), ElementsAre(Opcode::exists));
}

TEST_F(LockQueueing, CheckFirstOnAFreeLockGoesOnToTakeIt) {
    hold(a, {.wait = 0ms, .budget = 1s, .check_first = true});
    EXPECT_THAT(ops(a.requests()),
                ElementsAre(Opcode::exists, Opcode::create, Opcode::get_children));
    EXPECT_EQ(server.watches().size(), 0u);
}

TEST_F(LockQueueing, QueueOverItsBoundIsRefusedByTheList) {
    stranger();
    stranger();
    const OperationId id = b.acquire("/q", {.wait = 5s, .budget = 1s, .max_queue = 1});
    ASSERT_TRUE(answered(b, id, 20ms));
    EXPECT_EQ(b.refusal(id)->code, errc::queue_full);
    EXPECT_EQ(b.refusal(id)->position, 2u);
    world.run_for(10ms);
    EXPECT_EQ(contenders(), 2u);
}

TEST_F(LockQueueing, QueueOverItsBoundInThisProcessIsRefusedWithoutAByte) {
    hold(a);
    queue(a);
    a.forget_writes();
    const OperationId id = a.acquire("/q", {.wait = 5s, .budget = 1s, .max_queue = 1});
    ASSERT_NE(a.refusal(id), nullptr);
    EXPECT_EQ(a.refusal(id)->code, errc::queue_full);
    EXPECT_THAT(a.requests(), IsEmpty());
}

TEST_F(LockQueueing, HopelessWaitIsRefusedEarlyUnlessAskedNotTo) {
    for (int i = 0; i < 8; ++i) {
        const OperationId held = hold(a);
        world.run_for(1s);
        a.release(held);
        world.run_for(10ms);  // nobody is left, but the pace of the path is
    }
    hold(a);
    a.forget_writes();
    const OperationId hopeless = a.acquire("/q", {.wait = 100ms, .budget = 1s});
    ASSERT_NE(a.refusal(hopeless), nullptr);
    EXPECT_EQ(a.refusal(hopeless)->code, errc::hopeless_wait);
    EXPECT_THAT(a.requests(), IsEmpty());
    const OperationId stubborn =
        a.acquire("/q", {.wait = 100ms, .budget = 1s, .refuse_hopeless = false});
    EXPECT_EQ(a.about<AcquireDone>(stubborn), nullptr);
}

TEST_F(LockQueueing, EachOfSeveralWhomOneListRefusesIsAnsweredOnce) {
    for (int i = 0; i < 7; ++i) {
        const OperationId held = hold(a);
        world.run_for(1s);
        a.release(held);
        world.run_for(10ms);
    }
    const OperationId held = hold(a, {.wait = 1s, .budget = 17s});  // the eighth makes a pace
    a.link_options = {1100ms, 1100ms};  // no evidence any more: safe for less than 18 s
    world.run_for(6s);
    LockOptions whole{.wait = 16s, .budget = 18s};
    whole.accept_shortened = false;
    const OperationId first = a.acquire("/q", whole);
    const OperationId second = a.acquire("/q", {.wait = 2500ms, .budget = 1s});
    const OperationId third = a.acquire("/q", {.wait = 2500ms, .budget = 1s});
    a.release(held);
    ASSERT_TRUE(answered(a, third));
    EXPECT_EQ(a.refusal(first)->code, errc::budget_refused);
    for (const OperationId id : {second, third}) {
        ASSERT_NE(a.refusal(id), nullptr);
        EXPECT_EQ(a.refusal(id)->code, errc::hopeless_wait);
    }
    world.run_for(5s);
    for (const OperationId id : {first, second, third}) {
        EXPECT_EQ(a.count<AcquireDone>(id), 1u);
    }
}

TEST_F(LockQueueing, OnesThatAreRefusedAreNotCountedAheadOfThoseBehindThem) {
    const OperationId held = hold(a, {.wait = 1s, .budget = 1s});
    LockOptions narrow = default_options();
    narrow.max_queue = 2;
    LockOptions wide = default_options();
    stranger();
    const OperationId first = a.acquire("/q", wide);
    const OperationId second = a.acquire("/q", narrow);
    stranger();
    const OperationId third = a.acquire("/q", wide);
    narrow.max_queue = 4;
    const OperationId fourth = a.acquire("/q", narrow);
    // The holder's budget ends: the list shows two strangers ahead of all of us.
    ASSERT_TRUE(answered(a, second));
    EXPECT_EQ(a.refusal(second)->code, errc::queue_full);
    world.run_for(100ms);
    for (const OperationId id : {first, third, fourth}) {
        EXPECT_EQ(a.about<AcquireDone>(id), nullptr);
    }
    EXPECT_NE(a.about<LeaseEnded>(held), nullptr);
}

TEST_F(LockQueueing, MissingParentsAreMadeAsContainers) {
    const OperationId id = a.acquire("/x/y/z", default_options());
    ASSERT_TRUE(answered(a, id));
    ASSERT_NE(a.grant(id), nullptr);
    EXPECT_EQ(server.seen(Opcode::create_container).size(), 3u);
    EXPECT_EQ(server.seen(Opcode::create).size(), 2u);
}

TEST_F(LockQueueing, PathThatIsWornOutIsRefusedAndItsNodeDeleted) {
    server.tree().set_counter("/q", 2'147'000'001);
    const OperationId id = a.acquire("/q", default_options());
    ASSERT_TRUE(answered(a, id));
    EXPECT_EQ(a.refusal(id)->code, errc::sequence_exhausted);
    world.run_for(10ms);
    EXPECT_EQ(contenders(), 0u);
}

TEST_F(LockQueueing, WornOutNumberOfAnotherIsRefusedToo) {
    server.make(world.now(), "/q/x-lock--000000017");
    const OperationId id = a.acquire("/q", default_options());
    ASSERT_TRUE(answered(a, id));
    EXPECT_EQ(a.refusal(id)->code, errc::sequence_exhausted);
    world.run_for(10ms);
    EXPECT_EQ(contenders(), 1u);
}

TEST_F(LockQueueing, KazooContenderIsWarnedOfOncePerPath) {
    const std::string kazoo = stranger("k__lock__");
    for (int i = 0; i < 2; ++i) {
        b.cancel(queue(b));
        b.acquire("/q", default_options());
        world.run_for(20ms);
    }
    const auto logged = b.logged();
    EXPECT_EQ(std::count(logged.begin(), logged.end(), "kazoo_contender"), 1);
    for (const Log& log : b.all<Log>()) {
        if (log.event == "kazoo_contender") {
            EXPECT_THAT(log.fields[1].second, HasSubstr("naming = kazoo"));
            EXPECT_THAT(log.fields[1].second, HasSubstr("extra_lock_patterns"));
        }
    }
}

TEST_F(LockQueueing, KazooNamingWritesKazoosNamesAndDoesNotWarn) {
    stranger("k__lock__");
    LockOptions options = default_options();
    options.naming = Naming::kazoo;
    queue(b, options);
    EXPECT_THAT(b.logged(), ::testing::Not(::testing::Contains("kazoo_contender")));
    EXPECT_THAT(b.requests()[0].path, ::testing::EndsWith("__lock__"));
}

TEST_F(LockQueueing, StrangersInTheListAreIgnoredAndCounted) {
    server.make(world.now(), "/q/config");
    server.make(world.now(), "/q/readme");
    hold(a);
    EXPECT_EQ(a.stats().foreign_children, 2u);
}

TEST_F(LockQueueing, TooLongAQueueFailsTheAcquisitionAndTheConnectionStays) {
    Settings settings = support::test_settings();
    settings.max_frame_bytes = 4096;
    EngineDriver& c = world.add(settings);
    c.start();
    for (int i = 0; i < 200; ++i) {
        stranger();
    }
    const OperationId id = c.acquire("/q", default_options());
    ASSERT_TRUE(answered(c, id));
    EXPECT_EQ(c.refusal(id)->code, errc::queue_too_long);
    world.run_for(20ms);
    EXPECT_EQ(contenders(), 200u);
    EXPECT_EQ(c.stats().connects, 1u);
}

TEST_F(LockQueueing, RefusedCreateSaysWhyAndLeavesNothing) {
    server.fail_next(Opcode::create, ServerError::no_auth);
    const OperationId id = a.acquire("/q", default_options());
    ASSERT_TRUE(answered(a, id));
    EXPECT_EQ(a.refusal(id)->code, errc::not_permitted);
    EXPECT_EQ(a.stats().nodes_to_delete, 0u);
}

}  // namespace
}  // namespace leasehold::core

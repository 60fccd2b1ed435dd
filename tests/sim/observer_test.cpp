// Histories made by hand, each good but for one thing: the observer has to notice that one.
#include "tests/sim/observer_bench.hpp"

#include <gmock/gmock.h>

namespace leasehold::sim {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST_F(ObserverTest, GoodHistory_IsClean) {
    const auto lease = hold();
    ask(second, 1, 2s);
    observer->on_node_created(at(2s), node_two, second_session, 8);
    end(lease, 3s, Loss::released);
    observer->on_delete_written(at(3s), first, node_one);
    observer->on_node_deleted(at(3s + 1ms), node_one, first_session);
    observer->on_notified(at(3s + 2ms), second, node_one);
    observer->on_node_gone(at(3s + 2ms), first, 1);
    grant(second, 1, 3s + 2ms, 9s, 8 * 64, node_two);
    observer->check_progress(at(8s), {Condition::calm, Condition::calm}, 1s);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(ObserverTest, TwoValidLeases_BreakS1) {
    build({.locks = {"/a"}});
    hold();
    ask(second, 1, 2s);
    // Its node is deleted while the lease is valid, which is a violation by itself.
    observer->on_node_deleted(at(2s), node_one, first_session);
    observer->on_node_created(at(2s), node_two, second_session, 8);
    grant(second, 1, 3s, 9s, 8 * 64, node_two);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S2:"), StartsWith("S1:")));
}

TEST_F(ObserverTest, ValidityIsJudgedByTheClientsOwnClock) {
    // A clock that runs 1 % slow shows 9.9 s when ten have passed.
    const DriftClock slow{genesis, genesis, -10'000};
    observer.emplace(journal, tally, Observer::Options{.locks = {"/a"}});
    observer->add_client(slow);
    observer->add_client(clock);
    observer->on_attached(genesis, first, first_session);
    observer->on_attached(genesis, second, second_session);
    observer->on_asked(genesis, first, 1, {.path = "/a"}, 5s);
    observer->on_node_created(genesis, node_one, first_session, 7);
    grant(first, 1, 0s, 10s, 7 * 64, node_one);
    observer->on_node_deleted(at(10s + 50ms), node_one, first_session);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S2:")));
}

TEST_F(ObserverTest, GrantOnAnothersNode_BreaksS2) {
    ask(first, 1, 500ms);
    observer->on_node_created(at(900ms), node_one, second_session, 7);
    grant(first, 1, 1s, 11s, 7 * 64, node_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S2:")));
}

TEST_F(ObserverTest, SafeDeadlineAfterTheExpiry_BreaksS3) {
    observer->on_evidence(at(1s), first, at(10s), at(10s), at(20s));
    EXPECT_THAT(violations(), IsEmpty());
    observer->on_evidence(at(1s), first, at(10s), at(10s) - Duration{1}, at(20s));
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S3:")));
}

TEST_F(ObserverTest, SafeDeadlineBeyondItsEvidence_BreaksS4) {
    observer->on_evidence(at(1s), first, at(10s), std::nullopt, at(10s) - Duration{1});
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S4:")));
}

class ObserverOfCost : public ObserverTest {
protected:
    void acquire(Observer::Asked options = {}) {
        ask(first, 1, 5s, std::move(options));
        observer->on_lock_request(at(5s), first, wire::Opcode::create, "/a/x-lock-");
        observer->on_lock_request(at(5s), first, wire::Opcode::get_children, "/a");
    }
    void get() {
        observer->on_node_created(at(5s + 1ms), node_one, first_session, 7);
        grant(first, 1, 5s + 2ms, 11s, 7 * 64, node_one);
    }
};

TEST_F(ObserverOfCost, OneCreateAndOneListInOneWriteAreFine) {
    acquire();
    get();
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(ObserverOfCost, AnyOtherRequest_BreaksL1) {
    using enum wire::Opcode;
    for (const auto& [op, path] : {std::pair{create, "/a/z-lock-"}, std::pair{get_children, "/a"},
                                   std::pair{get_data, "/a/x-lock-0000000001"}}) {
        build({.locks = {"/a"}});
        acquire();
        observer->on_lock_request(at(5s), first, op, path);
        get();
    }
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L1:"), StartsWith("L1:"), StartsWith("L1:")));
}

TEST_F(ObserverOfCost, ListInAnotherWrite_BreaksL1) {
    ask(first, 1, 5s);
    observer->on_lock_request(at(5s), first, wire::Opcode::create, "/a/x-lock-");
    observer->on_lock_request(at(5s + 1ms), first, wire::Opcode::get_children, "/a");
    get();
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L1:")));
}

TEST_F(ObserverOfCost, IsNotJudgedWhereMoreIsAskedFor) {
    acquire({.watches_itself = true});
    observer->on_lock_request(at(5s), first, wire::Opcode::get_data, "/a/x-lock-0000000001");
    get();
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(ObserverTest, GrantBehindAnother_BreaksS5) {
    ask(first, 1, 500ms);
    observer->on_node_created(at(900ms), node_one, second_session, 7);
    observer->on_node_created(at(900ms), node_two, first_session, 8);
    grant(first, 1, 1s, 11s, 8 * 64, node_two);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S5:")));
}

TEST_F(ObserverTest, GrantWithoutAConnection_BreaksS17) {
    observer->on_detached(at(100ms), first);
    hold();
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S5, S17:")));
}

TEST_F(ObserverTest, GrantThatIsDead_BreaksS5) {
    ask(first, 1, 500ms);
    observer->on_node_created(at(900ms), node_one, first_session, 7);
    grant(first, 1, 1s, 1s, 7 * 64, node_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S5:")));
}

TEST_F(ObserverTest, TokenThatDoesNotRise_BreaksS6) {
    const auto lease = hold();
    end(lease, 2s, Loss::released);
    observer->on_node_gone(at(2s), first, 1);
    ask(first, 2, 2s);
    grant(first, 2, 3s, 9s, 7 * 64, node_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S6:")));
}

TEST_F(ObserverTest, DeleteOfAValidLease_BreaksS9) {
    hold();
    observer->on_delete_written(at(2s), first, node_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S9:")));
}

TEST_F(ObserverTest, EndBeforeTheWordIsLatched_BreaksS9) {
    hold();
    observer->on_stop(at(2s), first, 1);
    observer->on_ended(at(2s), first, 1, Loss::released);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S9:")));
}

TEST_F(ObserverTest, DeleteOfAnothersNode_BreaksS10) {
    observer->on_node_created(at(1s), node_one, first_session, 7);
    observer->on_node_deleted(at(2s), node_one, second_session);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S10:")));
}

TEST_F(ObserverTest, LeaseThatOutlivesItsSession_BreaksS11) {
    hold();
    observer->on_session_lost(at(2s), first);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S11:")));
}

TEST_F(ObserverTest, LeaseThatComesBack_BreaksS12) {
    const auto lease = hold();
    observer->check(at(12s));
    ASSERT_TRUE(lease->word.move(at(11s), at(20s)));
    observer->check(at(13s));
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S12:")));
}

TEST_F(ObserverTest, TwoNodesOfOneClient_BreakS13) {
    ask(first, 1, 500ms);
    observer->on_node_created(at(1s), node_one, first_session, 7);
    observer->on_node_created(at(1s), node_two, first_session, 8);
    observer->check_progress(at(1500ms), {Condition::calm, Condition::calm}, 1s);
    EXPECT_THAT(violations(), IsEmpty()) << "not yet: its reaper may be at work";
    observer->check_progress(at(4s), {Condition::calm, Condition::calm}, 1s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L2:"), StartsWith("S13:")));
}

TEST_F(ObserverTest, NodeThatStandsForNobody_BreaksS14) {
    observer->on_node_created(at(1s), node_one, first_session, 7);
    observer->check_progress(at(4s), {Condition::disturbed, Condition::calm}, 1s);
    EXPECT_THAT(violations(), IsEmpty()) << "a disturbed client may need longer";
    observer->check_progress(at(4s), {Condition::calm, Condition::calm}, 1s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L6, S14:")));
}

TEST_F(ObserverTest, WhatIsLeftAtRest_BreaksS14) {
    ask(first, 1, 500ms);
    observer->on_node_created(at(1s), node_one, first_session, 7);
    observer->check_rest(at(60s));
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L5:"), StartsWith("S14:")));
}

TEST_F(ObserverTest, MoreThanMaxPending_BreaksS15) {
    build({.locks = {"/a"}, .max_pending = 1});
    ask(first, 1, 1s);
    ask(first, 2, 1s);
    EXPECT_THAT(violations(), IsEmpty());
    ask(first, 3, 1s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S15:")));
}

TEST_F(ObserverTest, FirstInTheQueueWithoutAGrant_BreaksL2) {
    ask(second, 1, 500ms);
    observer->on_node_created(at(1s), node_one, first_session, 7);
    observer->on_node_created(at(1s), node_two, second_session, 8);
    observer->on_node_deleted(at(2s), node_one, first_session);
    observer->check_progress(at(2500ms), {Condition::calm, Condition::calm}, 1s);
    EXPECT_THAT(violations(), IsEmpty());
    observer->check_progress(at(4s), {Condition::calm, Condition::calm}, 1s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L2:")));
}

TEST_F(ObserverTest, LaterCallerOfTheSameProcessFirst_BreaksL3) {
    ask(first, 2, 500ms);
    observer->on_node_created(at(1s), node_one, first_session, 7);
    const auto lease = grant(first, 2, 1s, 9s, 7 * 64, node_one);
    lease->word.latch_dead();
    observer->on_stop(at(2s), first, 2);
    observer->on_ended(at(2s), first, 2, Loss::released);
    observer->on_node_gone(at(2s), first, 2);
    ask(first, 1, 2s);
    grant(first, 1, 2s, 9s, 7 * 64 + 1, node_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L3:")));
}

TEST_F(ObserverTest, HandOverAfterAnOverrun_BreaksL3) {
    const auto lease = hold();
    end(lease, 2s, Loss::budget);
    observer->on_node_gone(at(2s), first, 1);
    ask(first, 2, 2s);
    grant(first, 2, 2s, 9s, 7 * 64 + 1, node_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L3:")));
}

TEST_F(ObserverTest, OneLocalGrantTooMany_BreaksL3) {
    build({.locks = {"/a"}, .max_local_grants = 2, .patience = 1s});
    observer->on_node_created(at(1s), node_one, first_session, 7);
    observer->on_node_created(at(2s), node_two, second_session, 8);
    ask(first, 1, 4s);
    grant(first, 1, 4s, 9s, 7 * 64 + 2, node_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L3:")));
}

TEST_F(ObserverTest, LocalGrantsAreNotCountedUntilSomebodyElseIsKnownToWait) {
    build({.locks = {"/a"}, .max_local_grants = 2, .patience = 1s});
    observer->on_node_created(at(1s), node_one, first_session, 7);
    observer->on_node_created(at(3500ms), node_two, second_session, 8);
    ask(first, 1, 4s);
    grant(first, 1, 4s, 9s, 7 * 64 + 2, node_one);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(ObserverTest, LateDelete_BreaksL4) {
    const auto lease = hold();
    end(lease, 2s, Loss::budget);
    observer->on_delete_written(at(2s + 51ms), first, node_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L4:")));
}

TEST_F(ObserverTest, DeleteThatNeverLeaves_BreaksL4) {
    const auto lease = hold();
    end(lease, 2s, Loss::budget);
    observer->check_progress(at(2s + 51ms), {Condition::disturbed, Condition::disturbed}, 1s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L4:")));
}

TEST_F(ObserverTest, DeleteOfAStoppedClient_IsNotLateYet) {
    const auto lease = hold();
    end(lease, 2s, Loss::budget);
    observer->check_progress(at(4s), {Condition::asleep, Condition::calm}, 1s);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(ObserverTest, DeleteThatWaitsForACall_IsInTimeUntilMaxHold) {
    ask(first, 1, 500ms, {.max_hold = 15s, .holds_for_calls = true});
    observer->on_node_created(at(900ms), node_one, first_session, 7);
    const auto lease = grant(first, 1, 1s, 11s, 7 * 64, node_one);
    observer->held(first).at(1).is_calling = true;
    end(lease, 11s, Loss::budget);
    observer->check_progress(at(15s), {Condition::disturbed, Condition::disturbed}, 1s);
    EXPECT_THAT(violations(), IsEmpty());
    observer->check_progress(at(16s + 51ms), {Condition::disturbed, Condition::disturbed}, 1s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L4:")));
}

TEST_F(ObserverTest, WaiterBeforeADueDeleteOnReattach_BreaksL4) {
    const auto lease = hold();
    end(lease, 2s, Loss::budget);
    observer->on_detached(at(2s), first);
    observer->on_attached(at(4s), first, first_session);
    observer->on_other_written(at(4s), first, wire::Opcode::set_watches);
    EXPECT_THAT(violations(), IsEmpty());
    observer->on_other_written(at(4s), first, wire::Opcode::get_data);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L4:")));
}

TEST_F(ObserverTest, LateAnswer_BreaksL5) {
    ask(first, 1, 0s);
    observer->on_done(at(5s + 11ms), first, {1, core::Refusal{}}, genesis);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L5:")));
}

TEST_F(ObserverTest, AnswerAfterAPause_IsLateOnlyAfterThePause) {
    ask(first, 1, 0s);
    ask(first, 2, 0s);
    observer->on_asleep(first, at(4s), at(9s));
    observer->on_done(at(9s + 5ms), first, {1, core::Refusal{}}, genesis);
    EXPECT_THAT(violations(), IsEmpty());
    observer->on_done(at(9s + 11ms), first, {2, core::Refusal{}}, genesis);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L5:")));
}

TEST_F(ObserverTest, SecondAnswer_IsNoticed) {
    ask(first, 1, 0s);
    observer->on_done(at(1s), first, {1, core::Refusal{}}, genesis);
    observer->on_done(at(1s), first, {1, core::Refusal{}}, genesis);
    EXPECT_EQ(violations().size(), 1u);
}

TEST_F(ObserverTest, CancelWithoutAnAnswer_BreaksL6) {
    ask(first, 1, 0s);
    observer->on_cancelled(at(1s), first, 1);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L6:")));
}

TEST_F(ObserverTest, TwoWokenByOneEnd_BreakL8) {
    build({.locks = {"/a"}});
    const ClientNumber third = add_third();
    observer->on_node_created(at(1s), node_one, first_session, 7);
    observer->on_node_created(at(1s), node_two, second_session, 8);
    observer->on_node_created(at(1s), "/a/z-lock-0000000003", third_session, 9);
    observer->on_node_deleted(at(2s), node_one, first_session);
    observer->on_notified(at(2s), first, node_one);
    observer->on_notified(at(2s), second, node_one);
    EXPECT_THAT(violations(), IsEmpty());
    observer->on_notified(at(2s), third, node_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L8:")));
}

TEST_F(ObserverTest, WatchOnOneWhoIsNotNext_BreaksL8) {
    const ClientNumber third = add_third();
    observer->on_node_created(at(1s), node_one, first_session, 7);
    observer->on_node_created(at(1s), node_two, second_session, 8);
    observer->on_node_created(at(1s), "/a/z-lock-0000000003", third_session, 9);
    observer->on_watch_written(at(1s), second, node_one);
    observer->on_watch_written(at(1s), third, node_two);
    observer->on_watch_written(at(1s), third, "/a/z-lock-0000000003");
    EXPECT_THAT(violations(), IsEmpty());
    observer->on_watch_written(at(1s), third, node_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L8:")));
}

TEST_F(ObserverTest, WatchOnOneWhoIsGoneAlready_IsNoHerd) {
    observer->on_node_created(at(1s), node_one, first_session, 7);
    observer->on_node_created(at(1s), node_two, second_session, 8);
    observer->on_node_deleted(at(2s), node_one, first_session);
    observer->on_watch_written(at(2s), second, node_one);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(ObserverTest, CallerWithoutANode_BreaksL2) {
    ask(first, 1, 500ms);
    observer->check_progress(at(1s), {Condition::calm, Condition::calm}, 1s);
    EXPECT_THAT(violations(), IsEmpty());
    observer->check_progress(at(2s), {Condition::disturbed, Condition::calm}, 1s);
    EXPECT_THAT(violations(), IsEmpty());
    observer->check_progress(at(2s), {Condition::calm, Condition::calm}, 1s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L2:")));
}

TEST_F(ObserverTest, MoreAttemptsThanAllowed_BreakL9) {
    build({.locks = {"/a"}, .max_connects_per_second = 2});
    observer->on_connect(at(1s), first);
    observer->on_connect(at(1500ms), first);
    observer->on_connect(at(2s + Duration{1}), first);
    EXPECT_THAT(violations(), IsEmpty());
    observer->on_connect(at(2s + Duration{2}), first);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L9:")));
}

TEST_F(ObserverTest, LateClose_BreaksL10) {
    observer->on_closing(at(1s), first, 2s);
    observer->on_closed(at(3s + 11ms), first);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L10:")));
}

TEST_F(ObserverTest, GrantOnANodeThatIsLongGone_BreaksS2WhereOthersDelete) {
    build({.locks = {"/a"}, .has_foreign_deletes = true});
    ask(second, 1, 500ms);
    observer->on_node_created(at(1s), node_one, first_session, 7);
    observer->on_node_created(at(1s), node_two, second_session, 8);
    observer->on_node_deleted(at(2s), node_two, 99);
    grant(second, 1, 4s, 9s, 8 * 64, node_two);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S2:")));
}

}  // namespace
}  // namespace leasehold::sim

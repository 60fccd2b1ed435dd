// Connections that go at the worst moment, sessions that expire, replies that are lost: every lease
// ends in time, every node is deleted, and none is made twice.
#include "tests/unit/core/engine_bench.hpp"

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

class EngineFaults : public EngineBench {};

TEST_F(EngineFaults, CreateWhoseReplyIsLostIsFoundBehindABarrierAndNotRepeated) {
    server.next(Opcode::create, Fate::close_unheard);
    const OperationId id = a.acquire("/q", default_options());
    ASSERT_TRUE(answered(a, id));
    ASSERT_NE(a.grant(id), nullptr);
    EXPECT_EQ(server.seen(Opcode::create).size(), 1u);
    EXPECT_EQ(contenders(), 1u);
    EXPECT_EQ(a.grant(id)->lease->token,
              server.tree().find(a.grant(id)->lease->node())->stat.czxid * 64);
    bool in_one_write = false;
    const std::vector behind_barrier{Opcode::multi, Opcode::get_children};
    for (const auto& write : a.writes()) {
        const auto written = ops(write.frames);
        in_one_write |= std::search(written.begin(), written.end(), behind_barrier.begin(),
                                    behind_barrier.end()) != written.end();
    }
    EXPECT_TRUE(in_one_write);
}

TEST_F(EngineFaults, NodeThatSomebodyMadeUnderOurNameIsNeitherTakenNorDeleted) {
    server.next(Opcode::create, Fate::close_unheard);
    const OperationId id = a.acquire("/q", default_options());
    ASSERT_TRUE(world.run_until([&] { return contenders() == 1; }));
    const std::string ours = *server.tree().find("/q")->children.begin();
    const std::string copy = stranger(ours.substr(0, ours.size() - 10));
    ASSERT_TRUE(answered(a, id));
    ASSERT_NE(a.refusal(id), nullptr);
    EXPECT_EQ(a.refusal(id)->code, errc::lock_lost);
    EXPECT_THAT(a.refusal(id)->what, ::testing::HasSubstr("under our node's name"));
    world.run_for(5s);
    EXPECT_EQ(contenders(), 1u) << "ours is gone";
    EXPECT_NE(server.tree().find(copy), nullptr) << "and the other one is not ours to delete";
    EXPECT_EQ(a.stats().nodes_to_delete, 0u);
}

TEST_F(EngineFaults, CreateThatNeverArrivedIsRepeatedOnlyAfterTheBarrier) {
    server.next(Opcode::create, Fate::close_before);
    const OperationId id = a.acquire("/q", default_options());
    ASSERT_TRUE(answered(a, id));
    ASSERT_NE(a.grant(id), nullptr);
    const auto seen = server.seen();
    std::vector<Opcode> order;
    for (const auto& each : seen) {
        if (each.op != Opcode::ping && each.op != Opcode::create_session) {
            order.push_back(each.op);
        }
    }
    EXPECT_THAT(order, ElementsAre(Opcode::create, Opcode::multi, Opcode::get_children,
                                   Opcode::create, Opcode::get_children));
    EXPECT_EQ(contenders(), 1u);
}

TEST_F(EngineFaults, CancelOfAnAmbiguousCreateLeavesNoNode) {
    for (const Fate fate : {Fate::close_unheard, Fate::close_before, Fate::freeze_unheard}) {
        server.next(Opcode::create, fate);
        const OperationId id = a.acquire("/q", default_options());
        world.run_for(3ms);
        a.cancel(id);
        EXPECT_EQ(a.refusal(id)->code, errc::cancelled);
        world.run_for(30s);
        EXPECT_EQ(contenders(), 0u);
        EXPECT_EQ(a.stats().nodes_to_delete, 0u);
    }
    EXPECT_EQ(server.seen(Opcode::create).size(), 3u);
}

TEST_F(EngineFaults, LossAtEachRequestOfAnAcquisitionEndsInOneGrantAndOneNode) {
    for (const Opcode op : {Opcode::create, Opcode::get_children, Opcode::get_data}) {
        for (const Fate fate : {Fate::close_before, Fate::close_unheard, Fate::close_after}) {
            SCOPED_TRACE(std::string(wire::name_of(op)) + " " +
                         std::to_string(static_cast<int>(fate)));
            const std::string other = stranger();
            server.next(op, fate);
            const OperationId id = b.acquire("/q", default_options());
            world.run_for(1s);
            EXPECT_EQ(b.about<AcquireDone>(id), nullptr);
            EXPECT_EQ(contenders(), 2u);
            remove(other);
            ASSERT_TRUE(answered(b, id));
            ASSERT_NE(b.grant(id), nullptr);
            EXPECT_EQ(contenders(), 1u);
            b.release(id);
            world.run_for(1s);
            EXPECT_EQ(contenders(), 0u);
            EXPECT_EQ(server.watches().size(), 0u);
        }
    }
}

TEST_F(EngineFaults, LossOfTheDeleteAtEachPointEndsWithTheNodeGone) {
    for (const Fate fate : {Fate::close_before, Fate::close_unheard, Fate::close_after,
                            Fate::freeze_before, Fate::freeze_unheard}) {
        const OperationId id = hold(a);
        server.next(Opcode::remove, fate);
        a.release(id);
        world.run_for(30s);
        EXPECT_EQ(contenders(), 0u);
        EXPECT_EQ(a.count<NodeGone>(id), 1u);
        EXPECT_EQ(a.stats().sessions, 1u);
    }
}

TEST_F(EngineFaults, DueDeleteIsTheFirstRequestAfterAuthAndSetWatches) {
    a.add_auth("digest", "user:secret");
    a.submit(wire::GetDataRequest{.path = "/q", .watch = true}, {},
             std::pair{WatchKind::data, std::string("/q")});
    const OperationId id = hold(a, {.wait = 1s, .budget = 2s});
    a.refuses_connects = true;
    a.cut();
    const OperationId waiter = a.acquire("/other", {.wait = 10s, .budget = 1s});
    a.submit(wire::ExistsRequest{.path = "/q"});
    world.run_for(3s);
    EXPECT_EQ(a.count<LeaseEnded>(id), 1u);
    EXPECT_EQ(a.count<NodeGone>(id), 0u);
    a.forget_writes();
    a.refuses_connects = false;
    ASSERT_TRUE(answered(a, waiter));
    const auto requests = ops(a.requests());
    ASSERT_GE(requests.size(), 4u);
    EXPECT_EQ(
        (std::vector(requests.begin(), requests.begin() + 4)),
        (std::vector{Opcode::create_session, Opcode::auth, Opcode::set_watches, Opcode::remove}));
    EXPECT_EQ(a.count<NodeGone>(id), 1u);
}

TEST_F(EngineFaults, SafeDeadlineThatPassesWhileDisconnectedEndsTheLeaseNotTheSession) {
    const OperationId id = hold(a, {.wait = 1s, .budget = 18s});
    a.refuses_connects = true;
    a.cut();
    world.run_for(5s);
    const Instant safe = world.now() + a.stats().lease_in_hand;
    const OperationId extended = a.extend(id, 18s);
    EXPECT_EQ(a.about<ExtendDone>(extended)->deadline.value(), safe) << "D does not move";
    world.run_for(safe - world.now() - 1ms);
    EXPECT_TRUE(a.is_valid(id));
    world.run_for(2ms);
    EXPECT_FALSE(a.is_valid(id));
    EXPECT_EQ(a.about<LeaseEnded>(id)->loss, Loss::deadline);
    a.refuses_connects = false;
    ASSERT_TRUE(world.run_until([&] { return a.count<NodeGone>(id) == 1; }));
    EXPECT_EQ(a.stats().sessions, 1u) << "never a second one while the first may live";
    EXPECT_EQ(contenders(), 0u);
}

TEST_F(EngineFaults, LeaseOutlivesAReconnectAndItsNodeIsReadAgain) {
    const OperationId id = hold(a);
    a.forget_writes();
    a.cut();
    world.run_for(2s);
    EXPECT_TRUE(a.is_valid(id));
    EXPECT_THAT(ops(a.requests()), ElementsAre(Opcode::create_session, Opcode::get_data));
    EXPECT_EQ(a.stats().reconnects, 1u);
}

TEST_F(EngineFaults, NodeDeletedWhileWeWereAwayIsNoticedOnReattach) {
    const OperationId id = hold(a);
    a.refuses_connects = true;
    a.cut();
    remove(a.grant(id)->lease->node());
    world.run_for(1s);
    a.refuses_connects = false;
    world.run_for(2s);
    EXPECT_FALSE(a.is_valid(id));
    EXPECT_EQ(a.about<LeaseEnded>(id)->loss, Loss::node_deleted);
}

TEST_F(EngineFaults, SmallerTimeoutOnReattachShortensTheLeaseAtOnce) {
    const OperationId id = hold(a, {.wait = 1s, .budget = 18s});
    server.options.max_timeout = 5s;
    a.cut();
    ASSERT_TRUE(world.run_until([&] { return a.stats().reconnects == 1; }));
    EXPECT_LE(a.grant(id)->lease->word.deadline(), world.now() + 5s);
    EXPECT_EQ(a.stats().session_timeout, Duration{5s});
    const OperationId late = a.acquire("/other", {.wait = 1s, .budget = 5s});
    EXPECT_EQ(a.refusal(late)->code, errc::budget_refused);
}

TEST_F(EngineFaults, JeopardyIsToldToLeasesAndTakenBack) {
    const OperationId id = hold(a, {.wait = 1s, .budget = 18s});
    a.refuses_connects = true;
    a.cut();
    world.run_for(10ms);
    ASSERT_NE(a.about<JeopardyChanged>(id), nullptr);
    EXPECT_TRUE(a.about<JeopardyChanged>(id)->in_jeopardy);
    EXPECT_EQ(a.stats().state, ClientState::jeopardy);
    EXPECT_TRUE(a.is_valid(id));
    a.refuses_connects = false;
    world.run_for(5s);
    EXPECT_FALSE(a.about<JeopardyChanged>(id)->in_jeopardy);
    EXPECT_EQ(a.count<JeopardyChanged>(id), 2u);
    EXPECT_EQ(a.stats().state, ClientState::connected);
}

TEST_F(EngineFaults, ServerThatStopsAnsweringIsJeopardyBeforeItIsALoss) {
    const OperationId id = hold(a, {.wait = 1s, .budget = 18s});
    a.stall();
    world.run_for(3s);
    ASSERT_NE(a.about<JeopardyChanged>(id), nullptr);
    EXPECT_TRUE(a.is_valid(id));
}

TEST_F(EngineFaults, LeaseGrantedInJeopardyIsToldSo) {
    const OperationId held = hold(a, {.wait = 1s, .budget = 10s});
    const OperationId next = queue(a, {.wait = 10s, .budget = 5s});
    a.stall();
    world.run_for(3s);
    a.release(held);
    ASSERT_NE(a.grant(next), nullptr) << "handed over in this process, while the evidence lasts";
    ASSERT_NE(a.about<JeopardyChanged>(next), nullptr);
    EXPECT_TRUE(a.about<JeopardyChanged>(next)->in_jeopardy);
}

TEST_F(EngineFaults, ExpiryWhileHoldingEndsTheLeaseBeforeAnythingElseIsTold) {
    const OperationId id = hold(a, {.wait = 1s, .budget = 18s});
    server.expire(world.now(), a.session());
    world.collect();
    ASSERT_TRUE(world.run_until([&] { return a.stats().sessions == 2; }));
    EXPECT_FALSE(a.is_valid(id));
    EXPECT_EQ(a.about<LeaseEnded>(id)->loss, Loss::session_expired);
    EXPECT_EQ(a.count<NodeGone>(id), 1u);
    const OperationId again = hold(a);
    EXPECT_GT(lock_token(a, again), lock_token(a, id));
}

TEST_F(EngineFaults, ExpiryWhileWaitingFailsThoseInTheQueueOnly) {
    hold(b);
    const OperationId id = queue(a);
    a.refuses_connects = true;
    server.expire(world.now(), a.session());  // its own node's removal is not seen any more
    a.cut();
    a.refuses_connects = false;
    ASSERT_TRUE(answered(a, id));
    EXPECT_EQ(a.refusal(id)->code, errc::session_expired);
    // Not yet queued: goes on with the next session.
    a.refuses_connects = true;
    a.cut();
    const OperationId patient = a.acquire("/other", {.wait = 50s, .budget = 1s});
    world.run_for(25s);
    a.refuses_connects = false;
    ASSERT_TRUE(answered(a, patient));
    EXPECT_NE(a.grant(patient), nullptr);
    EXPECT_GE(a.stats().sessions, 2u);
}

TEST_F(EngineFaults, WaiterIsAnsweredInTimeWhateverTheServerDoes) {
    hold(b);
    for (const auto& trouble : std::vector<std::function<void()>>{
             [&] { a.stall(); }, [&] { a.refuses_connects = true, a.cut(); },
             [&] { a.ignores_connects = true, a.cut(); }}) {
        const Instant asked = world.now();
        const OperationId id = a.acquire("/q", {.wait = 2s, .budget = 1s});
        world.run_for(10ms);
        trouble();
        Instant at;
        ASSERT_TRUE(answered(a, id));
        ASSERT_NE(a.about<AcquireDone>(id, &at), nullptr);
        EXPECT_LE(at, asked + 2s + 10ms);
        a.refuses_connects = false;
        a.ignores_connects = false;
    }
}

TEST_F(EngineFaults, HandOffThatIsMissedWhileDisconnectedIsFoundByListingAgain) {
    const OperationId held = hold(a);
    const OperationId id = queue(b, {.wait = 30s, .budget = 1s});
    b.refuses_connects = true;
    b.cut();
    a.release(held);
    world.run_for(1s);
    b.refuses_connects = false;
    ASSERT_TRUE(answered(b, id));
    EXPECT_NE(b.grant(id), nullptr);
}

TEST_F(EngineFaults, LockThatHadToQueueWatchesItsNodeAlsoIfItWasFirstWhenItCameBack) {
    const OperationId held = hold(a);
    const OperationId id = queue(b, {.wait = 30s, .budget = 10s});
    b.refuses_connects = true;
    b.cut();
    a.release(held);
    world.run_for(1s);
    b.refuses_connects = false;
    ASSERT_TRUE(answered(b, id));
    ASSERT_NE(b.grant(id), nullptr);
    world.run_for(100ms);
    remove(b.grant(id)->lease->node());
    world.run_for(10ms);
    ASSERT_NE(b.about<LeaseEnded>(id), nullptr);
    EXPECT_EQ(b.about<LeaseEnded>(id)->loss, Loss::node_deleted);
}

TEST_F(EngineFaults, StoppedProcessLatchesItsLeaseBeforeItReadsAByte) {
    const OperationId id = hold(a, {.wait = 1s, .budget = 2s});
    const OperationId next = queue(a, {.wait = 30s, .budget = 1s});
    const auto lease = a.grant(id)->lease;
    a.pause(10s);
    world.run_for(9s);
    EXPECT_FALSE(a.is_valid(id)) << "valid() needs no thread of ours";
    world.run_for(2s);
    EXPECT_EQ(a.about<LeaseEnded>(id)->loss, Loss::budget);
    ASSERT_TRUE(answered(a, next));
    EXPECT_NE(lock_token(a, next) / 64, lock_token(a, id) / 64);
}

TEST_F(EngineFaults, ReplyThatWaitedInTheSocketOfAStoppedProcessIsNoFreshEvidence) {
    hold(a, {.wait = 1s, .budget = 18s});
    world.run_for(100ms);
    const Instant safe = world.now() + a.stats().lease_in_hand;
    a.pause(5s);
    world.run_for(5s + 1ms);
    EXPECT_LE(world.now() + a.stats().lease_in_hand, safe + 500ms);
}

TEST_F(EngineFaults, NodeThatCannotBeDeletedCostsTheSessionOnceNoLeaseIsOut) {
    const OperationId id = hold(a);
    server.fail_next(Opcode::remove, ServerError::no_auth, 1000);
    a.release(id);
    world.run_for(50s);
    EXPECT_EQ(a.stats().orphans, 1u);
    EXPECT_THAT(a.logged(), ::testing::Contains("orphan"));
    const OperationId other = a.acquire("/other", {.wait = 1s, .budget = 18s});
    world.run_for(15s);
    EXPECT_TRUE(a.is_valid(other)) << "a lease is not given up for it";
    EXPECT_EQ(a.stats().sessions, 1u);
    world.run_for(15s);
    EXPECT_EQ(a.stats().sessions, 2u);
    EXPECT_EQ(contenders(), 0u);
    EXPECT_EQ(a.stats().orphans, 0u);
}

TEST_F(EngineFaults, NothingIsGrantedOnASessionThatIsBeingClosedForAnOrphan) {
    server.make(world.now(), "/other");
    const std::string ahead = server.make(world.now(), "/other/stranger-lock-",
                                          wire::CreateMode::ephemeral_sequential, "", 999);
    server.fail_next(Opcode::remove, ServerError::no_auth, 1000);
    a.release(hold(a));
    const OperationId waiting = a.acquire("/other", {.wait = 100s, .budget = 10s});
    a.on_write = [&](const support::EngineDriver::Write& write) {
        for (const auto& frame : write.frames) {
            if (frame.op == Opcode::close_session) {
                remove(ahead);  // the wake-up overtakes the answer
            }
        }
    };
    ASSERT_TRUE(answered(a, waiting, 80s));
    ASSERT_NE(a.refusal(waiting), nullptr) << "granted on a session that is at its end";
    EXPECT_EQ(a.stats().sessions, 1u);
    world.run_for(1s);
    EXPECT_EQ(a.stats().sessions, 2u);
    EXPECT_NE(a.grant(hold(a)), nullptr);
}

TEST_F(EngineFaults, OrphanWhoseLimitPassesWhileDisconnectedIsNotForgotten) {
    const OperationId id = hold(a);
    server.fail_next(Opcode::remove, ServerError::no_auth, 1000);
    a.release(id);
    world.run_for(55s);
    a.refuses_connects = true;
    a.cut();
    world.run_for(10s);
    a.refuses_connects = false;
    world.run_for(30s);
    EXPECT_EQ(a.stats().sessions, 2u);
    EXPECT_EQ(contenders(), 0u);
}

}  // namespace
}  // namespace leasehold::core

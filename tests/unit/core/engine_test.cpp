// The leases of a running engine: how they end, in which order, and what the server sees of it.
#include "tests/unit/core/engine_bench.hpp"

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EngineLeases : public EngineBench {
protected:
    /// When the delete of the node was written; fails the test if it was not.
    static Instant deleted_at(EngineDriver& who) {
        for (const auto& write : who.writes()) {
            for (const auto& frame : write.frames) {
                if (frame.op == Opcode::remove) {
                    return write.at;
                }
            }
        }
        ADD_FAILURE() << "no delete was written";
        return {};
    }
    Loss loss(EngineDriver& who, OperationId id) {
        const auto* ended = who.about<LeaseEnded>(id);
        EXPECT_NE(ended, nullptr);
        return ended != nullptr ? ended->loss : Loss::released;
    }
};

TEST_F(EngineLeases, ReleaseCostsOneRequestAndTellsWhenTheNodeIsGone) {
    const OperationId id = hold(a);
    a.forget_writes();
    a.release(id);
    EXPECT_FALSE(a.is_valid(id));
    EXPECT_EQ(a.count<NodeGone>(id), 0u);
    world.run_for(10ms);
    EXPECT_THAT(ops(a.requests()), ElementsAre(Opcode::remove));
    EXPECT_EQ(a.count<NodeGone>(id), 1u);
    EXPECT_EQ(loss(a, id), Loss::released);
    EXPECT_EQ(contenders(), 0u);
}

TEST_F(EngineLeases, DeleteIsWrittenAtTheBudgetAndNotBeforeTheWordIsDead) {
    const OperationId id = hold(a, {.wait = 1s, .budget = 3s});
    bool was_dead = false;
    a.on_write = [&](const EngineDriver::Write& write) {
        for (const auto& frame : write.frames) {
            was_dead |=
                frame.op == Opcode::remove && a.grant(id)->lease->word.deadline() == Instant::min();
        }
    };
    const Instant deadline = a.grant(id)->deadline;
    world.run_for(4s);
    EXPECT_TRUE(was_dead);
    EXPECT_GE(deleted_at(a), deadline);
    EXPECT_LE(deleted_at(a), deadline + 10ms);
    EXPECT_EQ(loss(a, id), Loss::budget);
    EXPECT_EQ(a.stats().overruns, 1u);
}

TEST_F(EngineLeases, StopComesWithTheReserveLeft) {
    const OperationId id = hold(a, {.wait = 1s, .budget = 3s, .reserve = 400ms});
    world.run_for(4s);
    Instant at;
    ASSERT_NE(a.about<StopDue>(id, &at), nullptr);
    EXPECT_EQ(at, a.grant(id)->deadline - 400ms);
    EXPECT_EQ(a.count<StopDue>(id), 1u);
    EXPECT_EQ(a.count<LeaseEnded>(id), 1u);
    EXPECT_EQ(a.count<NodeGone>(id), 1u);
}

TEST_F(EngineLeases, NodeStaysForACallUntilItReturns) {
    LockOptions options{.wait = 1s, .budget = 3s};
    options.on_budget = OnBudget::hold_until_return;
    const OperationId id = hold(a, options);
    ++a.grant(id)->lease->active_calls;
    world.run_for(4s);
    EXPECT_FALSE(a.is_valid(id));
    EXPECT_EQ(contenders(), 1u);
    --a.grant(id)->lease->active_calls;
    a.call_returned(id);
    EXPECT_EQ(deleted_at(a), world.now());
}

TEST_F(EngineLeases, NodeStaysForACallNoLongerThanMaxHold) {
    LockOptions options{.wait = 1s, .budget = 3s};
    options.on_budget = OnBudget::hold_until_return;
    const OperationId id = hold(a, options);
    const Instant granted = a.grant(id)->granted_at;
    ++a.grant(id)->lease->active_calls;
    world.run_for(10s);
    EXPECT_EQ(deleted_at(a), granted + 6s);
}

TEST_F(EngineLeases, NodeOfAPassedSafeDeadlineIsNotHeldForACall) {
    LockOptions options{.wait = 1s, .budget = 17s, .max_hold = 60s};
    options.on_budget = OnBudget::hold_until_return;
    const OperationId id = hold(a, options);
    ++a.grant(id)->lease->active_calls;
    world.run_for(16s);
    a.refuses_connects = true;
    a.cut();
    world.run_for(21s);
    EXPECT_EQ(a.count<LeaseEnded>(id), 1u);
    EXPECT_EQ(a.stats().nodes_to_delete, 1u) << "due as soon as there is a connection";
}

TEST_F(EngineLeases, BudgetThatDoesNotFitIsRefusedWithTheNumbers) {
    const OperationId id = a.acquire("/q", {.wait = 1s, .budget = 18'051ms});
    ASSERT_NE(a.refusal(id), nullptr);
    EXPECT_EQ(a.refusal(id)->code, errc::budget_refused);
    EXPECT_THAT(a.refusal(id)->what, HasSubstr("budget 18.051 s"));
    EXPECT_THAT(a.refusal(id)->what, HasSubstr("0.99 x 20 s"));
    const OperationId fits = a.acquire("/q", {.wait = 1s, .budget = 18'050ms});
    ASSERT_TRUE(answered(a, fits));
    EXPECT_NE(a.grant(fits), nullptr);
}

TEST_F(EngineLeases, ExtensionObeysTheSameRule) {
    const OperationId id = hold(a);
    EXPECT_TRUE(a.about<ExtendDone>(a.extend(id, 18'051ms))->deadline.error() ==
                errc::budget_refused);
    const OperationId done = a.extend(id, 15s);
    EXPECT_EQ(a.about<ExtendDone>(done)->deadline.value(), world.now() + 15s);
    world.run_for(14s);
    EXPECT_TRUE(a.is_valid(id));
    a.release(id);
    EXPECT_TRUE(a.about<ExtendDone>(a.extend(id, 1s))->deadline.error() == errc::lock_lost);
}

TEST_F(EngineLeases, OldEvidenceShortensAQueuedGrantOrRefusesIt) {
    for (const bool accepts : {true, false}) {
        const std::string other = stranger();
        LockOptions options{.wait = 15s, .budget = 18s};
        options.accept_shortened = accepts;
        const OperationId id = queue(a, options);
        // The replies come late from now on: no evidence, but the wake-up arrives.
        a.link_options = {1100ms, 1100ms};
        world.run_for(6s);
        remove(other);
        ASSERT_TRUE(answered(a, id));
        if (accepts) {
            ASSERT_NE(a.grant(id), nullptr);
            EXPECT_TRUE(a.grant(id)->is_shortened);
            EXPECT_LT(a.grant(id)->deadline, a.grant(id)->granted_at + 18s);
            a.release(id);
        } else {
            ASSERT_NE(a.refusal(id), nullptr);
            EXPECT_EQ(a.refusal(id)->code, errc::budget_refused);
        }
        a.link_options = {};
        world.run_for(10s);
        EXPECT_EQ(contenders(), 0u);
    }
}

TEST_F(EngineLeases, LocalHandOverDoesNotShortenForOneWhoWillNotHaveIt) {
    const OperationId first = hold(a, {.wait = 1s, .budget = 17s});
    LockOptions options{.wait = 16s, .budget = 18s};
    options.accept_shortened = false;
    const OperationId second = a.acquire("/q", options);
    a.link_options = {1100ms, 1100ms};
    world.run_for(6s);
    a.release(first);
    ASSERT_TRUE(answered(a, second));
    EXPECT_EQ(a.grant(second), nullptr);
    EXPECT_EQ(a.refusal(second)->code, errc::budget_refused);
}

TEST_F(EngineLeases, OwnNodeDeletedWhileHoldingEndsTheLeaseWhenItIsWatched) {
    LockOptions options = default_options();
    options.watch_own_node = true;
    const OperationId id = hold(a, options);
    world.run_for(10ms);
    remove(a.grant(id)->lease->node());
    world.run_for(10ms);
    EXPECT_FALSE(a.is_valid(id));
    EXPECT_EQ(loss(a, id), Loss::node_deleted);
    EXPECT_EQ(a.count<NodeGone>(id), 1u);
    EXPECT_EQ(contenders(), 0u) << "never silently re-created";
}

TEST_F(EngineLeases, OwnNodeDeletedWhileHeldForACallLetsTheNextOneQueue) {
    LockOptions options{.wait = 1s, .budget = 3s, .max_hold = 17s, .watch_own_node = true};
    options.on_budget = OnBudget::hold_until_return;
    const OperationId id = hold(a, options);
    const OperationId next = a.acquire("/q", {.wait = 15s, .budget = 1s});
    ++a.grant(id)->lease->active_calls;
    world.run_for(4s);
    EXPECT_EQ(a.about<AcquireDone>(next), nullptr);
    remove(a.grant(id)->lease->node());
    ASSERT_TRUE(answered(a, next, 20ms));
    EXPECT_NE(a.grant(next), nullptr);
}

TEST_F(EngineLeases, OwnNodeThatAListOfAnotherLaneLacksIsNotHeldBesideIt) {
    const OperationId reader = a.acquire(Recipe{.kind = LockKind::shared}, "/q", default_options());
    ASSERT_TRUE(answered(a, reader));
    remove(a.grant(reader)->lease->node());  // which nobody watches
    world.run_for(10ms);
    EXPECT_TRUE(a.is_valid(reader));
    const OperationId writer = a.acquire("/q", default_options());
    ASSERT_TRUE(answered(a, writer));
    ASSERT_NE(a.grant(writer), nullptr);
    EXPECT_FALSE(a.is_valid(reader));
    ASSERT_NE(a.about<LeaseEnded>(reader), nullptr);
    EXPECT_EQ(a.about<LeaseEnded>(reader)->loss, Loss::node_deleted);
}

TEST_F(EngineLeases, OwnNodeDeletedWhileWaitingFailsTheAcquisition) {
    hold(a);
    const OperationId id = queue(b);
    remove(b.requests()[3].path);  // the read of its own node
    ASSERT_TRUE(answered(b, id));
    EXPECT_EQ(b.refusal(id)->code, errc::lock_lost);
    world.run_for(20ms);
    EXPECT_EQ(contenders(), 1u);
    EXPECT_EQ(server.watches().size(), 0u);
}

TEST_F(EngineLeases, EventForAPathThatNobodyWatchesIsIgnoredAndCounted) {
    hold(a);
    const OperationId id = queue(b);
    const std::string held = b.requests()[2].path;
    for (const auto& event : {wire::WatcherEvent{wire::WatchEventType::deleted, 3, "/q"},
                              wire::WatcherEvent{wire::WatchEventType::deleted, 3, held + "0"},
                              wire::WatcherEvent{wire::WatchEventType::children_changed, 3, held},
                              wire::WatcherEvent{static_cast<wire::WatchEventType>(42), 3, held}}) {
        b.inject(wire::encode_reply(wire::ReplyHeader{wire::notification_xid, -1}, event));
    }
    EXPECT_EQ(b.about<AcquireDone>(id), nullptr);
    EXPECT_EQ(b.stats().ignored_events, 4u);
    EXPECT_EQ(b.stats().connects, 1u);
}

TEST_F(EngineLeases, ServerThatListsAQueueWithoutUsYieldsNoGrant) {
    server.tamper = [](Opcode op, std::string& frame) {
        if (op == Opcode::get_children) {
            const auto reply = wire::split_reply(std::string_view(frame).substr(4)).value();
            frame = wire::encode_reply(reply.header, wire::GetChildrenReply{});
        }
    };
    const OperationId id = a.acquire("/q", default_options());
    ASSERT_TRUE(answered(a, id));
    EXPECT_EQ(a.refusal(id)->code, errc::lock_lost);
    world.run_for(10ms);
    EXPECT_EQ(contenders(), 0u);
}

TEST_F(EngineLeases, ServerThatCreatesAnotherNodeThanAskedForYieldsNoGrant) {
    server.tamper = [](Opcode op, std::string& frame) {
        if (op == Opcode::create) {
            const auto reply = wire::split_reply(std::string_view(frame).substr(4)).value();
            frame = wire::encode_reply(reply.header, wire::CreateReply{"/q/x-lock-0000000000"});
        }
    };
    const OperationId id = a.acquire("/q", default_options());
    ASSERT_TRUE(answered(a, id));
    EXPECT_EQ(a.refusal(id)->code, errc::protocol_error);
    server.tamper = nullptr;
    world.run_for(20ms);
    EXPECT_EQ(contenders(), 0u) << "found by its prefix behind a barrier, and deleted";
}

// ---- caps ---------------------------------------------------------------------------------------

TEST(EngineCaps, WorkBeyondMaxPendingIsRefused) {
    support::World world;
    Settings settings = support::test_settings();
    settings.max_pending = 3;
    EngineDriver& client = world.add(settings);
    for (int i = 0; i < 2; ++i) {
        client.acquire("/q" + std::to_string(i), {.wait = 5s, .budget = 1s});
    }
    const auto request = client.submit(wire::ExistsRequest{.path = "/"});
    const auto refused = client.acquire("/q3", {.wait = 5s, .budget = 1s});
    EXPECT_EQ(client.refusal(refused)->code, errc::overloaded);
    const auto also = client.submit(wire::ExistsRequest{.path = "/"});
    EXPECT_TRUE(client.about<RequestDone>(also)->reply.error() == errc::overloaded);
    EXPECT_EQ(client.about<RequestDone>(request), nullptr);
}

}  // namespace
}  // namespace leasehold::core

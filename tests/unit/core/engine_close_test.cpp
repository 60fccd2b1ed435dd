// What a closed client leaves behind: nothing on the server, nothing to do, nobody unanswered. And
// the raw requests and watches that share the session with the locks.
#include "sdk/wire/session.hpp"
#include "tests/unit/core/engine_bench.hpp"

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EngineClose : public EngineBench {
protected:
    void expect_nothing_left() {
        EXPECT_EQ(server.tree().ephemerals(), 0u);
        EXPECT_EQ(server.watches().size(), 0u);
        EXPECT_EQ(server.sessions(), 1u) << "the other client's";
        EXPECT_TRUE(a.is_at_rest());
        EXPECT_EQ(a.all<Closed>().size(), 1u);
        const ClientStats stats = a.stats();
        EXPECT_EQ(stats.state, ClientState::closed);
        EXPECT_EQ(stats.locks_held + stats.locks_waiting + stats.pending_requests + stats.watches +
                      stats.nodes_to_delete,
                  0u);
    }
};

TEST_F(EngineClose, LeavesNothingAndAnswersEverybodyOnce) {
    const OperationId held = hold(a);
    const OperationId local = queue(a);
    const OperationId other = a.acquire("/other", default_options());
    const OperationId request = a.submit(wire::ExistsRequest{.path = "/q"});
    const OperationId watch = a.submit(wire::GetDataRequest{.path = "/q", .watch = true}, {},
                                       std::pair{WatchKind::data, std::string("/q")});
    world.run_for(1ms);
    a.close(1s);
    EXPECT_FALSE(a.is_valid(held));
    world.run_for(100ms);
    EXPECT_EQ(a.about<LeaseEnded>(held)->loss, Loss::closed);
    EXPECT_EQ(a.count<NodeGone>(held), 1u);
    EXPECT_EQ(a.refusal(local)->code, errc::closed);
    EXPECT_EQ(a.count<AcquireDone>(other), 1u);
    EXPECT_EQ(a.count<RequestDone>(request), 1u);
    EXPECT_EQ(a.count<RequestDone>(watch), 1u);
    expect_nothing_left();
    EXPECT_TRUE(a.all<Closed>()[0].outcome.has_value());
}

TEST_F(EngineClose, FromANettyServerThatOnlyClosesTheStream) {
    server.options.answers_close = false;
    hold(a);
    a.close(1s);
    world.run_for(900ms);  // a second connection is told that the session is gone
    expect_nothing_left();
    EXPECT_TRUE(a.all<Closed>()[0].outcome.has_value());
}

TEST_F(EngineClose, WhoseRequestIsLostIsRepeated) {
    hold(a);
    server.next(Opcode::close_session, Fate::close_before);
    a.close(1s);
    world.run_for(900ms);
    expect_nothing_left();
    EXPECT_TRUE(a.all<Closed>()[0].outcome.has_value());
}

TEST_F(EngineClose, WhileDisconnectedStillClosesTheSession) {
    const OperationId id = hold(a);
    a.refuses_connects = true;
    a.cut();
    a.close(5s);
    EXPECT_FALSE(a.is_valid(id));
    world.run_for(1s);
    EXPECT_THAT(a.all<Closed>(), IsEmpty());
    a.refuses_connects = false;
    world.run_for(2s);
    expect_nothing_left();
    EXPECT_EQ(a.count<NodeGone>(id), 1u);
}

TEST_F(EngineClose, EndsAtItsDeadlineAndSaysThatTheServerDidNotConfirm) {
    const OperationId id = hold(a);
    a.stall();
    const Instant asked = world.now();
    a.close(1s);
    world.run_for(2s);
    ASSERT_EQ(a.all<Closed>().size(), 1u);
    EXPECT_FALSE(a.all<Closed>()[0].outcome.has_value());
    for (const auto& told : a.told()) {
        if (std::holds_alternative<Closed>(told.effect)) {
            EXPECT_EQ(told.at, asked + 1s);
        }
    }
    EXPECT_EQ(a.count<NodeGone>(id), 1u);
    EXPECT_TRUE(a.is_at_rest());
}

TEST_F(EngineClose, NothingIsTakenOnAfterIt) {
    a.close(1s);
    const OperationId lock = a.acquire("/q", default_options());
    EXPECT_EQ(a.refusal(lock)->code, errc::closed);
    const OperationId request = a.submit(wire::ExistsRequest{.path = "/q"});
    EXPECT_TRUE(a.about<RequestDone>(request)->reply.error() == errc::closed);
    world.run_for(100ms);
    const OperationId late = a.acquire("/q", default_options());
    EXPECT_EQ(a.refusal(late)->code, errc::closed);
    a.close(1s);
    world.run_for(2s);
    expect_nothing_left();
}

TEST_F(EngineClose, NodeHeldForACallGoesWithTheSession) {
    LockOptions options{.wait = 1s, .budget = 2s};
    options.on_budget = OnBudget::hold_until_return;
    const OperationId id = hold(a, options);
    ++a.grant(id)->lease->active_calls;
    world.run_for(3s);
    a.close(1s);
    world.run_for(100ms);
    EXPECT_EQ(a.count<NodeGone>(id), 1u);
    expect_nothing_left();
}

// ---- raw requests and watches -------------------------------------------------------------------

class EngineCloseOnOldServer : public EngineBench {
protected:
    EngineCloseOnOldServer()
        : EngineBench({.version = {3, 4, 8}}, support::test_settings({.session_timeout = 20s,
                                                                      .tick = 1s,
                                                                      .standalone = true,
                                                                      .server_version = "3.4.8"})) {
    }
};

TEST_F(EngineCloseOnOldServer, WatchesThatNobodyCouldTakeOffGoWithTheSession) {
    stranger();
    const OperationId id = queue(a);
    a.cancel(id);
    world.run_for(20ms);
    EXPECT_EQ(a.stats().watches, 1u) << "3.4 cannot remove it";
    a.close(1s);
    world.run_for(100ms);
    EXPECT_EQ(a.stats().watches, 0u);
}

class EngineRequests : public EngineBench {};

TEST_F(EngineRequests, IsAnsweredWithTheServersBytesOrItsError) {
    const OperationId good = a.submit(wire::ExistsRequest{.path = "/q"});
    const OperationId bad = a.submit(wire::ExistsRequest{.path = "/none"});
    world.run_for(10ms);
    const auto& reply = a.about<RequestDone>(good)->reply;
    ASSERT_TRUE(reply.has_value());
    EXPECT_TRUE(wire::decode<wire::ExistsReply>(reply.value().body));
    EXPECT_GT(reply.value().zxid, 0);
    EXPECT_TRUE(a.about<RequestDone>(bad)->reply.error() == zk_errc::no_node);
}

TEST_F(EngineRequests, WaitsForAConnectionAndIsNeverWrittenTwice) {
    a.refuses_connects = true;
    a.cut();
    const OperationId waits = a.submit(wire::ExistsRequest{.path = "/q"});
    const OperationId expires = a.submit(wire::ExistsRequest{.path = "/q"}, 500ms);
    world.run_for(1s);
    EXPECT_TRUE(a.about<RequestDone>(expires)->reply.error() == errc::timed_out);
    a.refuses_connects = false;
    world.run_for(2s);
    EXPECT_TRUE(a.about<RequestDone>(waits)->reply.has_value());
    EXPECT_EQ(server.seen(Opcode::exists).size(), 1u);
    server.next(Opcode::exists, Fate::close_unheard);
    const OperationId lost = a.submit(wire::ExistsRequest{.path = "/q"});
    world.run_for(2s);
    EXPECT_TRUE(a.about<RequestDone>(lost)->reply.error() == errc::connection_lost);
    EXPECT_EQ(server.seen(Opcode::exists).size(), 2u);
}

TEST_F(EngineRequests, CancelIsAnsweredAtOnceAndOnce) {
    const OperationId id = a.submit(wire::ExistsRequest{.path = "/q"});
    a.cancel_request(id);
    EXPECT_TRUE(a.about<RequestDone>(id)->reply.error() == errc::cancelled);
    world.run_for(10ms);
    EXPECT_EQ(a.count<RequestDone>(id), 1u);
}

TEST_F(EngineRequests, OperationsThatHarmTheServerAreNeverWritten) {
    a.forget_writes();
    for (const Opcode op : {Opcode::check, Opcode::close_session, Opcode::create_session,
                            Opcode::delete_container, Opcode::create_ttl}) {
        const OperationId id = a.submit(RawRequest{.op = op, .body = {}});
        world.run_for(10ms);
        ASSERT_NE(a.about<RequestDone>(id), nullptr) << wire::name_of(op);
        if (op != Opcode::create_ttl) {
            EXPECT_FALSE(a.about<RequestDone>(id)->reply.has_value());
        }
    }
    EXPECT_THAT(ops(a.requests()), ::testing::Each(Opcode::create_ttl));
}

TEST_F(EngineRequests, WatchFiresOnceAndSurvivesAReconnect) {
    const OperationId id = a.submit(wire::GetDataRequest{.path = "/q", .watch = true}, {},
                                    std::pair{WatchKind::data, std::string("/q")});
    world.run_for(10ms);
    a.cut();
    world.run_for(2s);
    EXPECT_EQ(a.count<WatchFired>(id), 0u);
    server.write(world.now(), "/q", "one");
    server.write(world.now(), "/q", "two");
    world.collect();
    world.run_for(10ms);
    ASSERT_EQ(a.count<WatchFired>(id), 1u);
    EXPECT_EQ(a.about<WatchFired>(id)->type, 3);
    EXPECT_EQ(a.about<WatchFired>(id)->path, "/q");
}

TEST_F(EngineRequests, ChangeThatWasMissedWhileDisconnectedFiresOnReattach) {
    const OperationId data = a.submit(wire::GetDataRequest{.path = "/q", .watch = true}, {},
                                      std::pair{WatchKind::data, std::string("/q")});
    const OperationId exist = a.submit(wire::ExistsRequest{.path = "/new", .watch = true}, {},
                                       std::pair{WatchKind::exist, std::string("/new")});
    const OperationId child = a.submit(wire::GetChildrenRequest{.path = "/q", .watch = true}, {},
                                       std::pair{WatchKind::child, std::string("/q")});
    world.run_for(10ms);
    a.refuses_connects = true;
    a.cut();
    server.write(world.now(), "/q", "x");
    server.make(world.now(), "/new");
    server.make(world.now(), "/q/child");
    a.refuses_connects = false;
    world.run_for(3s);
    EXPECT_EQ(a.about<WatchFired>(data)->type, 3);
    EXPECT_EQ(a.about<WatchFired>(exist)->type, 1);
    EXPECT_EQ(a.about<WatchFired>(child)->type, 4);
}

TEST_F(EngineRequests, UnwatchTakesTheWatchOffTheServer) {
    const OperationId id = a.submit(wire::GetDataRequest{.path = "/q", .watch = true}, {},
                                    std::pair{WatchKind::data, std::string("/q")});
    world.run_for(10ms);
    EXPECT_EQ(server.watches().size(), 1u);
    a.unwatch(id);
    world.run_for(10ms);
    EXPECT_EQ(server.watches().size(), 0u);
}

TEST_F(EngineRequests, EndOfTheSessionEndsItsWatches) {
    const OperationId id = a.submit(wire::GetDataRequest{.path = "/q", .watch = true}, {},
                                    std::pair{WatchKind::data, std::string("/q")});
    world.run_for(10ms);
    server.expire(world.now(), a.session());
    world.collect();
    world.run_for(3s);
    ASSERT_EQ(a.count<WatchFired>(id), 1u);
    EXPECT_EQ(a.about<WatchFired>(id)->type, 0);
}

}  // namespace
}  // namespace leasehold::core

// With quorum evidence somebody has to write while locks are held or wanted: how often, what, and
// what it finds.
#include "sdk/core/heartbeat.hpp"

#include "sdk/wire/multi.hpp"
#include "sdk/wire/record.hpp"
#include "tests/unit/core/engine_bench.hpp"
#include "tests/unit/core/session_bench.hpp"

#include <algorithm>
#include <cstddef>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;

constexpr Duration beat = 250ms;

/// 9.65 s are usable of a session; proofs are at most 1.515 + 0.625 + 0.5 s old.
Settings by_quorum() {
    return support::test_settings({.session_timeout = 10s,
                                   .tick = 1s,
                                   .sync_limit = 1000,
                                   .ack_gap = 500ms,
                                   .lease_evidence = LeaseEvidence::quorum,
                                   .server_version = "3.8.0"});
}

class Beats : public EngineBench {
protected:
    Beats() : EngineBench({}, by_quorum()) {
        world.run_for(30s);  // the creation of the session is no evidence any more
        a.forget_writes();
        b.forget_writes();
    }

    static std::vector<wire::MultiRequest> multis(const EngineDriver& who) {
        std::vector<wire::MultiRequest> found;
        for (const auto& frame : who.requests()) {
            if (frame.op == Opcode::multi) {
                wire::Reader in(frame.body);
                wire::read(in, found.emplace_back());
            }
        }
        return found;
    }
    static std::vector<std::string> checked(const wire::MultiRequest& multi) {
        std::vector<std::string> paths;
        for (const wire::MultiOp& op : multi.ops) {
            paths.push_back(std::get<wire::CheckRequest>(op.body).path);
        }
        return paths;
    }
    static constexpr LockOptions whole{.wait = 5s, .budget = 6s, .accept_shortened = false};
};

TEST_F(Beats, HolderWritesOneMultiOfChecksEachQuarterOfATick) {
    const OperationId id = hold(a, whole);
    a.forget_writes();
    world.run_for(4s);
    const auto written = multis(a);
    EXPECT_GE(written.size(), 4s / beat - 2);
    EXPECT_LE(written.size(), 4s / beat + 1);
    for (const auto& multi : written) {
        EXPECT_EQ(checked(multi), std::vector<std::string>{a.grant(id)->lease->node()});
    }
}

TEST_F(Beats, NobodyWritesWhoHoldsAndWantsNothing) {
    const OperationId id = hold(a, whole);
    a.release(id);
    world.run_for(1s);
    a.forget_writes();
    world.run_for(20s);
    EXPECT_TRUE(a.requests().empty());
    EXPECT_EQ(a.stats().state, ClientState::connected);
}

TEST_F(Beats, LockAfterARestTakesOneMoreWriteAndHasItsWholeBudget) {
    const Instant asked = world.now();
    const OperationId id = hold(a, whole);
    EXPECT_EQ(ops(a.requests()),
              (std::vector{Opcode::create, Opcode::get_children, Opcode::multi}));
    EXPECT_LE(a.grant(id)->granted_at - asked, 5ms);
    EXPECT_FALSE(a.grant(id)->is_shortened);
    EXPECT_EQ(a.grant(id)->deadline, a.grant(id)->granted_at + 6s);
}

TEST_F(Beats, LockSoonAfterAnotherTakesNoMoreWriteThanEver) {
    a.release(hold(a, whole));
    world.run_for(100ms);
    a.forget_writes();
    hold(a, whole);
    EXPECT_EQ(ops(a.requests()), (std::vector{Opcode::create, Opcode::get_children}));
}

TEST_F(Beats, WaitersProveTheSessionToo) {
    hold(b, {.wait = 5s, .budget = 4s});
    const OperationId id = a.acquire("/q", whole);
    world.run_for(3s);
    const auto written = multis(a);
    ASSERT_GE(written.size(), 8u);
    EXPECT_TRUE(written.back().ops.empty()) << "there is nothing to check";
    EXPECT_TRUE(answered(a, id, 2s));
    EXPECT_NE(a.grant(id), nullptr);
}

TEST_F(Beats, LeaseOutlastsTheTimeThatIsInHand) {
    const OperationId id = hold(a, {.wait = 5s, .budget = 6s});
    for (int i = 0; i < 5; ++i) {
        world.run_for(5s);
        ASSERT_TRUE(a.is_valid(id));
        a.extend(id, 6s);
    }
    EXPECT_EQ(a.stats().state, ClientState::connected);
}

TEST_F(Beats, WithoutAnswersToWritesTheLeaseEnds) {
    const OperationId id = hold(a, {.wait = 5s, .budget = 6s});
    world.run_for(1s);
    a.stall();
    world.run_for(6s);
    EXPECT_FALSE(a.is_valid(id));
}

TEST_F(Beats, DeletedNodeIsFoundWithoutAWatch) {
    const OperationId id = hold(a, whole);
    world.run_for(1s);
    remove(a.grant(id)->lease->node());
    world.run_for(beat + 5ms);
    EXPECT_FALSE(a.is_valid(id));
    EXPECT_EQ(a.stats().losses, 1u);
}

TEST_F(Beats, SlowEnsembleIsNotGivenMoreOfThem) {
    hold(a, whole);
    a.forget_writes();
    a.link_options = {.min_delay = 500ms, .max_delay = 500ms};
    world.run_for(5s);
    EXPECT_LE(multis(a).size(), 6u) << "one each second, the next one when it was answered";
    EXPECT_GE(multis(a).size(), 4u);
}

TEST_F(Beats, ManyLocksAreCheckedInTurns) {
    const std::string long_name(2000, 'x');
    std::vector<OperationId> held;
    for (int i = 0; i < 60; ++i) {
        server.make(world.now(), "/" + long_name + std::to_string(i));
        held.push_back(a.acquire("/" + long_name + std::to_string(i), {.wait = 5s, .budget = 7s}));
    }
    ASSERT_TRUE(answered(a, held.back()));
    a.forget_writes();
    world.run_for(4 * beat);
    std::set<std::string> seen;
    for (const auto& multi : multis(a)) {
        std::size_t bytes = 0;
        for (const std::string& path : checked(multi)) {
            seen.insert(path);
            bytes += path.size();
        }
        EXPECT_LT(bytes, 70'000u);
    }
    EXPECT_EQ(seen.size(), held.size());
}

TEST_F(Beats, ReattachmentIsNoProofAndTheNextOneComesByItself) {
    const OperationId id = hold(a, {.wait = 5s, .budget = 6s});
    world.run_for(2s);
    const Duration before = a.stats().lease_in_hand;
    a.cut();
    world.run_for(500ms);
    EXPECT_EQ(a.stats().reconnects, 1u);
    EXPECT_LT(a.stats().lease_in_hand, before);
    world.run_for(2500ms);
    EXPECT_TRUE(a.is_valid(id));
    EXPECT_GE(a.stats().lease_in_hand, 9650ms - 2640ms - 500ms);
}

TEST_F(Beats, BudgetThatAProofCannotCoverIsRefused) {
    const OperationId id = a.acquire("/q", {.wait = 5s, .budget = 8s});
    ASSERT_TRUE(answered(a, id));
    ASSERT_NE(a.refusal(id), nullptr);
    EXPECT_EQ(a.refusal(id)->code, errc::budget_refused);
}

TEST_F(EngineBench, ConservativeEvidenceNeedsNoWrites) {
    hold(a);
    a.forget_writes();
    world.run_for(8s);
    EXPECT_TRUE(a.requests().empty());
}

/// One by itself, whose locks nobody asks after.
class LoneHeartbeat : public ::testing::Test, public Lanes, public LeaseListener {
protected:
    void on_node_deleted(Instant, const std::string&, std::string_view) override {}
    void on_node_missing(Instant, const std::string&, std::string_view) override {}
    void on_node_changed(Instant, const std::string&, std::string_view) override {}
    void on_watch_spent(Instant, const std::string&, std::string_view) override {}
    void on_listed(Instant, const std::string&, std::span<const std::string_view>) override {}
    void on_node_free(Instant, OperationId, Loss, Duration) override {}

    LoneHeartbeat() {
        bench.attach();
        bench.pass(1s);
    }
    /// Sends one, which is answered 10 ms later.
    void beat_once(wire::ServerError answer) {
        bench.session.outbound().clear();
        heartbeat.send(bench.now);
        const std::int32_t xid = bench.sent().back().xid;
        bench.now += 10ms;
        bench.answer(xid, ++zxid, answer);
    }

    SessionBench bench{by_quorum()};
    Timers timers;
    std::vector<Effect> effects;
    LeaseTable leases{timers, effects, *this};
    Heartbeat heartbeat{bench.session, leases, *this};
    std::int64_t zxid = 100;
};

TEST_F(LoneHeartbeat, AfterACommitTheNextOneMayFollowAtOnce) {
    beat_once(wire::ServerError::ok);
    EXPECT_FALSE(heartbeat.is_under_way());
    EXPECT_LE(heartbeat.not_before(), bench.now);
}

TEST_F(LoneHeartbeat, AnswerThatIsNoCommitIsNotFollowedAtOnce) {
    beat_once(wire::ServerError::system_error);
    EXPECT_FALSE(heartbeat.is_under_way());
    EXPECT_GE(heartbeat.not_before(), bench.now - 10ms + beat) << "a server that refuses them all";
    EXPECT_LE(heartbeat.not_before(), bench.now + beat);
}

}  // namespace
}  // namespace leasehold::core

// A node that was made is deleted in the end, whatever becomes of the caller, the reply, or the
// connection.
#include "sdk/core/reaper.hpp"

#include "tests/unit/core/session_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using wire::Opcode;
using wire::ServerError;

class Reaping : public ::testing::Test {
protected:
    Reaping() {
        bench.attach();
        bench.sent();
    }
    std::vector<Opcode> ops() {
        frames = bench.sent();
        std::vector<Opcode> all;
        for (const auto& frame : frames) {
            all.push_back(frame.op);
        }
        return all;
    }
    void answer(ServerError err) { bench.answer(frames.back().xid, ++zxid, err); }
    void answer(const wire::GetDataReply& reply) {
        bench.feed(wire::encode_reply(wire::ReplyHeader{frames.back().xid, ++zxid}, reply));
    }
    void list(std::vector<std::string> children) {
        bench.answer(frames.at(frames.size() - 2).xid, ++zxid, ServerError::no_node);
        bench.feed(wire::encode_reply(wire::ReplyHeader{frames.back().xid, zxid},
                                      wire::GetChildrenReply{std::move(children)}));
    }
    void fire() {
        while (const auto timer = timers.pop_due(bench.now)) {
            if (timer->kind == TimerKind::reap) {
                reaper.on_reap_timer(bench.now, timer->id);
            }
        }
    }
    void reconnect() {
        bench.session.on_disconnected(bench.now, "reset");
        reaper.on_detached();
        bench.attach();
        bench.sent();
        reaper.on_attached(bench.now);
    }

    SessionBench bench;
    Timers timers;
    Reaper reaper{bench.settings, bench.session, timers, bench.effects};
    std::vector<SessionBench::Frame> frames;
    std::int64_t zxid = 100;
    static NodeName name(const std::string& number) {
        NodeName node("p-lock-");
        node.learn("p-lock-" + number);
        return node;
    }
    const SharedPath path = std::make_shared<const std::string>("/q");
    const Condemned named{.parent = path, .name = name("0000000001"), .lease = 5};
    const Condemned nameless{.parent = path, .name = NodeName("p-lock-"), .lease = 5};
};

TEST_F(Reaping, DeletesAtOnceAndTellsWhenTheNodeIsGone) {
    reaper.condemn(bench.now, {named});
    EXPECT_THAT(ops(), ElementsAre(Opcode::remove));
    EXPECT_EQ(bench.count<NodeGone>(), 0u);
    answer(ServerError::ok);
    EXPECT_EQ(bench.count<NodeGone>(), 1u);
    EXPECT_EQ(reaper.size(), 0u);
    EXPECT_TRUE(timers.empty());
}

TEST_F(Reaping, NodeThatIsGoneAlreadyIsASuccess) {
    reaper.condemn(bench.now, {named});
    ops();
    answer(ServerError::no_node);
    EXPECT_EQ(bench.count<NodeGone>(), 1u);
}

TEST_F(Reaping, LostDeleteIsRepeatedOnTheNextConnection) {
    reaper.condemn(bench.now, {named});
    ops();
    reconnect();
    EXPECT_THAT(ops(), ElementsAre(Opcode::remove));
    answer(ServerError::no_node);
    EXPECT_EQ(bench.count<NodeGone>(), 1u);
}

TEST_F(Reaping, NodeCondemnedWhileDisconnectedIsDeletedFirstThing) {
    bench.session.on_disconnected(bench.now, "reset");
    reaper.on_detached();
    reaper.condemn(bench.now, {named});
    EXPECT_THAT(ops(), IsEmpty());
    bench.attach();
    bench.sent();
    reaper.on_attached(bench.now);
    EXPECT_THAT(ops(), ElementsAre(Opcode::remove));
}

TEST_F(Reaping, UnknownNodeIsLookedForBehindAWriteBarrier) {
    reaper.condemn(bench.now, {nameless});
    EXPECT_THAT(ops(), ElementsAre(Opcode::multi, Opcode::get_children));
    list({"other-lock-0000000001", "p-lock-0000000009"});
    EXPECT_THAT(ops(), ElementsAre(Opcode::remove));
    answer(ServerError::ok);
    EXPECT_EQ(reaper.size(), 0u);
}

TEST_F(Reaping, OfSeveralUnderOneNameTheOneOfOurSessionIsDeleted) {
    reaper.condemn(bench.now, {nameless});
    ops();
    list({"p-lock-0000000002", "p-lock-0000000009", "p-lock-copied"});
    for (const std::int64_t owner : {std::int64_t{0}, bench.session.id()}) {
        EXPECT_THAT(ops(), ElementsAre(Opcode::get_data));
        wire::GetDataReply reply;
        reply.stat.ephemeral_owner = owner;
        answer(reply);
    }
    EXPECT_THAT(bench.session.outbound(), HasSubstr("/q/p-lock-0000000009"));
    ASSERT_THAT(ops(), ElementsAre(Opcode::remove));
    answer(ServerError::ok);
    EXPECT_EQ(reaper.size(), 0u);
}

TEST_F(Reaping, SeveralUnderOneNameOfWhichNoneIsOursAreLeftAlone) {
    reaper.condemn(bench.now, {nameless});
    ops();
    list({"p-lock-0000000002", "p-lock-0000000009"});
    EXPECT_THAT(ops(), ElementsAre(Opcode::get_data));
    answer(wire::GetDataReply{});
    EXPECT_THAT(ops(), ElementsAre(Opcode::get_data));
    answer(ServerError::no_node);
    EXPECT_THAT(ops(), IsEmpty());
    EXPECT_EQ(reaper.size(), 0u);
    EXPECT_EQ(bench.count<NodeGone>(), 1u);
}

TEST_F(Reaping, OneOfSeveralThatCouldNotBeLookedAtIsLookedAtAgain) {
    reaper.condemn(bench.now, {nameless});
    ops();
    list({"p-lock-0000000002", "p-lock-0000000009"});
    EXPECT_THAT(ops(), ElementsAre(Opcode::get_data));
    answer(ServerError::throttled);
    EXPECT_THAT(ops(), IsEmpty());
    bench.now += 100ms;
    fire();
    EXPECT_THAT(ops(), ElementsAre(Opcode::multi, Opcode::get_children));
}

TEST_F(Reaping, NodeThatIsToStayIsLookedForAtOnceAndDeletedLater) {
    Condemned staying = nameless;
    staying.not_before = bench.now + 3s;
    reaper.condemn(bench.now, {staying});
    EXPECT_THAT(ops(), ElementsAre(Opcode::multi, Opcode::get_children));
    list({"p-lock-0000000009"});
    EXPECT_THAT(ops(), IsEmpty());
    bench.now += 3s - 1ms;
    fire();
    EXPECT_THAT(ops(), IsEmpty());
    bench.now += 1ms;
    fire();
    EXPECT_THAT(ops(), ElementsAre(Opcode::remove));
}

TEST_F(Reaping, NodeThatTheListLacksWasNeverMade) {
    reaper.condemn(bench.now, {nameless});
    ops();
    list({"other-lock-0000000001"});
    EXPECT_THAT(ops(), IsEmpty());
    EXPECT_EQ(reaper.size(), 0u);
    EXPECT_EQ(bench.count<NodeGone>(), 1u);
}

TEST_F(Reaping, AwaitedCreateIsDeletedWhenItsAnswerBringsTheName) {
    Condemned awaited = nameless;
    awaited.awaited = 7;
    reaper.condemn(bench.now, {awaited});
    EXPECT_THAT(ops(), IsEmpty());
    reaper.on_created(bench.now, 8, ServerError::ok, "/q/another-lock-0000000001");
    EXPECT_THAT(ops(), IsEmpty());
    reaper.on_created(bench.now, 7, ServerError::ok, "/q/p-lock-0000000003");
    EXPECT_THAT(ops(), ElementsAre(Opcode::remove));
}

TEST_F(Reaping, AwaitedCreateThatFailedLeavesNothingToDo) {
    Condemned awaited = nameless;
    awaited.awaited = 7;
    reaper.condemn(bench.now, {awaited});
    reaper.on_created(bench.now, 7, ServerError::no_node, "");
    EXPECT_EQ(reaper.size(), 0u);
    EXPECT_THAT(ops(), IsEmpty());
}

TEST_F(Reaping, AwaitedCreateWhoseAnswerIsLostIsLookedFor) {
    Condemned awaited = nameless;
    awaited.awaited = 7;
    reaper.condemn(bench.now, {awaited});
    reconnect();
    EXPECT_THAT(ops(), ElementsAre(Opcode::multi, Opcode::get_children));
}

TEST_F(Reaping, AnswerUnderAStrangeNameIsNotDeletedBlindly) {
    Condemned awaited = nameless;
    awaited.awaited = 7;
    reaper.condemn(bench.now, {awaited});
    reaper.on_created(bench.now, 7, ServerError::ok, "/q/somebody-elses-0000000003");
    EXPECT_THAT(ops(), ElementsAre(Opcode::multi, Opcode::get_children));
}

TEST_F(Reaping, RefusedDeleteIsRetriedLaterAndLaterAndReportedAsAnOrphanOnce) {
    reaper.condemn(bench.now, {named});
    std::vector<Duration> pauses;
    for (int i = 0; i < 12; ++i) {
        ASSERT_THAT(ops(), ElementsAre(Opcode::remove)) << i;
        answer(ServerError::no_auth);
        const Instant before = bench.now;
        while (frames.empty() || bench.session.outbound().empty()) {
            bench.now += 50ms;
            fire();
            ASSERT_LE(bench.now - before, 10s + 50ms);
        }
        pauses.push_back(bench.now - before);
    }
    EXPECT_EQ(pauses.front(), Duration{100ms});
    EXPECT_EQ(pauses.back(), Duration{10s});
    EXPECT_EQ(reaper.orphans(), 1u);
    EXPECT_EQ(reaper.size(), 1u) << "it never gives up on a live session";
    std::size_t reports = 0;
    for (const Effect& effect : bench.effects) {
        const auto* log = std::get_if<Log>(&effect);
        reports += log != nullptr && log->event == "orphan" ? 1 : 0;
    }
    EXPECT_EQ(reports, 1u);
    EXPECT_EQ(bench.count<NodeGone>(), 0u);
}

TEST_F(Reaping, EndOfTheSessionEndsEverything) {
    reaper.condemn(bench.now, {named});
    reaper.condemn(bench.now, {nameless});
    reaper.on_session_ended(success());
    EXPECT_EQ(reaper.size(), 0u);
    EXPECT_EQ(bench.count<NodeGone>(), 2u);
    EXPECT_TRUE(timers.empty());
}

TEST_F(Reaping, OrphanIsDueAfterTheLimitOnly) {
    reaper.condemn(bench.now, {named});
    EXPECT_EQ(timers.next(), bench.now + bench.settings.orphan_limit);
    ops();
    answer(ServerError::ok);
    EXPECT_FALSE(reaper.is_orphan_due(1));
}

}  // namespace
}  // namespace leasehold::core

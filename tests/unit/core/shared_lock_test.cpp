// Shared and exclusive contenders in one queue: who waits for whom, and at what cost.
#include "tests/unit/core/engine_bench.hpp"

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class SharedLocks : public EngineBench {
protected:
    using EngineBench::EngineBench;

    OperationId ask_shared(EngineDriver& who, LockOptions options = default_options()) {
        return who.acquire(Recipe{LockKind::shared}, "/q", options, "record of one who shares");
    }
    OperationId share(EngineDriver& who, LockOptions options = default_options()) {
        const OperationId id = ask_shared(who, options);
        EXPECT_TRUE(world.run_until([&] { return who.about<AcquireDone>(id) != nullptr; }));
        EXPECT_NE(who.grant(id), nullptr);
        return id;
    }
    OperationId queue_shared(EngineDriver& who, LockOptions options = default_options()) {
        const OperationId id = ask_shared(who, options);
        world.run_for(20ms);
        EXPECT_EQ(who.about<AcquireDone>(id), nullptr);
        return id;
    }
};

TEST_F(SharedLocks, AreHeldTogetherWithinAProcessAndBetweenProcesses) {
    const OperationId first = share(a);
    const OperationId second = share(a);
    const OperationId third = share(b);
    EXPECT_TRUE(a.is_valid(first) && a.is_valid(second) && b.is_valid(third));
    EXPECT_EQ(contenders(), 3u);
    EXPECT_EQ(server.watches().size(), 0u);
}

TEST_F(SharedLocks, FreeOneCostsOneWriteAndOneRoundTrip) {
    share(a);
    EXPECT_THAT(ops(a.requests()), ElementsAre(Opcode::create, Opcode::get_children));
    EXPECT_THAT(a.requests()[0].path, EndsWith("-__READ__"));
}

TEST_F(SharedLocks, HaveNoFencingToken) {
    const OperationId id = share(a);
    EXPECT_EQ(lock_token(a, id), 0);
}

TEST_F(SharedLocks, WaitForTheNearestWriterAheadAndForNobodyElse) {
    const std::string far = stranger("far-lock-");
    const std::string near = stranger("near-__WRIT__");
    stranger("reader-__READ__");
    const OperationId id = queue_shared(b);
    EXPECT_TRUE(server.watches().has_data(near));
    EXPECT_EQ(server.watches().size(), 2u) << "the writer's and its own";
    remove(near);
    world.run_for(20ms);
    EXPECT_EQ(b.about<AcquireDone>(id), nullptr);
    EXPECT_TRUE(server.watches().has_data(far));
    remove(far);
    ASSERT_TRUE(answered(b, id));
    EXPECT_NE(b.grant(id), nullptr);
}

TEST_F(SharedLocks, PassUpToTheFirstWriterOnly) {
    const OperationId reader = share(a);
    const OperationId writer = queue(b);
    const OperationId late = queue_shared(a);
    a.release(reader);
    ASSERT_TRUE(answered(b, writer));
    world.run_for(20ms);
    EXPECT_EQ(a.about<AcquireDone>(late), nullptr);
    b.release(writer);
    ASSERT_TRUE(answered(a, late));
    EXPECT_NE(a.grant(late), nullptr);
}

TEST_F(SharedLocks, WriterWaitsForEveryReaderAhead) {
    const OperationId first = share(a);
    const OperationId second = share(a);
    const OperationId writer = queue(b);
    a.release(second);
    world.run_for(20ms);
    EXPECT_EQ(b.about<AcquireDone>(writer), nullptr);
    a.release(first);
    ASSERT_TRUE(answered(b, writer));
    EXPECT_NE(b.grant(writer), nullptr);
}

TEST_F(SharedLocks, WritersReleaseWakesAllReadersOfTheNextPhaseAndNobodyElse) {
    const std::string writer = stranger();
    const OperationId first = queue_shared(a);
    const OperationId second = queue_shared(a);
    const OperationId next_writer = queue(b);
    const OperationId last = queue_shared(a);
    const std::size_t watches = server.watches().size();
    remove(writer);
    world.run_for(20ms);
    EXPECT_NE(a.grant(first), nullptr);
    EXPECT_NE(a.grant(second), nullptr);
    EXPECT_EQ(a.about<AcquireDone>(last), nullptr);
    EXPECT_EQ(b.about<AcquireDone>(next_writer), nullptr);
    EXPECT_EQ(watches - server.watches().size(), 1u) << "one, of one process, for both";
}

TEST_F(SharedLocks, ReadersOfOneProcessBehindOneWriterShareItsWatch) {
    const std::string writer = stranger();
    const OperationId first = queue_shared(a);
    const OperationId second = queue_shared(a);
    EXPECT_EQ(server.watches().size(), 3u) << "the writer's and their own two";
    a.cancel(second);
    world.run_for(20ms);
    EXPECT_TRUE(server.watches().has_data(writer)) << "the other one still waits";
    remove(writer);
    ASSERT_TRUE(answered(a, first));
    EXPECT_NE(a.grant(first), nullptr);
    world.run_for(20ms);
    EXPECT_EQ(contenders(), 1u);
}

TEST_F(SharedLocks, WriterThatOneReaderMissesIsGoneForAllOfTheProcess) {
    const std::string writer = stranger();
    int reads = 0;
    server.choose_fate = [&](Opcode op) {
        constexpr int of_the_second_reader = 3;  // the first one reads its own node in between
        if (op == Opcode::get_data && ++reads == of_the_second_reader) {
            server.remove(world.now(), writer);
        }
        return Fate::serve;
    };
    const OperationId first = ask_shared(a);
    const OperationId second = ask_shared(a);
    world.run_for(2500us);  // both are asking for the writer
    a.inject(wire::encode_reply(
        wire::ReplyHeader{wire::notification_xid, -1, {}},
        wire::WatcherEvent{wire::WatchEventType::deleted, wire::connected_state, writer}));
    EXPECT_TRUE(answered(a, first, 100ms)) << "its own answer is older than the wake-up";
    EXPECT_TRUE(answered(a, second, 100ms));
    EXPECT_EQ(reads, 4);
}

TEST_F(SharedLocks, ReaderBehindAWriterOfItsOwnProcessIsWokenByIt) {
    const std::string other = stranger();
    const OperationId writer = queue(a);
    const OperationId reader = queue_shared(a);
    remove(other);
    ASSERT_TRUE(answered(a, writer));
    a.release(writer);
    ASSERT_TRUE(answered(a, reader));
    EXPECT_NE(a.grant(reader), nullptr);
}

TEST_F(SharedLocks, TryIsRefusedByAWriterButNotByReaders) {
    stranger("reader-__READ__");
    for (const bool check_first : {false, true}) {
        LockOptions options{.wait = 0ms, .budget = 1s};
        options.check_first = check_first;
        a.release(share(a, options));
    }
    stranger("writer-__WRIT__");
    a.forget_writes();
    const OperationId refused = ask_shared(a, {.wait = 0ms, .budget = 1s, .check_first = true});
    ASSERT_TRUE(answered(a, refused));
    EXPECT_EQ(a.refusal(refused)->code, errc::wait_expired);
    EXPECT_THAT(ops(a.requests()), ElementsAre(Opcode::get_children)) << "one read, no write";
}

TEST_F(SharedLocks, QueueWhereOursWouldNotBeSeenIsRefusedAndLeft) {
    stranger("_c_0b1c-lock-");
    const OperationId id = ask_shared(a);
    ASSERT_TRUE(answered(a, id));
    EXPECT_EQ(a.refusal(id)->code, errc::mixed_queue);
    EXPECT_THAT(a.refusal(id)->what, HasSubstr("InterProcessMutex"));
    world.run_for(20ms);
    EXPECT_EQ(contenders(), 1u);
    EXPECT_EQ(server.watches().size(), 0u);
}

TEST_F(SharedLocks, WriterWaitsForCuratorsReaderThatTookItsWritersNumberBehindItsBack) {
    // As Curator 5.5 does when the thread that holds the write lock takes the read lock, too.
    const std::string writer = stranger("_c_0b1c-__WRIT__");
    const OperationId id =
        queue(b, {.wait = 5s, .budget = 2s, .naming = Naming::curator_read_write});
    const std::string reader = "/q/_c_2d3e-__READ__" + writer.substr(writer.size() - 10);
    server.make(world.now(), reader, wire::CreateMode::ephemeral, "record of its reader", 999);
    remove(writer);
    world.run_for(20ms);
    EXPECT_EQ(b.about<AcquireDone>(id), nullptr) << "granted beside a reader";
    EXPECT_TRUE(server.watches().has_data(reader));
    remove(reader);
    ASSERT_TRUE(answered(b, id));
    EXPECT_NE(b.grant(id), nullptr);
}

TEST_F(SharedLocks, ReaderPassesWithCuratorsReaderThatTookItsWritersNumber) {
    const std::string writer = stranger("_c_0b1c-__WRIT__");
    const OperationId id = queue_shared(b);
    server.make(world.now(), "/q/_c_2d3e-__READ__" + writer.substr(writer.size() - 10),
                wire::CreateMode::ephemeral, "record of its reader", 999);
    b.forget_writes();
    remove(writer);
    ASSERT_TRUE(answered(b, id));
    EXPECT_NE(b.grant(id), nullptr);
    EXPECT_THAT(ops(b.requests()), ::testing::Not(::testing::Contains(Opcode::get_children)));
}

TEST_F(SharedLocks, ReconnectLeavesEveryReaderItsPlace) {
    const OperationId held = share(a);
    const std::string writer = stranger();
    const OperationId waiting = queue_shared(a);
    a.cut();
    world.run_for(1s);
    EXPECT_TRUE(a.is_valid(held));
    remove(writer);
    ASSERT_TRUE(answered(a, waiting));
    EXPECT_NE(a.grant(waiting), nullptr);
    EXPECT_EQ(contenders(), 2u);
}

TEST_F(SharedLocks, ThoseHeldTogetherAreOneTurnForWhoeverWaits) {
    std::vector<OperationId> held;
    for (int i = 0; i < 8; ++i) {  // which make a pace of one second
        held.push_back(share(a));
    }
    world.run_for(1s);
    for (const OperationId id : held) {
        a.release(id);
    }
    world.run_for(20ms);
    for (int i = 0; i < 8; ++i) {
        share(b);
    }
    for (const bool check_first : {false, true}) {
        LockOptions options{.wait = 3s, .budget = 1s};
        options.check_first = check_first;
        const OperationId writer = queue(a, options);
        a.cancel(writer);
        world.run_for(20ms);
    }
}

TEST_F(SharedLocks, EndAtTheirBudgetOneByOne) {
    const OperationId brief = share(a, {.wait = 1s, .budget = 1s});
    const OperationId longer = share(a, {.wait = 1s, .budget = 3s});
    world.run_for(1010ms);
    EXPECT_EQ(a.about<LeaseEnded>(brief)->loss, Loss::budget);
    EXPECT_TRUE(a.is_valid(longer));
    world.run_for(20ms);
    EXPECT_EQ(contenders(), 1u);
}

}  // namespace
}  // namespace leasehold::core

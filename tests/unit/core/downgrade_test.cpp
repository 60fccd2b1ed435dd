// An exclusive holder becomes one who shares: who is let in, who is not, and what becomes of it
// when something goes wrong.
#include "sdk/core/record_marks.hpp"
#include "tests/unit/core/engine_bench.hpp"

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// One field of contender.proto, so that a record of these tests can be read as one of ours.
constexpr std::string_view own_record =
    "\x3a\x05"
    "tests";

class Downgrade : public EngineBench {
protected:
    using EngineBench::EngineBench;

    OperationId hold_with(EngineDriver& who, std::string_view record = own_record) {
        const OperationId id = who.acquire("/q", default_options(), std::string(record));
        EXPECT_TRUE(answered(who, id));
        EXPECT_NE(who.grant(id), nullptr);
        return id;
    }
    OperationId ask_shared(EngineDriver& who, LockOptions options = default_options()) {
        return who.acquire(Recipe{LockKind::shared}, "/q", options, std::string(own_record));
    }
    OperationId queue_shared(EngineDriver& who) {
        const OperationId id = ask_shared(who);
        world.run_for(20ms);
        EXPECT_EQ(who.about<AcquireDone>(id), nullptr);
        return id;
    }
    bool is_shared(EngineDriver& who, OperationId lease) {
        const OperationId id = who.downgrade(lease);
        return world.run_until([&] { return who.about<DowngradeDone>(id) != nullptr; }) &&
               who.about<DowngradeDone>(id)->outcome.has_value();
    }
    std::error_code refusal_of_downgrade(EngineDriver& who, OperationId lease) {
        const OperationId id = who.downgrade(lease);
        EXPECT_TRUE(world.run_until([&] { return who.about<DowngradeDone>(id) != nullptr; }));
        const auto& outcome = who.about<DowngradeDone>(id)->outcome;
        return outcome ? std::error_code{} : outcome.error().code();
    }
    std::string data_of(EngineDriver& who, OperationId lease) {
        return server.tree().find(who.grant(lease)->lease->node())->data;
    }
};

TEST_F(Downgrade, LetsInThoseWhoShareBehindItAndKeepsItsLease) {
    const OperationId holder = hold_with(a);
    const Instant deadline = a.grant(holder)->lease->word.deadline();
    const OperationId reader = queue_shared(b);
    const OperationId own_reader = queue_shared(a);
    ASSERT_TRUE(is_shared(a, holder));
    ASSERT_TRUE(answered(b, reader));
    ASSERT_TRUE(answered(a, own_reader));
    EXPECT_NE(b.grant(reader), nullptr);
    EXPECT_NE(a.grant(own_reader), nullptr);
    EXPECT_TRUE(a.is_valid(holder));
    EXPECT_EQ(a.grant(holder)->lease->word.deadline(), deadline);
    EXPECT_EQ(contenders(), 3u);
}

TEST_F(Downgrade, AnEarlierWriteOfTheRecordDoesNotConfirmIt) {
    const OperationId first = a.acquire("/q", default_options(), std::string(own_record));
    LockOptions delayed = default_options();
    delayed.lock_delay = 2s;  // which the node that is being made does not say
    const OperationId holder = a.acquire("/q", delayed, std::string(own_record));
    a.cancel(first);
    ASSERT_TRUE(answered(a, holder));
    ASSERT_THAT(a.requests(), SizeIs(::testing::Ge(3u))) << "the record is on its way";
    const OperationId id = a.downgrade(holder);
    ASSERT_TRUE(world.run_until([&] { return a.about<DowngradeDone>(id) != nullptr; }));
    EXPECT_TRUE(a.about<DowngradeDone>(id)->outcome.has_value());
    EXPECT_TRUE(says_shared(a.grant(holder)->lease->node().substr(3), data_of(a, holder)));
}

TEST_F(Downgrade, TakesTheTokenBeforeAnythingIsWritten) {
    const OperationId holder = hold_with(a);
    EXPECT_GT(lock_token(a, holder), 0);
    a.stall();
    const OperationId id = a.downgrade(holder);
    EXPECT_EQ(lock_token(a, holder), 0);
    EXPECT_EQ(a.grant(holder)->lease->kind, LockKind::shared);
    EXPECT_EQ(a.about<DowngradeDone>(id), nullptr) << "nobody else can know yet";
}

TEST_F(Downgrade, CostsOneWriteAndLeavesTheNameAsItIs) {
    const OperationId holder = hold_with(a);
    a.forget_writes();
    ASSERT_TRUE(is_shared(a, holder));
    EXPECT_THAT(ops(a.requests()), ElementsAre(Opcode::set_data));
    EXPECT_EQ(data_of(a, holder), std::string(own_record) + std::string(share_mark));
    EXPECT_EQ(server.watches().size(), 0u);
}

TEST_F(Downgrade, NoWriterComesInBetween) {
    const OperationId holder = hold_with(a);
    const OperationId reader = queue_shared(b);
    const OperationId writer = queue(b);
    const OperationId late = queue_shared(b);
    ASSERT_TRUE(is_shared(a, holder));
    ASSERT_TRUE(answered(b, reader));
    world.run_for(20ms);
    EXPECT_EQ(b.about<AcquireDone>(writer), nullptr);
    EXPECT_EQ(b.about<AcquireDone>(late), nullptr) << "it would starve the writer";
    a.release(holder);
    world.run_for(20ms);
    EXPECT_EQ(b.about<AcquireDone>(writer), nullptr) << "the reader still holds";
    b.release(reader);
    ASSERT_TRUE(answered(b, writer));
    EXPECT_NE(b.grant(writer), nullptr);
}

TEST_F(Downgrade, WhoComesLaterReadsTheMarkAndPasses) {
    const OperationId holder = hold_with(a);
    ASSERT_TRUE(is_shared(a, holder));
    const OperationId reader = ask_shared(b);
    ASSERT_TRUE(answered(b, reader));
    EXPECT_NE(b.grant(reader), nullptr);
    world.run_for(20ms);
    EXPECT_EQ(server.watches().size(), 1u) << "its own node's; the holder's is not needed any more";
}

TEST_F(Downgrade, TryToShareSucceedsOnlyOnceItIsDowngraded) {
    const OperationId holder = hold_with(a);
    for (const bool check_first : {false, true}) {
        const OperationId id =
            ask_shared(b, {.wait = 0ms, .budget = 1s, .check_first = check_first});
        ASSERT_TRUE(answered(b, id));
        EXPECT_EQ(b.refusal(id)->code, errc::wait_expired);
    }
    ASSERT_TRUE(is_shared(a, holder));
    for (const bool check_first : {false, true}) {
        const OperationId id =
            ask_shared(b, {.wait = 0ms, .budget = 1s, .check_first = check_first});
        ASSERT_TRUE(answered(b, id));
        EXPECT_NE(b.grant(id), nullptr) << check_first;
    }
}

TEST_F(Downgrade, TryToShareBehindAWaitingWriterIsStillRefused) {
    const OperationId holder = hold_with(a);
    queue(b);
    ASSERT_TRUE(is_shared(a, holder));
    for (const bool check_first : {false, true}) {
        const OperationId id =
            ask_shared(a, {.wait = 0ms, .budget = 1s, .check_first = check_first});
        ASSERT_TRUE(answered(a, id));
        EXPECT_EQ(a.refusal(id)->code, errc::wait_expired);
    }
}

TEST_F(Downgrade, LostReplyIsMadeGoodOnTheNextConnection) {
    const OperationId holder = hold_with(a);
    const OperationId reader = queue_shared(b);
    a.stall();
    const OperationId id = a.downgrade(holder);
    world.run_for(20ms);
    a.cut();
    ASSERT_TRUE(world.run_until([&] { return a.about<DowngradeDone>(id) != nullptr; }));
    EXPECT_TRUE(a.about<DowngradeDone>(id)->outcome);
    ASSERT_TRUE(answered(b, reader));
    EXPECT_NE(b.grant(reader), nullptr);
    EXPECT_TRUE(a.is_valid(holder));
}

TEST_F(Downgrade, ReaderThatReconnectsReadsTheMarkAgain) {
    const OperationId holder = hold_with(a);
    const OperationId reader = queue_shared(b);
    b.stall();
    ASSERT_TRUE(is_shared(a, holder));
    EXPECT_EQ(b.about<AcquireDone>(reader), nullptr);
    b.cut();
    ASSERT_TRUE(answered(b, reader));
    EXPECT_NE(b.grant(reader), nullptr);
}

TEST_F(Downgrade, TwiceSucceedsAndWritesOnce) {
    const OperationId holder = hold_with(a);
    a.forget_writes();
    const OperationId first = a.downgrade(holder);
    const OperationId second = a.downgrade(holder);
    world.run_for(20ms);
    for (const OperationId id : {first, second, a.downgrade(holder)}) {
        ASSERT_NE(a.about<DowngradeDone>(id), nullptr);
        EXPECT_TRUE(a.about<DowngradeDone>(id)->outcome);
        EXPECT_EQ(a.count<DowngradeDone>(id), 1u);
    }
    EXPECT_THAT(ops(a.requests()), ElementsAre(Opcode::set_data));
}

TEST_F(Downgrade, OnlyOfALockThatWasTakenExclusively) {
    const OperationId share = ask_shared(a);
    ASSERT_TRUE(answered(a, share));
    EXPECT_EQ(refusal_of_downgrade(a, share), errc::invalid_argument);
    a.release(share);
    const OperationId permit =
        a.acquire(Recipe{LockKind::permit, 2}, "/s", default_options(), std::string(own_record));
    ASSERT_TRUE(answered(a, permit));
    EXPECT_EQ(refusal_of_downgrade(a, permit), errc::invalid_argument);
    const OperationId lead = a.elect("/e", default_options(), std::string(own_record));
    ASSERT_TRUE(answered(a, lead));
    EXPECT_EQ(refusal_of_downgrade(a, lead), errc::invalid_argument);
    EXPECT_GT(lock_token(a, lead), 0);
    EXPECT_THAT(server.seen(Opcode::set_data), IsEmpty());
}

TEST_F(Downgrade, OfALockThatHasEndedIsRefused) {
    const OperationId holder = hold_with(a);
    a.release(holder);
    EXPECT_EQ(refusal_of_downgrade(a, holder), errc::lock_lost);
    world.run_for(20ms);
    EXPECT_EQ(refusal_of_downgrade(a, holder), errc::lock_lost);
}

TEST_F(Downgrade, EndOfTheLeaseAnswersIt) {
    const OperationId holder = hold_with(a);
    a.refuses_connects = true;
    a.cut();
    const OperationId id = a.downgrade(holder);
    EXPECT_EQ(a.about<DowngradeDone>(id), nullptr);
    ASSERT_TRUE(world.run_until([&] { return a.about<DowngradeDone>(id) != nullptr; }));
    EXPECT_EQ(a.about<DowngradeDone>(id)->outcome.error().code(), errc::budget_exceeded);
    EXPECT_EQ(a.about<LeaseEnded>(holder)->loss, Loss::budget);
}

TEST_F(Downgrade, NodeThatIsGoneEndsTheLease) {
    const OperationId holder = hold_with(a);
    remove(a.grant(holder)->lease->node());
    EXPECT_EQ(refusal_of_downgrade(a, holder), errc::lock_lost);
    EXPECT_EQ(a.about<LeaseEnded>(holder)->loss, Loss::node_deleted);
}

TEST_F(Downgrade, NextCallerOfItsProcessGetsANodeOfItsOwn) {
    const OperationId holder = hold_with(a);
    const std::string node = a.grant(holder)->lease->node();
    const OperationId reader = queue_shared(b);
    const OperationId next = queue(a);
    ASSERT_TRUE(is_shared(a, holder));
    ASSERT_TRUE(answered(b, reader));
    a.release(holder);
    world.run_for(20ms);
    EXPECT_EQ(a.about<AcquireDone>(next), nullptr) << "the reader holds";
    EXPECT_EQ(server.tree().find(node), nullptr);
    b.release(reader);
    ASSERT_TRUE(answered(a, next));
    EXPECT_NE(a.grant(next), nullptr);
    EXPECT_GT(lock_token(a, next), 0);
}

TEST_F(Downgrade, CuratorsMarkerDoesNotTakeTheMarkAway) {
    LockOptions options = default_options();
    options.watch_own_node = true;
    const OperationId holder = a.acquire("/q", options, std::string(own_record));
    ASSERT_TRUE(answered(a, holder));
    ASSERT_TRUE(is_shared(a, holder));
    const std::string& node = a.grant(holder)->lease->node();
    server.write(world.now(), node, std::string(curator_revocation));
    world.run_for(20ms);
    EXPECT_EQ(data_of(a, holder), with_request(std::string(own_record) + std::string(share_mark)));
    EXPECT_THAT(a.all<YieldAsked>(), SizeIs(1));
    const OperationId reader = ask_shared(b);
    ASSERT_TRUE(answered(b, reader));
    EXPECT_NE(b.grant(reader), nullptr);
}

TEST_F(Downgrade, WhoWasAskedToLetGoBeforeSaysBoth) {
    LockOptions options = default_options();
    options.watch_own_node = true;
    const OperationId holder = a.acquire("/q", options, std::string(own_record));
    ASSERT_TRUE(answered(a, holder));
    server.write(world.now(), a.grant(holder)->lease->node(), with_request(own_record));
    world.run_for(20ms);
    ASSERT_TRUE(is_shared(a, holder));
    EXPECT_EQ(data_of(a, holder), with_request(std::string(own_record) + std::string(share_mark)));
}

TEST_F(Downgrade, OfASetIsRefused) {
    AcquireSpec spec{.path = "/q",
                     .options = default_options(),
                     .acl = {{wire::perms::all, "world", "anyone"}},
                     .record = std::string(own_record)};
    spec.more_paths = {"/r"};
    const OperationId set = a.ask(std::move(spec));
    ASSERT_TRUE(answered(a, set));
    const std::int64_t token = lock_token(a, set);
    EXPECT_EQ(refusal_of_downgrade(a, set), make_error_code(errc::invalid_argument));
    EXPECT_EQ(lock_token(a, set), token);
    EXPECT_EQ(a.grant(set)->lease->kind, LockKind::exclusive);
}

TEST_F(Downgrade, StrangersMarkCountsForNothing) {
    server.make(world.now(), "/q/_c_0b1c-__WRIT__", wire::CreateMode::ephemeral_sequential,
                std::string(own_record) + std::string(share_mark), 999);
    queue_shared(b);
}

TEST(ShareMark, IsTheLastFieldOfARecordOfOurs) {
    const std::string ours = "0123456789abcdef-lock-0000000001";
    const std::string record(own_record);
    const std::string mark(share_mark);
    EXPECT_TRUE(says_shared(ours, record + mark));
    EXPECT_TRUE(says_shared("0123456789abcdef-__WRIT__0000000001", record + mark));
    EXPECT_TRUE(says_shared("0123456789abcdef__lock__0000000001", record + mark));
    EXPECT_FALSE(says_shared("0123456789abcdef-__READ__0000000001", record + mark));
    EXPECT_FALSE(says_shared("_c_0123456789abcdef-lock-0000000001", record + mark));
    EXPECT_FALSE(says_shared(ours, record));
    EXPECT_FALSE(says_shared(ours, ""));
    EXPECT_FALSE(says_shared(ours, mark + record)) << "not the last";
    EXPECT_FALSE(says_shared(ours, "192.0.2.17" + mark)) << "no record of ours";
    EXPECT_FALSE(says_shared(ours, "\x42\x03" + mark)) << "a text that looks like it";
    EXPECT_FALSE(says_shared(ours, record + mark + "r")) << "cut off";
    EXPECT_FALSE(says_shared(ours, record + "\x42\x7f")) << "longer than it is";
}

}  // namespace
}  // namespace leasehold::core

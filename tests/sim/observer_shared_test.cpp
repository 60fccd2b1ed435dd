// Histories with holds that are shared, each good but for one thing: the observer has to notice it.
#include "tests/sim/observer_bench.hpp"

#include <gmock/gmock.h>

namespace leasehold::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class SharedObserverTest : public ObserverTest {
protected:
    void ask_to_share(ClientNumber who, OperationId id, Duration when) {
        ask(who, id, when, {.is_shared = true});
    }
    std::shared_ptr<core::Lease> share(ClientNumber who, OperationId id, Duration when,
                                       const std::string& node) {
        return grant(who, id, when, when + 8s, 0, node);
    }
    /// Reader 1 of the first client, asked for and granted at one second.
    std::shared_ptr<core::Lease> share() {
        ask_to_share(first, 1, 500ms);
        observer->on_node_created(at(900ms), reader_one, first_session, 7);
        return share(first, 1, 1s, reader_one);
    }
    void look(Duration when) {
        observer->check_progress(at(when), std::vector<Condition>(3, Condition::calm), 1s);
    }

    const std::string reader_one = "/a/x-__READ__0000000001";
    const std::string reader_two = "/a/y__rlock__0000000002";
    const std::string reader_three = "/a/z-__READ__0000000003";
    const std::string writer_one = "/a/v-__WRIT__0000000001";
    const std::string writer_two = "/a/w__lock__0000000002";
    const ClientNumber third = add_third();
};

TEST_F(SharedObserverTest, ReadersTogetherThenAWriterThenAReader_IsClean) {
    const auto one = share();
    ask_to_share(second, 1, 1s);
    observer->on_node_created(at(1s), reader_two, second_session, 8);
    const auto two = share(second, 1, 1500ms, reader_two);
    const std::string writer = "/a/w-lock-0000000003";
    const std::string last = "/a/l-__READ__0000000004";
    ask(third, 1, 2s);
    observer->on_node_created(at(2s), writer, third_session, 9);
    observer->on_watch_written(at(2s), third, reader_two);
    ask_to_share(first, 2, 2s);
    observer->on_node_created(at(2s), last, first_session, 10);
    observer->on_watch_written(at(2s), first, writer);
    look(4s);
    end(two, 4s, Loss::released, second);
    observer->on_delete_written(at(4s), second, reader_two);
    observer->on_node_deleted(at(4s), reader_two, second_session);
    observer->on_notified(at(4s), third, reader_two);
    observer->on_node_gone(at(4s), second, 1);
    observer->on_watch_written(at(4s), third, reader_one);
    look(6s);
    end(one, 6s, Loss::released);
    observer->on_delete_written(at(6s), first, reader_one);
    observer->on_node_deleted(at(6s), reader_one, first_session);
    observer->on_notified(at(6s), third, reader_one);
    observer->on_node_gone(at(6s), first, 1);
    const auto three = grant(third, 1, 6s, 9s, 9 * 64, writer);
    end(three, 7s, Loss::released, third);
    observer->on_delete_written(at(7s), third, writer);
    observer->on_node_deleted(at(7s), writer, third_session);
    observer->on_notified(at(7s), first, writer);
    observer->on_node_gone(at(7s), third, 1);
    share(first, 2, 7s, last);
    look(9s);
    EXPECT_THAT(violations(), IsEmpty());
    EXPECT_EQ(tally.of(Deed::shared), 3u);
    EXPECT_EQ(tally.of(Deed::shared_together), 1u);
    EXPECT_EQ(tally.of(Deed::shared_after_exclusive), 1u);
    EXPECT_EQ(tally.of(Deed::exclusive_after_shared), 1u);
}

TEST_F(SharedObserverTest, ReaderBesideAValidWriter_BreaksS1) {
    hold();
    ask_to_share(second, 1, 2s);
    observer->on_node_created(at(2s), reader_two, second_session, 8);
    share(second, 1, 3s, reader_two);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S5:"), StartsWith("S1:")));
}

TEST_F(SharedObserverTest, WriterBesideReaders_BreaksS1WithEach) {
    share();
    ask_to_share(second, 1, 1s);
    observer->on_node_created(at(1s), reader_two, second_session, 8);
    share(second, 1, 1500ms, reader_two);
    EXPECT_THAT(violations(), IsEmpty());
    ask(third, 1, 2s);
    observer->on_node_created(at(2s), "/a/w-lock-0000000003", third_session, 9);
    grant(third, 1, 2s, 8s, 9 * 64, "/a/w-lock-0000000003");
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S5:"), StartsWith("S1:")));
}

TEST_F(SharedObserverTest, ReaderSeenAfterAWriterAndAnotherReader_StillBreaksS1) {
    // Whichever of the three the observer looks at first, it must not forget the writer.
    share();
    ask(second, 1, 1s);
    observer->on_node_created(at(1s), writer_two, second_session, 8);
    grant(second, 1, 2s, 9s, 8 * 64, writer_two);
    ask_to_share(third, 1, 2s);
    observer->on_node_created(at(2s), reader_three, third_session, 9);
    const std::size_t before = violations().size();
    share(third, 1, 3s, reader_three);
    EXPECT_EQ(violations().size(), before + 3) << "S5, and S1 with each of the readers";
}

TEST_F(SharedObserverTest, GrantOnANodeOfTheOtherKind_BreaksS2) {
    ask(first, 1, 500ms);
    observer->on_node_created(at(900ms), reader_one, first_session, 7);
    grant(first, 1, 1s, 8s, 7 * 64, reader_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S2:")));
}

TEST_F(SharedObserverTest, SharedGrantWithoutANode_BreaksS2) {
    ask_to_share(first, 1, 500ms);
    share(first, 1, 1s, reader_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S2:")));
}

TEST_F(SharedObserverTest, NodeOfAValidReaderThatGoes_BreaksS2) {
    share();
    observer->on_node_deleted(at(2s), reader_one, first_session);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S2:")));
}

TEST_F(SharedObserverTest, ReaderThatPassesAWriterWhoWaits_BreaksS5) {
    share();
    ask(second, 1, 1s);
    observer->on_node_created(at(1s), writer_two, second_session, 8);
    ask_to_share(third, 1, 2s);
    observer->on_node_created(at(2s), reader_three, third_session, 9);
    share(third, 1, 3s, reader_three);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S5:")));
}

TEST_F(SharedObserverTest, TokenOfAReader_BreaksS6) {
    ask_to_share(first, 1, 500ms);
    observer->on_node_created(at(900ms), reader_one, first_session, 7);
    grant(first, 1, 1s, 9s, 7 * 64, reader_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S6:")));
}

TEST_F(SharedObserverTest, TokensOfWritersRiseAcrossReadersBetweenThem) {
    const auto lease = hold();
    end(lease, 2s, Loss::released);
    observer->on_node_deleted(at(2s), node_one, first_session);
    observer->on_node_gone(at(2s), first, 1);
    ask_to_share(second, 1, 2s);
    observer->on_node_created(at(2s), reader_two, second_session, 8);
    const auto reader = share(second, 1, 2s, reader_two);
    end(reader, 3s, Loss::released, second);
    observer->on_node_deleted(at(3s), reader_two, second_session);
    EXPECT_THAT(violations(), IsEmpty());
    const std::string late = "/a/w-lock-0000000003";
    ask(third, 1, 3s);
    observer->on_node_created(at(3s), late, third_session, 6);
    grant(third, 1, 3s, 9s, 6 * 64, late);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S6:")));
}

TEST_F(SharedObserverTest, ReaderWithoutAWriterAheadAndWithoutAGrant_BreaksL2) {
    share();
    ask_to_share(second, 1, 1s);
    observer->on_node_created(at(1s), reader_two, second_session, 8);
    look(1900ms);
    EXPECT_THAT(violations(), IsEmpty());
    look(3s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L2:")));
}

TEST_F(SharedObserverTest, ReaderWhoseLastWriterIsGone_BreaksL2FromThenOn) {
    ask_to_share(third, 1, 1s);
    observer->on_node_created(at(1s), writer_one, first_session, 7);
    observer->on_node_created(at(1s), writer_two, second_session, 8);
    observer->on_node_created(at(1s), reader_three, third_session, 9);
    const std::vector<Condition> only_third{Condition::disturbed, Condition::disturbed,
                                            Condition::calm};
    observer->on_node_deleted(at(3s), writer_two, second_session);
    observer->check_progress(at(5s), only_third, 1s);
    observer->on_node_deleted(at(5s), writer_one, first_session);
    observer->check_progress(at(6s), only_third, 1s);
    EXPECT_THAT(violations(), IsEmpty());
    observer->check_progress(at(6s + 1ms), only_third, 1s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L2:")));
}

TEST_F(SharedObserverTest, WriterWhoseLastReaderIsGone_BreaksL2FromThenOn) {
    const auto lease = share();
    ask(second, 1, 1s);
    observer->on_node_created(at(1s), writer_two, second_session, 8);
    look(4s);
    end(lease, 4s, Loss::released);
    observer->on_delete_written(at(4s), first, reader_one);
    observer->on_node_deleted(at(4s), reader_one, first_session);
    observer->on_node_gone(at(4s), first, 1);
    look(5s);
    EXPECT_THAT(violations(), IsEmpty());
    look(5s + 1ms);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L2:")));
}

TEST_F(SharedObserverTest, TwoReadersOfOneProcessWithOneNodeWaiting_BreakL2) {
    observer->on_node_created(at(1s), writer_one, second_session, 7);
    ask_to_share(first, 1, 1s);
    ask_to_share(first, 2, 1s);
    observer->on_node_created(at(1s), reader_two, first_session, 8);
    const std::vector<Condition> only_first{Condition::calm, Condition::disturbed, Condition::calm};
    observer->check_progress(at(2s), only_first, 1s);
    EXPECT_THAT(violations(), IsEmpty());
    observer->check_progress(at(3s), only_first, 1s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L2: a caller")));
}

TEST_F(SharedObserverTest, MoreNodesThanCallers_BreakS13) {
    observer->on_node_created(at(1s), writer_one, second_session, 7);
    ask_to_share(first, 1, 1s);
    observer->on_node_created(at(1s), reader_two, first_session, 8);
    observer->on_node_created(at(1s), reader_three, first_session, 9);
    observer->check_progress(at(4s), {Condition::calm, Condition::disturbed, Condition::calm}, 1s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("S13:")));
}

TEST_F(SharedObserverTest, NodeOfAReaderThatStandsForNobody_BreaksS14) {
    // Another one of the same process holds, which does not excuse it.
    share();
    observer->on_node_created(at(1s), reader_two, first_session, 8);
    look(4s);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L6, S14:")));
}

TEST_F(SharedObserverTest, TwoCallersOnOneNode_BreakL3) {
    share();
    ask_to_share(first, 2, 1s);
    share(first, 2, 2s, reader_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L3:")));
}

TEST_F(SharedObserverTest, NodesInAnotherOrderThanTheCalls_BreakL3) {
    observer->on_node_created(at(100ms), "/a/w-__READ__0000000000", second_session, 6);
    ask_to_share(first, 1, 500ms);
    ask_to_share(first, 2, 500ms);
    observer->on_node_created(at(1s), reader_one, first_session, 7);
    observer->on_node_created(at(1s), reader_two, first_session, 8);
    share(first, 1, 2s, reader_two);
    EXPECT_THAT(violations(), IsEmpty());
    share(first, 2, 2s, reader_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L3:")));
}

TEST_F(SharedObserverTest, NodeThatSomebodyDeleted_StandsInNoOrder) {
    build({.locks = {"/a"}, .has_foreign_deletes = true});
    observer->on_node_created(at(100ms), "/a/w-__READ__0000000000", second_session, 6);
    ask_to_share(first, 1, 500ms);
    ask_to_share(first, 2, 500ms);
    observer->on_node_created(at(1s), reader_two, first_session, 7);
    share(first, 1, 2s, reader_two);
    observer->on_node_deleted(at(2100ms), reader_two, second_session);
    observer->on_node_created(at(2200ms), reader_one, first_session, 8);
    share(first, 2, 2300ms, reader_one);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(SharedObserverTest, CallerThatLookedFirst_MayBeOvertaken) {
    observer->on_node_created(at(100ms), "/a/w-__READ__0000000000", second_session, 6);
    ask(first, 1, 500ms, {.is_shared = true, .looks_first = true});
    ask_to_share(first, 2, 500ms);
    observer->on_node_created(at(1s), reader_one, first_session, 7);
    observer->on_node_created(at(1s), reader_two, first_session, 8);
    share(first, 1, 2s, reader_two);
    share(first, 2, 2s, reader_one);
    EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(SharedObserverTest, LateDeleteOfAReader_BreaksL4) {
    const auto lease = share();
    end(lease, 2s, Loss::budget);
    observer->on_delete_written(at(2s + 51ms), first, reader_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L4:")));
}

TEST_F(SharedObserverTest, EndOfAWriter_MayWakeAllReadersBehindItAndNobodyElse) {
    observer->on_node_created(at(1s), writer_one, 99, 7);
    observer->on_node_created(at(1s), reader_two, first_session, 8);
    observer->on_node_created(at(1s), reader_three, second_session, 9);
    observer->on_node_created(at(1s), "/a/w-lock-0000000004", third_session, 10);
    observer->on_node_deleted(at(2s), writer_one, 99);
    observer->on_notified(at(2s), first, writer_one);
    observer->on_notified(at(2s), second, writer_one);
    EXPECT_THAT(violations(), IsEmpty());
    observer->on_notified(at(2s), third, writer_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L8:")));
}

TEST_F(SharedObserverTest, EndOfAReader_WakesNoReader) {
    observer->on_node_created(at(1s), reader_one, first_session, 7);
    observer->on_node_created(at(1s), reader_two, second_session, 8);
    observer->on_node_deleted(at(2s), reader_one, first_session);
    observer->on_notified(at(2s), second, reader_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L8:")));
}

TEST_F(SharedObserverTest, EndOfAReader_WakesTheWriterRightBehindItOnly) {
    observer->on_node_created(at(1s), reader_one, first_session, 7);
    observer->on_node_created(at(1s), reader_two, second_session, 8);
    observer->on_node_created(at(1s), "/a/w-lock-0000000003", third_session, 9);
    observer->on_node_deleted(at(2s), reader_one, first_session);
    observer->on_node_deleted(at(2s), reader_two, second_session);
    observer->on_notified(at(2s), third, reader_two);
    EXPECT_THAT(violations(), IsEmpty());
    observer->on_notified(at(2s), third, reader_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L8:")));
}

TEST_F(SharedObserverTest, ReaderThatWatchesAReader_BreaksL8) {
    observer->on_node_created(at(1s), writer_one, 99, 7);
    observer->on_node_created(at(1s), reader_two, first_session, 8);
    observer->on_node_created(at(1s), reader_three, second_session, 9);
    observer->on_watch_written(at(1s), second, writer_one);
    observer->on_watch_written(at(1s), second, reader_three);
    EXPECT_THAT(violations(), IsEmpty());
    observer->on_watch_written(at(1s), second, reader_two);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L8:")));
}

TEST_F(SharedObserverTest, ReaderThatWatchesAFartherWriter_BreaksL8) {
    observer->on_node_created(at(1s), writer_one, 99, 7);
    observer->on_node_created(at(1s), writer_two, 99, 8);
    observer->on_node_created(at(1s), reader_three, first_session, 9);
    observer->on_watch_written(at(1s), first, writer_one);
    EXPECT_THAT(violations(), ElementsAre(StartsWith("L8:")));
}

}  // namespace
}  // namespace leasehold::sim

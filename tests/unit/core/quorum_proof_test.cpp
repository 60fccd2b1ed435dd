// Which answers prove what, by the rule of four.
#include "sdk/core/quorum_proof.hpp"

#include <gtest/gtest.h>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr Duration spacing = 3s;

class QuorumRule : public ::testing::Test {
protected:
    QuorumRule() { proof.begin(at(0ms)); }

    static constexpr Instant at(milliseconds when) { return Instant{1h} + when; }
    void ping(milliseconds sent, milliseconds received) {
        proof.on_ack(at(sent), at(received), false);
    }
    void write(milliseconds sent, milliseconds received) {
        proof.on_ack(at(sent), at(received), true);
    }
    [[nodiscard]] milliseconds proven() const {
        return std::chrono::duration_cast<milliseconds>(proof.proven() - at(0ms));
    }

    QuorumProof proof{spacing, 250ms};
};

TEST_F(QuorumRule, FourAnswersProveTheFirst) {
    ping(1000ms, 1010ms);
    ping(1500ms, 1510ms);
    write(4511ms, 4520ms);
    EXPECT_EQ(proven(), 0ms);
    write(4521ms, 4530ms);
    EXPECT_EQ(proven(), 1000ms);
}

TEST_F(QuorumRule, CreationIsAProofItself) {
    proof.begin(at(700ms));
    EXPECT_EQ(proven(), 700ms);
}

TEST_F(QuorumRule, SecondAnswerHasToBeToWhatWasSentAfterTheFirstCame) {
    ping(1000ms, 2000ms);
    ping(1300ms, 2010ms);  // is a candidate itself, and no second for the first
    write(5500ms, 5510ms);
    write(5520ms, 5530ms);
    EXPECT_EQ(proven(), 0ms);
    write(8515ms, 8520ms);  // the write at 5500 was the second one
    write(8525ms, 8528ms);
    EXPECT_EQ(proven(), 1300ms);
}

TEST_F(QuorumRule, WriteThatIsTooSoonMaturesNothing) {
    ping(1000ms, 1010ms);
    ping(1500ms, 1510ms);
    write(4510ms, 4520ms);
    write(4530ms, 4540ms);  // this is the first that counts
    EXPECT_EQ(proven(), 0ms);
    write(4550ms, 4560ms);
    EXPECT_EQ(proven(), 1000ms);
}

TEST_F(QuorumRule, LastWriteHasToBeSentAfterTheOneBeforeWasAnswered) {
    ping(1000ms, 1010ms);
    ping(1500ms, 1510ms);
    write(5000ms, 5100ms);
    write(5050ms, 5110ms);
    write(5100ms, 5120ms);  // at the same instant is not after
    EXPECT_EQ(proven(), 0ms);
    write(5101ms, 5130ms);
    EXPECT_EQ(proven(), 1000ms);
}

TEST_F(QuorumRule, PingsProveNothingByThemselves) {
    for (milliseconds now = 1s; now < 100s; now += 500ms) {
        ping(now, now + 10ms);
    }
    EXPECT_EQ(proven(), 0ms);
}

TEST_F(QuorumRule, AnotherConnectionBeginsAnew) {
    ping(1000ms, 1010ms);
    ping(1500ms, 1510ms);
    write(5000ms, 5010ms);
    proof.on_connection_lost();
    write(5100ms, 5110ms);
    write(5200ms, 5210ms);
    EXPECT_EQ(proven(), 0ms) << "the third one was on the connection before";
    EXPECT_EQ(proof.next_useful_write(), at(8210ms) + Duration{1});
}

TEST_F(QuorumRule, EarlierConnectionsProofStays) {
    ping(1000ms, 1010ms);
    ping(1500ms, 1510ms);
    write(5000ms, 5010ms);
    write(5020ms, 5030ms);
    proof.on_connection_lost();
    EXPECT_EQ(proven(), 1000ms);
}

TEST_F(QuorumRule, AfterALongTimeOfPingsTwoWritesProveTheLatestThatTheyCan) {
    for (milliseconds now = 0s; now <= 1000s; now += 500ms) {
        ping(now, now + 10ms);
    }
    write(1000'200ms, 1000'210ms);
    write(1000'211ms, 1000'220ms);
    // i at 996 500, i' answered at 997 010, and 3 s after that is before 1 000 200.
    EXPECT_EQ(proven(), 996'500ms);
}

TEST_F(QuorumRule, SteadyWritesProveWhatIsThreeOfThemAndTheSpacingOld) {
    for (milliseconds now = 0s; now <= 60s; now += 500ms) {
        write(now, now + 10ms);
        if (now > 10s) {
            EXPECT_LE(now - proven(), spacing + 4 * 500ms) << now.count();
        }
    }
}

TEST_F(QuorumRule, AnswersThatComeLateStillProve) {
    // Each takes longer than the time between two of them, and than the grain.
    for (milliseconds now = 0s; now <= 60s; now += 500ms) {
        write(now, now + 2s);
    }
    EXPECT_GE(proven(), 60s - spacing - 4 * 2s - 4 * 500ms);
}

TEST_F(QuorumRule, SaysWhichWriteIsOfUse) {
    EXPECT_EQ(proof.next_useful_write(), Instant::max());
    ping(1000ms, 1010ms);
    EXPECT_EQ(proof.next_useful_write(), Instant::max())
        << "the second answer need not be a write's";
    ping(1500ms, 1510ms);
    EXPECT_EQ(proof.next_useful_write(), at(4510ms) + Duration{1});
    write(5000ms, 5010ms);
    EXPECT_EQ(proof.next_useful_write(), at(5010ms) + Duration{1});
}

}  // namespace
}  // namespace leasehold::core

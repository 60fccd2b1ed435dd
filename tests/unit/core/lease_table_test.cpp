// When a lease ends, what is told in which order, and when its node may go.
#include "sdk/core/lease_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Leases : public ::testing::Test, public LeaseListener {
protected:
    void on_node_free(Instant, OperationId lease, Loss loss, Duration held) override {
        happened.push_back("free " + std::to_string(lease) + " " + std::string(to_string(loss)) +
                           " after " + std::to_string(held / 1ms));
    }
    Leases() { table.on_safe_deadline(now, now + 20s); }

    std::shared_ptr<Lease> grant(OperationId id, Duration budget = 10s,
                                 OnBudget on_budget = OnBudget::release, Duration max_hold = 30s) {
        return table.grant(now, id, {budget, 500ms, on_budget, max_hold}, 64, {"/q/n"});
    }
    /// Lets time pass; what is due is handled in order.
    void pass(Duration time) {
        const Instant end = now + time;
        for (Instant next = timers.next(); next <= end; next = timers.next()) {
            now = std::max(now, next);
            const TimerKey timer = *timers.pop_due(now);
            timer.kind == TimerKind::lease_end    ? table.on_end_timer(now, timer.id)
            : timer.kind == TimerKind::lease_stop ? table.on_stop_timer(now, timer.id)
                                                  : table.on_hold_timer(now, timer.id);
            tell();
        }
        now = end;
    }
    /// The effects since the last call go before what the listener hears later.
    void tell() {
        for (const Effect& effect : std::exchange(effects, {})) {
            if (const auto* stop = std::get_if<StopDue>(&effect)) {
                told.push_back("stop " + std::to_string(stop->lease));
            } else if (const auto* ended = std::get_if<LeaseEnded>(&effect)) {
                told.push_back("ended " + std::to_string(ended->lease) + " " +
                               std::string(to_string(ended->loss)));
            }
        }
    }
    std::vector<std::string> take_told() {
        tell();
        return std::exchange(told, {});
    }
    std::vector<std::string> take_happened() { return std::exchange(happened, {}); }
    bool is_valid(const std::shared_ptr<Lease>& lease) const {
        return lease->word.deadline() > now;
    }

    Instant now{1000s};
    Timers timers;
    std::vector<Effect> effects;
    std::vector<std::string> told;
    std::vector<std::string> happened;
    LeaseTable table{timers, effects, *this};
};

TEST_F(Leases, BudgetBoundsALeaseAndTheStopComesFirst) {
    const auto lease = grant(1);
    EXPECT_EQ(lease->word.deadline(), now + 10s);
    pass(9499ms);
    EXPECT_THAT(take_told(), IsEmpty());
    pass(1ms);
    EXPECT_THAT(take_told(), ElementsAre("stop 1"));
    EXPECT_TRUE(is_valid(lease));
    pass(500ms);
    EXPECT_THAT(take_told(), ElementsAre("ended 1 budget"));
    EXPECT_THAT(take_happened(), ElementsAre("free 1 budget after 10000"));
    EXPECT_EQ(lease->word.deadline(), Instant::min());
    EXPECT_EQ(table.overruns(), 1u);
    EXPECT_EQ(table.losses(), 0u);
    EXPECT_TRUE(timers.empty());
}

TEST_F(Leases, SafeDeadlineBoundsALeaseAndItsMoveMovesIt) {
    table.on_safe_deadline(now, now + 4s);
    const auto lease = grant(1);
    EXPECT_EQ(lease->word.deadline(), now + 4s);
    table.on_safe_deadline(now, now + 7s);
    EXPECT_EQ(lease->word.deadline(), now + 7s);
    table.on_safe_deadline(now, now + 70s);
    EXPECT_EQ(lease->word.deadline(), now + 10s);
    EXPECT_EQ(table.deadline(1), now + 10s);
}

TEST_F(Leases, SafeDeadlineThatPassesEndsTheLeaseForGood) {
    table.on_safe_deadline(now, now + 4s);
    const auto lease = grant(1);
    pass(4s);
    EXPECT_THAT(take_told(), ElementsAre("stop 1", "ended 1 deadline"));
    table.on_safe_deadline(now, now + 20s);
    EXPECT_FALSE(is_valid(lease));
    EXPECT_EQ(table.losses(), 1u);
}

TEST_F(Leases, SmallerTimeoutShortensEveryLeaseAtOnce) {
    const auto lease = grant(1);
    const auto other = grant(2, 1s);
    table.on_safe_deadline(now, now + 3s);
    EXPECT_EQ(lease->word.deadline(), now + 3s);
    EXPECT_EQ(other->word.deadline(), now + 1s);
    table.on_safe_deadline(now, now);
    EXPECT_FALSE(is_valid(lease));
    EXPECT_FALSE(is_valid(other));
}

TEST_F(Leases, NobodyRevivesALeaseThatAnAskerHasLatched) {
    table.on_safe_deadline(now, now + 4s);
    const auto lease = grant(1);
    EXPECT_FALSE(lease->word.valid([&] { return now + 4s; }));  // its clock is ahead of the turn's
    table.on_safe_deadline(now, now + 9s);
    EXPECT_FALSE(is_valid(lease));
    EXPECT_THAT(take_told(), ElementsAre("stop 1", "ended 1 deadline"));
}

TEST_F(Leases, ReleaseEndsAtOnceAndTwiceIsOnce) {
    const auto lease = grant(1);
    table.release(now, 1);
    EXPECT_FALSE(is_valid(lease));
    table.release(now, 1);
    EXPECT_THAT(take_told(), ElementsAre("stop 1", "ended 1 released"));
    EXPECT_THAT(take_happened(), ElementsAre("free 1 released after 0"));
    EXPECT_EQ(table.live(), 0u);
}

TEST_F(Leases, UnknownLeasesAreIgnored) {
    table.release(now, 9);
    table.call_returned(now, 9);
    table.end(now, 9, Loss::closed);
    table.on_end_timer(now, 9);
    table.on_stop_timer(now, 9);
    EXPECT_TRUE(table.extend(now, 9, 1s).error() == errc::lock_lost);
    EXPECT_THAT(take_told(), IsEmpty());
    EXPECT_THAT(take_happened(), IsEmpty());
}

TEST_F(Leases, NodeWaitsForTheCallToReturn) {
    const auto lease = grant(1, 10s, OnBudget::hold_until_return);
    ++lease->active_calls;
    pass(10s);
    EXPECT_FALSE(is_valid(lease));
    EXPECT_THAT(take_told(), ElementsAre("stop 1", "ended 1 budget"));
    EXPECT_THAT(take_happened(), IsEmpty());
    pass(1s);
    --lease->active_calls;
    table.call_returned(now, 1);
    EXPECT_THAT(take_happened(), ElementsAre("free 1 budget after 11000"));
    EXPECT_TRUE(timers.empty());
}

TEST_F(Leases, NodeWaitsForTheLastOfSeveralCalls) {
    const auto lease = grant(1, 10s, OnBudget::hold_until_return);
    lease->active_calls = 2;
    pass(10s);
    --lease->active_calls;
    table.call_returned(now, 1);
    EXPECT_THAT(take_happened(), IsEmpty());
    --lease->active_calls;
    table.call_returned(now, 1);
    EXPECT_THAT(take_happened(), ElementsAre("free 1 budget after 10000"));
}

TEST_F(Leases, NodeWaitsForNoCallThatIsNotThere) {
    grant(1, 10s, OnBudget::hold_until_return);
    pass(10s);
    EXPECT_THAT(take_happened(), ElementsAre("free 1 budget after 10000"));
}

TEST_F(Leases, NodeWaitsNoLongerThanMaxHold) {
    const auto lease = grant(1, 10s, OnBudget::hold_until_return, 15s);
    ++lease->active_calls;
    pass(15s);
    EXPECT_THAT(take_happened(), ElementsAre("free 1 budget after 15000"));
}

TEST_F(Leases, NodeWaitsNoLongerThanTheSafeDeadline) {
    const auto lease = grant(1, 10s, OnBudget::hold_until_return);
    ++lease->active_calls;
    pass(10s);
    table.on_safe_deadline(now, now + 3s);
    pass(3s);
    EXPECT_THAT(take_happened(), ElementsAre("free 1 budget after 13000"));
}

TEST_F(Leases, NodeThatWaitsFollowsTheSafeDeadline) {
    table.on_safe_deadline(now, now + 12s);
    const auto lease = grant(1, 10s, OnBudget::hold_until_return, 15s);
    ++lease->active_calls;
    pass(10s);
    table.on_safe_deadline(now, now + 20s);
    pass(4999ms);
    EXPECT_THAT(take_happened(), IsEmpty());
    pass(1ms);
    EXPECT_THAT(take_happened(), ElementsAre("free 1 budget after 15000"));
}

TEST_F(Leases, ReleaseFreesANodeThatWaitsForACall) {
    const auto lease = grant(1, 10s, OnBudget::hold_until_return);
    ++lease->active_calls;
    pass(10s);
    table.release(now, 1);
    EXPECT_THAT(take_happened(), ElementsAre("free 1 budget after 10000"));
}

TEST_F(Leases, LossOtherThanTheBudgetWaitsForNoCall) {
    const auto lease = grant(1, 10s, OnBudget::hold_until_return);
    ++lease->active_calls;
    table.end(now, 1, Loss::node_deleted);
    EXPECT_THAT(take_happened(), ElementsAre("free 1 node_deleted after 0"));
}

TEST_F(Leases, NodeThatIsGoneIsNotHeldForACall) {
    const auto lease = grant(1, 10s, OnBudget::hold_until_return);
    ++lease->active_calls;
    pass(10s);
    table.end(now, 1, Loss::node_deleted);
    EXPECT_THAT(take_happened(), ElementsAre("free 1 node_deleted after 10000"));
    EXPECT_TRUE(timers.empty());
}

TEST_F(Leases, EndOfTheSessionEndsAllWithThoseThatWaitForACall) {
    const auto held = grant(1, 10s, OnBudget::hold_until_return);
    ++held->active_calls;
    pass(10s);
    const auto live = grant(2);
    take_told();
    table.end_all(now, Loss::session_expired);
    EXPECT_FALSE(is_valid(live));
    EXPECT_THAT(take_told(), ElementsAre("stop 2", "ended 2 session_expired"));
    EXPECT_THAT(take_happened(), ElementsAre("free 1 session_expired after 10000",
                                             "free 2 session_expired after 0"));
    EXPECT_TRUE(table.ids().empty());
    EXPECT_TRUE(timers.empty());
}

TEST_F(Leases, ExtensionCountsFromNowAndStaysBelowTheSafeDeadline) {
    const auto lease = grant(1);
    pass(5s);
    EXPECT_EQ(table.extend(now, 1, 8s).value(), now + 8s);
    EXPECT_EQ(lease->word.deadline(), now + 8s);
    EXPECT_EQ(table.extend(now, 1, 60s).value(), table.safe_deadline());
}

TEST_F(Leases, ExtensionAfterTheStopIsRefused) {
    grant(1);
    pass(9600ms);
    EXPECT_TRUE(table.extend(now, 1, 5s).error() == errc::budget_exceeded);
    EXPECT_EQ(table.deadline(1), now + 400ms);
}

TEST_F(Leases, ExtensionOfADeadLeaseIsRefused) {
    const auto lease = grant(1, 10s, OnBudget::hold_until_return);
    ++lease->active_calls;
    pass(10s);
    EXPECT_TRUE(table.extend(now, 1, 5s).error() == errc::lock_lost);
    EXPECT_FALSE(is_valid(lease));
}

TEST_F(Leases, ExtensionCannotReviveALeaseThatAnAskerHasLatched) {
    const auto lease = grant(1, 10s, OnBudget::hold_until_return);
    ++lease->active_calls;
    EXPECT_FALSE(lease->word.valid([&] { return now + 10s; }));
    EXPECT_TRUE(table.extend(now, 1, 5s).error() == errc::lock_lost);
    EXPECT_FALSE(is_valid(lease));
    EXPECT_EQ(table.live(), 0u);
}

AcquireSpec spec_of(LockOptions options) {
    AcquireSpec spec;
    spec.options = options;
    return spec;
}

TEST(LeaseTerms, DefaultsFollowTheBudget) {
    const LeaseTerms small = terms_of(spec_of({.budget = 1s}));
    EXPECT_EQ(small.reserve, Duration{100ms});
    EXPECT_EQ(small.max_hold, Duration{2s});
    EXPECT_EQ(terms_of(spec_of({.budget = 60s})).reserve, Duration{500ms});
    EXPECT_EQ(terms_of(spec_of({.budget = 1s, .reserve = 0ms})).reserve, Duration{0});
    EXPECT_EQ(terms_of(spec_of({.budget = milliseconds::max()})).max_hold, Duration::max());
}

TEST(LeaseTerms, ABudgetOfForEverIsStillABudgetAndTooLong) {
    EXPECT_EQ(least_lease(spec_of({.budget = milliseconds::max()})), Duration::max());
}

TEST(LeaseTerms, WithoutABudgetOnlyTheReserveHasToFit) {
    AcquireSpec spec = spec_of({.budget = 1s, .reserve = 200ms});
    spec.is_rolling = true;
    EXPECT_EQ(terms_of(spec).budget, Duration::max());
    EXPECT_EQ(least_lease(spec), Duration{200ms});
}

}  // namespace
}  // namespace leasehold::core

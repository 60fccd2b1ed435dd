#include "sdk/core/lease.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;

Instant at(Duration when) {
    return Instant{1000s + when};
}

bool is_valid(LeaseWord& word, Instant now) {
    return word.valid([now] { return now; });
}

TEST(LeaseWord, IsValidUpToTheLastNanosecondBeforeItsDeadline) {
    LeaseWord word(at(10s));
    EXPECT_TRUE(is_valid(word, at(0s)));
    EXPECT_TRUE(is_valid(word, at(10s - 1ns)));
}

TEST(LeaseWord, IsNotValidAtItsDeadlineAndNeverAfterwards) {
    LeaseWord word(at(10s));
    EXPECT_FALSE(is_valid(word, at(10s)));
    // Not even by a clock that goes back.
    EXPECT_FALSE(is_valid(word, at(0s)));
    EXPECT_EQ(word.deadline(), Instant::min());
}

TEST(LeaseWord, DeadWordIsNotAskedForTheTime) {
    LeaseWord word(at(10s));
    word.latch_dead();
    EXPECT_FALSE(word.valid([]() -> Instant {
        ADD_FAILURE() << "the clock was read";
        return at(0s);
    }));
}

TEST(LeaseWord, ClockIsReadAfterTheWord) {
    // A move between the two reads: the time that was read belongs to the word that was read.
    LeaseWord word(at(10s));
    EXPECT_TRUE(word.valid([&] {
        EXPECT_TRUE(word.move(at(10s), at(20s)));
        return at(5s);
    }));
    EXPECT_EQ(word.deadline(), at(20s));
}

TEST(LeaseWord, DeadlineThatMovedWhileWeFoundItPassedIsLookedAtAgain) {
    LeaseWord word(at(10s));
    int reads = 0;
    EXPECT_TRUE(word.valid([&] {
        if (++reads == 1) {
            EXPECT_TRUE(word.move(at(10s), at(20s)));
        }
        return at(15s);
    }));
    EXPECT_EQ(reads, 2);
    EXPECT_EQ(word.deadline(), at(20s));
}

TEST(LeaseWord, MovesFromTheDeadlineThatIsKnown) {
    LeaseWord word(at(10s));
    EXPECT_TRUE(word.move(at(10s), at(20s)));
    EXPECT_TRUE(is_valid(word, at(15s)));
    EXPECT_FALSE(word.move(at(10s), at(30s)));
    EXPECT_EQ(word.deadline(), at(20s));
}

TEST(LeaseWord, MovesBackAsWell) {
    LeaseWord word(at(20s));
    EXPECT_TRUE(word.move(at(20s), at(10s)));
    EXPECT_FALSE(is_valid(word, at(10s)));
}

TEST(LeaseWord, OnceDeadNoMoveRevivesIt) {
    LeaseWord latched(at(10s));
    latched.latch_dead();
    EXPECT_FALSE(latched.move(at(10s), at(20s)));
    EXPECT_FALSE(is_valid(latched, at(0s)));

    LeaseWord passed(at(10s));
    EXPECT_FALSE(is_valid(passed, at(10s)));
    EXPECT_FALSE(passed.move(at(10s), at(20s)));
    EXPECT_FALSE(is_valid(passed, at(0s)));
}

TEST(LeaseWord, AskersRacingWithMovesNeverSeeFalseThenTrue) {
    // Time advances by one with each question; the engine renews one ahead of it, often too late.
    // Whatever the interleaving: once one thread was told false, no thread is told true again.
    int died = 0;
    for (int round = 0; round < 300; ++round) {
        std::atomic<std::int64_t> clock{0};
        const auto read_clock = [&] { return Instant{Duration{++clock}}; };
        LeaseWord word(Instant{20ns});
        std::atomic<bool> told_false{false};
        std::atomic<int> revivals{0};
        {
            std::vector<std::jthread> threads;
            for (int asker = 0; asker < 3; ++asker) {
                threads.emplace_back([&] {
                    for (int i = 0; i < 300; ++i) {
                        // Read before asking: a later false of another thread proves nothing.
                        const bool was_false = told_false.load();
                        const bool valid = word.valid(read_clock);
                        if (valid && was_false) {
                            ++revivals;
                        }
                        if (!valid) {
                            told_false.store(true);
                        }
                    }
                });
            }
            threads.emplace_back([&] {
                Instant deadline{20ns};
                for (int i = 0; i < 300; ++i) {
                    const Instant later{Duration{clock.load() + 20}};
                    if (later > deadline && !word.move(deadline, later)) {
                        return;
                    }
                    deadline = std::max(deadline, later);
                }
            });
        }
        ASSERT_EQ(revivals.load(), 0) << "round " << round;
        died += told_false.load() ? 1 : 0;
    }
    EXPECT_GT(died, 0) << "the race was never run to its end";
}

TEST(Lease, KeepsWhatTheHandleShows) {
    const Lease lease(at(10s), 4711, {"/orders/42/x-lock-0000000001"});
    EXPECT_EQ(lease.word.deadline(), at(10s));
    EXPECT_EQ(lease.token, 4711);
    EXPECT_EQ(lease.node(), "/orders/42/x-lock-0000000001");
    EXPECT_EQ(lease.active_calls.load(), 0);
}

}  // namespace
}  // namespace leasehold::core

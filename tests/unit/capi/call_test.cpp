#include "tests/unit/capi/fixture.hpp"

#include <atomic>
#include <stdexcept>

namespace leasehold::capi {
namespace {

using support::eventually;

class Call : public CInterface {};

TEST_F(Call, KnowsItsDeadlineAndSaysThatTheLockWasOurs) {
    OwnedLock lock;
    ASSERT_EQ(lh_client_lock(client, "/a", nullptr, &lock, nullptr), LH_OK);
    lh_call* call = nullptr;
    ASSERT_EQ(lh_call_begin(lock, &call, nullptr), LH_OK);
    EXPECT_LT(lh_call_deadline_ns(call), lh_lock_deadline_ns(lock));
    EXPECT_GT(lh_call_remaining_ns(call), 0);
    EXPECT_EQ(lh_call_token(call), lh_lock_token(lock));
    EXPECT_STREQ(lh_call_path(call), "/a");
    EXPECT_EQ(lh_call_valid(call), 1);
    EXPECT_EQ(lh_call_stop_requested(call), 0);
    EXPECT_EQ(lh_call_end(call, nullptr), LH_OK);
    EXPECT_EQ(lh_call_end(call, nullptr), LH_INVALID_HANDLE);
}

TEST_F(Call, IsToldToStopAndThatItCameBackLate) {
    lh_lock_options options = lock_options();
    options.budget_ms = 300;
    options.reserve_ms = 100;
    OwnedLock lock;
    ASSERT_EQ(lh_client_lock(client, "/a", &options, &lock, nullptr), LH_OK);
    lh_call* call = nullptr;
    ASSERT_EQ(lh_call_begin(lock, &call, nullptr), LH_OK);
    std::atomic<int> stops{0};
    ASSERT_EQ(lh_call_on_stop(
                  call, [](void* user) { ++*static_cast<std::atomic<int>*>(user); }, &stops,
                  nullptr, nullptr),
              LH_OK);
    EXPECT_TRUE(eventually([&] { return stops == 1; }));
    EXPECT_EQ(lh_call_stop_requested(call), 1);
    EXPECT_TRUE(eventually([&] { return lh_embedded_server_nodes(server, "/a") == 0; }))
        << "the call has not come back, and the lock is still held";
    EXPECT_EQ(lh_call_valid(call), 0);
    OwnedError error;
    EXPECT_EQ(lh_call_end(call, &error), LH_BUDGET_EXCEEDED);
    EXPECT_STREQ(lh_error_path(error), "/a");
    EXPECT_EQ(lh_call_begin(lock, &call, nullptr), LH_BUDGET_EXCEEDED);
}

TEST_F(Call, StopHandlerMayEndTheCallAndIsDestroyedOnce) {
    struct Stopped {
        lh_call* call = nullptr;
        std::atomic<int> ended{-1};
        std::atomic<int> destroyed{0};
    } stopped;
    OwnedLock lock;
    ASSERT_EQ(lh_client_lock(client, "/a", nullptr, &lock, nullptr), LH_OK);
    ASSERT_EQ(lh_call_begin(lock, &stopped.call, nullptr), LH_OK);
    ASSERT_EQ(lh_call_on_stop(
                  stopped.call,
                  [](void* user) {
                      auto* const self = static_cast<Stopped*>(user);
                      self->ended = lh_call_end(self->call, nullptr);
                  },
                  &stopped, [](void* user) { ++static_cast<Stopped*>(user)->destroyed; }, nullptr),
              LH_OK);
    EXPECT_EQ(lh_lock_release(lock, 5'000, nullptr), LH_OK);
    EXPECT_TRUE(eventually([&] { return stopped.ended == LH_LOCK_LOST; }));
    EXPECT_TRUE(eventually([&] { return stopped.destroyed == 1; }));
}

TEST_F(Call, ReplacedStopHandlerIsNotCalled) {
    OwnedLock lock;
    ASSERT_EQ(lh_client_lock(client, "/a", nullptr, &lock, nullptr), LH_OK);
    lh_call* call = nullptr;
    ASSERT_EQ(lh_call_begin(lock, &call, nullptr), LH_OK);
    std::atomic<int> first{0};
    std::atomic<int> second{0};
    const auto count = [](void* user) { ++*static_cast<std::atomic<int>*>(user); };
    ASSERT_EQ(lh_call_on_stop(call, count, &first, nullptr, nullptr), LH_OK);
    ASSERT_EQ(lh_call_on_stop(call, count, &second, nullptr, nullptr), LH_OK);
    EXPECT_EQ(lh_lock_release(lock, 5'000, nullptr), LH_OK);
    EXPECT_TRUE(eventually([&] { return second == 1; }));
    EXPECT_EQ(first, 0);
    // One that is set when stop has been requested is called at once, here.
    ASSERT_EQ(lh_call_on_stop(call, count, &first, nullptr, nullptr), LH_OK);
    EXPECT_EQ(first, 1);
    EXPECT_EQ(lh_call_end(call, nullptr), LH_LOCK_LOST);
}

TEST_F(Call, OfAFunctionReturnsWhatItReturns) {
    OwnedLock lock;
    ASSERT_EQ(lh_client_lock(client, "/a", nullptr, &lock, nullptr), LH_OK);
    int returned = 0;
    EXPECT_EQ(lh_lock_call(
                  lock, [](lh_call* call, void*) { return lh_call_valid(call) == 1 ? 42 : 0; },
                  nullptr, &returned, nullptr),
              LH_OK);
    EXPECT_EQ(returned, 42);
    EXPECT_EQ(lh_lock_call(lock, nullptr, nullptr, nullptr, nullptr), LH_INVALID_ARGUMENT);
}

TEST_F(Call, OfAFunctionThatThrowsHasFailed) {
    OwnedLock lock;
    ASSERT_EQ(lh_client_lock(client, "/a", nullptr, &lock, nullptr), LH_OK);
    OwnedError error;
    EXPECT_EQ(lh_lock_call(
                  lock, [](lh_call*, void*) -> int { throw std::runtime_error("thrown"); }, nullptr,
                  nullptr, &error),
              LH_CALL_FAILED);
    EXPECT_EQ(lh_lock_valid(lock), 1);
}

TEST_F(Call, HoldsTheNodeUntilItEndsIfThatWasAskedFor) {
    lh_lock_options options = lock_options();
    options.budget_ms = 300;
    options.on_budget = LH_HOLD_UNTIL_RETURN;
    options.max_hold_ms = 10'000;
    OwnedLock lock;
    ASSERT_EQ(lh_client_lock(client, "/a", &options, &lock, nullptr), LH_OK);
    lh_call* call = nullptr;
    ASSERT_EQ(lh_call_begin(lock, &call, nullptr), LH_OK);
    EXPECT_TRUE(eventually([&] { return lh_lock_valid(lock) == 0; }));
    EXPECT_EQ(lh_embedded_server_nodes(server, "/a"), 1U);
    EXPECT_EQ(lh_call_end(call, nullptr), LH_BUDGET_EXCEEDED);
    EXPECT_TRUE(eventually([&] { return lh_embedded_server_nodes(server, "/a") == 0; }));
}

}  // namespace
}  // namespace leasehold::capi

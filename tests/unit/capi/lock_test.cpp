#include "tests/unit/capi/fixture.hpp"

#include <array>
#include <thread>

namespace leasehold::capi {
namespace {

using support::eventually;

class Lock : public CInterface {};

TEST_F(Lock, IsHeldUntilItIsFreed) {
    OwnedError error;
    lh_lock* lock = nullptr;
    ASSERT_EQ(lh_client_lock(client, "/orders/42", nullptr, &lock, &error), LH_OK)
        << lh_error_message(error);
    EXPECT_EQ(static_cast<lh_error*>(error), nullptr);
    EXPECT_EQ(lh_lock_valid(lock), 1);
    EXPECT_GT(lh_lock_token(lock), 0);
    EXPECT_GT(lh_lock_remaining_ns(lock), 0);
    EXPECT_GT(lh_lock_deadline_ns(lock), lh_now_ns());
    EXPECT_EQ(lh_lock_kind_of(lock), LH_EXCLUSIVE);
    EXPECT_EQ(lh_lock_stop_requested(lock), 0);
    EXPECT_EQ(lh_lock_count(lock), 1U);
    EXPECT_STREQ(lh_lock_path(lock, 0), "/orders/42");
    EXPECT_THAT(lh_lock_node(lock, 0), ::testing::StartsWith("/orders/42/"));
    EXPECT_EQ(lh_lock_path(lock, 1), nullptr);
    EXPECT_EQ(lh_embedded_server_nodes(server, "/orders/42"), 1U);
    lh_lock_free(lock);
    EXPECT_TRUE(eventually([&] { return lh_embedded_server_nodes(server, "/orders/42") == 0; }));
}

TEST_F(Lock, RefusedOnesSayWhoHoldsIt) {
    lh_client* other = nullptr;
    connect(&other);
    lh_lock_options options = lock_options();
    options.owner = "till 4";
    OwnedLock held;
    ASSERT_EQ(lh_client_lock(other, "/orders/42", &options, &held, nullptr), LH_OK);

    options = lock_options();
    options.wait_ms = 50;
    OwnedError error;
    OwnedLock lock;
    EXPECT_EQ(lh_client_lock(client, "/orders/42", &options, &lock, &error), LH_WAIT_EXPIRED);
    EXPECT_EQ(static_cast<lh_lock*>(lock), nullptr);
    EXPECT_EQ(lh_error_code(error), LH_WAIT_EXPIRED);
    EXPECT_STREQ(lh_error_path(error), "/orders/42");
    EXPECT_THAT(lh_error_holder(error), ::testing::HasSubstr("till 4"));
    EXPECT_STRNE(lh_error_holder_node(error), "");
    EXPECT_EQ(lh_error_position(error), 1);
    EXPECT_THAT(lh_error_message(error), ::testing::HasSubstr("/orders/42"));
    lh_client_free(other);
}

TEST_F(Lock, EachKindIsTheOneThatWasAskedFor) {
    for (const int kind : {LH_EXCLUSIVE, LH_SHARED, LH_PERMIT, LH_UPGRADABLE}) {
        lh_lock_options options = lock_options();
        options.kind = kind;
        OwnedLock lock;
        const std::string path = "/kind/" + std::to_string(kind);
        ASSERT_EQ(lh_client_lock(client, path.c_str(), &options, &lock, nullptr), LH_OK);
        EXPECT_EQ(lh_lock_kind_of(lock), kind);
    }
}

TEST_F(Lock, SetsAreHeldTogether) {
    const std::array paths{"/set/a", "/set/b", "/set/c"};
    OwnedLock lock;
    ASSERT_EQ(lh_client_lock_all(client, paths.data(), paths.size(), nullptr, &lock, nullptr),
              LH_OK);
    ASSERT_EQ(lh_lock_count(lock), paths.size());
    for (std::size_t index = 0; index < paths.size(); ++index) {
        EXPECT_STREQ(lh_lock_path(lock, index), paths.at(index));
        EXPECT_THAT(lh_lock_node(lock, index), ::testing::StartsWith(paths.at(index)));
    }
    EXPECT_EQ(lh_lock_node(lock, paths.size()), nullptr);
}

TEST_F(Lock, ReleasesExtendsAndMultiplies) {
    lh_lock_options options = lock_options();
    options.budget_ms = 3'000;
    OwnedLock lock;
    ASSERT_EQ(lh_client_lock(client, "/a", &options, &lock, nullptr), LH_OK);
    const std::int64_t before = lh_lock_deadline_ns(lock);
    EXPECT_EQ(lh_lock_extend(lock, 6'000, nullptr), LH_OK);
    EXPECT_GT(lh_lock_deadline_ns(lock), before);

    OwnedLock again;
    ASSERT_EQ(lh_lock_again(lock, &again, nullptr), LH_OK);
    EXPECT_EQ(lh_lock_token(again), lh_lock_token(lock));
    EXPECT_EQ(lh_lock_release(lock, 5'000, nullptr), LH_OK);
    EXPECT_EQ(lh_lock_valid(lock), 0);
    EXPECT_EQ(lh_lock_valid(again), 1);
    EXPECT_EQ(lh_lock_release(again, 5'000, nullptr), LH_OK);
    EXPECT_EQ(lh_embedded_server_nodes(server, "/a"), 0U);

    OwnedError error;
    EXPECT_EQ(lh_lock_extend(lock, 1'000, &error), LH_LOCK_LOST) << lh_error_message(error);
}

TEST_F(Lock, UpgradesAndDowngrades) {
    lh_lock_options options = lock_options();
    options.kind = LH_UPGRADABLE;
    OwnedLock lock;
    ASSERT_EQ(lh_client_lock(client, "/a", &options, &lock, nullptr), LH_OK);
    EXPECT_EQ(lh_lock_token(lock), 0);
    EXPECT_EQ(lh_lock_upgrade(lock, 1'000, nullptr), LH_OK);
    EXPECT_EQ(lh_lock_kind_of(lock), LH_EXCLUSIVE);
    EXPECT_GT(lh_lock_token(lock), 0);
    EXPECT_EQ(lh_lock_downgrade(lock, nullptr), LH_OK);
    EXPECT_EQ(lh_lock_kind_of(lock), LH_UPGRADABLE);
}

TEST_F(Lock, FreedWhileAnotherThreadIsInACallOfItIsReleasedAllTheSame) {
    lh_lock_options options = lock_options();
    options.kind = LH_UPGRADABLE;
    lh_lock* lock = nullptr;
    ASSERT_EQ(lh_client_lock(client, "/a", &options, &lock, nullptr), LH_OK);
    OwnedLock sharing;
    options.kind = LH_SHARED;
    ASSERT_EQ(lh_client_lock(client, "/a", &options, &sharing, nullptr), LH_OK);
    int upgraded = -1;
    std::jthread other([&] { upgraded = lh_lock_upgrade(lock, 20'000, nullptr); });
    EXPECT_TRUE(eventually([&] { return lh_embedded_server_nodes(server, "/a") == 3; }))
        << "the upgrade makes a node of its own";
    lh_lock_free(lock);
    other.join();
    EXPECT_NE(upgraded, LH_OK);
    EXPECT_TRUE(eventually([&] { return lh_embedded_server_nodes(server, "/a") == 1; }));
}

TEST_F(Lock, TellsWhoHoldsAndWhoWaits) {
    lh_lock_options options = lock_options();
    options.owner = "till 4";
    options.trace_id = "t-1";
    OwnedLock lock;
    ASSERT_EQ(lh_client_lock(client, "/a", &options, &lock, nullptr), LH_OK);
    OwnedContenders list;
    ASSERT_EQ(lh_client_contenders(client, "/a", &list, nullptr), LH_OK);
    ASSERT_EQ(lh_contenders_count(list), 1U);
    lh_contender entry;
    entry.struct_size = sizeof entry;
    ASSERT_EQ(lh_contenders_get(list, 0, &entry, nullptr), LH_OK);
    EXPECT_EQ(entry.is_held, 1);
    EXPECT_STREQ(entry.owner, "till 4");
    EXPECT_STREQ(entry.trace_id, "t-1");
    EXPECT_EQ(entry.budget_ms, 10'000);
    EXPECT_GT(entry.token, 0);
    EXPECT_EQ(lh_contenders_get(list, 1, &entry, nullptr), LH_INVALID_ARGUMENT);
}

TEST_F(Lock, LossIsToldOfAndSoIsARequest) {
    struct Asked {
        std::atomic<int> calls{0};
        std::atomic<int> destroyed{0};
    } asked;
    struct Lost {
        std::atomic<int> loss{-2};
    } lost;
    {
        lh_lock_options options = lock_options();
        options.watch_own_node = 1;
        OwnedLock lock;
        ASSERT_EQ(lh_client_lock(client, "/a", &options, &lock, nullptr), LH_OK);
        ASSERT_EQ(lh_lock_on_requested(
                      lock, [](void* user) { ++static_cast<Asked*>(user)->calls; }, &asked,
                      [](void* user) { ++static_cast<Asked*>(user)->destroyed; }, nullptr),
                  LH_OK);
        ASSERT_EQ(lh_lock_lost_async(
                      lock,
                      [](void* user, int loss, lh_error* error) {
                          static_cast<Lost*>(user)->loss = loss;
                          lh_error_free(error);
                      },
                      &lost, nullptr, nullptr),
                  LH_OK);
        std::uint64_t count = 0;
        ASSERT_EQ(lh_client_request_release(client, "/a", &count, nullptr), LH_OK);
        EXPECT_EQ(count, 1U);
        EXPECT_TRUE(eventually([&] { return asked.calls == 1; }));
        EXPECT_EQ(lost.loss, -2);
    }
    EXPECT_TRUE(eventually([&] { return lost.loss == LH_LOSS_RELEASED; }));
    EXPECT_TRUE(eventually([&] { return asked.destroyed == 1; })) << "the handler is kept for ever";
}

class Leader : public CInterface {};

TEST_F(Leader, IsALockWithoutABudgetAndIsFollowed) {
    OwnedObserver observer;
    ASSERT_EQ(lh_client_observe(client, "/lead", &observer, nullptr), LH_OK);
    OwnedContenders seen;
    ASSERT_EQ(lh_observer_next(observer, 5'000, &seen, nullptr), LH_OK);
    EXPECT_EQ(lh_contenders_count(seen), 0U);

    lh_elect_options options;
    lh_elect_options_init(&options, sizeof options);
    options.payload = "10.0.0.1:80";
    OwnedLock lead;
    ASSERT_EQ(lh_client_elect(client, "/lead", &options, &lead, nullptr), LH_OK);
    EXPECT_EQ(lh_lock_valid(lead), 1);
    OwnedError error;
    EXPECT_EQ(lh_lock_extend(lead, 1'000, &error), LH_INVALID_ARGUMENT);
    EXPECT_EQ(lh_lock_downgrade(lead, nullptr), LH_INVALID_ARGUMENT);

    ASSERT_EQ(lh_observer_next(observer, 5'000, &seen, nullptr), LH_OK);
    lh_contender entry;
    entry.struct_size = sizeof entry;
    ASSERT_EQ(lh_contenders_get(seen, 0, &entry, nullptr), LH_OK);
    EXPECT_STREQ(entry.payload, "10.0.0.1:80");
    ASSERT_EQ(lh_client_leader(client, "/lead", &seen, nullptr), LH_OK);
    EXPECT_EQ(lh_contenders_count(seen), 1U);
    EXPECT_EQ(lh_observer_next(observer, 50, &seen, nullptr), LH_TIMED_OUT);
}

TEST_F(Leader, FreedObserverEndsTheCallThatIsUnderWay) {
    lh_observer* observer = nullptr;
    ASSERT_EQ(lh_client_observe(client, "/lead", &observer, nullptr), LH_OK);
    OwnedContenders first;
    ASSERT_EQ(lh_observer_next(observer, 5'000, &first, nullptr), LH_OK);
    Told told;
    ASSERT_EQ(lh_observer_next_async(observer, Told::list, &told, nullptr, nullptr), LH_OK);
    lh_observer_free(observer);
    EXPECT_EQ(told.wait(), LH_CANCELLED);
}

}  // namespace
}  // namespace leasehold::capi

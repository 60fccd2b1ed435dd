#include "tests/unit/capi/fixture.hpp"

#include <array>
#include <stdexcept>
#include <thread>

namespace leasehold::capi {
namespace {

using support::eventually;

class Async : public CInterface {
protected:
    /// A lock that another client holds.
    void hold(const char* path) {
        connect(&x_other);
        ASSERT_EQ(lh_client_lock(x_other, path, nullptr, &x_held, nullptr), LH_OK);
    }
    void let_go() { ASSERT_EQ(lh_lock_release(x_held, 5'000, nullptr), LH_OK); }

private:
    OwnedClient x_other;
    OwnedLock x_held;
};

TEST_F(Async, LockIsHandedToTheCallbackOnce) {
    Told told;
    lh_operation operation = 0;
    ASSERT_EQ(lh_client_lock_async(client, "/a", nullptr, Told::lock, &told, &operation, nullptr),
              LH_OK);
    EXPECT_NE(operation, 0U);
    ASSERT_EQ(told.wait(), LH_OK);
    const OwnedLock lock(static_cast<lh_lock*>(told.handle));
    EXPECT_EQ(lh_lock_valid(lock), 1);
    EXPECT_EQ(lh_cancel(operation), 0) << "it is over";
    Told released;
    ASSERT_EQ(lh_lock_release_async(lock, Told::done, &released, nullptr, nullptr), LH_OK);
    EXPECT_EQ(released.wait(), LH_OK);
    EXPECT_EQ(lh_embedded_server_nodes(server, "/a"), 0U);
    EXPECT_EQ(told.calls, 1);
}

TEST_F(Async, CancelledWaitLeavesTheQueue) {
    hold("/a");
    Told told;
    lh_operation operation = 0;
    ASSERT_EQ(lh_client_lock_async(client, "/a", nullptr, Told::lock, &told, &operation, nullptr),
              LH_OK);
    ASSERT_TRUE(eventually([&] { return lh_embedded_server_nodes(server, "/a") == 2; }));
    EXPECT_EQ(lh_cancel(operation), 1);
    EXPECT_EQ(told.wait(), LH_CANCELLED);
    EXPECT_EQ(told.handle, nullptr);
    EXPECT_TRUE(eventually([&] { return lh_embedded_server_nodes(server, "/a") == 1; }));
    EXPECT_EQ(lh_cancel(operation), 0);
}

TEST_F(Async, CancelRacingWithTheGrantLeaksNothing) {
    for (int round = 0; round < 200; ++round) {
        Told told;
        lh_operation operation = 0;
        ASSERT_EQ(
            lh_client_lock_async(client, "/race", nullptr, Told::lock, &told, &operation, nullptr),
            LH_OK);
        if (round % 2 == 0) {
            lh_cancel(operation);
        } else {
            std::jthread([operation] { lh_cancel(operation); });
        }
        if (told.wait() == LH_OK) {
            lh_lock_free(static_cast<lh_lock*>(told.handle));
        }
    }
    EXPECT_TRUE(eventually([&] { return lh_embedded_server_nodes(server, "/race") == 0; }));
}

TEST_F(Async, EveryOperationHasItsCallback) {
    Told connected;
    ASSERT_EQ(lh_client_wait_connected_async(client, Told::done, &connected, nullptr, nullptr),
              LH_OK);
    EXPECT_EQ(connected.wait(), LH_OK);

    const std::array paths{"/set/a", "/set/b"};
    Told taken;
    ASSERT_EQ(lh_client_lock_all_async(client, paths.data(), paths.size(), nullptr, Told::lock,
                                       &taken, nullptr, nullptr),
              LH_OK);
    ASSERT_EQ(taken.wait(), LH_OK);
    const OwnedLock set(static_cast<lh_lock*>(taken.handle));
    Told extended;
    ASSERT_EQ(lh_lock_extend_async(set, 5'000, Told::done, &extended, nullptr, nullptr), LH_OK);
    EXPECT_EQ(extended.wait(), LH_OK);

    Told listed;
    ASSERT_EQ(lh_client_contenders_async(client, "/set/a", Told::list, &listed, nullptr, nullptr),
              LH_OK);
    ASSERT_EQ(listed.wait(), LH_OK);
    const OwnedContenders list(static_cast<lh_contenders*>(listed.handle));
    EXPECT_EQ(lh_contenders_count(list), 1U);

    Told elected;
    ASSERT_EQ(
        lh_client_elect_async(client, "/lead", nullptr, Told::lock, &elected, nullptr, nullptr),
        LH_OK);
    ASSERT_EQ(elected.wait(), LH_OK);
    const OwnedLock lead(static_cast<lh_lock*>(elected.handle));
    Told led;
    ASSERT_EQ(lh_client_leader_async(client, "/lead", Told::list, &led, nullptr, nullptr), LH_OK);
    ASSERT_EQ(led.wait(), LH_OK);
    const OwnedContenders leader(static_cast<lh_contenders*>(led.handle));
    EXPECT_EQ(lh_contenders_count(leader), 1U);

    lh_lock_options options = lock_options();
    options.kind = LH_UPGRADABLE;
    OwnedLock lock;
    ASSERT_EQ(lh_client_lock(client, "/up", &options, &lock, nullptr), LH_OK);
    Told up;
    ASSERT_EQ(lh_lock_upgrade_async(lock, 1'000, Told::done, &up, nullptr, nullptr), LH_OK);
    EXPECT_EQ(up.wait(), LH_OK);
    Told down;
    ASSERT_EQ(lh_lock_downgrade_async(lock, Told::done, &down, nullptr, nullptr), LH_OK);
    EXPECT_EQ(down.wait(), LH_OK);

    Told closed;
    ASSERT_EQ(lh_client_close_async(client, 5'000, Told::done, &closed, nullptr, nullptr), LH_OK);
    EXPECT_EQ(closed.wait(), LH_OK);
    EXPECT_EQ(lh_embedded_server_sessions(server), 0U);
    EXPECT_EQ(lh_lock_valid(set), 0);
}

TEST_F(Async, CallbackMayCallBackInAndBlock) {
    struct Inside {
        lh_client* client;
        std::atomic<int> code{-1};
    } inside{client};
    ASSERT_EQ(lh_client_wait_connected_async(
                  client,
                  [](void* user, lh_error* error) {
                      lh_error_free(error);
                      auto* const self = static_cast<Inside*>(user);
                      OwnedLock lock;
                      self->code = lh_client_lock(self->client, "/a", nullptr, &lock, nullptr);
                  },
                  &inside, nullptr, nullptr),
              LH_OK);
    EXPECT_TRUE(eventually([&] { return inside.code == LH_OK; }));
}

TEST_F(Async, CallbackMayFreeTheClientAndMayThrow) {
    lh_client* other = nullptr;
    connect(&other);
    std::atomic<bool> is_over{false};
    struct Inside {
        lh_client* client;
        std::atomic<bool>* is_over;
    } inside{other, &is_over};
    ASSERT_EQ(lh_client_wait_connected_async(
                  other,
                  [](void* user, lh_error*) {
                      const auto* const self = static_cast<Inside*>(user);
                      lh_client_free(self->client);
                      *self->is_over = true;
                      throw std::runtime_error("out of a callback");
                  },
                  &inside, nullptr, nullptr),
              LH_OK);
    EXPECT_TRUE(eventually([&] { return is_over.load(); }));
    EXPECT_TRUE(eventually([&] { return lh_embedded_server_sessions(server) == 1; }));
    EXPECT_EQ(lh_client_state(other), LH_STATE_CLOSED);
}

TEST_F(Async, FreeingTheClientEndsTheCallsOfOthers) {
    hold("/a");
    lh_client* waiting = nullptr;
    connect(&waiting);
    int code = -1;
    std::jthread other([&] {
        lh_lock_options options = lock_options();
        options.wait_ms = 60'000;
        OwnedLock lock;
        code = lh_client_lock(waiting, "/a", &options, &lock, nullptr);
    });
    ASSERT_TRUE(eventually([&] { return lh_embedded_server_nodes(server, "/a") == 2; }));
    lh_client_free(waiting);
    other.join();
    EXPECT_EQ(code, LH_CLOSED);
    EXPECT_EQ(lh_embedded_server_nodes(server, "/a"), 1U);
}

TEST_F(Async, CallbackThatIsNullIsRefused) {
    EXPECT_EQ(lh_client_lock_async(client, "/a", nullptr, nullptr, nullptr, nullptr, nullptr),
              LH_INVALID_ARGUMENT);
    EXPECT_EQ(lh_client_close_async(client, 100, nullptr, nullptr, nullptr, nullptr),
              LH_INVALID_ARGUMENT);
    EXPECT_EQ(lh_client_state(client), LH_STATE_CONNECTED);
}

}  // namespace
}  // namespace leasehold::capi

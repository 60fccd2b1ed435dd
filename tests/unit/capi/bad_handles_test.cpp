// NULL, freed, of another type, or no handle at all: an answer, and no crash.
#include "tests/unit/capi/fixture.hpp"

#include <array>
#include <vector>

namespace leasehold::capi {
namespace {

class BadHandles : public CInterface {
protected:
    /// The same value as a handle of type T, each of them wrong for it.
    template <class T>
    [[nodiscard]] std::vector<T*> wrong(void* of_another_type) const {
        static std::array<unsigned char, 64> memory{};
        return {nullptr, static_cast<T*>(of_another_type), reinterpret_cast<T*>(memory.data()),
                reinterpret_cast<T*>(std::uintptr_t{1}), reinterpret_cast<T*>(~std::uintptr_t{0})};
    }
};

TEST_F(BadHandles, OfClientsAreRefusedByEveryFunction) {
    OwnedLock lock;
    ASSERT_EQ(lh_client_lock(client, "/a", nullptr, &lock, nullptr), LH_OK);
    std::vector<lh_client*> handles = wrong<lh_client>(static_cast<lh_lock*>(lock));
    lh_client* freed = nullptr;
    connect(&freed);
    lh_client_free(freed);
    handles.push_back(freed);
    for (lh_client* bad : handles) {
        OwnedError error;
        lh_lock* granted = reinterpret_cast<lh_lock*>(std::uintptr_t{4});
        EXPECT_EQ(lh_client_lock(bad, "/b", nullptr, &granted, &error), LH_INVALID_HANDLE);
        EXPECT_EQ(granted, nullptr) << "an old value passes for a lock";
        EXPECT_THAT(lh_error_message(error), ::testing::HasSubstr("this is no client"));
        Told told;
        EXPECT_EQ(lh_client_lock_async(bad, "/b", nullptr, Told::lock, &told, nullptr, nullptr),
                  LH_INVALID_HANDLE);
        EXPECT_EQ(lh_client_close(bad, 100, nullptr), LH_INVALID_HANDLE);
        EXPECT_EQ(lh_client_wait_connected(bad, 100, nullptr), LH_INVALID_HANDLE);
        EXPECT_EQ(lh_client_add_auth(bad, "digest", "u:p", 3, nullptr), LH_INVALID_HANDLE);
        EXPECT_EQ(lh_client_request_release(bad, "/b", nullptr, nullptr), LH_INVALID_HANDLE);
        EXPECT_EQ(lh_client_state(bad), LH_STATE_CLOSED);
        lh_client_stats stats;
        stats.struct_size = sizeof stats;
        EXPECT_EQ(lh_client_stats_get(bad, &stats, nullptr), LH_INVALID_HANDLE);
        lh_client_free(bad);
        EXPECT_EQ(told.calls, 0);
    }
    EXPECT_EQ(lh_client_state(client), LH_STATE_CONNECTED);
    EXPECT_EQ(lh_lock_valid(lock), 1) << "freed under the name of a client";
}

TEST_F(BadHandles, OfLocksAreInvalidLocks) {
    std::vector<lh_lock*> handles = wrong<lh_lock>(client);
    lh_lock* freed = nullptr;
    ASSERT_EQ(lh_client_lock(client, "/a", nullptr, &freed, nullptr), LH_OK);
    lh_lock_free(freed);
    handles.push_back(freed);
    for (lh_lock* bad : handles) {
        EXPECT_EQ(lh_lock_valid(bad), 0);
        EXPECT_EQ(lh_lock_token(bad), 0);
        EXPECT_EQ(lh_lock_remaining_ns(bad), 0);
        EXPECT_EQ(lh_lock_deadline_ns(bad), INT64_MIN);
        EXPECT_EQ(lh_lock_kind_of(bad), -1);
        EXPECT_EQ(lh_lock_count(bad), 0U);
        EXPECT_EQ(lh_lock_path(bad, 0), nullptr);
        EXPECT_EQ(lh_lock_node(bad, 0), nullptr);
        EXPECT_EQ(lh_lock_stop_requested(bad), 1);
        EXPECT_EQ(lh_lock_release(bad, 100, nullptr), LH_INVALID_HANDLE);
        EXPECT_EQ(lh_lock_extend(bad, 100, nullptr), LH_INVALID_HANDLE);
        EXPECT_EQ(lh_lock_downgrade(bad, nullptr), LH_INVALID_HANDLE);
        EXPECT_EQ(lh_lock_upgrade(bad, 100, nullptr), LH_INVALID_HANDLE);
        lh_lock* again = nullptr;
        EXPECT_EQ(lh_lock_again(bad, &again, nullptr), LH_INVALID_HANDLE);
        lh_call* call = nullptr;
        EXPECT_EQ(lh_call_begin(bad, &call, nullptr), LH_INVALID_HANDLE);
        lh_lock_free(bad);
    }
}

TEST_F(BadHandles, OfCallsErrorsListsAndObserversAreAnswered) {
    for (lh_call* bad : wrong<lh_call>(client)) {
        EXPECT_EQ(lh_call_end(bad, nullptr), LH_INVALID_HANDLE);
        EXPECT_EQ(lh_call_valid(bad), 0);
        EXPECT_EQ(lh_call_stop_requested(bad), 1);
        EXPECT_EQ(lh_call_remaining_ns(bad), 0);
        EXPECT_EQ(lh_call_path(bad), nullptr);
    }
    for (lh_error* bad : wrong<lh_error>(client)) {
        EXPECT_EQ(lh_error_code(bad), LH_INVALID_HANDLE);
        EXPECT_THAT(lh_error_message(bad), ::testing::HasSubstr("no error"));
        EXPECT_STREQ(lh_error_path(bad), "");
        EXPECT_EQ(lh_error_position(bad), -1);
        lh_error_free(bad);
    }
    for (lh_contenders* bad : wrong<lh_contenders>(client)) {
        lh_contender entry;
        entry.struct_size = sizeof entry;
        EXPECT_EQ(lh_contenders_count(bad), 0U);
        EXPECT_EQ(lh_contenders_get(bad, 0, &entry, nullptr), LH_INVALID_HANDLE);
        lh_contenders_free(bad);
    }
    for (lh_observer* bad : wrong<lh_observer>(client)) {
        lh_contenders* leader = nullptr;
        EXPECT_EQ(lh_observer_next(bad, 100, &leader, nullptr), LH_INVALID_HANDLE);
        lh_observer_free(bad);
    }
    for (lh_embedded_server* bad : wrong<lh_embedded_server>(client)) {
        EXPECT_EQ(lh_embedded_server_cut(bad, LH_EVERY_SERVER), LH_INVALID_HANDLE);
        EXPECT_EQ(lh_embedded_server_sessions(bad), 0U);
        lh_embedded_server_free(bad);
    }
    EXPECT_EQ(lh_cancel(0), 0);
    EXPECT_EQ(lh_cancel(12'345), 0);
    EXPECT_EQ(lh_client_state(client), LH_STATE_CONNECTED);
}

}  // namespace
}  // namespace leasehold::capi

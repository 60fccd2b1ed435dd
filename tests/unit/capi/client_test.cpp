#include "tests/unit/capi/fixture.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace leasehold::capi {
namespace {

using support::eventually;

class ClientOfC : public CInterface {};

TEST_F(ClientOfC, TellsItsStateItsFiguresAndItsLog) {
    struct Heard {
        std::mutex mutex;
        std::vector<int> states;
        std::vector<std::string> events;
        std::atomic<int> destroyed{0};
    } heard;
    lh_client_options options = client_options();
    options.on_log = [](void* user, int, const char* event, const char* const* names,
                        const char* const* values, size_t fields) {
        auto* const self = static_cast<Heard*>(user);
        const std::lock_guard lock(self->mutex);
        std::string line = event;
        for (size_t field = 0; field < fields; ++field) {
            line += std::string(" ") + names[field] + "=" + values[field];
        }
        self->events.push_back(line);
    };
    options.log_user = &heard;
    lh_client* other = nullptr;
    ASSERT_EQ(
        lh_client_connect(lh_embedded_server_connect_string(server), &options, &other, nullptr),
        LH_OK);
    ASSERT_EQ(lh_client_on_state_change(
                  other,
                  [](void* user, int state) {
                      auto* const self = static_cast<Heard*>(user);
                      const std::lock_guard lock(self->mutex);
                      self->states.push_back(state);
                  },
                  &heard, [](void* user) { ++static_cast<Heard*>(user)->destroyed; }, nullptr),
              LH_OK);
    ASSERT_EQ(lh_client_wait_connected(other, 15'000, nullptr), LH_OK);
    EXPECT_EQ(lh_client_state(other), LH_STATE_CONNECTED);
    lh_client_stats stats;
    stats.struct_size = sizeof stats;
    ASSERT_EQ(lh_client_stats_get(other, &stats, nullptr), LH_OK);
    EXPECT_EQ(stats.struct_size, sizeof stats);
    EXPECT_EQ(stats.sessions, 1U);
    EXPECT_GT(stats.session_timeout_ns, 0);
    ASSERT_EQ(lh_client_close(other, 5'000, nullptr), LH_OK);
    EXPECT_TRUE(eventually([&] {
        const std::lock_guard lock(heard.mutex);
        return !heard.states.empty() && heard.states.back() == LH_STATE_CLOSED;
    }));
    lh_client_free(other);
    EXPECT_TRUE(eventually([&] { return heard.destroyed == 1; }));
    EXPECT_FALSE(heard.events.empty());
}

TEST_F(ClientOfC, NotReachedInTimeSaysSo) {
    OwnedClient nobody;
    ASSERT_EQ(lh_client_connect("127.0.0.1:1", nullptr, &nobody, nullptr), LH_OK);
    OwnedError error;
    EXPECT_EQ(lh_client_wait_connected(nobody, 50, &error), LH_NO_SERVER);
    EXPECT_THAT(lh_error_message(error), ::testing::HasSubstr("127.0.0.1:1"));
}

TEST_F(ClientOfC, SecurityReachesTheLibrary) {
    lh_client_options options;
    lh_client_options_init(&options, sizeof options);
    EXPECT_EQ(options.tls_min_version, 12);
    OwnedClient other;
    OwnedError error;
    const auto connect = [&] { return lh_client_connect("tls://a:1", &options, &other, &error); };
    options.tls_ca_file = "/no/such/file";
    EXPECT_EQ(connect(), LH_TLS_FAILED);
    EXPECT_THAT(lh_error_message(error), ::testing::HasSubstr("/no/such/file"));
    options.tls_ca_file = nullptr;
    options.tls_min_version = 11;
    EXPECT_EQ(lh_client_connect("a:1", &options, &other, nullptr), LH_INVALID_ARGUMENT);
    options.tls_min_version = 13;
    options.tls_key_file = "x";
    EXPECT_EQ(lh_client_connect("a:1", &options, &other, nullptr), LH_INVALID_ARGUMENT);
    options.tls_key_file = nullptr;
    options.auth_file = "/no/such/file";
    EXPECT_EQ(lh_client_connect("a:1", &options, &other, nullptr), LH_INVALID_ARGUMENT);
    options.auth_file = nullptr;
    options.sasl_mechanism = LH_SASL_DIGEST_MD5;
    EXPECT_EQ(lh_client_connect("a:1", &options, &other, nullptr), LH_INVALID_ARGUMENT);
    options.sasl_user = "shop";
    options.sasl_password_file = "/no/such/file";
    EXPECT_EQ(lh_client_connect("a:1", &options, &other, nullptr), LH_AUTH_FAILED);
    options.sasl_mechanism = 3;
    EXPECT_EQ(lh_client_connect("a:1", &options, &other, nullptr), LH_INVALID_ARGUMENT);
    options.sasl_mechanism = LH_SASL_NONE;
    options.sasl_user = nullptr;
    options.sasl_password_file = nullptr;
    options.lease_evidence = 2;
    EXPECT_EQ(lh_client_connect("a:1", &options, &other, nullptr), LH_INVALID_ARGUMENT);
}

TEST_F(ClientOfC, CodesHaveNames) {
    // The names are those of the C++ enumerators: a number that differs shows.
    const std::vector<std::pair<int, const char*>> names{
        {LH_OK, "ok"},
        {LH_INVALID_ARGUMENT, "invalid_argument"},
        {LH_BUDGET_REFUSED, "budget_refused"},
        {LH_WAIT_EXPIRED, "wait_expired"},
        {LH_QUEUE_FULL, "queue_full"},
        {LH_HOPELESS_WAIT, "hopeless_wait"},
        {LH_QUEUE_TOO_LONG, "queue_too_long"},
        {LH_SEQUENCE_EXHAUSTED, "sequence_exhausted"},
        {LH_BUDGET_EXCEEDED, "budget_exceeded"},
        {LH_LOCK_LOST, "lock_lost"},
        {LH_NOT_PERMITTED, "not_permitted"},
        {LH_NO_SERVER, "no_server"},
        {LH_PROTOCOL_ERROR, "protocol_error"},
        {LH_SESSION_EXPIRED, "session_expired"},
        {LH_CONNECTION_LOST, "connection_lost"},
        {LH_CANCELLED, "cancelled"},
        {LH_CLOSED, "closed"},
        {LH_WOULD_DEADLOCK, "would_deadlock"},
        {LH_OVERLOADED, "overloaded"},
        {LH_UNSUPPORTED, "unsupported"},
        {LH_FORKED, "forked"},
        {LH_NO_CHROOT, "no_chroot"},
        {LH_TIMED_OUT, "timed_out"},
        {LH_CALL_FAILED, "call_failed"},
        {LH_PERMITS_DISAGREE, "permits_disagree"},
        {LH_MIXED_QUEUE, "mixed_queue"},
        {LH_STALE_TOKEN, "stale_token"},
        {LH_TLS_FAILED, "tls_failed"},
        {LH_AUTH_FAILED, "auth_failed"},
        {LH_INVALID_HANDLE, "invalid_handle"},
        {LH_SYSTEM_ERROR, "system_error"},
        {LH_OUT_OF_MEMORY, "out_of_memory"},
        {-101, "zk_no_node"},
        {-1'000, "unknown"},
        {999, "unknown"},
    };
    for (const auto& [code, name] : names) {
        EXPECT_STREQ(lh_code_name(code), name) << code;
    }
    EXPECT_STREQ(lh_version(), LEASEHOLD_TEST_VERSION);
}

TEST_F(ClientOfC, DoesNotSurviveAForkAndTheParentGoesOn) {
    OwnedLock lock;
    ASSERT_EQ(lh_client_lock(client, "/a", nullptr, &lock, nullptr), LH_OK);
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(30);  // a child that hangs is a failure, not a test that never ends
        int faults = 0;
        faults += lh_lock_valid(lock) == 0 ? 0 : 1;
        faults += lh_lock_release(lock, 100, nullptr) == LH_FORKED ? 0 : 2;
        lh_lock* other = nullptr;
        faults += lh_client_lock(client, "/b", nullptr, &other, nullptr) == LH_FORKED ? 0 : 4;
        lh_error* error = nullptr;
        faults += lh_client_close(client, 100, &error) == LH_FORKED ? 0 : 8;
        faults += lh_error_code(error) == LH_FORKED ? 0 : 16;
        lh_client_stats stats;
        stats.struct_size = sizeof stats;
        faults += lh_client_stats_get(client, &stats, nullptr) == LH_FORKED ? 0 : 32;
        const auto ignore = [](void*, int) {};
        faults += lh_client_on_state_change(client, ignore, nullptr, nullptr, nullptr) == LH_FORKED
                      ? 0
                      : 64;
        faults +=
            lh_lock_on_jeopardy(lock, ignore, nullptr, nullptr, nullptr) == LH_FORKED ? 0 : 128;
        lh_lock_free(lock);
        lh_client_free(client);
        ::_exit(faults);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_EQ(lh_lock_valid(lock), 1);
    EXPECT_EQ(lh_embedded_server_nodes(server, "/a"), 1U);
}

}  // namespace
}  // namespace leasehold::capi

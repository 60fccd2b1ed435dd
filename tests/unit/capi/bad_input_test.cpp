// Strings, sizes and options that are wrong: each a clear answer.
#include "tests/unit/capi/fixture.hpp"

#include <array>
#include <functional>
#include <vector>

namespace leasehold::capi {
namespace {

class BadInput : public CInterface {
protected:
    /// What is said of an acquisition with these options.
    [[nodiscard]] std::string refusal(const lh_lock_options& options) const {
        OwnedLock lock;
        OwnedError error;
        EXPECT_EQ(lh_client_lock(client, "/a", &options, &lock, &error), LH_INVALID_ARGUMENT);
        return lh_error_message(error);
    }
};

TEST_F(BadInput, StringsThatAreNoPathsAreRefused) {
    for (const char* path : {static_cast<const char*>(nullptr), "", "a", "/a/", "//", "/\xff\xfe",
                             "/\xed\xa0\x80", "/a\x01"}) {
        OwnedLock lock;
        OwnedError error;
        EXPECT_EQ(lh_client_lock(client, path, nullptr, &lock, &error), LH_INVALID_ARGUMENT)
            << (path == nullptr ? "NULL" : path);
        EXPECT_STRNE(lh_error_message(error), "");
        const std::array paths{"/good", path};
        EXPECT_EQ(lh_client_lock_all(client, paths.data(), 2, nullptr, &lock, nullptr),
                  LH_INVALID_ARGUMENT);
    }
    EXPECT_EQ(lh_embedded_server_ephemerals(server), 0U);
}

TEST_F(BadInput, LabelsThatAreNotUtf8AreRefused) {
    lh_lock_options options = lock_options();
    options.owner = "\xc3";
    EXPECT_THAT(refusal(options), ::testing::HasSubstr("UTF-8"));
    options = lock_options();
    options.trace_id = "\xff";
    EXPECT_THAT(refusal(options), ::testing::HasSubstr("UTF-8"));
}

TEST_F(BadInput, StructsOfUnknownSizesAreRefused) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{8}, sizeof(lh_lock_options) - 1,
                                   sizeof(lh_lock_options) + 8, SIZE_MAX}) {
        lh_lock_options options = lock_options();
        options.struct_size = size;
        EXPECT_THAT(refusal(options), ::testing::HasSubstr("struct_size"));
    }
    lh_client_options options;
    lh_client_options_init(&options, sizeof options);
    options.struct_size = 3;
    OwnedClient other;
    EXPECT_EQ(lh_client_connect("127.0.0.1:1", &options, &other, nullptr), LH_INVALID_ARGUMENT);
    lh_client_stats stats;
    stats.struct_size = 3;
    EXPECT_EQ(lh_client_stats_get(client, &stats, nullptr), LH_INVALID_ARGUMENT);
}

TEST_F(BadInput, InitialisingWritesNoMoreThanTheCallerHasRoomFor) {
    std::array<unsigned char, sizeof(lh_lock_options) + 16> memory{};
    memory.fill(0xaa);
    constexpr std::size_t smaller = 24;
    lh_lock_options_init(reinterpret_cast<lh_lock_options*>(memory.data()), smaller);
    for (std::size_t at = smaller; at < memory.size(); ++at) {
        EXPECT_EQ(memory.at(at), 0xaa) << at;
    }
    // A newer caller's struct: what we do not know of is 0, and its size is what it said.
    lh_lock_options_init(reinterpret_cast<lh_lock_options*>(memory.data()), memory.size());
    EXPECT_EQ(memory.back(), 0);
    EXPECT_THAT(refusal(*reinterpret_cast<lh_lock_options*>(memory.data())),
                ::testing::HasSubstr("struct_size"));
    lh_lock_options_init(nullptr, sizeof(lh_lock_options));
}

TEST_F(BadInput, OptionsOutsideTheirBoundsAreRefused) {
    const std::vector<std::function<void(lh_lock_options&)>> wrong{
        [](lh_lock_options& of) { of.kind = 4; },
        [](lh_lock_options& of) { of.kind = -1; },
        [](lh_lock_options& of) { of.naming = 3; },
        [](lh_lock_options& of) { of.on_budget = 2; },
        [](lh_lock_options& of) { of.wait_ms = -1; },
        [](lh_lock_options& of) { of.wait_ms = INT64_MIN; },
        [](lh_lock_options& of) { of.budget_ms = 0; },
        [](lh_lock_options& of) { of.budget_ms = INT64_MIN; },
        [](lh_lock_options& of) { of.max_queue = -1; },
        [](lh_lock_options& of) { of.max_local_grants = 0; },
        [](lh_lock_options& of) { of.acl_count = 1; },
    };
    for (std::size_t index = 0; index < wrong.size(); ++index) {
        lh_lock_options options = lock_options();
        wrong[index](options);
        EXPECT_NE(refusal(options), "") << index;
    }
    lh_lock_options options = lock_options();
    options.budget_ms = INT64_MAX;
    OwnedLock lock;
    EXPECT_EQ(lh_client_lock(client, "/a", &options, &lock, nullptr), LH_BUDGET_REFUSED);
    options = lock_options();
    options.kind = LH_SHARED;
    const std::array paths{"/a", "/b"};
    EXPECT_EQ(lh_client_lock_all(client, paths.data(), 2, &options, &lock, nullptr),
              LH_INVALID_ARGUMENT)
        << "sets are exclusive";
}

TEST_F(BadInput, ConnectStringsAndClientOptionsAreChecked) {
    OwnedClient other;
    for (const char* hosts :
         {static_cast<const char*>(nullptr), "", ":", "host:0", "a b", "\xff"}) {
        EXPECT_EQ(lh_client_connect(hosts, nullptr, &other, nullptr), LH_INVALID_ARGUMENT);
    }
    const std::vector<std::function<void(lh_client_options&)>> wrong{
        [](lh_client_options& of) { of.session_timeout_ms = 0; },
        [](lh_client_options& of) { of.session_timeout_ms = INT64_MIN; },
        [](lh_client_options& of) { of.tick_ms = -1; },
        [](lh_client_options& of) { of.clock_drift = 0.5; },
        [](lh_client_options& of) { of.clock_drift = -1; },
        [](lh_client_options& of) { of.max_connects_per_second = 0; },
        [](lh_client_options& of) { of.max_connects_per_second = INT64_MAX; },
    };
    for (std::size_t index = 0; index < wrong.size(); ++index) {
        lh_client_options options = client_options();
        wrong[index](options);
        EXPECT_EQ(lh_client_connect("127.0.0.1:1", &options, &other, nullptr), LH_INVALID_ARGUMENT)
            << index;
    }
    EXPECT_EQ(lh_client_connect("127.0.0.1:1", nullptr, nullptr, nullptr), LH_INVALID_ARGUMENT);
}

TEST_F(BadInput, CredentialsAreChecked) {
    EXPECT_EQ(lh_client_add_auth(client, nullptr, "u:p", 3, nullptr), LH_INVALID_ARGUMENT);
    EXPECT_EQ(lh_client_add_auth(client, "\xff", "u:p", 3, nullptr), LH_INVALID_ARGUMENT);
    EXPECT_EQ(lh_client_add_auth(client, "digest", nullptr, 3, nullptr), LH_INVALID_ARGUMENT);
    EXPECT_EQ(lh_client_add_auth(client, "digest", "u:p", 3, nullptr), LH_OK);
}

TEST_F(BadInput, UseAfterCloseIsRefused) {
    OwnedLock lock;
    ASSERT_EQ(lh_client_lock(client, "/a", nullptr, &lock, nullptr), LH_OK);
    ASSERT_EQ(lh_client_close(client, 5'000, nullptr), LH_OK);
    EXPECT_EQ(lh_lock_valid(lock), 0);
    EXPECT_EQ(lh_client_lock(client, "/a", nullptr, &lock, nullptr), LH_CLOSED);
    EXPECT_EQ(lh_client_state(client), LH_STATE_CLOSED);
}

TEST_F(BadInput, EmbeddedServerSaysWhatIsWrong) {
    lh_embedded_server_options options;
    lh_embedded_server_options_init(&options, sizeof options);
    options.servers = 100;
    lh_embedded_server* other = nullptr;
    std::array<char, 16> message{};
    EXPECT_EQ(lh_embedded_server_start(&options, &other, message.data(), message.size()),
              LH_INVALID_ARGUMENT);
    EXPECT_STRNE(message.data(), "");
    EXPECT_EQ(message.back(), '\0');
    options.servers = 1;
    options.port = 70'000;
    EXPECT_EQ(lh_embedded_server_start(&options, &other, nullptr, 0), LH_INVALID_ARGUMENT);
    EXPECT_EQ(other, nullptr);
}

}  // namespace
}  // namespace leasehold::capi

// Memory that runs out on the client's own thread costs the client, and nothing beyond it: locks
// are lost, whoever waits is answered, and the process goes on. On a caller's thread it costs one
// call.
#include <leasehold/leasehold.h>

#include "tests/unit/client/fixture.hpp"

#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <future>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <unistd.h>

namespace {

/// The thread that is refused memory; 0 is none.
std::atomic<pid_t> victim{0};
/// Those of its allocations that fail, from 1 on.
std::atomic<int> first_failing{0};
std::atomic<int> last_failing{0};
std::atomic<int> allocations{0};

bool is_to_fail() noexcept {
    if (victim == 0 || victim != ::gettid()) {
        return false;
    }
    const int number = ++allocations;
    return number >= first_failing && number <= last_failing;
}

void* try_to_allocate(std::size_t size) noexcept {
    return is_to_fail() ? nullptr : std::malloc(size);
}

void* allocate(std::size_t size) {
    void* const memory = try_to_allocate(size);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}

}  // namespace

// Of this whole program.
void* operator new(std::size_t size) {
    return allocate(size);
}
void* operator new[](std::size_t size) {
    return allocate(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return try_to_allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return try_to_allocate(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace leasehold::testing_client {
namespace {

namespace asio = boost::asio;

/// While it lives, allocations of the thread fail.
class MemoryRunsOut {
public:
    MemoryRunsOut(pid_t thread, int first, int last) {
        allocations = 0;
        first_failing = first;
        last_failing = last;
        victim = thread;
    }
    ~MemoryRunsOut() { victim = 0; }
    MemoryRunsOut(const MemoryRunsOut&) = delete;
    MemoryRunsOut& operator=(const MemoryRunsOut&) = delete;

    [[nodiscard]] static bool has_happened() { return allocations >= first_failing; }
};

class OutOfMemory : public ServedTest {
protected:
    /// Takes and gives back a lock while the allocation with this number fails. False if there are
    /// fewer.
    bool fails_at(int number) {
        Client client = connect();
        const std::string path = "/held-" + std::to_string(number);  // the session may outlive it
        auto held = client.lock(path, {.wait = 5s, .budget = 10s}).value();
        auto lost = held.lost(asio::use_future);
        auto waiting = client.async_lock(path, {.wait = 60s}, asio::use_future);
        EXPECT_EQ(client.stats().locks_held, 1u);  // and all of that has arrived
        {
            const MemoryRunsOut out(threads_named(io_thread).front(), number, number);
            const auto lock = client.lock(path + "-too", {.wait = 5s, .budget = 1s});
            static_cast<void>(client.zookeeper().exists(path));
            EXPECT_TRUE(lock || is_end(lock.error())) << number;
        }
        const bool has_happened = MemoryRunsOut::has_happened();
        if (has_happened && eventually([&] { return client.state() == ClientState::closed; })) {
            ++x_ended;
            EXPECT_FALSE(held.valid()) << number;
            EXPECT_EQ(lost.get().value(), Loss::closed) << number;
            EXPECT_TRUE(is_end(waiting.get().error())) << number;
            EXPECT_EQ(client.lock("/again", {.wait = 1s}).error(), errc::closed) << number;
            EXPECT_FALSE(client.close()) << "nobody has closed its session";
        }
        return has_happened;
    }

    static bool is_end(const Error& error) {
        return error == errc::closed || error == std::make_error_code(std::errc::not_enough_memory);
    }

    int x_ended = 0;
};

TEST_F(OutOfMemory, OnItsOwnThreadEndsTheClientAndAnswersEverybody) {
    for (int number = 1; fails_at(number); ++number) {
        ASSERT_FALSE(HasFailure());
    }
    EXPECT_GE(x_ended, 10) << "else it was not looked for where it matters";
    EXPECT_TRUE(connect().lock("/free", {.wait = 5s, .budget = 1s})) << "the process goes on";
}

constexpr int for_ever = 1 << 30;

TEST_F(OutOfMemory, InConnectIsAnError) {
    const std::string address = x_server.address();
    for (int number = 1;; ++number) {
        std::optional<result<Client>> client;
        {
            const MemoryRunsOut out(::gettid(), number, for_ever);
            client.emplace(Client::connect(address, fast_options()));
        }
        if (!MemoryRunsOut::has_happened()) {
            EXPECT_GT(number, 10);
            return;
        }
        ASSERT_FALSE(*client) << number;
        EXPECT_EQ(client->error(), std::make_error_code(std::errc::not_enough_memory));
    }
}

TEST_F(OutOfMemory, InAFunctionOfCIsAnError) {
    lh_client_options options;
    lh_client_options_init(&options, sizeof options);
    options.tick_ms = 200;
    options.standalone = 1;
    options.session_timeout_ms = 20'000;
    const std::string address = x_server.address();
    lh_client* client = nullptr;
    ASSERT_EQ(lh_client_connect(address.c_str(), &options, &client, nullptr), LH_OK);
    ASSERT_EQ(lh_client_wait_connected(client, 30'000, nullptr), LH_OK);
    lh_lock_options brief;
    lh_lock_options_init(&brief, sizeof brief);
    brief.budget_ms = 300;  // a lock whose release could not be asked for ends by itself
    bool has_happened = true;
    for (int number = 1; has_happened; ++number) {
        lh_lock* lock = nullptr;
        lh_error* error = nullptr;
        int code = LH_OK;
        {
            const MemoryRunsOut out(::gettid(), number, for_ever);
            code = lh_client_lock(client, "/c", &brief, &lock, &error);
            has_happened = MemoryRunsOut::has_happened();
        }
        EXPECT_EQ(code, has_happened ? LH_OUT_OF_MEMORY : LH_OK) << number;
        EXPECT_EQ(error, nullptr) << number;
        EXPECT_EQ(lock == nullptr, has_happened) << number;
        lh_lock_free(lock);
        EXPECT_TRUE(has_happened || number > 3) << "there is nothing that could fail";
    }
    lh_client_free(client);
}

}  // namespace
}  // namespace leasehold::testing_client

// Users of the C interface, with an embedded server of their own.
#pragma once

#include <leasehold/leasehold.h>
#include <leasehold/testing.h>

#include "tests/support/patience.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

namespace leasehold::capi {

/// What is to be freed at the end of its scope.
template <class T, void (*free)(T*)>
class Owned {
public:
    Owned() = default;
    explicit Owned(T* handle) : x_handle(handle) {}
    ~Owned() { free(x_handle); }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;

    operator T*() const { return x_handle; }  // NOLINT(google-explicit-constructor)
    /// Where a function puts a new one.
    T** operator&() {  // NOLINT(google-runtime-operator)
        free(x_handle);
        x_handle = nullptr;
        return &x_handle;
    }

private:
    T* x_handle = nullptr;
};

using OwnedClient = Owned<lh_client, lh_client_free>;
using OwnedLock = Owned<lh_lock, lh_lock_free>;
using OwnedError = Owned<lh_error, lh_error_free>;
using OwnedContenders = Owned<lh_contenders, lh_contenders_free>;
using OwnedObserver = Owned<lh_observer, lh_observer_free>;

/// A server, and a client of it.
class CInterface : public ::testing::Test {
protected:
    CInterface() {
        char message[256] = "";
        EXPECT_EQ(lh_embedded_server_start(nullptr, &server, message, sizeof message), LH_OK)
            << message;
        connect(&client);
    }
    ~CInterface() override {
        lh_client_free(client);
        lh_embedded_server_free(server);
    }

    [[nodiscard]] lh_client_options client_options(std::int64_t session_timeout_ms = 0) const {
        lh_client_options options;
        lh_client_options_init(&options, sizeof options);
        EXPECT_EQ(lh_embedded_server_client_options(server, session_timeout_ms, &options), LH_OK);
        return options;
    }
    void connect(lh_client** to) const {
        const lh_client_options options = client_options();
        OwnedError error;
        EXPECT_EQ(
            lh_client_connect(lh_embedded_server_connect_string(server), &options, to, &error),
            LH_OK)
            << lh_error_message(error);
        EXPECT_EQ(lh_client_wait_connected(*to, support::patient(std::chrono::seconds(15)).count(),
                                           nullptr),
                  LH_OK);
    }
    [[nodiscard]] static lh_lock_options lock_options() {
        lh_lock_options options;
        lh_lock_options_init(&options, sizeof options);
        return options;
    }

    lh_embedded_server* server = nullptr;
    lh_client* client = nullptr;
};

/// What a callback was told, once.
struct Told {
    static void done(void* user, lh_error* error) {
        static_cast<Told*>(user)->tell(nullptr, error);
    }
    static void lock(void* user, lh_lock* lock, lh_error* error) {
        static_cast<Told*>(user)->tell(lock, error);
    }
    static void list(void* user, lh_contenders* list, lh_error* error) {
        static_cast<Told*>(user)->tell(list, error);
    }

    /// The lh_code; the error itself is freed.
    [[nodiscard]] int wait() {
        std::unique_lock guard(mutex);
        EXPECT_TRUE(called.wait_for(guard, std::chrono::seconds(30), [this] { return calls > 0; }));
        return code;
    }

    std::mutex mutex;
    std::condition_variable called;
    int calls = 0;
    int code = -1;
    void* handle = nullptr;

private:
    void tell(void* answer, lh_error* error) {
        const std::lock_guard guard(mutex);
        ++calls;
        handle = answer;
        code = error == nullptr ? LH_OK : lh_error_code(error);
        lh_error_free(error);
        called.notify_all();
    }
};

}  // namespace leasehold::capi

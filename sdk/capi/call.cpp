// Guarded calls, in two halves: languages run the work between them in their own way.
#include <leasehold/guard.hpp>

#include "sdk/capi/answer.hpp"
#include "sdk/capi/handler.hpp"
#include "sdk/capi/objects.hpp"
#include "sdk/client/hold.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>

namespace leasehold::capi {
namespace {

class CallBox {
public:
    using Name = lh_call;
    static constexpr HandleKind kind = HandleKind::call;

    explicit CallBox(const ScopedLock& lock)
        : x_scope(std::make_unique<detail::CallScope>(detail::Hold::of(lock))),
          x_context(x_scope->context()),
          x_path(x_context.path()) {}

    [[nodiscard]] const CallContext& context() const noexcept { return x_context; }
    [[nodiscard]] const std::string& path() const noexcept { return x_path; }
    [[nodiscard]] result<void> verdict() const { return x_scope->verdict(); }

    /// Neither the old handler nor the new one runs, or is waited for, under the mutex.
    void set_stop_handler(SharedHandler<> handler) {
        exchange(handler->operator bool() ? std::make_unique<StopCallback>(
                                                x_context.stop_token(), RunOnce{std::move(handler)})
                                          : nullptr);
    }

    /// The one call that ends it: the caller has taken its handle away.
    [[nodiscard]] result<void> end() {
        auto said = x_scope->verdict();
        x_scope.reset();  // first: what the node waits for is not a handler that is running
        exchange(nullptr);
        return said;
    }

private:
    struct RunOnce {
        SharedHandler<> handler;
        // A copy: the handler may replace itself.
        void operator()() const { (*SharedHandler<>(handler))(); }
    };
    using StopCallback = std::stop_callback<RunOnce>;

    void exchange(std::unique_ptr<StopCallback> callback) {
        const std::lock_guard lock(x_mutex);
        x_stop.swap(callback);
    }

    std::unique_ptr<detail::CallScope> x_scope;
    const CallContext x_context;
    const std::string x_path;
    std::mutex x_mutex;  ///< guards what follows
    std::unique_ptr<StopCallback> x_stop;
};

}  // namespace
}  // namespace leasehold::capi

using namespace leasehold::capi;
using leasehold::errc;
using leasehold::Error;
using leasehold::result;
using leasehold::success;

int lh_call_begin(lh_lock* lock, lh_call** call, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(prepare_out(call, "call"));
        BOOST_OUTCOME_TRY(const auto held, require<LockBox>(lock));
        auto box = std::make_shared<CallBox>(held->lock);
        BOOST_OUTCOME_TRYV(box->verdict());
        *call = insert(std::move(box));
        return success();
    });
}

int lh_call_end(lh_call* call, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        const auto box = take<CallBox>(call);
        return box ? box->end() : invalid_handle(CallBox::kind);
    });
}

int64_t lh_call_deadline_ns(lh_call* call) {
    return ask<CallBox>(call, std::numeric_limits<std::int64_t>::min(), [](const CallBox& box) {
        return box.context().deadline().time_since_epoch().count();
    });
}

int64_t lh_call_remaining_ns(lh_call* call) {
    return ask<CallBox>(call, std::int64_t{0},
                        [](const CallBox& box) { return box.context().remaining().count(); });
}

int lh_call_stop_requested(lh_call* call) {
    return ask<CallBox>(
        call, 1, [](const CallBox& box) { return box.context().stop_token().stop_requested(); });
}

int lh_call_valid(lh_call* call) {
    return ask<CallBox>(call, 0, [](const CallBox& box) { return box.context().valid(); });
}

int64_t lh_call_token(lh_call* call) {
    return ask<CallBox>(call, std::int64_t{0},
                        [](const CallBox& box) { return box.context().token(); });
}

const char* lh_call_path(lh_call* call) {
    return ask<CallBox>(call, static_cast<const char*>(nullptr),
                        [](const CallBox& box) { return box.path().c_str(); });
}

int lh_call_on_stop(lh_call* call, void (*handler)(void* user), void* user, lh_destroy_fn destroy,
                    lh_error** error) {
    return answer(error, [&]() -> result<void> {
        auto shared = make_handler(handler, user, destroy);
        BOOST_OUTCOME_TRY(const auto box, require<CallBox>(call));
        box->set_stop_handler(std::move(shared));
        return success();
    });
}

int lh_lock_call(lh_lock* lock, int (*work)(lh_call* call, void* user), void* user, int* returned,
                 lh_error** error) {
    if (work == nullptr) {
        return answer(error,
                      [] { return result<void>(Error(errc::invalid_argument, "work is NULL")); });
    }
    lh_call* call = nullptr;
    if (const int refused = lh_call_begin(lock, &call, error); refused != LH_OK) {
        return refused;
    }
    bool has_thrown = false;
    try {
        const int value = work(call, user);
        if (returned != nullptr) {
            *returned = value;
        }
    } catch (...) {
        has_thrown = true;
    }
    const int ended = lh_call_end(call, error);
    if (ended == LH_OK && has_thrown) {
        return fail(Error(errc::call_failed, "the guarded function threw a C++ exception"), error);
    }
    return ended;
}

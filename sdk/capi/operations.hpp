// Operations under way: begun by an `_async` function, ended by a callback, taken back by
// lh_cancel.
#pragma once

#include <leasehold/error.hpp>
#include <leasehold/leasehold.h>

#include "sdk/capi/answer.hpp"
#include "sdk/capi/handles.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <future>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

namespace leasehold::capi {

/// A signal that any thread may give.
class OperationBox {
public:
    static constexpr HandleKind kind = HandleKind::operation;

    [[nodiscard]] boost::asio::cancellation_slot slot() { return x_signal.slot(); }

    /// Only posts.
    void cancel() {
        const std::lock_guard lock(x_mutex);
        x_signal.emit(boost::asio::cancellation_type::total);
    }

private:
    std::mutex x_mutex;
    boost::asio::cancellation_signal x_signal;
};

/// Hands `initiate` a completion token; `deliver` gets the result<T>, once.
template <class T, class Initiate, class Deliver>
void begin(lh_operation* out, Initiate initiate, Deliver deliver) {
    const auto box = std::make_shared<OperationBox>();
    const Handle handle = Handles::all().insert(HandleKind::operation, box);
    if (out != nullptr) {
        *out = handle;
    }
    try {
        initiate(boost::asio::bind_cancellation_slot(
            box->slot(),
            // `box`: the signal has to be there for as long as the operation is.
            [box, handle, deliver = std::move(deliver)](result<T> value) mutable {
                static_cast<void>(Handles::all().take(HandleKind::operation, handle));
                call_user([&] { deliver(std::move(value)); });
            }));
    } catch (const std::bad_alloc&) {
        static_cast<void>(Handles::all().take(HandleKind::operation, handle));
        if (out != nullptr) {
            *out = 0;
        }
        throw;
    }
}

/// For what answers nothing but its end.
template <class Initiate>
void begin_plain(lh_operation* out, lh_done_fn callback, void* user, Initiate initiate) {
    begin<void>(out, std::move(initiate), [callback, user](const result<void>& done) {
        callback(user, done ? nullptr : make_error(done.error()));
    });
}

/// Refuses an operation whose end nobody would be told of.
template <class Callback>
[[nodiscard]] result<void> check_callback(Callback* callback) {
    if (callback == nullptr) {
        return Error(errc::invalid_argument, "the callback is NULL");
    }
    return success();
}

}  // namespace leasehold::capi

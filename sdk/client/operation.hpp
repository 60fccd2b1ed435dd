// One operation in its two forms, written once: handed to a completion token, or waited for.
#pragma once

#include <leasehold/detail/completion.hpp>
#include <leasehold/error.hpp>
#include <leasehold/options.hpp>

#include "sdk/client/client_impl.hpp"
#include "sdk/client/sink.hpp"
#include "sdk/core/effect.hpp"

#include <boost/asio/cancellation_type.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <unordered_map>
#include <utility>

namespace leasehold::detail {

/// The arguments are in here, copied. It may be begun more than once, and never. What is asked for
/// with each lock has a type of its own in the same shape, and nothing to allocate.
template <class T>
struct Operation {
    using value_type = T;

    std::function<void(core::OperationId, Sink<T>)> begin;
    /// Only posts; late or unknown ids are harmless. Holds nothing alive.
    std::function<void(core::OperationId)> cancel;
};

/// Why the client cannot be asked at all, if so. Takes no lock: in a forked child one may be held
/// by a thread that does not exist there.
[[nodiscard]] inline result<void> check_usable(const std::shared_ptr<ClientImpl>& impl) {
    if (!impl) {
        return Error(errc::closed, "the handle was moved from");
    }
    if (impl->is_forked()) {
        return Error(errc::forked, "connect anew in the child");
    }
    return success();
}

/// An operation of several requests. `make()` gives a std::shared_ptr to an object for one course
/// of it, which has `begin(id, sink)` and, for the I/O thread, `cancel(turn)`.
template <class T, class Make>
[[nodiscard]] Operation<T> course_operation(const std::shared_ptr<ClientImpl>& impl, Make make) {
    struct Courses {
        std::mutex mutex;
        std::unordered_map<core::OperationId, typename decltype(make())::weak_type> all;
    };
    const auto courses = std::make_shared<Courses>();
    return {[courses, make](core::OperationId id, Sink<T> sink) {
                const auto course = make();
                {
                    const std::lock_guard lock(courses->mutex);
                    courses->all.emplace(id, course);
                }
                course->begin(id, std::move(sink));
            },
            [weak_impl = std::weak_ptr(impl), courses](core::OperationId id) {
                const auto live = weak_impl.lock();
                const std::lock_guard lock(courses->mutex);
                const auto course = courses->all[id].lock();
                if (live && course) {
                    live->loop().post_control([course](Turn& turn) { course->cancel(turn); });
                }
            }};
}

template <class T>
[[nodiscard]] Operation<T> failed_operation(Error error) {
    return {[error](core::OperationId, Sink<T> sink) { sink(error); }, [](core::OperationId) {}};
}

/// A sink that goes on the way has answered for itself.
template <class Op, class T>
void begin(const Op& operation, core::OperationId id, Sink<T> sink) try {
    operation.begin(id, std::move(sink));
} catch (const std::bad_alloc&) {
}

template <class Op, class T = typename Op::value_type>
[[nodiscard]] Start<T> asynchronous(std::shared_ptr<ClientImpl> impl, Op operation) {
    return [impl = std::move(impl), operation = std::move(operation)](Completion<T> completion) {
        if (auto usable = check_usable(impl); !usable) {
            if (usable.error() == errc::forked) {
                completion.executor = {};  // its threads were left behind in the parent
            }
            return deliver<T>(nullptr, std::move(completion), usable.error());
        }
        const core::OperationId id = impl->next_id();
        // The slot belongs to the caller's executor: it is set before the operation can complete,
        // and never touched again.
        if (auto slot = completion.handler.get_cancellation_slot(); slot.is_connected()) {
            slot.assign(
                [cancel = operation.cancel, id](boost::asio::cancellation_type) { cancel(id); });
        }
        begin(operation, id, make_sink(impl->callbacks(), std::move(completion)));
    };
}

/// Waits on this thread. The operation bounds itself.
template <class Op, class T = typename Op::value_type>
[[nodiscard]] result<T> wait_for(const std::shared_ptr<ClientImpl>& impl, const Op& operation) {
    BOOST_OUTCOME_TRYV(check_usable(impl));
    BOOST_OUTCOME_TRYV(impl->check_not_inside());
    const auto waiter = std::make_shared<Waiter<T>>();
    begin(operation, impl->next_id(), waiter->sink());
    return waiter->wait();
}

/// Now + timeout, without overflow for "for ever".
[[nodiscard]] inline std::chrono::steady_clock::time_point steady_deadline(milliseconds timeout) {
    constexpr std::chrono::hours longest{24 * 365 * 100};
    return std::chrono::steady_clock::now() + std::min<milliseconds>(timeout, longest);
}

/// Waits on this thread until `timeout`, then cancels the operation and answers `make_late()`.
template <class Op, class MakeLate, class T = typename Op::value_type>
[[nodiscard]] result<T> wait_for(const std::shared_ptr<ClientImpl>& impl, const Op& operation,
                                 milliseconds timeout, MakeLate make_late) {
    BOOST_OUTCOME_TRYV(check_usable(impl));
    BOOST_OUTCOME_TRYV(impl->check_not_inside());
    const auto waiter = std::make_shared<Waiter<T>>();
    const core::OperationId id = impl->next_id();
    begin(operation, id, waiter->sink());
    if (auto value = waiter->wait_until(steady_deadline(timeout))) {
        return std::move(*value);
    }
    operation.cancel(id);
    return make_late();
}

}  // namespace leasehold::detail

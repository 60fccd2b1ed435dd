// Where the result of one operation goes: to a completion handler on its own executor, or to a
// thread that waits for it.
#pragma once

#include <leasehold/detail/completion.hpp>
#include <leasehold/error.hpp>

#include "sdk/client/worker.hpp"
#include "sdk/core/unique_function.hpp"

#include <boost/asio/append.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace leasehold::detail {

/// Called exactly once, on any thread; runs no user code but what an executor does to take a job.
template <class T>
using Sink = core::UniqueFunction<void(result<T>)>;

/// Calls the handler on its own executor, or else on `callbacks`, and never inside this call.
template <class T>
void deliver(Worker* callbacks, Completion<T> completion, result<T> value) noexcept try {
    if (completion.executor) {
        // Not the handler itself: its executor is this one, which post() would look up, and erase
        // its type once more, for nothing.
        boost::asio::post(completion.executor,
                          [handler = std::move(completion.handler),
                           answer = std::move(value)]() mutable { handler(std::move(answer)); });
        return;
    }
    Worker::Job job = [handler = std::move(completion.handler),
                       answer = std::move(value)]() mutable {
        // Its own executor may be one that could not be used above, such as an inline one. It is
        // kept busy until dispatch() has returned: the handler may be the last thing that its owner
        // waits for before the context is destroyed, with us still inside.
        const auto busy = boost::asio::prefer(boost::asio::get_associated_executor(handler),
                                              boost::asio::execution::outstanding_work.tracked);
        boost::asio::dispatch(boost::asio::append(std::move(handler), std::move(answer)));
    };
    callbacks != nullptr ? callbacks->post(std::move(job)) : run_detached(std::move(job));
} catch (...) {
    // An executor that throws instead of taking the job has lost it; our thread goes on.
}

template <class T>
Sink<T> make_sink(std::shared_ptr<Worker> callbacks, Completion<T> completion) {
    return [callbacks = std::move(callbacks),
            completion = std::move(completion)](result<T> value) mutable {
        deliver(callbacks.get(), std::move(completion), std::move(value));
    };
}

/// A blocked caller.
template <class T>
class Waiter : public std::enable_shared_from_this<Waiter<T>> {
public:
    [[nodiscard]] Sink<T> sink() {
        return [self = this->shared_from_this()](result<T> value) {
            {
                const std::lock_guard lock(self->x_mutex);
                self->x_value.emplace(std::move(value));
            }
            self->x_arrived.notify_all();  // outside: who wakes up wants the mutex
        };
    }

    [[nodiscard]] result<T> wait() {
        std::unique_lock lock(x_mutex);
        x_arrived.wait(lock, [this] { return x_value.has_value(); });
        return std::move(*x_value);
    }

    /// Nothing if it did not come by the deadline.
    [[nodiscard]] std::optional<result<T>> wait_until(
        std::chrono::steady_clock::time_point deadline) {
        std::unique_lock lock(x_mutex);
        if (!x_arrived.wait_until(lock, deadline, [this] { return x_value.has_value(); })) {
            return std::nullopt;
        }
        return std::move(*x_value);
    }

private:
    std::mutex x_mutex;
    std::condition_variable x_arrived;
    std::optional<result<T>> x_value;
};

}  // namespace leasehold::detail

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
#include <system_error>
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

[[nodiscard]] inline Error out_of_memory() {
    return {std::make_error_code(std::errc::not_enough_memory), {}};
}

/// A completion that is answered all the same if it goes without an answer, which is what it does
/// when memory runs out on the way: nobody is to wait for ever.
template <class T>
class Promised {
public:
    Promised(std::shared_ptr<Worker> callbacks, Completion<T> completion)
        : x_callbacks(std::move(callbacks)), x_completion(std::move(completion)) {}
    ~Promised() {
        if (x_completion.handler) {
            (*this)(out_of_memory());
        }
    }
    Promised(Promised&&) noexcept = default;
    Promised& operator=(Promised&&) = delete;

    void operator()(result<T> value) {
        deliver(x_callbacks.get(), std::move(x_completion), std::move(value));
    }

private:
    std::shared_ptr<Worker> x_callbacks;
    Completion<T> x_completion;
};

template <class T>
Sink<T> make_sink(std::shared_ptr<Worker> callbacks, Completion<T> completion) {
    return Promised<T>(std::move(callbacks), std::move(completion));
}

/// A blocked caller. Its sink, too, answers when it goes without an answer.
template <class T>
class Waiter : public std::enable_shared_from_this<Waiter<T>> {
public:
    [[nodiscard]] Sink<T> sink() { return Answer(this->shared_from_this()); }

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
    class Answer {
    public:
        explicit Answer(std::shared_ptr<Waiter> waiter) : x_waiter(std::move(waiter)) {}
        ~Answer() {
            if (x_waiter) {
                (*this)(out_of_memory());
            }
        }
        Answer(Answer&&) noexcept = default;
        Answer& operator=(Answer&&) = delete;

        void operator()(result<T> value) {
            const auto waiter = std::move(x_waiter);
            {
                const std::lock_guard lock(waiter->x_mutex);
                waiter->x_value.emplace(std::move(value));
            }
            waiter->x_arrived.notify_all();  // outside: who wakes up wants the mutex
        }

    private:
        std::shared_ptr<Waiter> x_waiter;
    };

    std::mutex x_mutex;
    std::condition_variable x_arrived;
    std::optional<result<T>> x_value;
};

}  // namespace leasehold::detail

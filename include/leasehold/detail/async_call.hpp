// A coroutine run under a lock: spawned on a strand of its own, cancelled there when the lock's
// time is over. Needs <boost/asio/co_spawn.hpp> only in the file that calls it.
#pragma once

#include <leasehold/detail/completion.hpp>
#include <leasehold/guard.hpp>

#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace leasehold::detail {

template <class>
struct AwaitableTraits;

/// boost::asio::awaitable, without its header.
template <template <class, class> class Awaitable, class T, class Executor>
    requires std::is_same_v<typename Awaitable<T, Executor>::executor_type, Executor>
struct AwaitableTraits<Awaitable<T, Executor>> {
    using value_type = T;
    using result_type = typename Flattened<T>::type;
};

template <class A>
concept IsAwaitable = requires {
    typename AwaitableTraits<A>::value_type;
};

/// A callable that makes the awaitable once it is given the context.
template <class F>
concept MakesAwaitable = !IsAwaitable<std::remove_cvref_t<F>> &&
                         (std::is_invocable_v<F&, const CallContext&> ||
                          std::is_invocable_v<F&>)&&IsAwaitable<std::remove_cvref_t<Invoked<F&>>>;

/// co_spawn wants a result that can be default-constructed, and result<T> cannot be.
template <template <class, class> class Awaitable, class T, class Executor>
Awaitable<std::optional<T>, Executor> boxed(Awaitable<T, Executor> operation) {
    auto value = co_await std::move(operation);
    std::optional<T> box(std::move(value));
    co_return box;
}

template <template <class, class> class Awaitable, class Executor>
Awaitable<std::optional<std::monostate>, Executor> boxed(Awaitable<void, Executor> operation) {
    co_await std::move(operation);
    std::optional<std::monostate> box(std::in_place);
    co_return box;
}

/// What went wrong in a coroutine: the code of a system error, else errc::call_failed with what().
[[nodiscard]] Error error_of(std::exception_ptr failure);
/// True for the code with which Asio's operations and ours answer a cancellation.
[[nodiscard]] bool is_cancellation(const Error& error) noexcept;

/// The part of a guarded coroutine that does not depend on what it returns.
class AsyncCallBase {
public:
    using Strand = boost::asio::strand<boost::asio::any_io_executor>;

    AsyncCallBase(std::shared_ptr<Hold> hold, Strand strand)
        : x_scope(std::in_place, std::move(hold)), x_strand(std::move(strand)) {}

    [[nodiscard]] const Strand& strand() const noexcept { return x_strand; }
    /// On the strand only.
    void cancel(boost::asio::cancellation_type type) { x_signal.emit(type); }
    void cancel_by_caller(boost::asio::cancellation_type type) {
        x_is_cancelled_by_caller = true;
        x_signal.emit(type);
    }

protected:
    /// The error that ends the call, if any: how the lease ended first, then the coroutine's own.
    [[nodiscard]] std::optional<Error> failure_of(const Error* own) const;

    std::optional<CallScope> x_scope;
    boost::asio::cancellation_signal x_signal;

private:
    Strand x_strand;
    bool x_is_cancelled_by_caller = false;
};

/// One guarded coroutine. `Source` is the awaitable, or the callable that makes it.
template <class Source, class R>
class AsyncCall : public AsyncCallBase, public std::enable_shared_from_this<AsyncCall<Source, R>> {
public:
    using Handler = boost::asio::any_completion_handler<void(result<R>)>;

    AsyncCall(std::shared_ptr<Hold> hold, Strand strand, Source source, Handler handler)
        : AsyncCallBase(std::move(hold), std::move(strand)),
          x_source(std::move(source)),
          x_handler(std::move(handler)) {}

    /// On the strand: what cancels the coroutine is posted behind this, so none is lost.
    void run() {
        if (auto refused = x_scope->verdict(); !refused) {
            return complete(refused.error());
        }
        std::weak_ptr<AsyncCall> self = this->weak_from_this();
        x_scope->on_stop([self] {
            if (auto call = self.lock()) {
                boost::asio::post(call->strand(),
                                  [call] { call->cancel(boost::asio::cancellation_type::all); });
            }
        });
        try {
            spawn();
        } catch (...) {
            finish_failed(std::current_exception());
        }
    }

private:
    /// What co_spawn completes with: bound to the strand and to our cancellation signal.
    struct Done {
        using executor_type = Strand;
        using cancellation_slot_type = boost::asio::cancellation_slot;

        [[nodiscard]] executor_type get_executor() const noexcept { return call->strand(); }
        [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
            return call->x_signal.slot();
        }
        template <class Box>
        void operator()(std::exception_ptr failure, Box box) {
            if (failure) {
                call->finish_failed(std::move(failure));
            } else {
                call->finish(std::move(*box));
            }
        }

        std::shared_ptr<AsyncCall> call;
    };

    void spawn() {
        // Found by argument-dependent lookup where this is instantiated.
        if constexpr (IsAwaitable<Source>) {
            co_spawn(strand(), boxed(std::move(x_source)), Done{this->shared_from_this()});
        } else {
            co_spawn(strand(), boxed(invoke_guarded(x_source, x_scope->context())),
                     Done{this->shared_from_this()});
        }
    }

    void finish_failed(std::exception_ptr exception) {
        const Error own = error_of(std::move(exception));
        complete(*failure_of(&own));
    }

    template <class T>
    void finish(T value) {
        if constexpr (std::is_same_v<T, std::monostate>) {
            auto failure = failure_of(nullptr);
            complete(failure ? result<R>(std::move(*failure)) : result<R>(success()));
        } else if constexpr (std::is_same_v<T, result<R>>) {
            auto failure = failure_of(value ? nullptr : &value.error());
            complete(failure ? result<R>(std::move(*failure)) : std::move(value));
        } else {
            auto failure = failure_of(nullptr);
            complete(failure ? result<R>(std::move(*failure)) : result<R>(std::move(value)));
        }
    }

    void complete(result<R> answer) {
        x_scope.reset();  // the call has returned: a node that waits for it may go
        boost::asio::post(strand().get_inner_executor(),
                          boost::asio::append(std::move(x_handler), std::move(answer)));
    }

    Source x_source;
    Handler x_handler;
};

template <class Source>
struct AsyncCallResult {
    using awaitable = std::remove_cvref_t<Invoked<Source&>>;
    using type = typename AwaitableTraits<awaitable>::result_type;
};
template <IsAwaitable Source>
struct AsyncCallResult<Source> {
    using type = typename AwaitableTraits<Source>::result_type;
};

/// Forwards the caller's own cancellation to the coroutine's strand.
template <class Call, class Handler>
void forward_cancellation(const std::shared_ptr<Call>& call, const Handler& slot) {
    if (!slot.is_connected()) {
        return;
    }
    auto target = slot;
    std::weak_ptr<Call> weak = call;
    target.assign([weak](boost::asio::cancellation_type type) {
        if (auto live = weak.lock()) {
            boost::asio::post(live->strand(), [live, type] { live->cancel_by_caller(type); });
        }
    });
}

template <class Source, class Token>
auto initiate_call(std::shared_ptr<Hold> hold, Source source, Token&& token) {
    using Result = typename AsyncCallResult<Source>::type;
    using R = typename Result::value_type;
    return boost::asio::async_initiate<Token, void(Result)>(
        [](auto&& handler, std::shared_ptr<Hold> held, Source work) {
            using Call = AsyncCall<Source, R>;
            boost::asio::any_io_executor inner = executor_of(handler);
            if (!inner) {
                inner = boost::asio::system_executor();
            }
            const auto slot = boost::asio::get_associated_cancellation_slot(handler);
            auto call =
                std::make_shared<Call>(std::move(held), AsyncCallBase::Strand(inner),
                                       std::move(work), std::forward<decltype(handler)>(handler));
            forward_cancellation(call, slot);
            boost::asio::post(call->strand(), [call] { call->run(); });
        },
        token, std::move(hold), std::move(source));
}

}  // namespace leasehold::detail

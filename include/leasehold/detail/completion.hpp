// How a completion token meets the compiled part of the SDK: the handler is erased here, together
// with the executor that it is to be called on, and nothing behind this file is a template.
#pragma once

#include <leasehold/error.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>
#include <boost/version.hpp>

#include <functional>
#include <type_traits>
#include <utility>

// An installed library says with which Boost it was built: Asio's handlers and executors go to and
// fro between it and the program, so both have to know them in the same shape.
#if defined(LEASEHOLD_BOOST_VERSION) && LEASEHOLD_BOOST_VERSION != BOOST_VERSION
#error "leasehold was built with another version of Boost: compile with that one's headers"
#endif

namespace leasehold {

/// What every async function takes: a callback, `use_future`, `deferred`, `use_awaitable`, …
template <class Token, class T>
concept CompletionToken = boost::asio::completion_token_for<Token, void(result<T>)>;

namespace detail {

/// A handler that was waiting to be called once, erased.
template <class T>
struct Completion {
    boost::asio::any_completion_handler<void(result<T>)> handler;
    /// Empty: the client's callback thread, and from there whatever the handler is bound to.
    boost::asio::any_io_executor executor;
};

/// An operation with its arguments copied, not started yet. A deferred one may start late, or
/// never.
template <class T>
using Start = std::function<void(Completion<T>)>;

/// The handler's own executor, kept busy until we post to it. Empty if it has none, or is one on
/// which a post might run the handler inside the call.
template <class Handler>
boost::asio::any_io_executor executor_of(const Handler& handler) {
    namespace execution = boost::asio::execution;
    const auto own = boost::asio::get_associated_executor(handler);
    using Own = std::remove_cvref_t<decltype(own)>;
    if constexpr (std::is_same_v<Own, boost::asio::system_executor>) {
        return {};
    } else if constexpr (boost::asio::can_require_v<Own, execution::blocking_t::never_t>) {
        if constexpr (requires { static_cast<bool>(own); }) {
            if (!own) {
                return {};
            }
        }
        if constexpr (boost::asio::can_query_v<Own, execution::context_t>) {
            // The threads of Asio's system_context are started by whoever asks for it first, and
            // have that one's name and signal mask: here it is the caller, and not ours.
            static_cast<void>(boost::asio::query(own, execution::context));
        }
        auto ready = boost::asio::prefer(own, execution::outstanding_work.tracked);
        if constexpr (std::is_convertible_v<decltype(ready), boost::asio::any_io_executor>) {
            return ready;
        } else {
            return {};
        }
    } else {
        return {};
    }
}

/// Applies `token` to an operation that completes with `void(result<T>)`.
template <class T, class Token>
auto initiate(Token&& token, Start<T> start) {
    return boost::asio::async_initiate<Token, void(result<T>)>(
        [](auto&& handler, Start<T> begin) {
            auto executor = executor_of(handler);
            begin(Completion<T>{std::forward<decltype(handler)>(handler), std::move(executor)});
        },
        token, std::move(start));
}

}  // namespace detail
}  // namespace leasehold

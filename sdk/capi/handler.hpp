// A handler of the user's: a function and what it is called with, for as long as somebody may call
// it.
#pragma once

#include <leasehold/leasehold.h>

#include "sdk/capi/answer.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace leasehold::capi {

template <class... Args>
class Handler {
public:
    using Function = void (*)(void* user, Args...);

    Handler(Function function, void* user, lh_destroy_fn destroy) noexcept
        : x_function(function), x_user(user), x_destroy(destroy) {}
    ~Handler() {
        if (x_destroy != nullptr) {
            call_user([this] { x_destroy(x_user); });
        }
    }
    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;

    void operator()(Args... args) const {
        call_user([&] { x_function(x_user, args...); });
    }
    [[nodiscard]] explicit operator bool() const noexcept { return x_function != nullptr; }

private:
    const Function x_function;
    void* const x_user;
    const lh_destroy_fn x_destroy;
};

template <class... Args>
using SharedHandler = std::shared_ptr<const Handler<Args...>>;

/// Made before anything can be refused, so that `destroy` is called whatever comes.
template <class... Args>
[[nodiscard]] SharedHandler<Args...> make_handler(void (*function)(void*, Args...), void* user,
                                                  lh_destroy_fn destroy) {
    return std::make_shared<const Handler<Args...>>(function, user, destroy);
}

/// In the form that the C++ interface takes, for arguments From; empty if there is no function.
template <class... From, class... To>
[[nodiscard]] std::function<void(From...)> as_function(SharedHandler<To...> handler) {
    if (!*handler) {
        return {};
    }
    return [handler = std::move(handler)](From... args) { (*handler)(static_cast<To>(args)...); };
}

}  // namespace leasehold::capi

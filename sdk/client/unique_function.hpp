// A callable that may own what cannot be copied, such as a completion handler or a lock.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace leasehold::detail {

template <class Signature>
class UniqueFunction;

/// Move-only. Calling an empty one is a bug of the caller.
template <class R, class... Args>
class UniqueFunction<R(Args...)> {
public:
    UniqueFunction() = default;

    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, UniqueFunction> &&
                 std::is_invocable_r_v<R, std::remove_cvref_t<F>&, Args...>)
    UniqueFunction(F&& callable)  // NOLINT(google-explicit-constructor)
        : x_target(std::make_unique<Holder<std::remove_cvref_t<F>>>(std::forward<F>(callable))) {}

    R operator()(Args... args) { return x_target->call(std::forward<Args>(args)...); }
    explicit operator bool() const noexcept { return x_target != nullptr; }

private:
    struct Target {
        virtual ~Target() = default;
        virtual R call(Args... args) = 0;
    };
    template <class F>
    struct Holder final : Target {
        explicit Holder(F target) : callable(std::move(target)) {}
        R call(Args... args) override { return callable(std::forward<Args>(args)...); }
        F callable;
    };

    std::unique_ptr<Target> x_target;
};

}  // namespace leasehold::detail

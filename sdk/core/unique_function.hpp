// A callable that may own what cannot be copied, such as a completion handler or a lock.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace leasehold::core {

/// Room for an ordinary completion: its handler, executor, and where it goes without one.
inline constexpr std::size_t room_for_completion = 88;

template <class Signature, std::size_t Room = room_for_completion>
class UniqueFunction;

/// Move-only. Calling an empty one is a bug of the caller. What fits into `Room` bytes lies inside:
/// most callables here are a few pointers and ids, and each request has several.
template <class R, class... Args, std::size_t Room>
class UniqueFunction<R(Args...), Room> {
public:
    UniqueFunction() = default;

    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, UniqueFunction> &&
                 std::is_invocable_r_v<R, std::remove_cvref_t<F>&, Args...>)
    UniqueFunction(F&& callable) {  // NOLINT(google-explicit-constructor)
        using Target = std::remove_cvref_t<F>;
        if constexpr (fits_inside<Target>) {
            ::new (x_room) Target(std::forward<F>(callable));
            x_actions = &inside<Target>;
        } else {
            ::new (x_room) Target*(new Target(std::forward<F>(callable)));
            x_actions = &outside<Target>;
        }
    }

    UniqueFunction(UniqueFunction&& other) noexcept { take(other); }
    UniqueFunction& operator=(UniqueFunction&& other) noexcept {
        if (this != &other) {
            clear();
            take(other);
        }
        return *this;
    }
    UniqueFunction(const UniqueFunction&) = delete;
    UniqueFunction& operator=(const UniqueFunction&) = delete;
    ~UniqueFunction() { clear(); }

    R operator()(Args... args) { return x_actions->call(x_room, std::forward<Args>(args)...); }
    explicit operator bool() const noexcept { return x_actions != nullptr; }

private:
    template <class Target>
    static constexpr bool is_aligned_inside = alignof(Target) <= alignof(std::max_align_t);
    template <class Target>
    static constexpr bool fits_inside =
        sizeof(Target) <=
        Room&& is_aligned_inside<Target>&& std::is_nothrow_move_constructible_v<Target>;

    struct Actions {
        R (*call)(void* at, Args&&... args);
        void (*move)(void* from, void* to) noexcept;  ///< and nothing is left there
        void (*destroy)(void* at) noexcept;
    };

    template <class Target>
    static Target& target_at(void* at) noexcept {
        return *std::launder(static_cast<Target*>(at));
    }

    template <class Target>
    static constexpr Actions inside{
        [](void* at, Args&&... args) -> R {
            return static_cast<R>(target_at<Target>(at)(std::forward<Args>(args)...));
        },
        [](void* from, void* to) noexcept {
            ::new (to) Target(std::move(target_at<Target>(from)));
            target_at<Target>(from).~Target();
        },
        [](void* at) noexcept { target_at<Target>(at).~Target(); }};

    template <class Target>
    static constexpr Actions outside{
        [](void* at, Args&&... args) -> R {
            return static_cast<R>((*target_at<Target*>(at))(std::forward<Args>(args)...));
        },
        [](void* from, void* to) noexcept { ::new (to) Target*(target_at<Target*>(from)); },
        [](void* at) noexcept { delete target_at<Target*>(at); }};

    void take(UniqueFunction& other) noexcept {
        x_actions = std::exchange(other.x_actions, nullptr);
        if (x_actions != nullptr) {
            x_actions->move(other.x_room, x_room);
        }
    }
    void clear() noexcept {
        if (const Actions* const actions = std::exchange(x_actions, nullptr)) {
            actions->destroy(x_room);
        }
    }

    alignas(std::max_align_t) std::byte x_room[Room];
    const Actions* x_actions = nullptr;
};

}  // namespace leasehold::core

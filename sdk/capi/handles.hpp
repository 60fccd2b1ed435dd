// What the handles of the C interface stand for. A handle is a name in the shape of a pointer: it
// is looked up, never followed, so that one that was freed, or is none at all, is found out.
#pragma once

#include <leasehold/error.hpp>

#include "sdk/client/fork.hpp"

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace leasehold::capi {

/// What a handle is a name for; part of its value.
enum class HandleKind : std::uint8_t {
    client = 1,
    lock,
    call,
    contenders,
    observer,
    error,
    operation,
    server
};

using Handle = std::uint64_t;

/// Thread safety: all functions may be called from any number of threads at once, and after a
/// fork() in the child, too.
class Handles {
public:
    /// Of the process. Never destroyed: threads may use it while the process ends.
    [[nodiscard]] static Handles& all();

    [[nodiscard]] Handle insert(HandleKind kind, std::shared_ptr<void> object);
    /// Nothing for what is no handle of this kind, or was freed.
    [[nodiscard]] std::shared_ptr<void> find(HandleKind kind, Handle handle) const;
    /// The same, and frees it.
    [[nodiscard]] std::shared_ptr<void> take(HandleKind kind, Handle handle);

    Handles(const Handles&) = delete;
    Handles& operator=(const Handles&) = delete;

private:
    Handles();
    ~Handles() = default;

    struct Slots;
    const std::unique_ptr<Slots> x_slots;
};

/// Of the C interface alone; see lh_code.
enum class capi_errc { invalid_handle = 1001, system_error = 1002, out_of_memory = 1003 };
[[nodiscard]] std::error_code make_error_code(capi_errc code) noexcept;

/// A `Box` has `static constexpr HandleKind kind`, and the name of its handle's type: `Name`.
template <class Box>
[[nodiscard]] typename Box::Name* insert(std::shared_ptr<Box> box) {
    return reinterpret_cast<typename Box::Name*>(Handles::all().insert(Box::kind, std::move(box)));
}

template <class Box>
[[nodiscard]] std::shared_ptr<Box> find(const typename Box::Name* name) {
    return std::static_pointer_cast<Box>(
        Handles::all().find(Box::kind, reinterpret_cast<Handle>(name)));
}

template <class Box>
[[nodiscard]] std::shared_ptr<Box> take(const typename Box::Name* name) {
    return std::static_pointer_cast<Box>(
        Handles::all().take(Box::kind, reinterpret_cast<Handle>(name)));
}

/// What is said of a handle that was not found.
[[nodiscard]] Error invalid_handle(HandleKind kind);

/// Of what belongs to the process that made it.
class OfOneProcess {
public:
    [[nodiscard]] bool is_forked() const noexcept {
        return x_generation != detail::fork_generation();
    }

private:
    int x_generation = detail::fork_generation();
};

template <class Box>
[[nodiscard]] result<std::shared_ptr<Box>> require(const typename Box::Name* name) {
    auto box = find<Box>(name);
    if (!box) {
        return invalid_handle(Box::kind);
    }
    if constexpr (std::is_base_of_v<OfOneProcess, Box>) {
        if (box->is_forked()) {
            return Error(errc::forked, "connect anew in the child");
        }
    }
    return box;
}

}  // namespace leasehold::capi

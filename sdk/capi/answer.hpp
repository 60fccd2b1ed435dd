// How a function of the C interface answers: by a number, and an error object for who wants one.
// Nothing is thrown past here, in either direction.
#pragma once

#include <leasehold/error.hpp>
#include <leasehold/leasehold.h>

#include "sdk/capi/handles.hpp"

#include <exception>
#include <new>
#include <string>
#include <utility>

namespace leasehold::capi {

struct ErrorBox {
    using Name = lh_error;
    static constexpr HandleKind kind = HandleKind::error;

    int code;
    std::string message;
    ErrorContext context;
};

/// The lh_code of an error.
[[nodiscard]] int code_of(const std::error_code& code) noexcept;

/// An error object for the caller; NULL if there is no memory for one.
[[nodiscard]] lh_error* make_error(const Error& error) noexcept;

/// Answers with a failure.
int fail(const Error& error, lh_error** out) noexcept;

/// Runs `f`, which returns result<void>, and answers with what it says.
template <class F>
int answer(lh_error** error, F&& f) noexcept {
    if (error != nullptr) {
        *error = nullptr;
    }
    try {
        if (const result<void> done = std::forward<F>(f)(); !done) {
            return fail(done.error(), error);
        }
        return LH_OK;
    } catch (const std::bad_alloc&) {
        return LH_OUT_OF_MEMORY;  // and no object, which would take some
    } catch (const std::exception& failure) {
        return fail(Error(make_error_code(capi_errc::system_error), {.what = failure.what()}),
                    error);
    }
}

/// Where a handle goes; NULL first, so that nobody takes an old value for a new handle.
template <class Name>
[[nodiscard]] result<void> prepare_out(Name** out, const char* what) {
    if (out == nullptr) {
        return Error(errc::invalid_argument, std::string(what) + " is NULL");
    }
    *out = nullptr;
    return success();
}

/// For functions that cannot fail: `otherwise` if `f` throws, or `name` is no handle of a Box.
template <class Box, class T, class F>
T ask(const typename Box::Name* name, T otherwise, F&& f) noexcept {
    try {
        const auto box = find<Box>(name);
        return box ? static_cast<T>(std::forward<F>(f)(*box)) : otherwise;
    } catch (...) {
        return otherwise;
    }
}

/// Calls a function of the user's. What it throws is dropped: nobody is there to take it.
template <class F>
void call_user(F&& f) noexcept {
    try {
        std::forward<F>(f)();
    } catch (...) {
    }
}

}  // namespace leasehold::capi

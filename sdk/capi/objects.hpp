// What the handles for clients, locks and lists of contenders are names for.
#pragma once

#include <leasehold/client.hpp>
#include <leasehold/leasehold.h>

#include "sdk/capi/handles.hpp"
#include "sdk/capi/operations.hpp"
#include "sdk/client/election.hpp"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace leasehold::capi {

/// Hands the client's log to a function of C.
class LogAdapter {
public:
    LogAdapter(lh_log_fn function, void* user) noexcept : x_function(function), x_user(user) {}
    void operator()(const LogRecord& record) const;

private:
    const lh_log_fn x_function;
    void* const x_user;
};

struct ClientBox : OfOneProcess {
    using Name = lh_client;
    static constexpr HandleKind kind = HandleKind::client;

    ClientBox(lh_log_fn log_function, void* log_user) : log(log_function, log_user) {}

    LogAdapter log;  ///< outlives the client, which calls it
    std::optional<Client> client;
};

struct LockBox : OfOneProcess {
    using Name = lh_lock;
    static constexpr HandleKind kind = HandleKind::lock;

    explicit LockBox(ScopedLock granted, bool leads = false)
        : lock(std::move(granted)), is_leadership(leads) {}
    /// A lead is held as the lock that it is.
    explicit LockBox(Leadership won) : LockBox(detail::Election::lock_of(std::move(won)), true) {}

    ScopedLock lock;
    bool is_leadership;
};

struct ContendersBox {
    using Name = lh_contenders;
    static constexpr HandleKind kind = HandleKind::contenders;

    explicit ContendersBox(std::vector<ContenderInfo> contenders) : all(std::move(contenders)) {}

    std::vector<ContenderInfo> all;
};

/// Puts an object where the caller wants its handle.
template <class Box, class... Args>
[[nodiscard]] result<void> hand_out(typename Box::Name** out, Args&&... args) {
    *out = insert(std::make_shared<Box>(std::forward<Args>(args)...));
    return success();
}

/// Calls back with what was answered, as a handle to a Box, or an error.
template <class Box, class Callback, class T>
void hand_over(Callback* callback, void* user, result<T> answer) {
    if (!answer) {
        return callback(user, nullptr, make_error(answer.error()));
    }
    callback(user, insert(std::make_shared<Box>(*std::move(answer))), nullptr);
}

}  // namespace leasehold::capi

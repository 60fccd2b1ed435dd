// What went wrong, where, and what to do about it: errors are values, and every operation returns
// leasehold::result<T>.
#pragma once

#include <leasehold/clock.hpp>

#include <boost/outcome/std_result.hpp>
#include <boost/outcome/try.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace leasehold {

/// The SDK's own conditions. Answers of the server that are no condition of the lock itself keep
/// ZooKeeper's numbers in `zk_errc`.
enum class errc {
    invalid_argument = 1,  ///< a connect string, path, duration or option is malformed
    budget_refused,  ///< the lease arithmetic cannot honour the budget; the text has the numbers
    wait_expired,    ///< not acquired within the wait
    queue_full,      ///< more contenders ahead than `max_queue`
    hopeless_wait,   ///< at the observed pace the wait would expire first; refused early
    queue_too_long,  ///< the list of contenders exceeds the frame cap
    sequence_exhausted,  ///< the path's sequence counter is worn out; rotate the lock path
    budget_exceeded,     ///< the guarded call came back after its deadline; the lock is released
    lock_lost,           ///< session or node gone, or the safe deadline passed; final
    not_permitted,       ///< ACL or authentication refuses us
    no_server,           ///< no server of the connect string could be reached in time
    protocol_error,      ///< the server sent bytes that ZooKeeper's protocol does not allow
    session_expired,     ///< the session ended while the operation was under way
    connection_lost,     ///< the connection went away after sending: the effect is unknown
    cancelled,           ///< cancelled by the caller before it took effect
    closed,              ///< the client is closed or closing
    would_deadlock,      ///< a blocking call on the client's own I/O thread
    overloaded,          ///< a queue or buffer of the client is at its cap
    unsupported,         ///< this server, or a read-only connection, cannot do it
    forked,              ///< used in a forked child; locks and clients do not survive fork()
    no_chroot,           ///< the connect string's chroot does not exist on the server
    timed_out,           ///< the operation's own time limit passed
    call_failed,         ///< a guarded coroutine threw; the text has its what()
    permits_disagree,    ///< the semaphore has another number of permits; the text has both
    mixed_queue,  ///< contenders are in the queue that would not see ours; the text has the remedy
    stale_token,  ///< a fenced resource has seen a newer token: the writer has lost its lock
    tls_failed,   ///< no TLS connection that can be trusted: the text says what does not hold
    auth_failed,  ///< SASL: we could not prove who we are; the text says why, and what to do
};

/// ZooKeeper's answer to one request, with its number on the wire (always negative).
enum class zk_errc : std::int32_t {
    system_error = -1,
    runtime_inconsistency = -2,
    data_inconsistency = -3,
    marshalling_error = -5,
    unimplemented = -6,
    bad_arguments = -8,
    no_node = -101,
    no_auth = -102,
    bad_version = -103,
    no_children_for_ephemerals = -108,
    node_exists = -110,
    not_empty = -111,
    session_expired = -112,
    invalid_acl = -114,
    auth_failed = -115,
    session_moved = -118,
    not_read_only = -119,
    ephemeral_on_local_session = -120,
    no_watcher = -121,
    reconfig_disabled = -123,
    session_closed_require_auth = -124,
    quota_exceeded = -125,
    throttled = -127,
};

[[nodiscard]] const std::error_category& leasehold_category() noexcept;
[[nodiscard]] const std::error_category& zookeeper_category() noexcept;
[[nodiscard]] std::error_code make_error_code(errc) noexcept;
[[nodiscard]] std::error_code make_error_code(zk_errc) noexcept;

/// What a person needs beyond the code. Empty fields are unknown.
struct ErrorContext {
    std::string what{};         ///< one sentence: what happened and what to do
    std::string path{};         ///< the znode or lock path
    std::string holder{};       ///< who holds the lock, from its record; shown, never trusted
    std::string holder_node{};  ///< the holder's node name
    std::optional<std::size_t> position{};  ///< our place in the queue; 0 would hold
    std::optional<Duration> time_left{};    ///< of the wait, the budget or the lease
};

/// An error code together with its context. Cheap to move and to copy; immutable once shared.
/// Thread safety: distinct objects may be used from different threads.
class Error {
public:
    Error() = default;
    Error(errc code, std::string what = {});     // NOLINT(google-explicit-constructor)
    Error(zk_errc code, std::string what = {});  // NOLINT(google-explicit-constructor)
    Error(std::error_code code, ErrorContext context);

    [[nodiscard]] std::error_code code() const noexcept { return x_code; }
    [[nodiscard]] const ErrorContext& context() const noexcept;

    /// One line for a person: the condition, the path, the holder, our position, the time left.
    /// Text that came from a server or from another client has its control characters escaped.
    [[nodiscard]] std::string message() const;

    /// The same error with the path filled in, if it has none yet.
    [[nodiscard]] Error at(std::string_view path) &&;

    friend bool operator==(const Error& error, std::error_code code) noexcept {
        return error.x_code == code;
    }
    friend bool operator==(const Error& error, errc code) noexcept {
        return error.x_code == make_error_code(code);
    }
    friend bool operator==(const Error& error, zk_errc code) noexcept {
        return error.x_code == make_error_code(code);
    }

private:
    std::error_code x_code;
    std::shared_ptr<const ErrorContext> x_context;
};

[[nodiscard]] std::error_code make_error_code(const Error& error) noexcept;
/// Called by Outcome when `.value()` is asked of a failed result: throws std::system_error.
[[noreturn]] void outcome_throw_as_system_error_with_payload(const Error& error);

/// The return type of every operation: a value, or an Error. `BOOST_OUTCOME_TRY` works on it, and
/// in coroutines `BOOST_OUTCOME_CO_TRY`. `value()`, `*` and `->` throw std::system_error if it
/// holds an Error. One that was made from nothing holds errc::call_failed: co_spawn wants to make
/// one when a coroutine ends by an exception.
template <class T>
class [[nodiscard]] result : public BOOST_OUTCOME_V2_NAMESPACE::std_result<T, Error> {
public:
    using BOOST_OUTCOME_V2_NAMESPACE::std_result<T, Error>::std_result;
    result() : BOOST_OUTCOME_V2_NAMESPACE::std_result<T, Error>(Error(errc::call_failed)) {}

    [[nodiscard]] T& operator*() & { return this->value(); }
    [[nodiscard]] const T& operator*() const& { return this->value(); }
    [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
    [[nodiscard]] T* operator->() { return std::addressof(this->value()); }
    [[nodiscard]] const T* operator->() const { return std::addressof(this->value()); }
};

template <>
class [[nodiscard]] result<void> : public BOOST_OUTCOME_V2_NAMESPACE::std_result<void, Error> {
public:
    using BOOST_OUTCOME_V2_NAMESPACE::std_result<void, Error>::std_result;
    result() : BOOST_OUTCOME_V2_NAMESPACE::std_result<void, Error>(Error(errc::call_failed)) {}
};

using BOOST_OUTCOME_V2_NAMESPACE::success;

}  // namespace leasehold

template <>
struct std::is_error_code_enum<leasehold::errc> : std::true_type {};
template <>
struct std::is_error_code_enum<leasehold::zk_errc> : std::true_type {};

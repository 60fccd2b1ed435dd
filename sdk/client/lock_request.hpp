// An acquisition's way in and out: the user's options checked and owned, and a refusal made into an
// error that a person can act on.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/error.hpp>
#include <leasehold/options.hpp>

#include "sdk/core/effect.hpp"
#include "sdk/core/engine.hpp"
#include "sdk/wire/node.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::detail {

/// A server drops the connection, and every lock's with it, on a request above its jute.maxbuffer.
inline constexpr std::size_t most_request_bytes = 0xFFFFF;

/// What was agreed on when the lock was asked for.
struct HoldTerms {
    std::string path;  ///< as the user wrote it, if there is a chroot; see LockRequest::path
    Duration budget{};
    bool has_budget = true;  ///< a lead has none
    Duration reserve{};
    bool holds_until_return = false;
    std::vector<std::string> set{};  ///< all paths, if there are several
};

struct LockRequest {
    core::AcquireSpec spec;
    HoldTerms terms;

    /// As the user wrote it.
    [[nodiscard]] const std::string& path() const noexcept {
        return terms.path.empty() ? spec.path : terms.path;
    }
};
/// As it is handed on, once it is complete.
using SharedLockRequest = std::shared_ptr<const LockRequest>;

/// What the client adds to the options.
struct LockDefaults {
    std::string_view chroot;
    std::string_view owner;
    core::SharedAcl acl;
    std::string_view identity{};  ///< see encode_identity(); empty: found out anew
};

/// errc::invalid_argument with the option that is malformed.
[[nodiscard]] result<SharedLockRequest> make_lock_request(std::string_view path, LockKind kind,
                                                          const LockOptions& options,
                                                          LockDefaults defaults);
/// The locks at all paths at once. The error names the path that does not fit.
[[nodiscard]] result<SharedLockRequest> make_set_request(std::span<const std::string> paths,
                                                         const LockOptions& options,
                                                         LockDefaults defaults);
[[nodiscard]] result<SharedLockRequest> make_candidacy(std::string_view path,
                                                       const ElectOptions& options,
                                                       LockDefaults defaults,
                                                       milliseconds session_timeout);

/// The entries owned, or what is wrong with one. Empty stays empty.
[[nodiscard]] result<std::vector<wire::Acl>> own_acl(std::span<const AclEntry> entries);

[[nodiscard]] Error to_error(core::Refusal&& refusal, const std::string& path);

}  // namespace leasehold::detail

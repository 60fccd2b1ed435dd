// One contender for a lock or for leadership, as everybody may see it.
#pragma once

#include <leasehold/options.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leasehold {

/// Whose grammar a contender's name follows.
enum class ContenderKind { curator, kazoo, other };

[[nodiscard]] std::string_view to_string(ContenderKind) noexcept;

/// One contender for a lock: its holder or one of those who wait. What it says of itself comes from
/// its record and is shown, never trusted; control characters in it are escaped.
struct ContenderInfo {
    std::string node;           ///< name of the node
    std::int32_t sequence = 0;  ///< place in the order
    bool is_held = false;       ///< those ahead of it that count leave room for it
    ContenderKind kind = ContenderKind::other;
    LockKind lock_kind = LockKind::exclusive;  ///< by its name, or shared once downgraded
    bool is_downgraded = false;                ///< it was exclusive, and lets in who shares
    /// What its fencing token is at least, once it holds; 0: it shares, or may not be read.
    std::int64_t token = 0;
    /// The nearest of those that it waits for. Empty: it holds; or, if it does not, its semaphore's
    /// node says no number of permits, and nobody can tell.
    std::string blocked_by;
    std::string owner;     ///< empty: unknown
    std::string host;      ///< empty: unknown; Curator writes an address
    std::int64_t pid = 0;  ///< 0: unknown
    milliseconds age{0};   ///< by the clocks of this host and of the ensemble's leader
    std::optional<milliseconds> budget;
    std::string trace_id;
    std::string payload;    ///< what a candidate for leadership tells of itself; not escaped
    bool is_asked = false;  ///< somebody has asked it to let go
    std::string session;    ///< the last 4 hex digits of its session id
};

}  // namespace leasehold

// What the engine asks of its shell, and what it tells it: plain values, in order.
#pragma once

#include <leasehold/error.hpp>
#include <leasehold/options.hpp>
#include <leasehold/state.hpp>

#include "sdk/core/endpoint.hpp"
#include "sdk/core/lease.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace leasehold::core {

/// Identifies one operation of the shell: chosen by it, never reused, never 0.
using OperationId = std::uint64_t;

/// Resolve every host of the connect string; answer with Engine::on_resolved (empty on failure).
struct Resolve {};
/// Connect the one transport; answer with on_connected or on_disconnected.
struct Connect {
    Endpoint endpoint;
};
/// Close the transport, or give up connecting; there is no answer, and bytes not yet written are
/// discarded. A SASL conversation ends with it, and has no answer any more either.
struct Disconnect {};

/// Begin a SASL conversation with the server of this name, in place of one that may be under way;
/// answer with on_sasl.
struct SaslBegin {
    std::string server;
};
/// What the server said in it; answer with on_sasl.
struct SaslContinue {
    std::string challenge;
};

/// The server's answer to one raw request.
struct Reply {
    std::int64_t zxid = 0;
    std::string body;
};
struct RequestDone {
    OperationId id;
    result<Reply> reply;
};

/// A lock was granted; the operation's id names the lease from now on.
struct Grant {
    std::shared_ptr<Lease> lease;
    Instant granted_at;
    Instant deadline;
    bool is_shortened = false;  ///< the safe deadline was nearer than the budget
};
/// A lock was not granted. The holder's record is as found on the server: bytes, not trusted.
struct Refusal {
    std::error_code code{};
    std::string what{};
    std::optional<std::size_t> position{};
    std::optional<Duration> time_left{};
    std::string holder_node{};
    std::string holder_record{};
    std::string path{};  ///< of several: the one it is about; else empty
};
struct AcquireDone {
    OperationId id;
    std::variant<Grant, Refusal> outcome;
};

/// The call deadline of a lease was reached, or the lease ended: request the stop now.
/// Comes once for each lease, before or together with its end.
struct StopDue {
    OperationId lease;
};
/// The lease is dead (its word is latched); comes once for each lease.
struct LeaseEnded {
    OperationId lease;
    Loss loss;
};
/// The node of a lease is known to be gone, or its session is. Comes once, after LeaseEnded.
struct NodeGone {
    OperationId lease;
    result<void> outcome;
};
struct ExtendDone {
    OperationId id;
    result<Instant> deadline;
};
/// Others know that the lease is shared now, or it has ended before that was certain.
struct DowngradeDone {
    OperationId id;
    result<void> outcome;
};
/// An upgradable lease is exclusive now, or why it is not.
struct UpgradeDone {
    OperationId id;
    std::optional<Refusal> refusal;
};
struct JeopardyChanged {
    OperationId lease;
    bool in_jeopardy;
};

/// Somebody asks the holder to let go; comes once for each lease at most.
struct YieldAsked {
    OperationId lease;
};

/// A raw watch fired, or ended with its session. One-shot.
struct WatchFired {
    OperationId watch;
    std::int32_t type;  ///< as on the wire; 0 if the watch ended with the session or the client
    std::string path;
};

struct StateChanged {
    ClientState state;
};
struct Log {
    LogLevel level;
    std::string event;
    std::vector<std::pair<std::string, std::string>> fields;
};
/// The close asked for is complete: session closed, or given up at the deadline.
struct Closed {
    result<void> outcome;
};

using Effect =
    std::variant<Resolve, Connect, Disconnect, RequestDone, AcquireDone, StopDue, LeaseEnded,
                 NodeGone, ExtendDone, DowngradeDone, UpgradeDone, JeopardyChanged, YieldAsked,
                 WatchFired, StateChanged, Log, Closed, SaslBegin, SaslContinue>;

}  // namespace leasehold::core

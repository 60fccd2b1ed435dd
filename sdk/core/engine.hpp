// The whole client without a socket, thread, clock or random source: bytes and times go in, bytes,
// effects and the next wake-up time come out.
#pragma once

#include <leasehold/options.hpp>
#include <leasehold/state.hpp>

#include "sdk/core/effect.hpp"
#include "sdk/core/recipe.hpp"
#include "sdk/core/sasl_exchange.hpp"
#include "sdk/core/settings.hpp"
#include "sdk/core/shared_acl.hpp"
#include "sdk/wire/opcode.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::core {

enum class WatchKind { data, child, exist };

/// One request of the raw client: an operation and its encoded body.
struct RawRequest {
    wire::Opcode op;
    std::string body;
    /// Register a watch under the request's id; the body has its watch flag set.
    std::optional<std::pair<WatchKind, std::string>> watch{};
    Duration timeout{};  ///< errc::timed_out after it
};

/// One acquisition: the options, checked and owned. It is shared, and does not change.
struct AcquireSpec {
    std::string path;  ///< full path, chroot included, validated
    Recipe recipe{};
    LockOptions options;  ///< its views (acl, owner, trace_id) are not read; see below
    SharedAcl acl;
    std::string record;  ///< what goes into the contender's node
    /// Leadership: the lease has no budget and rolls on for as long as there is evidence. That of
    /// `options` is not read.
    bool is_rolling = false;
    /// Of a set: the other paths. It is granted when all are free, and is exclusive.
    std::vector<std::string> more_paths{};
    OperationId upgrades = 0;  ///< the lease that is to become exclusive by it, if so
    int attempt = 0;           ///< of that lease's
    std::int64_t upgrade_token = 0;
    /// Until when it has to hold back, for all that earlier attempts have learned.
    std::shared_ptr<Instant> upgrade_held_back{};
};

/// Every method takes the time it is called at, never earlier than the time before; the shell calls
/// on_time() first in each turn, so that what is overdue is latched before a byte is looked at.
/// After each turn the shell writes and clears outbound(), carries out take_effects() in order, and
/// arms its timer for next_wakeup().
///
/// Thread safety: none; all calls come from the client's I/O thread.
class Engine {
public:
    Engine(Settings settings, std::uint64_t seed);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    void start(Instant now);
    void on_time(Instant now);

    void on_resolved(Instant now, std::vector<Endpoint> endpoints);
    void on_connected(Instant now);
    void on_sasl(Instant now, result<SaslMove> move);
    void on_bytes(Instant now, std::string_view bytes);
    void on_disconnected(Instant now, std::string_view why, errc code = errc::no_server);

    /// Answered by RequestDone, at the latest at the request's timeout.
    void submit(Instant now, OperationId id, RawRequest request);
    /// The request is answered with errc::cancelled at once; if it was written already, its effect
    /// is unknown. Unknown ids are ignored, here and below.
    void cancel_request(Instant now, OperationId id);
    void unwatch(Instant now, OperationId watch);

    /// Answered by AcquireDone, at the latest at the end of the wait.
    void acquire(Instant now, OperationId id, std::shared_ptr<const AcquireSpec> spec);
    void cancel_acquire(Instant now, OperationId id);
    void release(Instant now, OperationId lease);
    /// Answered by ExtendDone with the new deadline.
    void extend(Instant now, OperationId id, OperationId lease, Duration budget);
    /// An exclusive lease becomes a shared one, at once for its holder. Answered by DowngradeDone
    /// when the server has confirmed it, at the latest at the lease's end.
    void downgrade(Instant now, OperationId id, OperationId lease);
    /// An upgradable lease becomes exclusive, and keeps its place while it waits for that. Answered
    /// by UpgradeDone, at the latest at the end of the wait or of the lease; if it fails, the lease
    /// is as it was. To give up: cancel_acquire(id).
    void upgrade(Instant now, OperationId id, OperationId lease, milliseconds wait);
    /// A guarded call came back: with hold_until_return the node need not wait any longer.
    void call_returned(Instant now, OperationId lease);

    /// Sent on each connection before anything else. Kept in memory for re-attachment.
    void add_auth(Instant now, Credential credential);
    /// Ends all leases and waits now, closes the session, and answers Closed by `deadline`.
    void close(Instant now, Instant deadline);

    [[nodiscard]] std::string& outbound();
    /// What was asked for since the last call, in `effects`, whose memory is used for what comes.
    void take_effects(std::vector<Effect>& effects);
    [[nodiscard]] Instant next_wakeup() const;

    [[nodiscard]] ClientStats stats(Instant now) const;
    /// Why the last connection attempt failed; success while attached, or before the first one.
    [[nodiscard]] result<void> trouble() const;

private:
    struct Impl;
    std::unique_ptr<Impl> x_impl;
};

}  // namespace leasehold::core

// What a user may set, for a client and for one acquisition. Every member is trivially
// destructible, so that `{.wait = 2s, .budget = 10s}` is safe inside a co_await expression.
#pragma once

#include <leasehold/clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace leasehold {

using std::chrono::milliseconds;

/// How grave a log event is.
enum class LogLevel { debug, info, warning, error };

/// One name and value of a log event.
struct LogField {
    std::string_view name;
    std::string_view value;
};

/// One event of the log. The views live until the handler returns.
/// No password, lock payload or full session id is ever in a field.
struct LogRecord {
    LogLevel level;
    std::string_view event;
    std::span<const LogField> fields;
};

/// A non-owning reference to the user's log handler; the callable must outlive the client.
///
/// It is called on the client's callback thread, never on the I/O thread: a handler that blocks
/// delays other callbacks, but no heartbeat and no release. What it throws is swallowed.
class LogHandler {
public:
    LogHandler() = default;

    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, LogHandler> &&
                 std::is_invocable_v<F&, const LogRecord&>)
    LogHandler(F& callable)
    noexcept  // NOLINT(google-explicit-constructor)
        : x_object(const_cast<void*>(static_cast<const void*>(&callable))),
          x_call(
              [](void* object, const LogRecord& record) { (*static_cast<F*>(object))(record); }) {}

    void operator()(const LogRecord& record) const { x_call(x_object, record); }
    explicit operator bool() const noexcept { return x_call != nullptr; }

private:
    void* x_object = nullptr;
    void (*x_call)(void*, const LogRecord&) = nullptr;
};

enum class TlsVersion { tls_1_2, tls_1_3 };

/// How a client speaks TLS: with "tls://" before the hosts, with `enabled`, or with any other of
/// these set. Then no byte goes out in the clear: a server without TLS, or one whose certificate
/// does not hold, is no server. All files are PEM. They are read anew for each connection, so that
/// new certificates need no restart.
struct TlsOptions {
    bool enabled = false;
    /// The authorities that may sign a server's certificate; with both empty the system's.
    std::string_view ca_file{};
    /// The same as a directory with hashed names, as `openssl rehash` makes it.
    std::string_view ca_directory{};
    /// Our own certificate, followed by those between it and its authority; empty shows none.
    std::string_view certificate_file{};
    /// The key of our certificate; empty takes it from `certificate_file`.
    std::string_view key_file{};
    /// What the key is encrypted with: the first line of a file, or the environment variable of
    /// this name.
    std::string_view passphrase_file{};
    std::string_view passphrase_env{};
    /// The name or address that every server's certificate has to have, instead of the one in the
    /// connect string.
    std::string_view server_name{};
    TlsVersion min_version = TlsVersion::tls_1_2;
};

enum class SaslMechanism { none, digest_md5, gssapi };

/// How a client proves by SASL who it is, on each connection before anything else: with a mechanism
/// set, and never less than that. It is done by Cyrus SASL (libsasl2), which is loaded when it is
/// asked for.
struct SaslOptions {
    SaslMechanism mechanism = SaslMechanism::none;
    /// With DIGEST-MD5: who we are. GSSAPI takes that from the Kerberos ticket: KRB5CCNAME has it,
    /// or KRB5_CLIENT_KTNAME the key to get one with.
    std::string_view user{};
    /// The password: the first line of a file, or the environment variable of this name. Read anew
    /// for each connection.
    std::string_view password_file{};
    std::string_view password_env{};
    /// The first part of the servers' principal; empty takes "zookeeper".
    std::string_view service{};
    /// The servers' name: empty takes "zk-sasl-md5", as ZooKeeper has it, for DIGEST-MD5, and the
    /// host in the connect string for GSSAPI.
    std::string_view server_name{};
    /// With DIGEST-MD5: which of the realms that a server offers; empty takes the first one.
    std::string_view realm{};
};

/// What the lease rests on.
enum class LeaseEvidence {
    /// Any answer of a server, less what a follower that lost its leader may go on answering:
    /// (sync_limit + 2) ticks and the ack gap. Costs nothing but pings.
    conservative,
    /// Answers to writes, which only a leader with a quorum can give: about 2.1 ticks and the ack
    /// gap are deducted instead, whatever the ensemble's syncLimit is. For session timeouts of a
    /// few ticks. Costs one write (a multi of checks) each quarter of a tick while locks are held
    /// or wanted, and up to one more round trip for a lock after a while without any.
    quorum
};

/// How a client reaches its ensemble and how far it trusts it.
///
/// Units are milliseconds. Zero and negative durations, and values outside the stated bounds, are
/// refused by `Client::connect` with errc::invalid_argument.
struct ClientOptions {
    /// What is asked of the server; it grants between 2 and 20 of its ticks unless configured
    /// otherwise, and the lease is computed from what it grants.
    milliseconds session_timeout{40'000};

    /// The ensemble's tickTime and syncLimit. They are not visible on the wire, and the safe
    /// deadline rests on them: give the real values, or larger ones.
    milliseconds tick{2'000};
    int sync_limit = 5;
    /// True only if the ensemble is one standalone server: then nothing has to be deducted for a
    /// follower that lost its leader. Never guessed.
    bool standalone = false;
    /// Longest time between a request and its reply that still counts as evidence (G);
    /// 0 takes min(2 s, tick). With quorum evidence: how long the answers to the four requests of a
    /// proof take together, at most, if a lock is to get its whole budget.
    milliseconds ack_gap{0};
    /// Bound on the relative rate of our clock and the servers' (rho), as a fraction; below 0.5.
    double clock_drift = 0.01;
    /// Fixed safety margin (epsilon).
    milliseconds margin{250};
    /// With `standalone` both are the same.
    LeaseEvidence lease_evidence = LeaseEvidence::conservative;

    /// One attempt: TCP connect, TLS handshake, the server's answer to our connect request, SASL;
    /// at most a third of the session timeout, so that one silent server does not cost the session.
    milliseconds connect_timeout{5'000};
    /// Full-jitter back-off between failed attempts: uniformly from 0 to the bound, which doubles
    /// from `backoff_min` to `backoff_max`. 0 for the maximum takes session_timeout / 20, kept
    /// between 250 ms and 10 s, so that a recovered ensemble is found well within a session.
    milliseconds backoff_min{100};
    milliseconds backoff_max{0};
    /// Cap on connection attempts in any one second.
    int max_connects_per_second = 10;

    /// Largest reply that is accepted (ZooKeeper does not bound its replies).
    std::size_t max_frame_bytes = 4u << 20;
    /// Requests, acquisitions and watches kept at once; beyond it errc::overloaded.
    std::size_t max_pending = 100'000;
    /// After a node could not be deleted for this long, and no lease is out, the session is closed
    /// to get rid of it.
    milliseconds orphan_limit{60'000};

    /// The servers' version, e.g. "3.8.0". Empty: asked of the server before the first attach.
    std::string_view server_version{};
    /// Shown to others as the owner of our locks; empty takes the program's name.
    std::string_view owner{};
    /// Silent unless set.
    LogHandler on_log{};
    TlsOptions tls{};
    /// Credentials, sent on each connection before anything else: one in a line, the scheme, a
    /// blank, and the secret, such as "digest shop:s3cret". From a file, or from the environment
    /// variable of this name; read once. Those of Client::add_auth come behind them.
    std::string_view auth_file{};
    std::string_view auth_env{};
    SaslOptions sasl{};
};

/// What happens at the budget while a guarded call is still running.
enum class OnBudget {
    release,            ///< the node is deleted at the deadline, whatever the caller does
    hold_until_return,  ///< the handle is invalid as well, but the node stays until the call
                        ///< returns, `max_hold` has passed, or the safe deadline has
};

/// What a hold of a lock shuts out.
enum class LockKind {
    exclusive,   ///< everybody else
    shared,      ///< exclusive holds
    permit,      ///< holds beyond the number of permits
    upgradable,  ///< exclusive holds and others of its kind; it can become exclusive
};

/// The grammar of contender names: whose queue it is. Locks of this library see each other under
/// all of them; other libraries know their own names only.
enum class Naming {
    /// `<id>-lock-N`: one queue with Curator's InterProcessMutex and go-zookeeper.
    /// Shared: `<id>-__READ__N`, which those do not understand.
    curator,
    /// `<id>-__WRIT__N`, shared `<id>-__READ__N`: one queue with Curator's
    /// InterProcessReadWriteLock.
    curator_read_write,
    /// `<id>__lock__N`, shared `<id>__rlock__N`: one queue with kazoo's WriteLock and ReadLock,
    /// and, as long as nobody shares, with its Lock, which does not see those who do.
    kazoo,
};

/// One entry of an access control list, e.g. {perms::all, "auth", ""}.
struct AclEntry {
    std::int32_t permissions;
    std::string_view scheme;
    std::string_view id;
};

namespace perms {
inline constexpr std::int32_t read = 1;
inline constexpr std::int32_t write = 2;
inline constexpr std::int32_t create = 4;
inline constexpr std::int32_t remove = 8;
inline constexpr std::int32_t admin = 16;
inline constexpr std::int32_t all = 31;
}  // namespace perms

/// One acquisition. Views are copied when the function is called.
struct LockOptions {
    /// How long to queue, connecting included. 0 tries: the lock is taken if it is free, and the
    /// answer comes within `ClientOptions::ack_gap`.
    milliseconds wait{5'000};
    /// How long the granted lock may be held. Refused if the lease arithmetic cannot honour it.
    milliseconds budget{10'000};
    OnBudget on_budget = OnBudget::release;
    /// The guarded call is asked to stop this long before the lease deadline; negative takes
    /// min(10 % of the budget, 500 ms).
    milliseconds reserve{-1};
    /// With hold_until_return: the longest time the node may stay, from the grant; 0 takes twice
    /// the budget. Must exceed the budget.
    milliseconds max_hold{0};
    Naming naming = Naming::curator;
    /// Of a semaphore: how many hold a permit at once; from 1. All who use the path have to agree.
    int permits = 1;
    /// If this hold ends in any other way than by its release (the process dies, the session ends,
    /// the budget is overrun), those who wait for it wait this much longer, so that what the holder
    /// had sent arrives before the next one begins. 0, the default, is no delay; at most 60 s. All
    /// who use the path should ask for the same. Not for permits.
    milliseconds lock_delay{0};
    /// After its release this process keeps the lock that long for its own next caller, who has it
    /// without a byte on the wire, unless anybody else comes: then it goes at once. 0, the default,
    /// keeps nothing. A try of another process finds a lock that is kept busy. For exclusive locks
    /// on one path; at most one hour.
    milliseconds keep_idle{0};
    /// Refuse when more contenders than this are ahead; 0 is no bound.
    int max_queue = 0;
    /// Read the parent before writing: a try on a busy lock then costs a read and no write.
    bool check_first = false;
    /// Refuse early when, at the observed pace, the wait would expire first.
    bool refuse_hopeless = true;
    /// Consecutive holders of this process on one node while others wait for it; 1 to 64.
    int max_local_grants = 4;
    /// A queued grant whose safe deadline is nearer than the budget is given with the shorter
    /// deadline (`ScopedLock::is_shortened`); false refuses it instead.
    bool accept_shortened = true;
    /// Watch our own node even when the lock was free, so that an operator's delete is noticed at
    /// once, and a request to let go is heard (`ScopedLock::on_requested`). Costs one read per
    /// acquisition.
    bool watch_own_node = false;
    /// ACL of the contender's node; empty takes creator-only if credentials were given, else open.
    std::span<const AclEntry> acl{};
    /// Shown to those who wait for us; empty takes ClientOptions::owner.
    std::string_view owner{};
    /// Shown beside it, to follow a request through the logs.
    std::string_view trace_id{};
};

/// One attempt to make an upgradable lock exclusive.
struct UpgradeOptions {
    /// How long to wait for those who share; 0 tries, as in LockOptions. The lock's budget goes on.
    milliseconds wait{5'000};
};

/// One candidacy for leadership. Views are copied when the function is called.
struct ElectOptions {
    /// How long to stand, connecting included; 0 takes the lead only if nobody has it.
    milliseconds wait = milliseconds::max();
    /// Stop is requested this long before the deadline; negative takes 5 % of the session timeout
    /// asked for, at most 500 ms.
    milliseconds reserve{-1};
    /// What all others are told of the leader, such as an address: UTF-8, at most 1024 bytes.
    std::string_view payload{};
    Naming naming = Naming::curator;
    milliseconds lock_delay{0};  ///< as in LockOptions, as what follows
    std::span<const AclEntry> acl{};
    std::string_view owner{};
    std::string_view trace_id{};
};

static_assert(std::is_trivially_destructible_v<ClientOptions>);
static_assert(std::is_trivially_destructible_v<ElectOptions>);
static_assert(std::is_trivially_destructible_v<LockOptions>);

}  // namespace leasehold

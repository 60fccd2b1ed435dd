// A client's options and connect string, checked once and owned.
#pragma once

#include <leasehold/clock.hpp>
#include <leasehold/error.hpp>
#include <leasehold/options.hpp>

#include "sdk/core/endpoint.hpp"
#include "sdk/core/secret.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::core {

/// `host:port,host:port/chroot`, with `tls://` in front if all of it is to go through TLS. The port
/// defaults to 2181; IPv6 literals stand in brackets.
struct ConnectString {
    std::vector<Endpoint> hosts;
    std::string chroot;  ///< empty, or an absolute path without a trailing slash
    bool asks_for_tls = false;
};

/// Refused: any other scheme, no host, an empty or overlong host, blanks, a port outside 1..65535,
/// more than 1000 hosts, a chroot that is no valid znode path.
[[nodiscard]] result<ConnectString> parse_connect_string(std::string_view text);

/// A server's version as far as it decides what may be sent to it.
struct ServerVersion {
    int major = 0;
    int minor = 0;
    int patch = 0;

    friend auto operator<=>(const ServerVersion&, const ServerVersion&) = default;

    [[nodiscard]] bool has_containers() const { return *this >= ServerVersion{3, 5, 1}; }
    [[nodiscard]] bool has_remove_watches() const { return *this >= ServerVersion{3, 5, 1}; }
};

/// Reads the leading "3.8.0" of a version text or of srvr's "Zookeeper version: 3.8.0-…, built…".
[[nodiscard]] std::optional<ServerVersion> parse_server_version(std::string_view text);

/// The numbers of the lease arithmetic.
struct LeaseTiming {
    Duration tick{};
    int sync_limit = 5;
    bool standalone = false;
    Duration ack_gap{};
    double clock_drift = 0.01;
    Duration margin{};
    LeaseEvidence evidence = LeaseEvidence::conservative;

    /// D rests on proofs (see quorum_proof.hpp), not on single answers.
    [[nodiscard]] bool is_by_quorum() const {
        return evidence == LeaseEvidence::quorum && !standalone;
    }
    /// What may pass between a follower's acknowledgement and the leader's last word of us.
    [[nodiscard]] Duration delta() const;
};

/// TlsOptions, owned.
struct TlsSettings {
    std::string ca_file;
    std::string ca_directory;
    std::string certificate_file;
    std::string key_file;
    std::string passphrase_file;
    std::string passphrase_env;
    TlsVersion min_version = TlsVersion::tls_1_2;
};

/// SaslOptions, owned.
struct SaslSettings {
    SaslMechanism mechanism = SaslMechanism::none;
    std::string user;
    std::string password_file;
    std::string password_env;
    std::string service;
    std::string realm;
};

struct Settings {
    /// With TLS each host has the name that its certificate is to be for, with SASL what a
    /// mechanism has to call it.
    ConnectString servers;
    std::optional<TlsSettings> tls;
    std::optional<SaslSettings> sasl;
    std::vector<Credential> credentials;  ///< from the start; the shell has read them
    Duration session_timeout{};
    LeaseTiming timing;
    Duration connect_timeout{};
    Duration backoff_min{};
    Duration backoff_max{};
    int max_connects_per_second = 10;
    std::size_t max_frame_bytes = 0;
    std::size_t max_pending = 0;
    Duration orphan_limit{};
    std::optional<ServerVersion> server_version;
};

[[nodiscard]] result<Settings> make_settings(std::string_view connect_string,
                                             const ClientOptions& options);

/// Milliseconds as a Duration, saturating instead of overflowing.
[[nodiscard]] Duration saturate(milliseconds value);
/// `when + by`, saturating; durations of INT_MAX hours are somebody's "for ever".
[[nodiscard]] inline Instant later(Instant when, Duration by) {
    if (by > Duration::zero() && when > Instant::max() - by) {
        return Instant::max();
    }
    if (by < Duration::zero() && when < Instant::min() - by) {
        return Instant::min();
    }
    return when + by;
}

}  // namespace leasehold::core

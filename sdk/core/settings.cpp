#include "sdk/core/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;

Error invalid(std::string what) {
    return {errc::invalid_argument, std::move(what)};
}

// ---- the options ----

constexpr milliseconds longest_on_wire{std::numeric_limits<std::int32_t>::max()};

struct DurationBound {
    std::string_view option;
    milliseconds value;
    milliseconds least;
    milliseconds most = milliseconds::max();
};

result<void> check(const DurationBound& bound) {
    if (bound.value >= bound.least && bound.value <= bound.most) {
        return success();
    }
    std::string what(bound.option);
    what += " is " + std::to_string(bound.value.count()) + " ms; it must be ";
    what += bound.value < bound.least ? "at least " + std::to_string(bound.least.count())
                                      : "at most " + std::to_string(bound.most.count());
    return invalid(what + " ms");
}

result<void> check_durations(const ClientOptions& options) {
    const std::array bounds{
        // T and the tick are 32-bit milliseconds on the wire and in zoo.cfg.
        DurationBound{"session_timeout", options.session_timeout, 1ms, longest_on_wire},
        DurationBound{"tick", options.tick, 1ms, longest_on_wire},
        DurationBound{"ack_gap", options.ack_gap, 0ms},
        DurationBound{"margin", options.margin, 0ms},
        DurationBound{"connect_timeout", options.connect_timeout, 1ms},
        DurationBound{"backoff_min", options.backoff_min, 1ms},
        DurationBound{"backoff_max", options.backoff_max,
                      options.backoff_max == 0ms ? 0ms : options.backoff_min},
        DurationBound{"orphan_limit", options.orphan_limit, 1ms},
    };
    for (const DurationBound& bound : bounds) {
        BOOST_OUTCOME_TRY(check(bound));
    }
    return success();
}

template <class Number>
result<void> check_range(std::string_view option, Number value, Number least, Number most) {
    if (value >= least && value <= most) {
        return success();
    }
    return invalid(std::string(option) + " is " + std::to_string(value) + "; it must be " +
                   std::to_string(least) + " to " + std::to_string(most));
}

result<void> check_numbers(const ClientOptions& options) {
    // Written so that a NaN is refused too.
    if (!(options.clock_drift >= 0.0 && options.clock_drift < 0.5)) {
        return invalid("clock_drift is " + std::to_string(options.clock_drift) +
                       "; it must be at least 0 and below 0.5");
    }
    if (options.lease_evidence != LeaseEvidence::conservative &&
        options.lease_evidence != LeaseEvidence::quorum) {
        return invalid("lease_evidence is neither conservative nor quorum");
    }
    BOOST_OUTCOME_TRY(check_range("sync_limit", options.sync_limit, 1, 1000));
    BOOST_OUTCOME_TRY(
        check_range("max_connects_per_second", options.max_connects_per_second, 1, 1000));
    // The smallest frame that holds a connect response and a useful list; the length is an int32.
    BOOST_OUTCOME_TRY(check_range("max_frame_bytes", options.max_frame_bytes, std::size_t{1024},
                                  std::size_t{std::numeric_limits<std::int32_t>::max()}));
    return check_range("max_pending", options.max_pending, std::size_t{1},
                       std::numeric_limits<std::size_t>::max());
}

LeaseTiming make_timing(const ClientOptions& options) {
    // G's default is DESIGN section 5's min(2 s, tick): longer than a tick would not be noticed
    // before the next send is missed, and 2 s is what a healthy ensemble never takes.
    const milliseconds ack_gap =
        options.ack_gap == 0ms ? std::min<milliseconds>(2s, options.tick) : options.ack_gap;
    return {.tick = saturate(options.tick),
            .sync_limit = options.sync_limit,
            .standalone = options.standalone,
            .ack_gap = saturate(ack_gap),
            .clock_drift = options.clock_drift,
            .margin = saturate(options.margin),
            .evidence = options.lease_evidence};
}

// ---- TLS ----

bool is_tls_wanted(const TlsOptions& tls) {
    const TlsOptions none;
    return tls.enabled || tls.min_version != none.min_version ||
           std::ranges::any_of(
               std::array{tls.ca_file, tls.ca_directory, tls.certificate_file, tls.key_file,
                          tls.passphrase_file, tls.passphrase_env, tls.server_name},
               [](std::string_view text) { return !text.empty(); });
}

result<void> check_tls_text(std::string_view option, std::string_view text, std::size_t longest) {
    if (text.size() > longest || text.find('\0') != std::string_view::npos) {
        return invalid("tls." + std::string(option) + " is longer than " + std::to_string(longest) +
                       " bytes, or has a zero byte");
    }
    return success();
}

result<TlsSettings> make_tls_settings(const TlsOptions& tls) {
    constexpr std::size_t longest_host = 255;   // of a DNS name
    constexpr std::size_t longest_path = 4095;  // PATH_MAX without its zero
    for (const auto& [option, text] :
         {std::pair{"ca_file", tls.ca_file}, std::pair{"ca_directory", tls.ca_directory},
          std::pair{"certificate_file", tls.certificate_file}, std::pair{"key_file", tls.key_file},
          std::pair{"passphrase_file", tls.passphrase_file},
          std::pair{"passphrase_env", tls.passphrase_env}}) {
        BOOST_OUTCOME_TRYV(check_tls_text(option, text, longest_path));
    }
    BOOST_OUTCOME_TRYV(check_tls_text("server_name", tls.server_name, longest_host));
    if (!tls.key_file.empty() && tls.certificate_file.empty()) {
        return invalid("tls.key_file is of no use without tls.certificate_file");
    }
    const bool has_file = !tls.passphrase_file.empty();
    const bool has_env = !tls.passphrase_env.empty();
    if (has_file && has_env) {
        return invalid("tls.passphrase_file or tls.passphrase_env, not both");
    }
    if ((has_file || has_env) && tls.certificate_file.empty()) {
        return invalid("a passphrase is of no use without tls.certificate_file");
    }
    if (tls.min_version != TlsVersion::tls_1_2 && tls.min_version != TlsVersion::tls_1_3) {
        return invalid("tls.min_version is neither 1.2 nor 1.3");
    }
    return TlsSettings{.ca_file = std::string(tls.ca_file),
                       .ca_directory = std::string(tls.ca_directory),
                       .certificate_file = std::string(tls.certificate_file),
                       .key_file = std::string(tls.key_file),
                       .passphrase_file = std::string(tls.passphrase_file),
                       .passphrase_env = std::string(tls.passphrase_env),
                       .min_version = tls.min_version};
}

/// An IPv6 zone says which of our own links to take; no certificate has it.
std::string host_without_zone(const Endpoint& host) {
    return host.host.substr(0, host.host.find('%'));
}

std::string name_to_prove(const Endpoint& host, const TlsOptions& tls) {
    return tls.server_name.empty() ? host_without_zone(host) : std::string(tls.server_name);
}

// ---- SASL ----

result<void> check_sasl_text(std::string_view option, std::string_view text, std::size_t longest) {
    if (text.size() > longest || text.find('\0') != std::string_view::npos) {
        return invalid("sasl." + std::string(option) + " is longer than " +
                       std::to_string(longest) + " bytes, or has a zero byte");
    }
    return success();
}

result<void> check_sasl_texts(const SaslOptions& sasl) {
    constexpr std::size_t longest_name = 255;
    constexpr std::size_t longest_path = 4095;
    for (const auto& [option, text] :
         {std::pair{"user", sasl.user}, std::pair{"service", sasl.service},
          std::pair{"server_name", sasl.server_name}, std::pair{"realm", sasl.realm}}) {
        BOOST_OUTCOME_TRYV(check_sasl_text(option, text, longest_name));
    }
    BOOST_OUTCOME_TRYV(check_sasl_text("password_file", sasl.password_file, longest_path));
    return check_sasl_text("password_env", sasl.password_env, longest_path);
}

/// What belongs to DIGEST-MD5 alone.
bool has_password_options(const SaslOptions& sasl) {
    return !(sasl.user.empty() && sasl.password_file.empty() && sasl.password_env.empty() &&
             sasl.realm.empty());
}

result<void> check_digest_options(const SaslOptions& sasl) {
    if (sasl.user.empty()) {
        return invalid("digest_md5 needs sasl.user");
    }
    if (sasl.password_file.empty() == sasl.password_env.empty()) {
        return invalid("digest_md5 needs sasl.password_file or sasl.password_env, and not both");
    }
    return success();
}

result<void> check_sasl_options(const SaslOptions& sasl) {
    BOOST_OUTCOME_TRYV(check_sasl_texts(sasl));
    switch (sasl.mechanism) {
        case SaslMechanism::none:
            // Whoever has named a user is never to go without SASL.
            if (has_password_options(sasl) || !sasl.service.empty() || !sasl.server_name.empty()) {
                return invalid("options of sasl are of no use without its mechanism");
            }
            return success();
        case SaslMechanism::digest_md5: return check_digest_options(sasl);
        case SaslMechanism::gssapi:
            if (has_password_options(sasl)) {
                return invalid(
                    "gssapi takes user, realm and secret from the Kerberos ticket (KRB5CCNAME), or "
                    "from a keytab (KRB5_CLIENT_KTNAME), not from options of sasl");
            }
            return success();
    }
    return invalid("sasl.mechanism is neither digest_md5 nor gssapi");
}

SaslSettings make_sasl_settings(const SaslOptions& sasl) {
    return {.mechanism = sasl.mechanism,
            .user = std::string(sasl.user),
            .password_file = std::string(sasl.password_file),
            .password_env = std::string(sasl.password_env),
            .service = sasl.service.empty() ? "zookeeper" : std::string(sasl.service),
            .realm = std::string(sasl.realm)};
}

/// DIGEST-MD5 wants the name that ZooKeeper's servers give themselves in it, all the same one.
std::string name_in_sasl(const Endpoint& host, const SaslOptions& sasl) {
    if (!sasl.server_name.empty()) {
        return std::string(sasl.server_name);
    }
    return sasl.mechanism == SaslMechanism::digest_md5 ? "zk-sasl-md5" : host_without_zone(host);
}

milliseconds choose_backoff_max(const ClientOptions& options) {
    if (options.backoff_max != 0ms) {
        return options.backoff_max;
    }
    const milliseconds share = std::clamp<milliseconds>(options.session_timeout / 20, 250ms, 10s);
    return std::max(share, options.backoff_min);
}

}  // namespace

std::optional<ServerVersion> parse_server_version(std::string_view text) {
    constexpr std::string_view srvr_prefix = "Zookeeper version: ";
    if (text.starts_with(srvr_prefix)) {
        text.remove_prefix(srvr_prefix.size());
    }
    // "3.8" is 3.8.0. Longer numbers than four digits are no version.
    std::array<int, 3> numbers{};
    std::size_t count = 0;
    while (count < numbers.size()) {
        const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
        if (digits == 0 || digits > 4) {
            return std::nullopt;
        }
        std::from_chars(text.data(), text.data() + digits, numbers[count++]);
        text.remove_prefix(digits);
        if (!text.starts_with('.') || count == numbers.size()) {
            break;
        }
        text.remove_prefix(1);
    }
    // Vendors go on with ".2.6" or "-cdh5"; "3.8.0rc1" or "3.8.0x" could mean anything.
    const bool is_complete = text.empty() || text.find_first_of("-+., \r\n") == 0;
    if (count < 2 || !is_complete) {
        return std::nullopt;
    }
    return ServerVersion{numbers[0], numbers[1], numbers[2]};
}

Duration LeaseTiming::delta() const {
    if (standalone || is_by_quorum()) {
        return Duration::zero();
    }
    // syncLimit ticks: how long a follower serves on without a word from the leader. Half a tick:
    // the rhythm of the leader's pings, whose answers pass our touches on. The remaining 1.5 ticks
    // and G: twice the longest step from one of our sends to the reply of the next, once for the
    // last touch that was passed on, once for a follower that was stopped (see evidence.cpp).
    const Duration ticks = sync_limit > Duration::max() / std::max(tick, Duration{1}) - 2
                               ? Duration::max()
                               : tick * (std::int64_t{sync_limit} + 2);
    return later(Instant{ticks}, ack_gap).time_since_epoch();
}

result<Settings> make_settings(std::string_view connect_string, const ClientOptions& options) {
    BOOST_OUTCOME_TRY(ConnectString servers, parse_connect_string(connect_string));
    BOOST_OUTCOME_TRY(check_durations(options));
    BOOST_OUTCOME_TRY(check_numbers(options));

    Settings settings;
    if (!options.server_version.empty()) {
        settings.server_version = parse_server_version(options.server_version);
        if (!settings.server_version) {
            return invalid("server_version is no version; it looks like 3.8.0");
        }
    }
    if (servers.asks_for_tls || is_tls_wanted(options.tls)) {
        BOOST_OUTCOME_TRY(settings.tls, make_tls_settings(options.tls));
        for (Endpoint& host : servers.hosts) {
            host.name = name_to_prove(host, options.tls);
        }
    }
    BOOST_OUTCOME_TRYV(check_sasl_options(options.sasl));
    if (options.sasl.mechanism != SaslMechanism::none) {
        settings.sasl = make_sasl_settings(options.sasl);
        for (Endpoint& host : servers.hosts) {
            host.sasl_name = name_in_sasl(host, options.sasl);
        }
    }
    settings.servers = std::move(servers);
    settings.session_timeout = saturate(options.session_timeout);
    settings.timing = make_timing(options);
    settings.connect_timeout = saturate(options.connect_timeout);
    settings.backoff_min = saturate(options.backoff_min);
    settings.backoff_max = saturate(choose_backoff_max(options));
    settings.max_connects_per_second = options.max_connects_per_second;
    settings.max_frame_bytes = options.max_frame_bytes;
    settings.max_pending = options.max_pending;
    settings.orphan_limit = saturate(options.orphan_limit);
    return settings;
}

Duration saturate(milliseconds value) {
    constexpr milliseconds most = std::chrono::floor<milliseconds>(Duration::max());
    constexpr milliseconds least = std::chrono::ceil<milliseconds>(Duration::min());
    if (value > most) {
        return Duration::max();
    }
    return value < least ? Duration::min() : Duration{value};
}

}  // namespace leasehold::core

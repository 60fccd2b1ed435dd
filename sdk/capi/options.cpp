#include "sdk/capi/options.hpp"

#include <utility>

namespace leasehold::capi {
namespace {

template <class Enum>
result<Enum> enumerator(std::int32_t value, Enum last, const char* what) {
    if (value < 0 || value > static_cast<std::int32_t>(last)) {
        return Error(errc::invalid_argument, std::string(what) + " is " + std::to_string(value) +
                                                 ", outside 0.." +
                                                 std::to_string(static_cast<std::int32_t>(last)));
    }
    return static_cast<Enum>(value);
}

result<std::vector<AclEntry>> acl_of(const lh_acl* entries, std::size_t count) {
    if (entries == nullptr && count != 0) {
        return Error(errc::invalid_argument, "acl is NULL, but acl_count is not 0");
    }
    std::vector<AclEntry> acl;
    for (const lh_acl& entry : std::span(entries, count)) {
        BOOST_OUTCOME_TRY(const auto scheme, text(entry.scheme, "the scheme of an ACL entry"));
        acl.push_back(
            {.permissions = entry.permissions, .scheme = scheme, .id = text_or_empty(entry.id)});
    }
    return acl;
}

constexpr std::int32_t tls_1_2 = 12;
constexpr std::int32_t tls_1_3 = 13;

result<TlsOptions> tls_options(const lh_client_options& given) {
    if (given.tls_min_version != tls_1_2 && given.tls_min_version != tls_1_3) {
        return Error(
            errc::invalid_argument,
            "tls_min_version is " + std::to_string(given.tls_min_version) + ", neither 12 nor 13");
    }
    return TlsOptions{.enabled = given.tls_enabled != 0,
                      .ca_file = text_or_empty(given.tls_ca_file),
                      .ca_directory = text_or_empty(given.tls_ca_directory),
                      .certificate_file = text_or_empty(given.tls_certificate_file),
                      .key_file = text_or_empty(given.tls_key_file),
                      .passphrase_file = text_or_empty(given.tls_passphrase_file),
                      .passphrase_env = text_or_empty(given.tls_passphrase_env),
                      .server_name = text_or_empty(given.tls_server_name),
                      .min_version = given.tls_min_version == tls_1_3 ? TlsVersion::tls_1_3
                                                                      : TlsVersion::tls_1_2};
}

result<SaslOptions> sasl_options(const lh_client_options& given) {
    BOOST_OUTCOME_TRY(const SaslMechanism mechanism,
                      enumerator(given.sasl_mechanism, SaslMechanism::gssapi, "sasl_mechanism"));
    return SaslOptions{.mechanism = mechanism,
                       .user = text_or_empty(given.sasl_user),
                       .password_file = text_or_empty(given.sasl_password_file),
                       .password_env = text_or_empty(given.sasl_password_env),
                       .service = text_or_empty(given.sasl_service),
                       .server_name = text_or_empty(given.sasl_server_name),
                       .realm = text_or_empty(given.sasl_realm)};
}

lh_lock_options default_lock_options() {
    const LockOptions from;
    lh_lock_options to{};
    to.kind = LH_EXCLUSIVE;
    to.naming = static_cast<std::int32_t>(from.naming);
    to.wait_ms = from.wait.count();
    to.budget_ms = from.budget.count();
    to.on_budget = static_cast<std::int32_t>(from.on_budget);
    to.permits = from.permits;
    to.reserve_ms = from.reserve.count();
    to.max_hold_ms = from.max_hold.count();
    to.lock_delay_ms = from.lock_delay.count();
    to.keep_idle_ms = from.keep_idle.count();
    to.max_queue = from.max_queue;
    to.max_local_grants = from.max_local_grants;
    to.check_first = from.check_first ? 1 : 0;
    to.refuse_hopeless = from.refuse_hopeless ? 1 : 0;
    to.accept_shortened = from.accept_shortened ? 1 : 0;
    to.watch_own_node = from.watch_own_node ? 1 : 0;
    return to;
}

lh_elect_options default_elect_options() {
    const ElectOptions from;
    lh_elect_options to{};
    to.wait_ms = from.wait.count();
    to.reserve_ms = from.reserve.count();
    to.lock_delay_ms = from.lock_delay.count();
    to.naming = static_cast<std::int32_t>(from.naming);
    return to;
}

}  // namespace

void put(const ClientOptions& from, lh_client_options& to) noexcept {
    to.session_timeout_ms = from.session_timeout.count();
    to.tick_ms = from.tick.count();
    to.sync_limit = from.sync_limit;
    to.standalone = from.standalone ? 1 : 0;
    to.ack_gap_ms = from.ack_gap.count();
    to.clock_drift = from.clock_drift;
    to.margin_ms = from.margin.count();
    to.lease_evidence = static_cast<std::int32_t>(from.lease_evidence);
    to.connect_timeout_ms = from.connect_timeout.count();
    to.backoff_min_ms = from.backoff_min.count();
    to.backoff_max_ms = from.backoff_max.count();
    to.max_connects_per_second = from.max_connects_per_second;
    to.max_frame_bytes = from.max_frame_bytes;
    to.max_pending = from.max_pending;
    to.orphan_limit_ms = from.orphan_limit.count();
    to.tls_enabled = from.tls.enabled ? 1 : 0;
    to.tls_min_version = from.tls.min_version == TlsVersion::tls_1_3 ? tls_1_3 : tls_1_2;
}

result<std::string_view> text(const char* string, std::string_view what) {
    if (string == nullptr) {
        return Error(errc::invalid_argument, std::string(what) + " is NULL");
    }
    return std::string_view(string);
}

result<ClientOptions> client_options(const lh_client_options* given) {
    ClientOptions to;
    if (given == nullptr) {
        return to;
    }
    BOOST_OUTCOME_TRYV(check_size(*given));
    if (!std::in_range<int>(given->max_connects_per_second)) {
        return Error(errc::invalid_argument, "max_connects_per_second is absurd");
    }
    to.session_timeout = milliseconds(given->session_timeout_ms);
    to.tick = milliseconds(given->tick_ms);
    to.sync_limit = given->sync_limit;
    to.standalone = given->standalone != 0;
    to.ack_gap = milliseconds(given->ack_gap_ms);
    to.clock_drift = given->clock_drift;
    to.margin = milliseconds(given->margin_ms);
    BOOST_OUTCOME_TRY(to.lease_evidence,
                      enumerator(given->lease_evidence, LeaseEvidence::quorum, "lease_evidence"));
    to.connect_timeout = milliseconds(given->connect_timeout_ms);
    to.backoff_min = milliseconds(given->backoff_min_ms);
    to.backoff_max = milliseconds(given->backoff_max_ms);
    to.max_connects_per_second = static_cast<int>(given->max_connects_per_second);
    to.max_frame_bytes = given->max_frame_bytes;
    to.max_pending = given->max_pending;
    to.orphan_limit = milliseconds(given->orphan_limit_ms);
    to.server_version = text_or_empty(given->server_version);
    to.owner = text_or_empty(given->owner);
    BOOST_OUTCOME_TRY(to.tls, tls_options(*given));
    to.auth_file = text_or_empty(given->auth_file);
    to.auth_env = text_or_empty(given->auth_env);
    BOOST_OUTCOME_TRY(to.sasl, sasl_options(*given));
    return to;
}

result<LockRequest> lock_request(const lh_lock_options* given) {
    LockRequest to;
    if (given == nullptr) {
        return to;
    }
    BOOST_OUTCOME_TRYV(check_size(*given));
    BOOST_OUTCOME_TRY(to.kind, enumerator(given->kind, LockKind::upgradable, "kind"));
    BOOST_OUTCOME_TRY(to.options.naming, enumerator(given->naming, Naming::kazoo, "naming"));
    BOOST_OUTCOME_TRY(to.options.on_budget,
                      enumerator(given->on_budget, OnBudget::hold_until_return, "on_budget"));
    BOOST_OUTCOME_TRY(to.acl, acl_of(given->acl, given->acl_count));
    to.options.wait = milliseconds(given->wait_ms);
    to.options.budget = milliseconds(given->budget_ms);
    to.options.permits = given->permits;
    to.options.reserve = milliseconds(given->reserve_ms);
    to.options.max_hold = milliseconds(given->max_hold_ms);
    to.options.lock_delay = milliseconds(given->lock_delay_ms);
    to.options.keep_idle = milliseconds(given->keep_idle_ms);
    to.options.max_queue = given->max_queue;
    to.options.max_local_grants = given->max_local_grants;
    to.options.check_first = given->check_first != 0;
    to.options.refuse_hopeless = given->refuse_hopeless != 0;
    to.options.accept_shortened = given->accept_shortened != 0;
    to.options.watch_own_node = given->watch_own_node != 0;
    to.options.acl = to.acl;  // of the vector's memory, which moves with it
    to.options.owner = text_or_empty(given->owner);
    to.options.trace_id = text_or_empty(given->trace_id);
    return to;
}

result<ElectRequest> elect_request(const lh_elect_options* given) {
    ElectRequest to;
    if (given == nullptr) {
        return to;
    }
    BOOST_OUTCOME_TRYV(check_size(*given));
    BOOST_OUTCOME_TRY(to.options.naming, enumerator(given->naming, Naming::kazoo, "naming"));
    BOOST_OUTCOME_TRY(to.acl, acl_of(given->acl, given->acl_count));
    to.options.wait = milliseconds(given->wait_ms);
    to.options.reserve = milliseconds(given->reserve_ms);
    to.options.lock_delay = milliseconds(given->lock_delay_ms);
    to.options.payload = text_or_empty(given->payload);
    to.options.acl = to.acl;
    to.options.owner = text_or_empty(given->owner);
    to.options.trace_id = text_or_empty(given->trace_id);
    return to;
}

}  // namespace leasehold::capi

using namespace leasehold::capi;

void lh_client_options_init(lh_client_options* options, size_t size) {
    lh_client_options defaults{};
    put(leasehold::ClientOptions{}, defaults);
    fill(options, size, defaults);
}

void lh_lock_options_init(lh_lock_options* options, size_t size) {
    fill(options, size, default_lock_options());
}

void lh_elect_options_init(lh_elect_options* options, size_t size) {
    fill(options, size, default_elect_options());
}

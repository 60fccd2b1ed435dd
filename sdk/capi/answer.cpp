#include "sdk/capi/answer.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace leasehold::capi {

int code_of(const std::error_code& code) noexcept {
    if (code.category() == leasehold_category() || code.category() == zookeeper_category() ||
        code.category() == make_error_code(capi_errc::invalid_handle).category()) {
        return code.value();
    }
    return code == std::errc::not_enough_memory ? LH_OUT_OF_MEMORY : LH_SYSTEM_ERROR;
}

lh_error* make_error(const Error& error) noexcept {
    try {
        return insert(std::make_shared<ErrorBox>(
            ErrorBox{code_of(error.code()), error.message(), error.context()}));
    } catch (...) {
        return nullptr;
    }
}

int fail(const Error& error, lh_error** out) noexcept {
    if (out != nullptr) {
        *out = make_error(error);
    }
    return code_of(error.code());
}

}  // namespace leasehold::capi

using namespace leasehold::capi;

namespace {

const char* code_name(leasehold::errc code) {
    using leasehold::errc;
    switch (code) {
        case errc::invalid_argument: return "invalid_argument";
        case errc::budget_refused: return "budget_refused";
        case errc::wait_expired: return "wait_expired";
        case errc::queue_full: return "queue_full";
        case errc::hopeless_wait: return "hopeless_wait";
        case errc::queue_too_long: return "queue_too_long";
        case errc::sequence_exhausted: return "sequence_exhausted";
        case errc::budget_exceeded: return "budget_exceeded";
        case errc::lock_lost: return "lock_lost";
        case errc::not_permitted: return "not_permitted";
        case errc::no_server: return "no_server";
        case errc::protocol_error: return "protocol_error";
        case errc::session_expired: return "session_expired";
        case errc::connection_lost: return "connection_lost";
        case errc::cancelled: return "cancelled";
        case errc::closed: return "closed";
        case errc::would_deadlock: return "would_deadlock";
        case errc::overloaded: return "overloaded";
        case errc::unsupported: return "unsupported";
        case errc::forked: return "forked";
        case errc::no_chroot: return "no_chroot";
        case errc::timed_out: return "timed_out";
        case errc::call_failed: return "call_failed";
        case errc::permits_disagree: return "permits_disagree";
        case errc::mixed_queue: return "mixed_queue";
        case errc::stale_token: return "stale_token";
        case errc::tls_failed: return "tls_failed";
        case errc::auth_failed: return "auth_failed";
    }
    return nullptr;
}

const char* code_name(leasehold::zk_errc code) {
    using leasehold::zk_errc;
    switch (code) {
        case zk_errc::system_error: return "zk_system_error";
        case zk_errc::runtime_inconsistency: return "zk_runtime_inconsistency";
        case zk_errc::data_inconsistency: return "zk_data_inconsistency";
        case zk_errc::marshalling_error: return "zk_marshalling_error";
        case zk_errc::unimplemented: return "zk_unimplemented";
        case zk_errc::bad_arguments: return "zk_bad_arguments";
        case zk_errc::no_node: return "zk_no_node";
        case zk_errc::no_auth: return "zk_no_auth";
        case zk_errc::bad_version: return "zk_bad_version";
        case zk_errc::no_children_for_ephemerals: return "zk_no_children_for_ephemerals";
        case zk_errc::node_exists: return "zk_node_exists";
        case zk_errc::not_empty: return "zk_not_empty";
        case zk_errc::session_expired: return "zk_session_expired";
        case zk_errc::invalid_acl: return "zk_invalid_acl";
        case zk_errc::auth_failed: return "zk_auth_failed";
        case zk_errc::session_moved: return "zk_session_moved";
        case zk_errc::not_read_only: return "zk_not_read_only";
        case zk_errc::ephemeral_on_local_session: return "zk_ephemeral_on_local_session";
        case zk_errc::no_watcher: return "zk_no_watcher";
        case zk_errc::reconfig_disabled: return "zk_reconfig_disabled";
        case zk_errc::session_closed_require_auth: return "zk_session_closed_require_auth";
        case zk_errc::quota_exceeded: return "zk_quota_exceeded";
        case zk_errc::throttled: return "zk_throttled";
    }
    return nullptr;
}

/// A text of an error; the ones of who is none.
const char* text_of(lh_error* error, std::string leasehold::ErrorContext::*text) noexcept {
    // The string outlives this call: who asks has not freed the error yet.
    return ask<ErrorBox>(error, "", [text](ErrorBox& box) { return (box.context.*text).c_str(); });
}

}  // namespace

const char* lh_code_name(int code) {
    switch (code) {
        case LH_OK: return "ok";
        case LH_INVALID_HANDLE: return "invalid_handle";
        case LH_SYSTEM_ERROR: return "system_error";
        case LH_OUT_OF_MEMORY: return "out_of_memory";
        default: break;
    }
    const char* const name = code < 0 ? code_name(static_cast<leasehold::zk_errc>(code))
                                      : code_name(static_cast<leasehold::errc>(code));
    return name != nullptr ? name : "unknown";
}

int lh_error_code(lh_error* error) {
    return ask<ErrorBox>(error, static_cast<int>(LH_INVALID_HANDLE),
                         [](const ErrorBox& box) { return box.code; });
}

const char* lh_error_message(lh_error* error) {
    return ask<ErrorBox>(error, "this is no error: NULL, freed, or something else",
                         [](const ErrorBox& box) { return box.message.c_str(); });
}

const char* lh_error_path(lh_error* error) {
    return text_of(error, &leasehold::ErrorContext::path);
}

const char* lh_error_holder(lh_error* error) {
    return text_of(error, &leasehold::ErrorContext::holder);
}

const char* lh_error_holder_node(lh_error* error) {
    return text_of(error, &leasehold::ErrorContext::holder_node);
}

int64_t lh_error_position(lh_error* error) {
    return ask<ErrorBox>(error, std::int64_t{-1}, [](const ErrorBox& box) {
        return box.context.position ? static_cast<std::int64_t>(*box.context.position) : -1;
    });
}

int64_t lh_error_time_left_ns(lh_error* error) {
    return ask<ErrorBox>(error, std::int64_t{-1}, [](const ErrorBox& box) {
        return box.context.time_left ? box.context.time_left->count() : -1;
    });
}

void lh_error_free(lh_error* error) {
    static_cast<void>(take<ErrorBox>(error));
}

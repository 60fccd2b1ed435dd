#include "sdk/cli/exit_code.hpp"

#include <cerrno>

namespace leasehold::cli::exit_code {
namespace {

int of(errc code) {
    switch (code) {
        case errc::invalid_argument:
        case errc::budget_refused:
        case errc::no_chroot:           // the connect string has to change
        case errc::sequence_exhausted:  // the path has to change; waiting does not help
        case errc::permits_disagree:    // the number has to change
        case errc::mixed_queue:         // or the naming
            return usage;
        case errc::wait_expired:
        case errc::queue_full:
        case errc::hopeless_wait:
        case errc::queue_too_long:
        case errc::overloaded:
        case errc::session_expired: return not_acquired;
        case errc::no_server:
        case errc::connection_lost:
        case errc::timed_out:
        case errc::unsupported: return no_server;
        case errc::protocol_error: return protocol;
        case errc::not_permitted:
        case errc::auth_failed: return not_permitted;
        case errc::tls_failed: return tls;
        case errc::budget_exceeded: return budget;
        case errc::lock_lost:
        case errc::stale_token: return lock_lost;
        case errc::cancelled:
        case errc::closed:
        case errc::would_deadlock:
        case errc::forked:
        case errc::call_failed: return internal;
    }
    return internal;
}

int of(zk_errc code) {
    switch (code) {
        case zk_errc::no_auth:
        case zk_errc::auth_failed:
        case zk_errc::invalid_acl:
        case zk_errc::session_closed_require_auth: return not_permitted;
        case zk_errc::marshalling_error:
        case zk_errc::unimplemented: return protocol;
        // The path is one below which no lock can be.
        case zk_errc::bad_arguments:
        case zk_errc::no_children_for_ephemerals: return usage;
        case zk_errc::session_expired:
        case zk_errc::quota_exceeded:
        case zk_errc::throttled: return not_acquired;
        case zk_errc::system_error:
        case zk_errc::runtime_inconsistency:
        case zk_errc::data_inconsistency:
        case zk_errc::session_moved:
        case zk_errc::not_read_only:
        case zk_errc::ephemeral_on_local_session:
        case zk_errc::reconfig_disabled: return no_server;
        case zk_errc::no_node:
        case zk_errc::bad_version:
        case zk_errc::node_exists:
        case zk_errc::not_empty:
        case zk_errc::no_watcher: return internal;
    }
    return no_server;
}

}  // namespace

int of(const Error& error) {
    const std::error_code code = error.code();
    if (code.category() == leasehold_category()) {
        return of(static_cast<errc>(code.value()));
    }
    if (code.category() == zookeeper_category()) {
        return of(static_cast<zk_errc>(code.value()));
    }
    return internal;
}

std::string advice_for(const Error& error, std::string_view path) {
    if (error == errc::budget_refused) {
        return "--budget, --session-timeout; --tick and --sync-limit have to be the ensemble's "
               "own, "
               "and --standalone is for one server alone";
    }
    if (error == errc::sequence_exhausted) {
        return "use another lock path";
    }
    if (error == errc::permits_disagree) {
        return "give the number of --permits that the others give, or use another path";
    }
    if (error == errc::mixed_queue) {
        return "give the --naming of those who are there (curator_read_write is called curator-rw "
               "here), or use another lock path";
    }
    if (error == errc::auth_failed) {
        return "--sasl-user, --sasl-password-file; with gssapi: klist";
    }
    if (error == errc::no_chroot) {
        return "create the chroot first, or correct the end of --connect";
    }
    switch (of(error)) {
        case usage: return "see 'leasehold --help'";
        case not_acquired:
            return "try again, with a longer --wait, or see who is there: leasehold ls " +
                   std::string(path);
        case no_server:
            return "check --connect (or LEASEHOLD_CONNECT), the network and the servers";
        case protocol: return "is that a ZooKeeper server? check --connect (or LEASEHOLD_CONNECT)";
        case tls: return "nothing was sent in the clear";
        case not_permitted: return "the ACL of the path or of its parent has to let us in";
        default: return {};
    }
}

int of_exec_failure(int error_number) {
    return error_number == ENOENT || error_number == ENOTDIR ? not_found : not_executable;
}

}  // namespace leasehold::cli::exit_code

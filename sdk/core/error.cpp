#include <leasehold/error.hpp>

#include "sdk/core/text.hpp"

#include <utility>

namespace leasehold {
namespace {

std::string_view text(errc code) noexcept {
    switch (code) {
        case errc::invalid_argument: return "invalid argument";
        case errc::budget_refused: return "the lease cannot honour this budget";
        case errc::wait_expired: return "the lock was not acquired within the wait";
        case errc::queue_full: return "too many contenders are ahead";
        case errc::hopeless_wait: return "at the observed pace the wait would expire first";
        case errc::queue_too_long: return "the list of contenders is larger than the frame cap";
        case errc::sequence_exhausted: return "the path's sequence numbers are worn out";
        case errc::budget_exceeded: return "the guarded call overran the lock's budget";
        case errc::lock_lost: return "the lock was lost";
        case errc::not_permitted: return "not permitted by ACL or authentication";
        case errc::no_server: return "no server could be reached in time";
        case errc::protocol_error: return "the server broke ZooKeeper's protocol";
        case errc::session_expired: return "the session expired";
        case errc::connection_lost: return "the connection was lost; the effect is unknown";
        case errc::cancelled: return "cancelled";
        case errc::closed: return "the client is closed";
        case errc::would_deadlock: return "a blocking call on the client's own I/O thread";
        case errc::overloaded: return "the client has too much pending";
        case errc::unsupported: return "this server or connection cannot do it";
        case errc::forked: return "clients and locks do not survive fork()";
        case errc::no_chroot: return "the connect string's chroot does not exist";
        case errc::timed_out: return "the operation's time limit passed";
        case errc::call_failed: return "the guarded call threw an exception";
        case errc::permits_disagree: return "the semaphore has another number of permits";
        case errc::mixed_queue: return "contenders in this queue would not see ours";
        case errc::stale_token: return "the resource has seen a newer fencing token";
        case errc::tls_failed: return "there is no TLS connection that can be trusted";
        case errc::auth_failed: return "SASL did not prove who we are";
    }
    return "unknown leasehold error";
}

std::string_view text(zk_errc code) noexcept {
    switch (code) {
        case zk_errc::system_error: return "system error on the server";
        case zk_errc::runtime_inconsistency: return "runtime inconsistency";
        case zk_errc::data_inconsistency: return "data inconsistency";
        case zk_errc::marshalling_error: return "the server could not decode the request";
        case zk_errc::unimplemented: return "the server does not implement the request";
        case zk_errc::bad_arguments: return "bad arguments";
        case zk_errc::no_node: return "no such node";
        case zk_errc::no_auth: return "no permission";
        case zk_errc::bad_version: return "the node's version is another";
        case zk_errc::no_children_for_ephemerals: return "ephemeral nodes cannot have children";
        case zk_errc::node_exists: return "the node exists";
        case zk_errc::not_empty: return "the node has children";
        case zk_errc::session_expired: return "the server says that the session expired";
        case zk_errc::invalid_acl: return "invalid ACL";
        case zk_errc::auth_failed: return "authentication failed";
        case zk_errc::session_moved: return "the session moved to another server";
        case zk_errc::not_read_only: return "the server is read-only";
        case zk_errc::ephemeral_on_local_session: return "no ephemeral nodes on a local session";
        case zk_errc::no_watcher: return "no such watch";
        case zk_errc::reconfig_disabled: return "reconfiguration is disabled";
        case zk_errc::session_closed_require_auth: return "closed: authentication is required";
        case zk_errc::quota_exceeded: return "quota exceeded";
        case zk_errc::throttled: return "the server throttled the request";
    }
    return {};
}

/// Compared by address within one image; the text is what a person sees.
class LeaseholdCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "leasehold"; }
    [[nodiscard]] std::string message(int value) const override {
        return std::string(text(static_cast<errc>(value)));
    }
};

class ZookeeperCategory final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "zookeeper"; }
    [[nodiscard]] std::string message(int value) const override {
        const std::string_view known = text(static_cast<zk_errc>(value));
        return known.empty() ? "ZooKeeper error " + std::to_string(value) : std::string(known);
    }
};

std::string milliseconds_text(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) +
           " ms";
}

/// Nothing is allocated for nothing: an error may be that there is no memory.
std::shared_ptr<const ErrorContext> share(ErrorContext context) {
    const bool is_empty = context.what.empty() && context.path.empty() && context.holder.empty() &&
                          context.holder_node.empty() && !context.position && !context.time_left;
    if (is_empty) {
        return nullptr;
    }
    return std::make_shared<const ErrorContext>(std::move(context));
}

std::shared_ptr<const ErrorContext> share(std::string what) {
    if (what.empty()) {
        return nullptr;
    }
    ErrorContext context;
    context.what = std::move(what);
    return share(std::move(context));
}

constexpr std::size_t longest_text = 1024;

}  // namespace

const std::error_category& leasehold_category() noexcept {
    static const LeaseholdCategory category;
    return category;
}

const std::error_category& zookeeper_category() noexcept {
    static const ZookeeperCategory category;
    return category;
}

std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), leasehold_category()};
}

std::error_code make_error_code(zk_errc code) noexcept {
    return {static_cast<int>(code), zookeeper_category()};
}

std::error_code make_error_code(const Error& error) noexcept {
    return error.code();
}

void outcome_throw_as_system_error_with_payload(const Error& error) {
    throw std::system_error(error.code(), error.message());
}

Error::Error(errc code, std::string what)
    : x_code(make_error_code(code)), x_context(share(std::move(what))) {}

Error::Error(zk_errc code, std::string what)
    : x_code(make_error_code(code)), x_context(share(std::move(what))) {}

Error::Error(std::error_code code, ErrorContext context)
    : x_code(code), x_context(share(std::move(context))) {}

const ErrorContext& Error::context() const noexcept {
    static const ErrorContext empty;
    return x_context ? *x_context : empty;
}

std::string Error::message() const {
    const ErrorContext& about = context();
    std::string line;
    if (!about.path.empty()) {
        line += core::escape(about.path, 256) + ": ";
    }
    line += x_code.message();
    if (!about.what.empty()) {
        line += ": " + core::escape(about.what, longest_text);
    }
    if (!about.holder.empty()) {
        line += "; held by " + core::escape(about.holder);
    }
    if (!about.holder_node.empty()) {
        line += about.holder.empty() ? "; held by node " : ", node ";
        line += core::escape(about.holder_node);
    }
    if (about.position) {
        line += "; " + std::to_string(*about.position) + " ahead of us";
    }
    if (about.time_left) {
        line += "; " + milliseconds_text(*about.time_left) + " left";
    }
    return line;
}

Error Error::at(std::string_view path) && {
    if (!context().path.empty()) {
        return std::move(*this);
    }
    ErrorContext with_path = context();
    with_path.path = path;
    return {x_code, std::move(with_path)};
}

}  // namespace leasehold

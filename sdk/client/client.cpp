#include <leasehold/client.hpp>

#include "sdk/client/client_impl.hpp"
#include "sdk/client/contenders.hpp"
#include "sdk/client/credentials.hpp"
#include "sdk/client/election.hpp"
#include "sdk/client/fork.hpp"
#include "sdk/client/lock_request.hpp"
#include "sdk/client/operation.hpp"
#include "sdk/client/release_request.hpp"
#include "sdk/core/text.hpp"

#include <new>
#include <utility>

namespace leasehold {

using detail::ClientImpl;
using detail::Operation;
using detail::Sink;

namespace {

using Impl = std::shared_ptr<ClientImpl>;

/// Calls a cancelling function of the client if it still is there.
std::function<void(core::OperationId)> cancel_with(const Impl& impl,
                                                   void (ClientImpl::*cancel)(core::OperationId)) {
    return [weak = std::weak_ptr(impl), cancel](core::OperationId id) {
        if (const auto live = weak.lock()) {
            (*live.*cancel)(id);
        }
    };
}

Operation<void> connected_operation(const Impl& impl) {
    return {[impl](core::OperationId id, Sink<void> sink) {
                impl->begin_wait_connected(id, std::move(sink));
            },
            cancel_with(impl, &ClientImpl::cancel_wait_connected)};
}

detail::LockDefaults defaults_of(const Impl& impl) {
    return {.chroot = impl->chroot(),
            .owner = impl->owner(),
            .acl = impl->default_acl(),
            .identity = impl->identity()};
}

/// An acquisition, or why it cannot be.
struct LockOperation {
    using value_type = ScopedLock;
    struct Cancel {
        void operator()(core::OperationId id) const {
            if (const auto live = impl.lock()) {
                live->cancel_acquire(id);
            }
        }
        std::weak_ptr<ClientImpl> impl;
    };

    void begin(core::OperationId id, Sink<ScopedLock> sink) const {
        request ? impl->begin_acquire(id, request.value(), std::move(sink)) : sink(request.error());
    }

    Impl impl{};
    result<detail::SharedLockRequest> request = Error(errc::closed);
    Cancel cancel{impl};
};

LockOperation lock_operation(const Impl& impl, std::string_view path,
                             result<detail::SharedLockRequest> request) {
    if (!request) {
        return {impl, std::move(request).error().at(path)};
    }
    return {impl, std::move(request)};
}

LockOperation lock_operation(const Impl& impl, std::string_view path, LockKind kind,
                             const LockOptions& options) {
    return lock_operation(impl, path,
                          detail::make_lock_request(path, kind, options, defaults_of(impl)));
}

LockOperation set_operation(const Impl& impl, std::span<const std::string> paths,
                            const LockOptions& options) {
    return lock_operation(impl, paths.empty() ? std::string_view{} : paths.front(),
                          detail::make_set_request(paths, options, defaults_of(impl)));
}

Operation<void> close_operation(const Impl& impl, milliseconds timeout) {
    return {[impl, timeout](core::OperationId id, Sink<void> sink) {
                impl->begin_close(id, timeout, std::move(sink));
            },
            cancel_with(impl, &ClientImpl::cancel_close)};
}

/// The election is the lock's acquisition; only what is handed out is another thing.
Operation<Leadership> elect_operation(const Impl& impl, std::string_view path,
                                      const ElectOptions& options) {
    const auto lock = lock_operation(
        impl, path,
        detail::make_candidacy(path, options, defaults_of(impl), impl->session_timeout()));
    return {[lock](core::OperationId id, Sink<Leadership> sink) {
                lock.begin(id, [sink = std::move(sink)](result<ScopedLock> won) mutable {
                    won ? sink(detail::Election::make_leadership(*std::move(won)))
                        : sink(std::move(won).error());
                });
            },
            lock.cancel};
}

/// The closing itself takes part of it, and the answer must come from there if it can.
constexpr milliseconds close_slack{250};

}  // namespace

std::string_view to_string(ContenderKind kind) noexcept {
    switch (kind) {
        case ContenderKind::curator: return "curator";
        case ContenderKind::kazoo: return "kazoo";
        case ContenderKind::other: return "other";
    }
    return "unknown";
}

// ---- from connect to the destructor ----

result<Client> Client::connect(std::string_view hosts, const ClientOptions& options) try {
    BOOST_OUTCOME_TRY(auto impl, ClientImpl::start(hosts, options));
    return Client(std::move(impl));
} catch (const std::bad_alloc&) {
    return detail::out_of_memory();
}

Client::Client(Impl impl) noexcept : x_impl(std::move(impl)) {}

Client::Client(Client&&) noexcept = default;

Client& Client::operator=(Client&& other) noexcept {
    if (this != &other) {
        shut_down();
        x_impl = std::move(other.x_impl);
    }
    return *this;
}

Client::~Client() {
    shut_down();
}

void Client::shut_down() noexcept {
    const auto impl = std::move(x_impl);
    if (!impl) {
        return;
    }
    if (impl->is_forked()) {
        return detail::abandon(impl);
    }
    impl->shut_down();
}

result<void> Client::close(milliseconds timeout) const {
    return detail::wait_for(x_impl, close_operation(x_impl, timeout), timeout + close_slack, [] {
        return Error(errc::timed_out, "the session ends by its timeout on the server");
    });
}

detail::Start<void> Client::prepare_close(milliseconds timeout) const {
    return detail::asynchronous(x_impl, close_operation(x_impl, timeout));
}

// ---- what it tells of itself ----

result<void> Client::wait_connected(milliseconds timeout) const {
    BOOST_OUTCOME_TRYV(detail::check_usable(x_impl));
    BOOST_OUTCOME_TRYV(x_impl->check_not_inside());
    if (x_impl->state() == ClientState::connected) {
        return success();
    }
    return detail::wait_for(x_impl, connected_operation(x_impl), timeout,
                            [this] { return x_impl->why_not_connected(); });
}

detail::Start<void> Client::prepare_wait_connected() const {
    return detail::asynchronous(x_impl, connected_operation(x_impl));
}

ClientStats Client::stats() const {
    if (!detail::check_usable(x_impl)) {
        ClientStats none;
        none.state = ClientState::closed;
        return none;
    }
    return x_impl->stats();
}

ClientState Client::state() const noexcept {
    return x_impl && !x_impl->is_forked() ? x_impl->state() : ClientState::closed;
}

void Client::on_state_change(std::function<void(ClientState)> handler) const {
    if (detail::check_usable(x_impl)) {
        x_impl->notices().set_state_handler(std::move(handler));
    }
}

// ---- what it does ----

result<void> Client::add_auth(std::string_view scheme, std::string_view secret) const {
    BOOST_OUTCOME_TRYV(detail::check_usable(x_impl));
    BOOST_OUTCOME_TRYV(detail::check_credential(scheme, secret));
    if (x_impl->state() == ClientState::closed) {
        return errc::closed;
    }
    x_impl->add_auth({std::string(scheme), core::Secret(secret)});
    return success();
}

result<ScopedLock> Client::lock(std::string_view path, const LockOptions& options) const {
    BOOST_OUTCOME_TRYV(detail::check_usable(x_impl));
    return detail::wait_for(x_impl, lock_operation(x_impl, path, LockKind::exclusive, options));
}

result<ScopedLock> Client::lock_shared(std::string_view path, const LockOptions& options) const {
    BOOST_OUTCOME_TRYV(detail::check_usable(x_impl));
    return detail::wait_for(x_impl, lock_operation(x_impl, path, LockKind::shared, options));
}

result<ScopedLock> Client::lock_all(std::span<const std::string> paths,
                                    const LockOptions& options) const {
    BOOST_OUTCOME_TRYV(detail::check_usable(x_impl));
    return detail::wait_for(x_impl, set_operation(x_impl, paths, options));
}

detail::Start<ScopedLock> Client::prepare_lock_all(std::span<const std::string> paths,
                                                   const LockOptions& options) const {
    return detail::asynchronous(x_impl,
                                x_impl ? set_operation(x_impl, paths, options) : LockOperation{});
}

result<ScopedLock> Client::lock_upgradable(std::string_view path,
                                           const LockOptions& options) const {
    BOOST_OUTCOME_TRYV(detail::check_usable(x_impl));
    return detail::wait_for(x_impl, lock_operation(x_impl, path, LockKind::upgradable, options));
}

result<ScopedLock> Client::acquire_permit(std::string_view path, const LockOptions& options) const {
    BOOST_OUTCOME_TRYV(detail::check_usable(x_impl));
    return detail::wait_for(x_impl, lock_operation(x_impl, path, LockKind::permit, options));
}

detail::Start<ScopedLock> Client::prepare_lock(std::string_view path, LockKind kind,
                                               const LockOptions& options) const {
    return detail::asynchronous(
        x_impl, x_impl ? lock_operation(x_impl, path, kind, options) : LockOperation{});
}

// ---- leadership ----

result<Leadership> Client::elect(std::string_view path, const ElectOptions& options) const {
    BOOST_OUTCOME_TRYV(detail::check_usable(x_impl));
    return detail::wait_for(x_impl, elect_operation(x_impl, path, options));
}

detail::Start<Leadership> Client::prepare_elect(std::string_view path,
                                                const ElectOptions& options) const {
    return detail::asynchronous(
        x_impl, x_impl ? elect_operation(x_impl, path, options) : Operation<Leadership>{});
}

result<std::optional<ContenderInfo>> Client::leader(std::string_view path) const {
    BOOST_OUTCOME_TRYV(detail::check_usable(x_impl));
    return detail::wait_for(x_impl, detail::leader_operation(x_impl, path));
}

detail::Start<std::optional<ContenderInfo>> Client::prepare_leader(std::string_view path) const {
    return detail::asynchronous(x_impl, x_impl ? detail::leader_operation(x_impl, path)
                                               : Operation<std::optional<ContenderInfo>>{});
}

result<LeaderObserver> Client::observe(std::string_view path) const {
    BOOST_OUTCOME_TRYV(detail::check_usable(x_impl));
    return detail::LeaderFollower::make_observer(x_impl, path);
}

// ---- the queue ----

result<std::vector<ContenderInfo>> Client::contenders(std::string_view path) const {
    BOOST_OUTCOME_TRYV(detail::check_usable(x_impl));
    return detail::wait_for(x_impl, detail::contenders_operation(x_impl, path));
}

detail::Start<std::vector<ContenderInfo>> Client::prepare_contenders(std::string_view path) const {
    return detail::asynchronous(x_impl, x_impl ? detail::contenders_operation(x_impl, path)
                                               : Operation<std::vector<ContenderInfo>>{});
}

result<std::size_t> Client::request_release(std::string_view path) const {
    BOOST_OUTCOME_TRYV(detail::check_usable(x_impl));
    return detail::wait_for(x_impl, detail::release_request_operation(x_impl, path));
}

detail::Start<std::size_t> Client::prepare_request_release(std::string_view path) const {
    return detail::asynchronous(x_impl, x_impl ? detail::release_request_operation(x_impl, path)
                                               : Operation<std::size_t>{});
}

ZooKeeper Client::zookeeper() const {
    return {x_impl, x_impl ? x_impl->session_timeout() : milliseconds{0}};
}

}  // namespace leasehold

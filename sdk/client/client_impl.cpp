#include "sdk/client/client_impl.hpp"

#include "sdk/client/contender_record.hpp"
#include "sdk/client/credentials.hpp"
#include "sdk/client/fork.hpp"
#include "sdk/core/text.hpp"
#include "sdk/net/clock.hpp"
#include "sdk/net/cyrus_client.hpp"
#include "sdk/net/tls_context.hpp"

#include <cerrno>
#include <chrono>
#include <new>
#include <system_error>
#include <utility>

namespace leasehold::detail {
namespace {

using std::chrono::steady_clock;

/// ~Client's second, divided: the server's answer to the close, the end of the loop, of the loop by
/// force, and of the threads that run user code. What is left is for a busy machine.
constexpr milliseconds close_limit{350};
constexpr milliseconds loop_limit{450};
constexpr milliseconds forced_limit{550};
constexpr milliseconds callbacks_limit{700};

/// So many stop callbacks and jeopardy handlers may be stuck before the others wait for them.
constexpr std::size_t notifier_threads = 8;

constexpr std::size_t longest_label = 256;

std::string owner_of(const ClientOptions& options) {
    return options.owner.empty() ? std::string(program_invocation_short_name)
                                 : std::string(options.owner);
}

/// For a machine that sleeps now and then for no longer than that. Nothing helps one that sleeps
/// for longer, and that is what the log is told.
Duration with_margin_for_suspend(Duration margin) {
    return core::later(Instant{margin}, margin).time_since_epoch();
}

core::Log no_boot_clock() {
    return {
        LogLevel::warning,
        "no_boot_clock",
        {{"what",
          "the kernel or a sandbox refuses CLOCK_BOOTTIME: leases run on CLOCK_MONOTONIC, which "
          "stands still while the machine is suspended. The margin is doubled; allow the clock, "
          "or see that this machine is never suspended"}}};
}

}  // namespace

result<std::shared_ptr<ClientImpl>> ClientImpl::start(std::string_view hosts,
                                                      const ClientOptions& options) {
    BOOST_OUTCOME_TRY(auto settings, core::make_settings(hosts, options));
    if (options.owner.size() > longest_label || !core::is_utf8(options.owner)) {
        return Error(errc::invalid_argument,
                     "ClientOptions::owner must be UTF-8 of at most 256 bytes");
    }
    if (settings.tls) {
        // Later they are read for each connection, as passwords are. What is wrong from the start
        // is said at once.
        BOOST_OUTCOME_TRYV(net::load_tls_context(*settings.tls));
    }
    if (settings.sasl) {
        BOOST_OUTCOME_TRYV(
            net::open_cyrus_client(*settings.sasl, settings.servers.hosts.front().sasl_name));
    }
    BOOST_OUTCOME_TRY(settings.credentials, read_credentials(options));
    const bool counts_suspend = net::lease_clock() == CLOCK_BOOTTIME;
    if (!counts_suspend) {
        settings.timing.margin = with_margin_for_suspend(settings.timing.margin);
    }
    watch_for_forks();
    try {
        auto impl = std::make_shared<ClientImpl>(std::string(hosts), std::move(settings), options);
        BOOST_OUTCOME_TRYV(impl->x_loop.start(impl));
        if (!counts_suspend) {
            impl->x_notices->log(no_boot_clock());
        }
        return impl;
    } catch (const std::system_error& error) {
        return Error(error.code(), {.what = "the client could not be started"});
    }
}

ClientImpl::ClientImpl(std::string hosts, core::Settings settings, const ClientOptions& options)
    : x_hosts(std::move(hosts)),
      x_chroot(settings.servers.chroot),
      x_owner(owner_of(options)),
      x_identity(encode_identity()),
      x_session_timeout(options.session_timeout),
      x_fork_generation(fork_generation()),
      x_callbacks(std::make_shared<Worker>("leasehold-cb", 1)),
      x_notifier(std::make_shared<Worker>("leasehold-note", notifier_threads)),
      x_notices(std::make_shared<Notices>(x_callbacks, options.on_log)),
      x_has_credentials(!settings.credentials.empty() || settings.sasl),
      x_loop(std::move(settings), *this) {}

ClientImpl::~ClientImpl() = default;

bool ClientImpl::is_forked() const noexcept {
    return x_fork_generation != fork_generation();
}

result<void> ClientImpl::check_not_inside() const {
    if (x_loop.is_inside()) {
        return Error(errc::would_deadlock, "use the asynchronous form there");
    }
    return success();
}

const core::SharedAcl& ClientImpl::default_acl() const {
    return x_has_credentials.load() ? x_acl_for_us : x_acl_for_all;
}

ClientStats ClientImpl::stats() {
    if (x_loop.is_inside()) {
        return x_loop.last_stats();
    }
    const auto waiter = std::make_shared<Waiter<ClientStats>>();
    x_loop.post_control([this, sink = waiter->sink()](Turn& turn) mutable {
        sink(turn.engine != nullptr ? turn.engine->stats(turn.now) : x_loop.last_stats());
    });
    return waiter->wait().value();
}

Error ClientImpl::why_not_connected() {
    const auto waiter = std::make_shared<Waiter<void>>();
    x_loop.post_control([sink = waiter->sink()](Turn& turn) mutable {
        sink(turn.engine != nullptr ? turn.engine->trouble() : success());
    });
    const std::string what = "not connected to " + core::escape(x_hosts) + " in time";
    const result<void> trouble = waiter->wait();
    if (trouble) {
        return {errc::no_server, what + "; check the connect string, the network and the ensemble"};
    }
    return {trouble.error().code(),
            {.what = what + "; last tried " + trouble.error().context().what}};
}

void ClientImpl::add_auth(core::Credential credential) {
    x_has_credentials = true;
    x_loop.post_control([credential = std::move(credential)](Turn& turn) mutable {
        if (turn.engine != nullptr) {
            turn.engine->add_auth(turn.now, std::move(credential));
        }
    });
}

void ClientImpl::begin_wait_connected(core::OperationId id, Sink<void> sink) {
    x_loop.post_operation([this, id, sink = std::move(sink)](Turn& turn) mutable {
        if (turn.engine == nullptr) {
            sink(turn.refusal);
        } else if (x_state.load() == ClientState::connected) {
            sink(success());
        } else {
            x_connecting.add(id, std::move(sink));
        }
    });
}

void ClientImpl::cancel_wait_connected(core::OperationId id) {
    x_loop.post_control([this, id](Turn&) { x_connecting.cancel(id); });
}

void ClientImpl::begin_close(core::OperationId id, milliseconds timeout, Sink<void> sink) {
    invalidate_holds();
    x_loop.post_control([this, id, timeout, sink = std::move(sink)](Turn& turn) mutable {
        if (turn.engine == nullptr) {
            return sink(x_close_outcome);
        }
        x_closing.add(id, std::move(sink));
        if (!std::exchange(x_close_was_sent, true)) {
            turn.engine->close(turn.now, core::later(turn.now, core::saturate(timeout)));
        }
    });
}

void ClientImpl::cancel_close(core::OperationId id) {
    x_loop.post_control([this, id](Turn&) { x_closing.cancel(id); });
}

void ClientImpl::invalidate_holds() {
    const std::lock_guard lock(x_holds_mutex);
    x_is_closing = true;
    for (const auto& [lease, held] : x_holds) {
        for (const auto& hold : held.handles) {
            hold->invalidate(Loss::closed);
        }
    }
}

void ClientImpl::on_out_of_memory() {
    invalidate_holds();
    x_close_outcome = out_of_memory();
    try {
        x_notices->log({LogLevel::error,
                        "out_of_memory",
                        {{"what", "the client has ended; its session ends by its timeout"}}});
    } catch (const std::bad_alloc&) {
        // That those who wait are answered matters more.
    }
}

void ClientImpl::post_farewell(IoLoop::Task task) noexcept try {
    x_loop.post_control(std::move(task));
} catch (const std::bad_alloc&) {
}

void ClientImpl::shut_down() noexcept {
    const auto now = steady_clock::now();
    try {
        begin_close(next_id(), close_limit, [](const result<void>&) {});
    } catch (const std::bad_alloc&) {
        // Then the loop is ended without a word to the server.
    }
    if (!x_loop.wait_ended(now + loop_limit)) {
        post_farewell([this](Turn& turn) {
            if (turn.engine != nullptr) {
                x_loop.stop();
            }
        });
    }
    x_loop.finish(now + forced_limit);
    x_notices->close();
    x_notifier->finish(now + callbacks_limit);
    x_callbacks->finish(now + callbacks_limit);
}

}  // namespace leasehold::detail

// What is behind a Client: it turns the calls of any thread into tasks for the I/O thread, and what
// the engine tells there into completions, stop requests and callbacks elsewhere.
#pragma once

#include <leasehold/options.hpp>
#include <leasehold/state.hpp>

#include "sdk/client/hold.hpp"
#include "sdk/client/io_loop.hpp"
#include "sdk/client/lock_request.hpp"
#include "sdk/client/notices.hpp"
#include "sdk/client/sink.hpp"
#include "sdk/client/wait_list.hpp"
#include "sdk/client/watch_state.hpp"
#include "sdk/client/worker.hpp"
#include "sdk/core/engine.hpp"
#include "sdk/core/unique_function.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace leasehold::detail {

using RequestHandler = core::UniqueFunction<void(Turn&, result<core::Reply>)>;

using WatchedHandler = core::UniqueFunction<void(result<core::Reply>, std::shared_ptr<WatchState>)>;

/// Invariant: each sink that is handed in is called exactly once, at the latest when the I/O thread
/// ends.
class ClientImpl final : public std::enable_shared_from_this<ClientImpl>, private LoopListener {
public:
    [[nodiscard]] static result<std::shared_ptr<ClientImpl>> start(std::string_view hosts,
                                                                   const ClientOptions& options);
    ClientImpl(std::string hosts, core::Settings settings, const ClientOptions& options);
    ~ClientImpl() override;

    // ---- any thread ----

    [[nodiscard]] bool is_forked() const noexcept;
    /// errc::would_deadlock on the I/O thread.
    [[nodiscard]] result<void> check_not_inside() const;
    [[nodiscard]] core::OperationId next_id() noexcept { return x_next_id.fetch_add(1); }
    [[nodiscard]] const std::shared_ptr<Worker>& callbacks() const noexcept { return x_callbacks; }
    [[nodiscard]] const std::shared_ptr<Worker>& notifier() const noexcept { return x_notifier; }
    [[nodiscard]] IoLoop& loop() noexcept { return x_loop; }
    [[nodiscard]] Notices& notices() noexcept { return *x_notices; }

    [[nodiscard]] const std::string& hosts() const noexcept { return x_hosts; }
    [[nodiscard]] const std::string& chroot() const noexcept { return x_chroot; }
    [[nodiscard]] const std::string& owner() const noexcept { return x_owner; }
    /// Of the process, as records say it.
    [[nodiscard]] const std::string& identity() const noexcept { return x_identity; }
    [[nodiscard]] milliseconds session_timeout() const noexcept { return x_session_timeout; }
    /// The ACL of what is created without one.
    [[nodiscard]] const core::SharedAcl& default_acl() const;

    [[nodiscard]] ClientState state() const noexcept { return x_state.load(); }
    [[nodiscard]] ClientStats stats();
    /// errc::no_server, or whatever else is in the way of a connection.
    [[nodiscard]] Error why_not_connected();
    void add_auth(core::Credential credential);

    /// For destructors, which cannot fail: if there is no memory for the task, what it was to end
    /// ends by itself, at its deadline or with the session.
    void post_farewell(IoLoop::Task task) noexcept;
    void begin_request(core::OperationId id, core::RawRequest request, RequestHandler handler);
    void cancel_request(core::OperationId id);
    void begin_acquire(core::OperationId id, SharedLockRequest request, Sink<ScopedLock> sink);
    void cancel_acquire(core::OperationId id);
    void begin_extend(core::OperationId id, std::shared_ptr<Hold> hold, Duration budget,
                      Sink<Instant> sink);
    void cancel_extend(core::OperationId id);
    void begin_downgrade(core::OperationId id, std::shared_ptr<Hold> hold, Sink<void> sink);
    void cancel_downgrade(core::OperationId id);
    void begin_upgrade(core::OperationId id, std::shared_ptr<Hold> hold, milliseconds wait,
                       Sink<void> sink);
    void cancel_upgrade(core::OperationId id);
    void begin_wait_connected(core::OperationId id, Sink<void> sink);
    void cancel_wait_connected(core::OperationId id);

    /// One more handle to the lease of this one.
    [[nodiscard]] result<ScopedLock> add_handle(const Hold& hold);
    /// The lease goes with the last handle.
    void release(const std::shared_ptr<Hold>& hold);
    /// And tells when the node is gone.
    void release(const std::shared_ptr<Hold>& hold, core::OperationId id, Sink<void> gone);
    void call_returned(core::OperationId lease);
    /// The watch is under the request's id; whoever gets the state makes the handle of it.
    void begin_watched_request(core::OperationId id, core::RawRequest request,
                               WatchedHandler handler);
    void unwatch(std::shared_ptr<WatchState> watch);

    /// Invalidates all locks before it returns.
    void begin_close(core::OperationId id, milliseconds timeout, Sink<void> sink);
    void cancel_close(core::OperationId id);
    /// For ~Client: within a second, whatever hangs.
    void shut_down() noexcept;

    // ---- the I/O thread, with an engine ----

    void submit(Turn& turn, core::OperationId id, core::RawRequest request, RequestHandler handler);
    void withdraw(Turn& turn, core::OperationId id);

private:
    struct Acquire {
        Sink<ScopedLock> sink;
        SharedLockRequest request;
    };
    struct Extend {
        Sink<Instant> sink;
        std::shared_ptr<Hold> hold;
        Instant budget_end;
    };

    struct Conversion {
        Sink<void> sink;
        std::shared_ptr<Hold> hold;
    };

    void on_effect(Turn& turn, core::Effect&& effect) override;
    void on_out_of_memory() override;
    void on_stopped(Turn& turn) override;

    // The loop carries these out itself.
    void on(Turn&, core::Resolve&&) {}
    void on(Turn&, core::Connect&&) {}
    void on(Turn&, core::Disconnect&&) {}
    void on(Turn&, core::SaslBegin&&) {}
    void on(Turn&, core::SaslContinue&&) {}
    void on(Turn& turn, core::RequestDone&& done);
    void on(Turn& turn, core::AcquireDone&& done);
    void on(Turn& turn, core::StopDue&& due);
    void on(Turn& turn, core::LeaseEnded&& ended);
    void on(Turn& turn, core::NodeGone&& gone);
    void on(Turn& turn, core::ExtendDone&& done);
    void on(Turn& turn, core::DowngradeDone&& done);
    void on(Turn& turn, core::UpgradeDone&& done);
    void on(Turn& turn, core::JeopardyChanged&& changed);
    void on(Turn& turn, core::YieldAsked&& asked);
    void on(Turn& turn, core::WatchFired&& fired);
    void on(Turn& turn, core::StateChanged&& changed);
    void on(Turn& turn, core::Log&& log);
    void on(Turn& turn, core::Closed&& closed);

    using Handles = boost::container::small_vector<std::shared_ptr<Hold>, 1>;
    /// A lease that is out, or whose node is not gone yet.
    struct HeldLock {
        Handles handles;
        // What a handle that is made later has to know:
        bool is_stop_due = false;
        bool in_jeopardy = false;
        bool is_asked = false;
    };

    /// False once the client is closing: then nothing is granted any more.
    [[nodiscard]] bool keep(const std::shared_ptr<Hold>& hold);
    /// True if other handles keep the lease, which this one has left.
    [[nodiscard]] bool leave_to_others(const std::shared_ptr<Hold>& hold);
    /// The end of a handle, on the I/O thread.
    static void end(Turn& turn, Hold& hold, bool is_left_to_others);
    /// Changes what is known of the lease, and returns whom to tell.
    template <class Change>
    [[nodiscard]] Handles handles_of(core::OperationId lease, Change change);
    void invalidate_holds();

    const std::string x_hosts;
    const std::string x_chroot;
    const std::string x_owner;
    const std::string x_identity;
    const milliseconds x_session_timeout;
    const int x_fork_generation;
    const core::SharedAcl x_acl_for_us{{perms::all, "auth", ""}};
    const core::SharedAcl x_acl_for_all{{perms::all, "world", "anyone"}};
    const std::shared_ptr<Worker> x_callbacks;
    const std::shared_ptr<Worker> x_notifier;
    const std::shared_ptr<Notices> x_notices;
    std::atomic<core::OperationId> x_next_id{1};
    std::atomic<bool> x_has_credentials;
    std::atomic<ClientState> x_state{ClientState::connecting};

    std::mutex x_holds_mutex;  ///< guards the next two
    bool x_is_closing = false;
    boost::unordered_flat_map<core::OperationId, HeldLock> x_holds;

    // of the I/O thread
    boost::unordered_flat_map<core::OperationId, RequestHandler> x_requests;
    boost::unordered_flat_map<core::OperationId, Acquire> x_acquires;
    std::unordered_map<core::OperationId, Extend> x_extends;
    std::unordered_map<core::OperationId, Conversion> x_downgrades;
    std::unordered_map<core::OperationId, Conversion> x_upgrades;
    std::unordered_map<core::OperationId, std::shared_ptr<WatchState>> x_watches;
    WaitList<void> x_connecting;
    WaitList<void> x_closing;
    bool x_close_was_sent = false;
    result<void> x_close_outcome = success();

    IoLoop x_loop;  ///< last: its thread uses what is above
};

}  // namespace leasehold::detail

#include "sdk/client/hold.hpp"

#include "sdk/client/client_impl.hpp"
#include "sdk/client/fork.hpp"
#include "sdk/core/path.hpp"
#include "sdk/core/settings.hpp"

#include <utility>

namespace leasehold::detail {
namespace {

std::string in_milliseconds(Duration duration) {
    return std::to_string(std::chrono::duration_cast<milliseconds>(duration).count()) + " ms";
}

std::vector<std::string> without_chroot(const std::string& chroot,
                                        std::span<const std::string> full_paths) {
    std::vector<std::string> paths;
    if (chroot.empty()) {
        return paths;
    }
    paths.reserve(full_paths.size());
    for (const std::string& full : full_paths) {
        paths.push_back(core::without_chroot(chroot, full));
    }
    return paths;
}

}  // namespace

Hold::Hold(std::shared_ptr<ClientImpl> impl, core::OperationId id, const core::Grant& grant,
           SharedLockRequest request)
    : x_impl(std::move(impl)),
      x_lease(grant.lease),
      x_id(id),
      x_request(std::move(request)),
      x_nodes(without_chroot(x_impl->chroot(), x_lease->nodes)),
      x_is_shortened(grant.is_shortened),
      x_fork_generation(fork_generation()),
      x_budget_end(core::later(grant.granted_at, terms().budget).time_since_epoch().count()) {}

Hold::Hold(OneMore, const Hold& other)
    : x_impl(other.x_impl),
      x_lease(other.x_lease),
      x_id(other.x_id),
      x_request(other.x_request),
      x_nodes(other.x_nodes),
      x_is_shortened(other.x_is_shortened),
      x_fork_generation(other.x_fork_generation),
      x_budget_end(other.x_budget_end.load()) {}

bool Hold::is_forked() const noexcept {
    return x_fork_generation != fork_generation();
}

bool Hold::valid() const noexcept {
    return !is_over() && !is_forked() && x_lease->word.valid(BootClock::now);
}

void Hold::invalidate(Loss why) noexcept {
    int live = -1;
    x_over.compare_exchange_strong(live, static_cast<int>(why));
}

Instant Hold::deadline() const noexcept {
    return is_over() || is_forked() ? Instant::min() : x_lease->word.deadline();
}

Instant Hold::call_deadline() const noexcept {
    const Instant end = deadline();
    return end == Instant::min() ? end : end - terms().reserve;
}

// ---- how it ended ----

/// Before the I/O thread has said it: what it will say.
Loss Hold::likely_loss() const {
    const int known = x_loss.load();
    if (known >= 0) {
        return static_cast<Loss>(known);
    }
    if (const int ours = x_over.load(); ours >= 0) {
        return static_cast<Loss>(ours);
    }
    const Instant budget_end{Duration{x_budget_end.load()}};
    return BootClock::now() >= budget_end ? Loss::budget : Loss::deadline;
}

result<void> Hold::verdict() const {
    if (is_forked()) {
        return Error(errc::forked, "the lock belongs to the parent process").at(path());
    }
    if (valid()) {
        return success();
    }
    switch (likely_loss()) {
        case Loss::budget:
            return Error(errc::budget_exceeded, "the budget of " + in_milliseconds(terms().budget) +
                                                    " is used up and the lock is released")
                .at(path());
        case Loss::released: return Error(errc::lock_lost, "it was released").at(path());
        case Loss::deadline:
            return Error(errc::lock_lost,
                         "no fresh evidence of the session until the safe deadline")
                .at(path());
        case Loss::session_expired: return Error(errc::lock_lost, "the session expired").at(path());
        case Loss::node_deleted:
            return Error(errc::lock_lost, "somebody deleted our node").at(path());
        case Loss::closed: return Error(errc::lock_lost, "the client was closed").at(path());
        case Loss::auth_failed:
            return Error(errc::lock_lost,
                         "the server refuses our SASL credentials on a new "
                         "connection, and the session was given up")
                .at(path());
    }
    return Error(errc::lock_lost).at(path());
}

Error Hold::why_stopped() const {
    if (auto ended = verdict(); !ended) {
        return ended.error();
    }
    std::string what = "the call was stopped at its deadline, " + in_milliseconds(terms().reserve) +
                       " before the end of the lease";
    if (!terms().has_budget) {
        what += ": no fresh evidence of the session";
    }
    return Error(terms().has_budget ? errc::budget_exceeded : errc::lock_lost, std::move(what))
        .at(path());
}

void Hold::end_call() {
    if (x_lease->active_calls.fetch_sub(1) == 1 && terms().holds_until_return) {
        x_impl->call_returned(x_id);
    }
}

// ---- stopping ----

/// Under the mutex.
Hold::Listeners& Hold::listeners() const {
    if (!x_listeners) {
        x_listeners = std::make_unique<Listeners>();
    }
    return *x_listeners;
}

std::uint64_t Hold::add_stop_listener(std::function<void()> post_stop) {
    std::unique_lock lock(x_mutex);
    if (!x_is_stop_due) {
        Listeners& all = listeners();
        all.stop_listeners.emplace(all.next_stop_listener, std::move(post_stop));
        return all.next_stop_listener++;
    }
    lock.unlock();
    post_stop();
    return 0;
}

void Hold::remove_stop_listener(std::uint64_t id) {
    std::function<void()> removed;  // destroyed outside the lock
    const std::lock_guard lock(x_mutex);
    auto& all = listeners().stop_listeners;
    if (const auto found = all.find(id); found != all.end()) {
        removed.swap(found->second);
        all.erase(found);
    }
}

bool Hold::is_stop_due() const {
    const std::lock_guard lock(x_mutex);
    return x_is_stop_due;
}

void Hold::on_stop_due() {
    std::map<std::uint64_t, std::function<void()>> stop_listeners;
    std::stop_source stop{std::nostopstate};
    {
        const std::lock_guard lock(x_mutex);
        if (std::exchange(x_is_stop_due, true) || !x_listeners) {
            return;
        }
        stop_listeners.swap(x_listeners->stop_listeners);
        stop = x_listeners->stop;
    }
    for (const auto& [id, post_stop] : stop_listeners) {
        post_stop();
    }
    if (stop.stop_possible()) {
        // Stop callbacks are user code and may never return.
        x_impl->notifier()->post([stop]() mutable { stop.request_stop(); });
    }
}

std::stop_token Hold::stop_token() const {
    if (is_forked()) {
        return {};  // the mutex may be held by a thread that does not exist here
    }
    const std::lock_guard lock(x_mutex);
    std::stop_source& stop = listeners().stop;
    if (!stop.stop_possible()) {
        stop = std::stop_source{};
        if (x_is_stop_due) {
            stop.request_stop();  // nobody can have a callback with it yet
        }
    }
    return stop.get_token();
}

void Hold::on_ended(Loss loss) {
    if (x_loss.load() >= 0) {
        return;
    }
    x_loss = static_cast<int>(loss);
    x_lost.complete_all(loss);
}

void Hold::on_node_gone(const result<void>& outcome) {
    x_gone_outcome = outcome;
    x_gone.complete_all(outcome);
}

void Hold::on_extended(Instant budget_end) {
    x_budget_end = budget_end.time_since_epoch().count();
}

void Hold::wait_lost(core::OperationId id, Sink<Loss> sink) {
    if (const int known = x_loss.load(); known >= 0) {
        return sink(static_cast<Loss>(known));
    }
    x_lost.add(id, std::move(sink));
}

void Hold::wait_gone(core::OperationId id, Sink<void> sink) {
    x_gone_outcome ? sink(*x_gone_outcome) : x_gone.add(id, std::move(sink));
}

void Hold::cancel_wait(core::OperationId id) {
    x_lost.cancel(id);
    x_gone.cancel(id);
}

// ---- jeopardy ----

void Hold::set_jeopardy_handler(std::function<void(bool)> handler) {
    auto next = handler ? std::make_shared<const std::function<void(bool)>>(std::move(handler))
                        : nullptr;  // the one before is destroyed outside the lock
    std::unique_lock lock(x_mutex);
    listeners().jeopardy_handler.swap(next);
    listeners().told_jeopardy = false;
    tell_jeopardy(lock);
}

void Hold::on_jeopardy(bool in_jeopardy) {
    std::unique_lock lock(x_mutex);
    x_in_jeopardy = in_jeopardy;
    tell_jeopardy(lock);
}

/// At most one job at a time for each lock, and none that would tell nothing new: a handler that is
/// stuck does not pile up jobs behind it.
void Hold::tell_jeopardy(std::unique_lock<std::mutex>& lock) {
    if (!x_listeners || !x_listeners->jeopardy_handler || x_listeners->is_telling ||
        x_in_jeopardy == x_listeners->told_jeopardy) {
        return;
    }
    x_listeners->is_telling = true;
    lock.unlock();
    x_impl->notifier()->post([self = shared_from_this()] { self->call_jeopardy_handler(); });
}

void Hold::call_jeopardy_handler() {
    std::unique_lock lock(x_mutex);
    Listeners& told = listeners();
    while (told.jeopardy_handler && x_in_jeopardy != told.told_jeopardy && !is_over()) {
        const auto handler = told.jeopardy_handler;
        const bool in_jeopardy = x_in_jeopardy;
        told.told_jeopardy = in_jeopardy;
        lock.unlock();
        (*handler)(in_jeopardy);
        lock.lock();
    }
    told.is_telling = false;
}

// ---- requests to let go ----

void Hold::set_asked_handler(std::function<void()> handler) {
    {
        const std::lock_guard lock(x_mutex);
        listeners().asked_handler.swap(handler);  // the one before is destroyed outside the lock
    }
    tell_asked();
}

void Hold::on_asked() {
    {
        const std::lock_guard lock(x_mutex);
        x_is_asked = true;
    }
    tell_asked();
}

/// Once for each handler: it is taken out when it is called.
void Hold::tell_asked() {
    std::function<void()> handler;
    {
        const std::lock_guard lock(x_mutex);
        if (!x_is_asked || !x_listeners) {
            return;
        }
        handler.swap(x_listeners->asked_handler);
    }
    if (handler) {
        x_impl->notifier()->post([self = shared_from_this(), handler = std::move(handler)] {
            if (!self->is_over()) {
                handler();
            }
        });
    }
}

}  // namespace leasehold::detail

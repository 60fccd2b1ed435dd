#include "sdk/core/engine.hpp"

#include "sdk/core/heartbeat.hpp"
#include "sdk/core/lease_table.hpp"
#include "sdk/core/lock_queues.hpp"
#include "sdk/core/path.hpp"
#include "sdk/core/random.hpp"
#include "sdk/core/raw_requests.hpp"
#include "sdk/core/reaper.hpp"
#include "sdk/core/session.hpp"
#include "sdk/core/timers.hpp"
#include "sdk/core/watches.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace leasehold::core {

struct Engine::Impl final : SessionListener, LeaseListener {
    Impl(Settings given, std::uint64_t seed)
        : settings(std::move(given)),
          random(seed),
          session(settings, random, *this, effects),
          reaper(settings, session, timers, effects),
          leases(timers, effects, *this),
          requests(session, watches, timers, effects) {}

    // ---- SessionListener ----

    void on_attached(Instant now, bool) override {
        for (const auto& packet : watches.restore(session.last_zxid())) {
            session.send(now, packet, [](Instant, const Response&) {});
        }
        reaper.on_attached(now);  // a delete that is due goes before everything else
        queues.for_each([&](LockQueue& queue) { queue.on_attached(now); });
        requests.on_attached(now);
    }

    void on_detached(Instant now) override {
        watches.on_detached();
        reaper.on_detached();
        queues.for_each([&](LockQueue& queue) { queue.on_detached(now); });
    }

    void on_expired(Instant now) override {
        leases.end_all(now, Loss::session_expired);
        end_session(now, success());
    }

    void on_abandoned(Instant now, const Error& why) override {
        leases.end_all(now, Loss::auth_failed);
        leases.on_safe_deadline(now, Instant::min());  // no evidence will come any more
        end_session(now, why);
    }

    /// `nodes`: whether they are gone.
    void end_session(Instant now, const result<void>& nodes) {
        reaper.on_session_ended(nodes);
        queues.for_each([&](LockQueue& queue) { queue.on_session_ended(now); });
        end_watches();
        leases.on_safe_deadline(now, Instant::min());
    }

    void on_watch_event(Instant now, const wire::WatcherEvent& event) override {
        const bool is_early = requests.on_watch_event(event);
        const auto fired = watches.on_event(event);
        if (!fired) {
            counters.ignored_events += is_early ? 0 : 1;
            return;
        }
        for (const OperationId watch : fired->watches) {
            effects.emplace_back(
                WatchFired{watch, static_cast<std::int32_t>(event.type), event.path});
        }
        if (fired->was_for_children_of_lock) {
            queues.for_each_on(event.path,
                               [&](LockQueue& queue) { queue.on_children_changed(now); });
        }
        if (!fired->was_for_lock) {
            return;
        }
        const auto [parent, name] = split_path(event.path);
        event.type == wire::WatchEventType::deleted ? queues.on_node_deleted(now, parent, name)
                                                    : queues.on_node_changed(now, parent, name);
    }

    void on_evidence(Instant now) override {
        leases.on_safe_deadline(now, session.evidence().safe_deadline());
        for (const auto& waiting : std::exchange(awaiting_evidence, {})) {
            if (const auto queue = waiting.lock()) {
                queue->on_evidence(now);
                queues.forget_if_idle(*queue);
            }
        }
    }

    bool awaits_evidence() const override {
        return std::any_of(awaiting_evidence.begin(), awaiting_evidence.end(),
                           [](const auto& waiting) {
                               const auto queue = waiting.lock();
                               return queue && queue->awaits_evidence();
                           });
    }

    void on_auth_failed(Instant now, const Error& why) override {
        queues.for_each([&](LockQueue& queue) { queue.on_auth_failed(now, why); });
        requests.refuse_all(why.code(), why.context().what);
    }

    // ---- LeaseListener ----

    void on_node_free(Instant now, OperationId lease, Loss loss, Duration held) override {
        end_upgrade(now, lease, loss);  // whose node goes first
        const auto queue = queues.find(lease);
        queues.forget(lease);
        if (queue) {
            queue->on_node_free(now, lease, loss, held);
            queues.forget_if_idle(*queue);
        }
    }

    void on_lease_ended(Instant now, OperationId lease, Loss loss) override {
        if (const auto queue = upgrade_of(lease); queue && !queue->is_held()) {
            end_upgrade(now, lease, loss);
        }
    }

    // ---- the parts ----

    /// The queue of the exclusive node that an upgradable lease has, or waits for.
    std::shared_ptr<LockQueue> upgrade_of(OperationId lease) {
        const auto found = upgrades.find(lease);
        return found == upgrades.end() ? nullptr : queues.find(found->second);
    }

    void end_upgrade(Instant now, OperationId lease, Loss loss, bool is_taken_back = false) {
        if (const auto queue = upgrade_of(lease)) {
            queue->end_upgrade(now, loss, is_taken_back);
            queues.forget_if_idle(*queue);
        }
        if (const auto found = upgrades.find(lease); found != upgrades.end()) {
            queues.forget(found->second);
            upgrades.erase(found);
        }
    }

    void settle_downgrades();

    void end_watches() {
        for (auto& [watch, path] : watches.end_all()) {
            effects.emplace_back(WatchFired{watch, 0, std::move(path)});
        }
    }

    [[nodiscard]] std::size_t pending() const {
        return requests.size() + watches.size() + queues.places() + reaper.size();
    }

    void note_need(Instant now) {
        if (settings.timing.is_by_quorum()) {
            session.need_evidence(now, queues.places() != 0);
        }
    }
    [[nodiscard]] Instant heartbeat_due() const {
        return heartbeat.is_under_way() || !settings.timing.is_by_quorum()
                   ? Instant::max()
                   : std::max(session.next_heartbeat(), heartbeat.not_before());
    }

    void on_timer(Instant now, TimerKey timer);
    void settle();
    void tell_jeopardy();

    Settings settings;
    Random random;
    std::vector<Effect> effects;
    Timers timers;
    ClientStats counters;
    WatchRegistry watches;
    Session session;
    Reaper reaper;
    LeaseTable leases;
    RawRequests requests;
    std::vector<std::weak_ptr<LockQueue>> awaiting_evidence;
    std::map<OperationId, std::weak_ptr<LockQueue>> keeping;
    std::set<std::string> warned_paths;
    HoldPaces paces;
    Waiters spare_waiters;
    LockContext context{
        settings, session, watches,           reaper,  leases,       timers, random,       effects,
        counters, queues,  awaiting_evidence, keeping, warned_paths, paces,  spare_waiters};
    LockQueues queues{context};
    Heartbeat heartbeat{session, leases, queues};
    /// By the operation whose node is being deleted, the lease that shares again.
    std::map<OperationId, OperationId> taken_back;
    /// By lease: the operation whose queue has the exclusive node.
    std::map<OperationId, OperationId> upgrades;
    ClientState told_state = ClientState::connecting;
};

void Engine::Impl::on_timer(Instant now, TimerKey timer) {
    switch (timer.kind) {
        case TimerKind::lease_end: return leases.on_end_timer(now, timer.id);
        case TimerKind::lease_stop: return leases.on_stop_timer(now, timer.id);
        case TimerKind::node_hold: return leases.on_hold_timer(now, timer.id);
        case TimerKind::wait_end:
        case TimerKind::holder_read:
            return queues.use(timer.id, [&](LockQueue& queue) {
                timer.kind == TimerKind::wait_end ? queue.on_wait_end(now, timer.id)
                                                  : queue.on_holder_read(now, timer.id);
            });
        case TimerKind::lock_delay:
            return queues.use(timer.id, [&](LockQueue& queue) { queue.on_delay_end(now); });
        case TimerKind::keep_end:
            if (const auto found = keeping.find(timer.id); found != keeping.end()) {
                if (const auto queue = found->second.lock()) {
                    queue->on_keep_end(now);
                    queues.forget_if_idle(*queue);
                }
            }
            return;
        case TimerKind::reap: return reaper.on_reap_timer(now, timer.id);
        case TimerKind::orphan:
            // Only the end of the session gets rid of it; not while somebody's lease hangs on it.
            if (reaper.is_orphan_due(timer.id)) {
                timers.set(timer, later(now, std::chrono::seconds{1}));
                if (leases.live() == 0) {
                    session.renew(now);
                }
            }
            return;
        case TimerKind::request_end:
            return requests.give_up(timer.id, errc::timed_out, "no answer within the time limit");
    }
}

/// The end of each turn: what follows from what happened in it.
void Engine::Impl::settle() {
    if (session.is_stopped() && (!queues.empty() || reaper.size() != 0)) {
        for (const auto& [lease, queue] : std::exchange(keeping, {})) {
            timers.cancel({TimerKind::keep_end, lease});
        }
        queues.clear();
        reaper.on_session_ended(session.was_closed_cleanly()
                                    ? result<void>(success())
                                    : result<void>(Error{errc::closed,
                                                         "the client was closed before the server "
                                                         "confirmed that the node is gone"}));
    }
    if (session.is_stopped()) {
        watches.on_detached();  // those that no server could be told to drop went with the session
    }
    for (const Effect& effect : effects) {
        if (const auto* done = std::get_if<AcquireDone>(&effect);
            done != nullptr && std::holds_alternative<Refusal>(done->outcome)) {
            queues.forget(done->id);
        }
        if (const auto* done = std::get_if<UpgradeDone>(&effect);
            done != nullptr && done->refusal) {
            queues.forget(done->id);
            std::erase_if(upgrades, [&](const auto& each) { return each.second == done->id; });
        }
    }
    settle_downgrades();
    if (told_state != session.state()) {
        const bool was_jeopardy =
            std::exchange(told_state, session.state()) == ClientState::jeopardy;
        effects.emplace_back(StateChanged{told_state});
        if (was_jeopardy || told_state == ClientState::jeopardy) {
            tell_jeopardy();
        }
    }
}

/// The exclusive node of an upgrade that was taken back is gone: that is the answer.
void Engine::Impl::settle_downgrades() {
    if (taken_back.empty()) {
        return;
    }
    std::vector<std::pair<OperationId, result<void>>> answers;
    std::erase_if(effects, [&](const Effect& effect) {
        const auto* gone = std::get_if<NodeGone>(&effect);
        const auto lease = gone == nullptr ? taken_back.end() : taken_back.find(gone->lease);
        if (lease == taken_back.end()) {
            return false;
        }
        answers.emplace_back(lease->second, gone->outcome);
        taken_back.erase(lease);
        return true;
    });
    for (const auto& [lease, outcome] : answers) {
        leases.on_shared(lease, outcome);
    }
}

void Engine::Impl::tell_jeopardy() {
    for (const OperationId lease : leases.ids()) {
        effects.emplace_back(JeopardyChanged{lease, told_state == ClientState::jeopardy});
    }
}

Engine::Engine(Settings settings, std::uint64_t seed)
    : x_impl(std::make_unique<Impl>(std::move(settings), seed)) {}

Engine::~Engine() = default;

void Engine::start(Instant now) {
    x_impl->session.start(now);
}

void Engine::on_time(Instant now) {
    // Leases first: what is overdue is latched dead before anything else is looked at.
    while (const auto timer = x_impl->timers.pop_due(now)) {
        x_impl->on_timer(now, *timer);
    }
    x_impl->session.on_time(now);
    x_impl->note_need(now);
    if (x_impl->heartbeat_due() <= now) {
        x_impl->heartbeat.send(now);
    }
    x_impl->settle();
}

void Engine::on_resolved(Instant now, std::vector<Endpoint> endpoints) {
    x_impl->session.on_resolved(now, std::move(endpoints));
    x_impl->settle();
}

void Engine::on_connected(Instant now) {
    x_impl->session.on_connected(now);
    x_impl->settle();
}

void Engine::on_sasl(Instant now, result<SaslMove> move) {
    x_impl->session.on_sasl(now, std::move(move));
    x_impl->settle();
}

void Engine::on_bytes(Instant now, std::string_view bytes) {
    x_impl->session.on_bytes(now, bytes);
    x_impl->settle();
}

void Engine::on_disconnected(Instant now, std::string_view why, errc code) {
    x_impl->session.on_disconnected(now, why, code);
    x_impl->settle();
}

void Engine::submit(Instant now, OperationId id, RawRequest request) {
    if (x_impl->session.is_stopped() || x_impl->session.is_closing()) {
        x_impl->effects.emplace_back(RequestDone{id, Error{errc::closed, "the client is closed"}});
    } else if (x_impl->pending() >= x_impl->settings.max_pending) {
        x_impl->effects.emplace_back(
            RequestDone{id, Error{errc::overloaded, "max_pending operations are under way"}});
    } else {
        x_impl->requests.submit(now, id, std::move(request));
    }
    x_impl->settle();
}

void Engine::cancel_request(Instant, OperationId id) {
    x_impl->requests.give_up(id, errc::cancelled, {});
    x_impl->settle();
}

void Engine::unwatch(Instant now, OperationId watch) {
    const auto request = x_impl->watches.remove(watch);
    if (request && x_impl->session.is_attached() &&
        x_impl->session.server_version().has_remove_watches()) {
        x_impl->session.send(now, *request, [](Instant, const Response&) {});
    }
    x_impl->settle();
}

void Engine::acquire(Instant now, OperationId id, std::shared_ptr<const AcquireSpec> spec) {
    Impl& impl = *x_impl;
    const auto refuse = [&](std::error_code code, std::string what) {
        ++impl.counters.refusals;
        impl.effects.emplace_back(AcquireDone{id, Refusal{.code = code, .what = std::move(what)}});
        impl.settle();
    };
    if (impl.session.is_stopped() || impl.session.is_closing()) {
        return refuse(errc::closed, "the client is closed");
    }
    if (impl.pending() >= impl.settings.max_pending) {
        return refuse(errc::overloaded, "max_pending operations are under way");
    }
    const Duration granted = impl.session.id() != 0 ? impl.session.evidence().session_timeout()
                                                    : impl.settings.session_timeout;
    const Duration needed = least_lease(*spec);
    if (needed > budget_limit(impl.settings.timing, granted)) {
        return refuse(errc::budget_refused, explain_budget(impl.settings.timing, granted, needed));
    }
    impl.queues.join(now, id, std::move(spec));
    impl.note_need(now);
    impl.settle();
}

void Engine::cancel_acquire(Instant now, OperationId id) {
    x_impl->queues.use(id, [&](LockQueue& queue) { queue.leave(now, id, errc::cancelled, {}); });
    x_impl->settle();
}

void Engine::release(Instant now, OperationId lease) {
    x_impl->leases.release(now, lease);
    x_impl->settle();
}

void Engine::extend(Instant now, OperationId id, OperationId lease, Duration budget) {
    const LeaseTiming& timing = x_impl->settings.timing;
    const Duration granted = x_impl->session.evidence().session_timeout();
    if (x_impl->session.id() != 0 && budget > budget_limit(timing, granted)) {
        x_impl->effects.emplace_back(
            ExtendDone{id, Error{errc::budget_refused, explain_budget(timing, granted, budget)}});
    } else {
        x_impl->effects.emplace_back(ExtendDone{id, x_impl->leases.extend(now, lease, budget)});
    }
    x_impl->settle();
}

void Engine::downgrade(Instant now, OperationId id, OperationId lease) {
    Impl& impl = *x_impl;
    const auto queue = impl.queues.find(lease);
    const auto upgrade = impl.upgrade_of(lease);
    if (upgrade && upgrade->is_held() && impl.leases.is_live(lease)) {
        if (impl.leases.share(lease, id, LockKind::upgradable)) {
            impl.taken_back.emplace(impl.upgrades.at(lease), lease);
            impl.end_upgrade(now, lease, Loss::released, true);
        } else {
            impl.effects.emplace_back(DowngradeDone{id, Error{errc::overloaded}});
        }
    } else if (queue) {
        queue->downgrade(now, id, lease);
    } else {
        x_impl->effects.emplace_back(
            DowngradeDone{id, Error{errc::lock_lost, "the lease has ended"}});
    }
    x_impl->settle();
}

void Engine::upgrade(Instant now, OperationId id, OperationId lease, milliseconds wait) {
    Impl& impl = *x_impl;
    const auto refuse = [&](std::error_code code, std::string what) {
        ++impl.counters.refusals;
        impl.effects.emplace_back(UpgradeDone{id, Refusal{.code = code, .what = std::move(what)}});
        impl.settle();
    };
    const auto base = impl.queues.find(lease);
    if (!base || !impl.leases.is_live(lease)) {
        return refuse(errc::lock_lost, "the lease has ended");
    }
    if (impl.upgrades.contains(lease)) {
        return refuse(errc::invalid_argument, "the lock is exclusive, or about to be");
    }
    if (impl.pending() >= impl.settings.max_pending) {
        return refuse(errc::overloaded, "max_pending operations are under way");
    }
    auto spec = base->make_upgrade(lease, wait);
    if (!spec) {
        return refuse(spec.error().code(), spec.error().context().what);
    }
    impl.upgrades.emplace(lease, id);
    impl.queues.join(now, id, std::make_shared<const AcquireSpec>(*std::move(spec)));
    impl.settle();
}

void Engine::call_returned(Instant now, OperationId lease) {
    x_impl->leases.call_returned(now, lease);
    x_impl->settle();
}

void Engine::add_auth(Instant, Credential credential) {
    x_impl->session.add_auth(std::move(credential));
    x_impl->settle();
}

void Engine::close(Instant now, Instant deadline) {
    Impl& impl = *x_impl;
    impl.queues.for_each(
        [&](LockQueue& queue) { queue.refuse_all(now, errc::closed, "the client was closed"); });
    impl.requests.refuse_all(errc::closed, "the client was closed");
    impl.session.close(now, deadline);
    impl.leases.end_all(now, Loss::closed);
    impl.end_watches();
    impl.settle();
}

std::string& Engine::outbound() {
    return x_impl->session.outbound();
}

void Engine::take_effects(std::vector<Effect>& effects) {
    effects.clear();
    effects.swap(x_impl->effects);
}

Instant Engine::next_wakeup() const {
    return std::min(
        {x_impl->timers.next(), x_impl->session.next_wakeup(), x_impl->heartbeat_due()});
}

result<void> Engine::trouble() const {
    const Session& session = x_impl->session;
    if (session.is_attached() || session.last_trouble().empty()) {
        return success();
    }
    return Error{session.trouble_code(), session.last_trouble()};
}

ClientStats Engine::stats(Instant now) const {
    ClientStats stats = x_impl->counters;
    x_impl->session.fill(stats, now);
    stats.locks_held = x_impl->leases.live();
    stats.locks_waiting = x_impl->queues.waiting();
    stats.pending_requests += x_impl->requests.size();
    stats.watches = x_impl->watches.armed();
    stats.nodes_to_delete = x_impl->reaper.size();
    stats.orphans = x_impl->reaper.orphans();
    stats.overruns = x_impl->leases.overruns();
    stats.losses = x_impl->leases.losses();
    return stats;
}

}  // namespace leasehold::core

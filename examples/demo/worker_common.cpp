#include "worker.hpp"

#include <cstdint>
#include <iostream>
#include <string>
#include <utility>

namespace demo {

using leasehold::BootClock;

leasehold::result<leasehold::Client> open_client(const WorkerSetup& setup, std::string_view process,
                                                 leasehold::Instant& start) {
    BOOST_OUTCOME_TRY(auto client, leasehold::Client::connect(setup.connect, client_options()));
    BOOST_OUTCOME_TRYV(client.wait_connected(5s));

    Event event;
    event.at = BootClock::now();
    event.kind = EventKind::ready;
    event.process = process;
    event.text =
        "one session for the whole process, timeout " + seconds(client.stats().session_timeout);
    tell_parent(event);

    std::int64_t when = 0;
    if (!(std::cin >> when)) {
        return leasehold::Error(leasehold::errc::cancelled, "the parent gave no start");
    }
    start = leasehold::Instant{leasehold::Duration{when}};
    return client;
}

int fail(std::string_view process, std::string what) {
    Event event;
    event.at = BootClock::now();
    event.kind = EventKind::failed;
    event.process = process;
    event.text = std::move(what);
    tell_parent(event);
    return 1;
}

std::set<std::string_view> workers_of(std::string_view process) {
    std::set<std::string_view> names;
    for (const Task& task : plan) {
        if (task.process == process) {
            names.insert(task.worker);
        }
    }
    return names;
}

int close_client(const leasehold::Client& client, std::string_view process) {
    if (const auto closed = client.close(3s); !closed) {
        return fail(process, "close: " + closed.error().message());
    }
    const leasehold::ClientStats stats = client.stats();
    Event event;
    event.at = BootClock::now();
    event.process = process;
    event.kind = EventKind::closed;
    event.token = static_cast<std::int64_t>(stats.sessions);
    event.text = "sessions " + std::to_string(stats.sessions) + ", grants " +
                 std::to_string(stats.grants) + " (" + std::to_string(stats.local_grants) +
                 " inside the process), overruns " + std::to_string(stats.overruns);
    tell_parent(event);
    return 0;
}

leasehold::LockOptions Story::lock_options() const {
    return {.wait = wait, .budget = budget, .owner = x_task.worker, .trace_id = x_task.payment};
}

std::string Story::charge_request() const {
    return "charge " + std::string(x_task.payment);
}

std::string Story::write_request(std::int64_t token) const {
    return "write " + std::to_string(x_task.order) + ' ' + std::to_string(token) + ' ' +
           std::string(x_task.payment) + (x_is_paid ? " paid" : " unknown");
}

void Story::asks() {
    x_asked = BootClock::now();
    tell_parent(event(EventKind::asks, "for the lock"));
}

void Story::refused(const leasehold::Error& error) const {
    tell_parent(event(EventKind::failed, error.message()));
}

void Story::holds(const leasehold::ScopedLock& lock) const {
    Event event = this->event(EventKind::holds, {});
    event.token = lock.token();
    event.took = event.at - x_asked;
    event.text = "token " + std::to_string(event.token) + ", after " + seconds(event.took);
    event.text += lock.is_shortened() ? ", for " + seconds(lock.remaining()) + " only" : "";
    tell_parent(event);

    lock.lost([story = *this, token = event.token](leasehold::result<leasehold::Loss> loss) {
        if (loss && *loss != leasehold::Loss::released && *loss != leasehold::Loss::closed) {
            Event over = story.event(EventKind::lock_ended, {});
            over.token = token;
            over.text = "token " + std::to_string(token) + " (" + std::string(to_string(*loss)) +
                        "): released without its caller";
            tell_parent(over);
        }
    });
}

void Story::charges() {
    x_charged = BootClock::now();
}

void Story::cancelled(const leasehold::ScopedLock& lock, const leasehold::Error& error) const {
    const std::string& what = error.context().what;
    Event event = this->event(EventKind::cancelled, {});
    event.token = lock.token();
    event.took = event.at - x_charged;
    event.text = "payment " + std::string(x_task.payment) + " after " + seconds(event.took) + ": " +
                 (what.empty() ? error.message() : what);
    tell_parent(event);
}

void Story::stalls(const leasehold::ScopedLock& lock) const {
    Event event = this->event(EventKind::stalls, {});
    event.token = lock.token();
    event.took = lock.remaining();
    event.text = "for " + seconds(stall) + ", as a paused process would; its lock has " +
                 seconds(event.took) + " left";
    tell_parent(event);
}

void Story::paid() {
    x_is_paid = true;
    tell_parent(event(EventKind::paid, {}));
}

void Story::written(const std::string& answer, std::int64_t token) const {
    if (answer == "ok") {
        return;
    }
    Event event = this->event(EventKind::refused, {});
    event.token = token;
    event.text = "by the database: the write with token " + std::to_string(token) + " came late (" +
                 answer + ")";
    tell_parent(event);
}

void Story::releases(const leasehold::ScopedLock& lock) const {
    Event event = this->event(EventKind::releases, {});  // reads the clock before valid()
    if (lock.valid()) {
        event.token = lock.token();
        event.text = "payment " + std::string(x_task.payment) +
                     (x_is_paid ? " went through, " : " failed, ") + seconds(lock.remaining()) +
                     " to spare";
        tell_parent(event);
    }
}

Event Story::event(EventKind kind, std::string text) const {
    Event event;
    event.at = BootClock::now();
    event.kind = kind;
    event.process = x_task.process;
    event.worker = x_task.worker;
    event.order = x_task.order;
    event.payment = x_task.payment;
    event.text = std::move(text);
    return event;
}

}  // namespace demo

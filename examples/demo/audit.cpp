#include "audit.hpp"

#include "plan.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace demo {

using leasehold::Duration;

Audit::Audit(const std::vector<Event>& events, const Ledger& ledger, std::string_view hanging,
             Duration stood_still)
    : x_hanging(hanging) {
    for (const Event& event : events) {
        read(event);
        read_hang(event);
    }
    for (const auto& [order, holds] : x_holds) {
        check_holds(order, holds);
    }
    check_payments(ledger);
    check_hang(stood_still);
    if (x_closed != 2 || x_sessions != 2) {
        fail(std::to_string(x_closed) + " of 2 processes closed their session; they opened " +
             std::to_string(x_sessions) + ", not 2");
    }
}

void Audit::read(const Event& event) {
    Hold* const hold = find(event.order, event.token);
    switch (event.kind) {
        case EventKind::holds:
            x_holds[event.order].push_back(
                {event.worker, event.token, event.took, event.at, event.at});
            break;
        case EventKind::stalls:  // its lock is valid to the end of the lease
            if (hold != nullptr && event.took > Duration::zero()) {
                hold->until = event.at + event.took;
            }
            break;
        case EventKind::releases:
            if (hold != nullptr) {
                hold->until = event.at;
            }
            break;
        case EventKind::failed: fail(event.process + ' ' + event.worker + ": " + event.text); break;
        case EventKind::closed:
            x_sessions += event.token;
            ++x_closed;
            break;
        default: break;
    }
}

/// Other payments may be cancelled as well, by a busy machine; this is about the one that hung.
void Audit::read_hang(const Event& event) {
    if (event.kind == EventKind::hangs) {
        x_hang = Hang{.at = event.at, .cancelled = {}};
    }
    if (!x_hang || event.payment != x_hanging) {
        return;
    }
    if (event.kind == EventKind::cancelled && !x_hang->cancelled) {
        x_hang->cancelled = event;
    }
    // The first of each kind after the hang is the one of its hold.
    x_hang->is_lock_over = x_hang->is_lock_over || event.kind == EventKind::lock_ended;
    x_hang->is_write_refused = x_hang->is_write_refused || event.kind == EventKind::refused;
}

Audit::Hold* Audit::find(int order, std::int64_t token) {
    const auto holds = x_holds.find(order);
    if (holds == x_holds.end()) {
        return nullptr;
    }
    for (Hold& each : holds->second) {
        if (each.token == token) {
            return &each;
        }
    }
    return nullptr;
}

void Audit::check_holds(int order, const std::vector<Hold>& holds) {
    const std::string what = "order " + std::to_string(order) + ": ";
    for (std::size_t index = 1; index < holds.size(); ++index) {
        const Hold& before = holds[index - 1];
        const Hold& after = holds[index];
        if (after.token <= before.token) {
            fail(what + "token " + std::to_string(after.token) + " came after " +
                 std::to_string(before.token));
        } else if (order == hot_order) {
            ++x_rises;
        }
        if (after.from < before.until) {
            fail(what + after.worker + " held it while " + before.worker + " did");
        }
    }
}

void Audit::check_payments(const Ledger& ledger) {
    for (const Task& task : plan) {
        const std::string payment(task.payment);
        const std::vector<std::string> entries = ledger.entries(task.order);
        const auto count = std::count(entries.begin(), entries.end(), payment + " paid");
        if (count != 1) {
            fail("payment " + payment + " is in the database " + std::to_string(count) + " times");
        }
        x_others_paid += count == 1 && payment != x_hanging ? 1 : 0;
    }
}

void Audit::check_hang(Duration stood_still) {
    if (!x_hang || !x_hang->cancelled || !x_hang->is_lock_over || !x_hang->is_write_refused) {
        fail(
            "missing: the hang, the cancelled payment, the lock that was over, or the refused "
            "late write");
        return;
    }
    const std::vector<Hold>& holds = x_holds[hot_order];
    const auto hung = std::find_if(holds.begin(), holds.end(), [&](const Hold& each) {
        return each.token == x_hang->cancelled->token;
    });
    if (hung == holds.end() || std::next(hung) == holds.end()) {
        fail("nobody got order 42 after the hang");
        return;
    }
    x_blocked = std::next(hung)->from - hung->from;
    for (auto each = std::next(hung); each != holds.end(); ++each) {
        x_longest_wait = std::max(x_longest_wait, each->waited);
    }
    const Duration bound = Duration{budget} + 1s + stood_still;
    if (x_blocked > bound || x_longest_wait > bound) {
        fail("somebody waited longer than the budget and a second: " + seconds(x_blocked) + ", " +
             seconds(x_longest_wait) + " (the machine stood still for " + seconds(stood_still) +
             ")");
    }
}

std::vector<std::string> Audit::summary() const {
    std::vector<std::string> lines;
    const auto holds = x_holds.find(hot_order);
    const std::size_t hot = holds == x_holds.end() ? 0 : holds->second.size();
    if (x_hang && x_hang->cancelled) {
        lines.push_back("order 42 was blocked for " + seconds(x_blocked) + " (budget " +
                        seconds(budget) + "), not for as long as the gateway hung: it never " +
                        "answered payment " + x_hanging);
        lines.push_back("the charge was cancelled after " + seconds(x_hang->cancelled->took) +
                        ", and the lock was gone at its budget while its caller stalled");
    }
    if (x_hang && x_hang->is_write_refused) {
        lines.push_back("the caller's late write, with token " +
                        std::to_string(x_hang->cancelled->token) + ", was refused by the database");
    }
    lines.push_back(std::to_string(x_others_paid) + " of " + std::to_string(std::size(plan) - 1) +
                    " other payments went through; longest wait for order 42 after the hang: " +
                    seconds(x_longest_wait));
    lines.push_back("tokens of order 42 rose " + std::to_string(x_rises) + " times in " +
                    std::to_string(hot) + " holds");
    lines.push_back("sessions: " + std::to_string(x_sessions) + ", one for each process");
    return lines;
}

}  // namespace demo

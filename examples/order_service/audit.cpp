#include "audit.hpp"

#include "plan.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace demo {

using leasehold::Duration;

Audit::Audit(const std::vector<Event>& events, const Ledger& ledger, std::string_view hanging)
    : x_hanging(hanging) {
    for (const Event& event : events) {
        read(event);
    }
    for (const auto& [order, holds] : x_holds) {
        check_holds(order, holds);
    }
    check_payments(ledger);
    check_hang();
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
            if (hold != nullptr) {
                hold->until = event.at + event.took;
            }
            break;
        case EventKind::releases:
            if (hold != nullptr) {
                hold->until = event.at;
            }
            break;
        case EventKind::cancelled: x_cancelled = event; break;
        case EventKind::lock_ended: x_lock_over = event; break;
        case EventKind::refused: x_refused_write = event; break;
        case EventKind::failed: fail(event.process + ' ' + event.worker + ": " + event.text); break;
        case EventKind::paid:
            ++x_payments_ok;
            x_is_hanging_paid = x_is_hanging_paid || event.text == x_hanging;
            break;
        case EventKind::closed:
            x_sessions += event.token;
            ++x_closed;
            break;
        case EventKind::note:
        case EventKind::ready:
        case EventKind::asks: break;
    }
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
        const std::vector<std::string> entries = ledger.entries(task.order);
        const auto count = std::count(entries.begin(), entries.end(), task.payment);
        if (count != 1) {
            fail("payment " + std::string(task.payment) + " is in the database " +
                 std::to_string(count) + " times");
        }
    }
    if (x_payments_ok != std::size(plan)) {
        fail(std::to_string(x_payments_ok) + " of " + std::to_string(std::size(plan)) +
             " payments went through");
    }
    if (!x_is_hanging_paid) {
        fail("payment " + x_hanging + " did not go through, not even the second time");
    }
}

void Audit::check_hang() {
    if (!x_cancelled || !x_lock_over || !x_refused_write) {
        fail("missing: the cancelled payment, the lock that was over, or the refused late write");
        return;
    }
    const std::vector<Hold>& holds = x_holds[hot_order];
    const auto hung = std::find_if(holds.begin(), holds.end(), [&](const Hold& each) {
        return each.token == x_lock_over->token;
    });
    if (hung == holds.end() || std::next(hung) == holds.end()) {
        fail("nobody got order 42 after the hang");
        return;
    }
    x_blocked = std::next(hung)->from - hung->from;
    for (auto each = std::next(hung); each != holds.end(); ++each) {
        x_longest_wait = std::max(x_longest_wait, each->waited);
    }
    constexpr Duration bound = budget + 1s;
    if (x_blocked > bound || x_longest_wait > bound) {
        fail("somebody waited longer than the budget and a second: " + seconds(x_blocked) + ", " +
             seconds(x_longest_wait));
    }
}

std::vector<std::string> Audit::summary() const {
    std::vector<std::string> lines;
    const auto holds = x_holds.find(hot_order);
    const std::size_t hot = holds == x_holds.end() ? 0 : holds->second.size();
    if (x_cancelled && x_refused_write) {
        lines.push_back("order 42 was blocked for " + seconds(x_blocked) + " (budget " +
                        seconds(budget) + "), not for as long as the gateway hung: it never " +
                        "answered payment " + x_hanging);
        lines.push_back("the charge was cancelled after " + seconds(x_cancelled->took) +
                        ", and the lock was gone at its budget while its caller stalled");
        lines.push_back("the caller's late write, with token " +
                        std::to_string(x_refused_write->token) + ", was refused by the database");
    }
    lines.push_back(
        std::to_string(x_payments_ok - (x_is_hanging_paid ? 1 : 0)) + " of " +
        std::to_string(std::size(plan) - 1) + " other payments went through" +
        (x_is_hanging_paid ? "; so did " + x_hanging + " when it was asked again" : ""));
    lines.push_back("longest wait for order 42 after the hang: " + seconds(x_longest_wait));
    lines.push_back("tokens of order 42 rose " + std::to_string(x_rises) + " times in " +
                    std::to_string(hot) + " holds");
    lines.push_back("sessions: " + std::to_string(x_sessions) + ", one for each process");
    return lines;
}

}  // namespace demo

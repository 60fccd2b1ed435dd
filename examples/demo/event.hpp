// What happened, as one line of text, so that two processes can tell it to a third.
#pragma once

#include <leasehold/clock.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace demo {

enum class EventKind {
    note,        ///< for the reader only
    ready,       ///< the process is connected
    hangs,       ///< the gateway swallowed `payment`
    asks,        ///< for the lock
    holds,       ///< was granted it; `took`: the wait
    cancelled,   ///< the charge was given up; `took`: how long it hung
    stalls,      ///< still has the lock; `took`: how much of the lease is left
    lock_ended,  ///< not by a release
    paid,        ///< the gateway said yes; not printed
    refused,     ///< a write to the database, for its token
    releases,    ///< gave the lock back; `at` is an instant at which it was still valid
    failed,      ///< something that must not happen in this demo
    closed,      ///< the process closed its session; `token`: how many it opened
};

std::string_view to_string(EventKind kind);

/// `at` is a boot clock time, the same clock in all processes of a machine.
struct Event {
    leasehold::Instant at{};
    EventKind kind = EventKind::note;
    std::string process;
    std::string worker;
    int order = 0;
    std::int64_t token = 0;
    std::string payment;
    leasehold::Duration took{};
    std::string text;
};

/// One line, with its line break.
std::string to_line(const Event& event);
/// The same line, without its line break.
std::optional<Event> from_line(std::string_view line);

/// Writes the line on standard output, which is a pipe to the parent. Thread safety: any thread.
void tell_parent(const Event& event);

/// 1.8 s, with the number of digits that a reader wants.
std::string seconds(leasehold::Duration duration);

}  // namespace demo

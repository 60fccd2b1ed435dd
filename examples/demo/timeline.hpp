// The events of all processes, merged by time and printed in columns.
#pragma once

#include "event.hpp"

#include <cstdio>
#include <vector>

namespace demo {

/// Pipes of two processes do not deliver in the order of time, so each event is kept a moment
/// before it is printed. Thread safety: none.
class Timeline {
public:
    explicit Timeline(std::FILE* out);

    void add(Event event);
    /// Prints what is old enough to be in order; all, with Instant::max().
    void print_until(leasehold::Instant now);
    /// Everything printed so far, in order.
    [[nodiscard]] const std::vector<Event>& printed() const { return x_printed; }

private:
    void print(const Event& event);

    std::FILE* x_out;
    bool x_has_colours;
    leasehold::Instant x_start = leasehold::BootClock::now();
    std::vector<Event> x_kept;  ///< by time
    std::vector<Event> x_printed;
};

}  // namespace demo

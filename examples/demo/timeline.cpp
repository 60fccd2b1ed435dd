#include "timeline.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace demo {
namespace {

constexpr std::chrono::milliseconds kept_for{100};

std::string_view colour_of(EventKind kind) {
    switch (kind) {
        case EventKind::holds: return "\033[32m";       // green
        case EventKind::lock_ended: return "\033[33m";  // yellow
        case EventKind::hangs:
        case EventKind::cancelled:
        case EventKind::refused:
        case EventKind::failed: return "\033[31m";  // red
        default: return "";
    }
}

}  // namespace

Timeline::Timeline(std::FILE* out)
    : x_out(out),
      x_has_colours(::isatty(::fileno(out)) == 1 && std::getenv("NO_COLOR") == nullptr) {
    std::fprintf(x_out, "%8s  %-9s  %-6s  %-5s  event\n", "seconds", "process", "worker", "order");
}

void Timeline::add(Event event) {
    const auto place =
        std::upper_bound(x_kept.begin(), x_kept.end(), event.at,
                         [](leasehold::Instant at, const Event& other) { return at < other.at; });
    x_kept.insert(place, std::move(event));
}

void Timeline::print_until(leasehold::Instant now) {
    auto end = x_kept.begin();
    while (end != x_kept.end() && end->at < now - kept_for) {
        print(*end++);
    }
    std::move(x_kept.begin(), end, std::back_inserter(x_printed));
    x_kept.erase(x_kept.begin(), end);
    std::fflush(x_out);
}

void Timeline::print(const Event& event) {
    if (event.kind == EventKind::paid) {
        return;  // said by the release that follows
    }
    const double at = std::chrono::duration<double>(event.at - x_start).count();
    const std::string order = event.order == 0 ? "-" : std::to_string(event.order);
    const std::string worker = event.worker.empty() ? "-" : event.worker;
    const std::string_view colour = x_has_colours ? colour_of(event.kind) : "";
    const std::string_view verb = event.kind == EventKind::note ? "" : to_string(event.kind);
    std::fprintf(x_out, "%8.3f  %-9s  %-6s  %5s  %s%-9.*s%s  %s\n", at, event.process.c_str(),
                 worker.c_str(), order.c_str(), colour.data(), static_cast<int>(verb.size()),
                 verb.data(), colour.empty() ? "" : "\033[0m", event.text.c_str());
}

}  // namespace demo

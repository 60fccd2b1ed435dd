#include "event.hpp"

#include <array>
#include <cstdio>
#include <sstream>
#include <unistd.h>

namespace demo {
namespace {

constexpr std::array names{
    std::string_view{"note"},    std::string_view{"ready"},     std::string_view{"HANGS"},
    std::string_view{"asks"},    std::string_view{"HOLDS"},     std::string_view{"CANCELLED"},
    std::string_view{"stalls"},  std::string_view{"LOCK OVER"}, std::string_view{"paid"},
    std::string_view{"REFUSED"}, std::string_view{"releases"},  std::string_view{"FAILED"},
    std::string_view{"closed"},
};

}  // namespace

std::string_view to_string(EventKind kind) {
    return names.at(static_cast<std::size_t>(kind));
}

std::string to_line(const Event& event) {
    std::ostringstream line;
    line << event.at.time_since_epoch().count() << '\t' << static_cast<int>(event.kind) << '\t'
         << event.process << '\t' << event.worker << '\t' << event.order << '\t' << event.token
         << '\t' << event.took.count() << '\t' << event.payment << '\t' << event.text << '\n';
    return line.str();
}

std::optional<Event> from_line(std::string_view line) {
    std::array<std::string, 9> fields;
    std::istringstream stream{std::string(line)};
    for (std::size_t index = 0; index < fields.size(); ++index) {
        std::getline(stream, fields[index], '\t');
    }
    if (stream.bad() || fields[0].empty()) {
        return std::nullopt;
    }
    Event event;
    try {
        event.at = leasehold::Instant{leasehold::Duration{std::stoll(fields[0])}};
        const auto kind = static_cast<std::size_t>(std::stoul(fields[1]));
        if (kind >= names.size()) {
            return std::nullopt;
        }
        event.kind = static_cast<EventKind>(kind);
        event.order = std::stoi(fields[4]);
        event.token = std::stoll(fields[5]);
        event.took = leasehold::Duration{std::stoll(fields[6])};
    } catch (const std::logic_error&) {  // what std::stoi and its like throw
        return std::nullopt;
    }
    event.process = fields[2];
    event.worker = fields[3];
    event.payment = fields[7];
    event.text = fields[8];
    return event;
}

void tell_parent(const Event& event) {
    const std::string line = to_line(event);
    // One write of less than PIPE_BUF bytes: lines of different threads do not mix.
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) {
        ::_exit(1);  // the parent is gone
    }
}

std::string seconds(leasehold::Duration duration) {
    const double value = std::chrono::duration<double>(duration).count();
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), value < 1 ? "%.3f s" : "%.2f s", value);
    return text.data();
}

}  // namespace demo

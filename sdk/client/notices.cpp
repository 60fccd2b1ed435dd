#include "sdk/client/notices.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::detail {
namespace {

constexpr std::size_t most_jobs = 1024;
constexpr std::size_t most_states = 64;

}  // namespace

void Notices::log(core::Log&& record) {
    if (!x_log) {
        return;
    }
    std::uint64_t dropped = 0;
    {
        const std::lock_guard lock(x_mutex);
        dropped = std::exchange(x_dropped, 0);
    }
    if (dropped != 0) {
        record.fields.emplace_back("dropped_before", std::to_string(dropped));
    }
    const bool accepted = x_callbacks->post_unless_full(
        [self = shared_from_this(), record = std::move(record)] { self->write(record); },
        most_jobs);
    if (!accepted) {
        const std::lock_guard lock(x_mutex);
        x_dropped += dropped + 1;
    }
}

void Notices::write(const core::Log& record) {
    if (!is_open()) {
        return;
    }
    std::vector<LogField> fields;
    fields.reserve(record.fields.size());
    for (const auto& [name, value] : record.fields) {
        fields.push_back({name, value});
    }
    try {
        x_log({record.level, record.event, fields});
    } catch (...) {
        // Documented: a log handler that fails must not take the application down with it.
    }
}

void Notices::on_state(ClientState state) {
    const std::lock_guard lock(x_mutex);
    if (!x_state_handler) {
        return;
    }
    x_states.push_back(state);
    if (x_states.size() > most_states) {
        x_states.pop_front();
    }
    if (!x_is_telling) {
        x_is_telling = true;
        x_callbacks->post([self = shared_from_this()] { self->tell_states(); });
    }
}

void Notices::tell_states() {
    std::unique_lock lock(x_mutex);
    while (x_is_open && x_state_handler && !x_states.empty()) {
        const ClientState state = x_states.front();
        x_states.pop_front();
        const auto handler = x_state_handler;
        lock.unlock();
        (*handler)(state);
        lock.lock();
    }
    x_is_telling = false;
}

void Notices::set_state_handler(std::function<void(ClientState)> handler) {
    // Destroyed outside the lock: it is user code.
    auto next = handler
                    ? std::make_shared<const std::function<void(ClientState)>>(std::move(handler))
                    : nullptr;
    const std::lock_guard lock(x_mutex);
    x_states.clear();
    x_state_handler.swap(next);
}

void Notices::close() {
    const std::lock_guard lock(x_mutex);
    x_is_open = false;
}

bool Notices::is_open() const {
    const std::lock_guard lock(x_mutex);
    return x_is_open;
}

}  // namespace leasehold::detail

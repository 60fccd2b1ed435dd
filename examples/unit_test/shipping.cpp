#include "shipping.hpp"

#include <chrono>

namespace shop {

using namespace std::chrono_literals;

bool Labels::write(int order, std::int64_t token, const std::string& label) {
    const std::lock_guard lock(x_mutex);
    Entry& entry = x_entries[order];
    if (token < entry.token) {
        return false;
    }
    entry = {token, label};
    return true;
}

std::string Labels::of(int order) const {
    const std::lock_guard lock(x_mutex);
    const auto found = x_entries.find(order);
    return found == x_entries.end() ? std::string() : found->second.label;
}

Shipping::Outcome Shipping::ship(int order, const Courier& courier) {
    auto lock = x_client.lock("/shipping/" + std::to_string(order), {.wait = 1s, .budget = 3s});
    if (!lock) {
        return lock.error() == leasehold::errc::wait_expired ? Outcome::busy : Outcome::no_lock;
    }
    if (!x_labels.of(order).empty()) {
        return Outcome::shipped_before;
    }
    const auto label = lock->call(courier);
    if (!label || !x_labels.write(order, lock->token(), *label)) {
        return Outcome::given_up;
    }
    return Outcome::shipped;
}

}  // namespace shop

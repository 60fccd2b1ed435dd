// A small service of somebody's own: it ships orders, each of them once, whichever of its processes
// gets to it first.
#pragma once

#include <leasehold/leasehold.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace shop {

/// What was shipped. Like any resource behind a lock, it refuses an old token.
class Labels {
public:
    bool write(int order, std::int64_t token, const std::string& label);
    /// Empty if the order was not shipped.
    [[nodiscard]] std::string of(int order) const;

private:
    struct Entry {
        std::int64_t token = 0;
        std::string label;
    };
    mutable std::mutex x_mutex;
    std::map<int, Entry> x_entries;
};

class Shipping {
public:
    /// Asks the courier for a label; may take long, and hears of its deadline.
    using Courier = std::function<leasehold::result<std::string>(const leasehold::CallContext&)>;

    Shipping(leasehold::Client& client, Labels& labels) : x_client(client), x_labels(labels) {}

    enum class Outcome {
        shipped,
        shipped_before,
        busy,      ///< somebody else has the order in hand
        no_lock,   ///< nothing was done: the lock could not be had
        given_up,  ///< the lock did not last; nothing was written
    };
    Outcome ship(int order, const Courier& courier);

private:
    leasehold::Client& x_client;
    Labels& x_labels;
};

}  // namespace shop

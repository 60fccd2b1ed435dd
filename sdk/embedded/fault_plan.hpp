// Which of the requests that come next are to be lost, and which way.
#pragma once

#include "sdk/server/ensemble.hpp"

#include <functional>
#include <vector>

namespace leasehold::embedded {

/// Each entry is for one request: the first that it fits.
class FaultPlan {
public:
    using Predicate = std::function<bool(const server::Arrival&)>;

    void add(Predicate fits, server::Fate fate) { x_entries.push_back({std::move(fits), fate}); }
    void clear() { x_entries.clear(); }
    [[nodiscard]] std::size_t size() const { return x_entries.size(); }

    [[nodiscard]] server::Fate choose(const server::Arrival& arrival) {
        for (auto entry = x_entries.begin(); entry != x_entries.end(); ++entry) {
            if (entry->fits(arrival)) {
                const server::Fate fate = entry->fate;
                x_entries.erase(entry);
                return fate;
            }
        }
        return server::Fate::serve;
    }

private:
    struct Entry {
        Predicate fits;
        server::Fate fate;
    };
    std::vector<Entry> x_entries;
};

}  // namespace leasehold::embedded

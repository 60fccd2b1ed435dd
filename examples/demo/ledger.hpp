// The database of the shop, as far as this example needs one: it refuses a write whose fencing
// token is older than one that it has seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace demo {

/// This is the other half of every distributed lock. The lock keeps two processes from working on
/// one order at a time; that a write which left its holder in time also arrives in time, no lock
/// can promise. The resource that is written to can, by this comparison.
class Ledger {
public:
    struct Answer {
        bool is_accepted;
        std::int64_t highest;  ///< token seen for this order, after the call
    };

    Answer write(int order, std::int64_t token, std::string entry) {
        Row& row = x_rows[order];
        if (token < row.highest) {
            return {false, row.highest};
        }
        row.highest = token;
        row.entries.push_back(std::move(entry));
        return {true, row.highest};
    }

    /// Entries of an order, in the order in which they were accepted.
    [[nodiscard]] std::vector<std::string> entries(int order) const {
        const auto found = x_rows.find(order);
        return found == x_rows.end() ? std::vector<std::string>{} : found->second.entries;
    }

private:
    struct Row {
        std::int64_t highest = 0;
        std::vector<std::string> entries;
    };
    std::map<int, Row> x_rows;
};

}  // namespace demo

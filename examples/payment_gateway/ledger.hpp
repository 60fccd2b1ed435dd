// What the gateway has charged: a payment at most once, however often it is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace payment_gateway {

struct Entry {
    std::uint64_t asked = 0;    ///< requests for this payment, whatever became of them
    std::uint64_t charged = 0;  ///< 0 or 1
    std::int64_t amount_cents = 0;
    std::string receipt;  ///< empty until it is charged
};

struct Totals {
    std::uint64_t payments = 0;
    std::uint64_t asked = 0;
    std::uint64_t charged = 0;
};

/// Thread safety: none.
class Ledger {
public:
    /// A stub's memory is bounded as well.
    static constexpr std::size_t max_payments = 1'000'000;

    enum class Outcome { charged, repeated, other_amount };

    /// Counts a request. Nothing if the ledger is full.
    [[nodiscard]] Entry* ask(std::string_view payment);
    /// Charges it, unless it has been already: then its receipt stays what it is.
    Outcome charge(Entry& entry, std::int64_t amount_cents);

    /// Nothing was asked for one that is not known.
    [[nodiscard]] Entry find(std::string_view payment) const;
    [[nodiscard]] const Totals& totals() const { return x_totals; }

private:
    std::unordered_map<std::string, Entry> x_entries;  // its elements stay where they are
    Totals x_totals;
};

}  // namespace payment_gateway

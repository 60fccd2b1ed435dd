#include "ledger.hpp"

namespace payment_gateway {

Entry* Ledger::ask(std::string_view payment) {
    const std::string key(payment);
    if (!x_entries.contains(key)) {
        if (x_entries.size() >= max_payments) {
            return nullptr;
        }
        ++x_totals.payments;
    }
    Entry& entry = x_entries[key];
    ++entry.asked;
    ++x_totals.asked;
    return &entry;
}

Ledger::Outcome Ledger::charge(Entry& entry, std::int64_t amount_cents) {
    if (entry.charged != 0) {
        return entry.amount_cents == amount_cents ? Outcome::repeated : Outcome::other_amount;
    }
    ++entry.charged;
    ++x_totals.charged;
    entry.amount_cents = amount_cents;
    entry.receipt = "receipt-" + std::to_string(x_totals.charged);
    return Outcome::charged;
}

Entry Ledger::find(std::string_view payment) const {
    const auto found = x_entries.find(std::string(payment));
    return found == x_entries.end() ? Entry{} : found->second;
}

}  // namespace payment_gateway

// Was it as the locks promise? Computed from what the processes told, nothing is taken for granted.
#pragma once

#include "event.hpp"
#include "ledger.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace demo {

class Audit {
public:
    Audit(const std::vector<Event>& events, const Ledger& ledger, std::string_view hanging);

    /// What is found wrong; nothing, if all went as it should.
    [[nodiscard]] const std::vector<std::string>& failures() const { return x_failures; }
    /// The same from outside, e.g. of what is left on the server.
    void fail(std::string what) { x_failures.push_back(std::move(what)); }
    /// In plain words, with the figures of this run.
    [[nodiscard]] std::vector<std::string> summary() const;

private:
    /// One hold, as long as it was seen to be valid.
    struct Hold {
        std::string worker;
        std::int64_t token;
        leasehold::Duration waited;
        leasehold::Instant from;
        leasehold::Instant until;
    };

    void read(const Event& event);
    void check_holds(int order, const std::vector<Hold>& holds);
    void check_payments(const Ledger& ledger);
    void check_hang();
    [[nodiscard]] Hold* find(int order, std::int64_t token);

    std::string x_hanging;
    std::map<int, std::vector<Hold>> x_holds;  ///< by order, each in the order of the grants
    std::vector<std::string> x_failures;

    std::size_t x_payments_ok = 0;
    std::int64_t x_sessions = 0;
    std::size_t x_closed = 0;
    std::size_t x_rises = 0;
    std::optional<Event> x_cancelled;
    std::optional<Event> x_lock_over;
    std::optional<Event> x_refused_write;
    bool x_is_hanging_paid = false;
    leasehold::Duration x_blocked{};       ///< the hot order, by the hang
    leasehold::Duration x_longest_wait{};  ///< for the hot order, of those who were queued then
};

}  // namespace demo

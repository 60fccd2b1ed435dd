// Was it as the locks promise? Computed from what the processes told, nothing is taken for granted.
#pragma once

#include "event.hpp"
#include "ledger.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace demo {

class Audit {
public:
    /// `events` by time. `stood_still`: how long nothing ran because the machine had other things
    /// to do; nobody is blamed for waiting that long.
    Audit(const std::vector<Event>& events, const Ledger& ledger, std::string_view hanging,
          leasehold::Duration stood_still);

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
    /// What became of the payment that the gateway swallowed.
    struct Hang {
        leasehold::Instant at;
        std::optional<Event> cancelled;
        bool is_lock_over = false;
        bool is_write_refused = false;
    };

    void read(const Event& event);
    void read_hang(const Event& event);
    void check_holds(int order, const std::vector<Hold>& holds);
    void check_payments(const Ledger& ledger);
    void check_hang(leasehold::Duration stood_still);
    [[nodiscard]] Hold* find(int order, std::int64_t token);

    std::string x_hanging;
    std::map<int, std::vector<Hold>> x_holds;  ///< by order, each in the order of the grants
    std::vector<std::string> x_failures;

    std::optional<Hang> x_hang;
    std::size_t x_others_paid = 0;
    std::int64_t x_sessions = 0;
    std::size_t x_closed = 0;
    std::size_t x_rises = 0;
    leasehold::Duration x_blocked{};       ///< the hot order, by the hang
    leasehold::Duration x_longest_wait{};  ///< for the hot order, after the hang
};

}  // namespace demo

// Watches one engine from outside and ends the process when it breaks a promise: each operation is
// answered once and in time, no lease is valid for longer than it may be, none is granted that does
// not follow from what the server said, and in the end nothing is left.
#pragma once

#include "tests/fuzz/hearsay.hpp"
#include "tests/support/engine_driver.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace leasehold::fuzz {

class Judge {
public:
    Judge(support::World& world, support::EngineDriver& driver, core::Settings settings);

    /// `due`: by when it has to be answered, if that is certain.
    void on_asked(core::OperationId id, std::optional<Instant> due);
    void on_acquire(core::OperationId id, const core::AcquireSpec& spec);
    void on_extend(core::OperationId id, core::OperationId lease, Duration budget);

    /// After each thing that happens.
    void check();
    /// Closes the client, and sees what is left.
    void finish();

    [[nodiscard]] std::vector<core::OperationId> leases() const;

private:
    struct Held {
        core::AcquireSpec spec;
        std::shared_ptr<core::Lease> lease;
        std::uint64_t session = 0;
        Instant most = Instant::max();  ///< the deadline that its budget allows
        int ends = 0;
        int stops = 0;
        int gone = 0;
    };
    struct Asked {
        std::optional<Instant> due;
        int answers = 0;
    };

    void read(const core::Effect& effect);
    void on_answer(core::OperationId id);
    void on_grant(core::OperationId id, const core::Grant& grant);
    void check_leases();
    void check_alone();

    support::World& x_world;
    support::EngineDriver& x_driver;
    core::Settings x_settings;
    Hearsay x_hearsay;
    std::size_t x_told = 0;
    std::size_t x_steps = 0;
    std::uint64_t x_session = 0;
    Instant x_begin;
    std::map<core::OperationId, Asked> x_asked;
    std::map<core::OperationId, core::AcquireSpec> x_specs;
    std::map<core::OperationId, std::pair<core::OperationId, Duration>> x_extends;
    std::map<core::OperationId, Held> x_held;
    std::map<core::OperationId, int> x_fired;
    int x_closed = 0;
};

}  // namespace leasehold::fuzz

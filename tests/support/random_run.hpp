// One random schedule of several engines, a server and everything that may go wrong between them,
// watched by an observer who sees all sides at once.
#pragma once

#include "tests/support/engine_driver.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace leasehold::support {

/// The run is a function of its seed. A violation is one line; with tracing on, the trace tells
/// what led to it.
class RandomRun {
public:
    struct Options {
        int clients = 4;
        Duration length = std::chrono::seconds{10};
        bool is_traced = false;
        bool has_foreign_deletes = false;  ///< breaks what S1, S2 and S6 rest on
    };

    RandomRun(std::uint64_t seed, Options options);

    void run();

    [[nodiscard]] const std::vector<std::string>& violations() const { return x_violations; }
    [[nodiscard]] const std::vector<std::string>& trace() const { return x_trace; }
    /// How often each thing happened, so that a schedule in which nothing happens is noticed.
    [[nodiscard]] const std::map<std::string, std::uint64_t>& tally() const { return x_tally; }

private:
    struct Asked {
        Instant at;
        Duration wait;
        std::string path;
        int answers = 0;
    };
    struct Holding {
        std::size_t client;
        OperationId id;
        std::string path;
        std::shared_ptr<core::Lease> lease;
        std::int64_t session = 0;
        int ends = 0;
        int stops = 0;
        int gone = 0;
        bool is_over = false;  ///< was seen dead or past its deadline
        bool is_calling = false;
    };
    struct Client {
        EngineDriver* driver;
        std::map<OperationId, Asked> asked;
        std::map<OperationId, Holding> held;
        std::size_t read = 0;  ///< of what the driver was told
        std::int64_t session = 0;
        std::optional<Instant> close_by;
        bool is_closed = false;
    };

    [[nodiscard]] bool chance(std::uint64_t percent);
    [[nodiscard]] Duration up_to(Duration longest);
    void schedule_user(std::size_t who);
    void schedule_trouble();
    void act(std::size_t who);
    void acquire(std::size_t who);
    void use(std::size_t who);
    void make_trouble();
    [[nodiscard]] Fate choose_fate(wire::Opcode op);

    void run_all();
    void close_all();
    void observe();
    void read_effects(std::size_t who);
    void on_answer(std::size_t who, const EngineDriver::Told& told, const core::AcquireDone& done);
    void check_leases();
    void check_evidence(Client& client);
    void check_write(const Client& client, const EngineDriver::Write& write);
    void check_rest();
    void violated(std::string what);
    void note(const std::string& what);
    void count(const std::string& what) { ++x_tally[what]; }
    static std::string name(std::size_t who, OperationId id);

    Options x_options;
    core::Random x_random;
    World x_world;
    Instant x_end;
    std::vector<Client> x_clients;
    std::vector<std::string> x_paths;
    std::vector<Holding*> x_live;
    std::map<std::string, std::int64_t> x_last_token;
    std::size_t x_seen = 0;
    std::vector<std::string> x_violations;
    std::vector<std::string> x_trace;
    std::map<std::string, std::uint64_t> x_tally;
};

}  // namespace leasehold::support

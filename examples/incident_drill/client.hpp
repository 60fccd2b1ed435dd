// The two clients that the drill compares: how an order gets its lock, and how it lets go of it.
#pragma once

#include <leasehold/leasehold.hpp>

#include "journal.hpp"
#include "work.hpp"

#include <memory>
#include <string>

namespace drill {

/// What both clients are told. In the scale of the run, see drill.py.
struct Settings {
    std::string servers;
    leasehold::milliseconds session_timeout{};
    leasehold::milliseconds tick{};
    leasehold::milliseconds ack_gap{};
    leasehold::milliseconds budget{};
    leasehold::milliseconds rpc_timeout{};  ///< of the call under the lock: that of the incident
    leasehold::milliseconds wait{};
    int max_queue = 0;
};

/// What a caller does its work with.
struct Tools {
    Table& table;
    Gateway& gateway;
};

/// One process's locks. Thread safety: callers work at once.
class LockingClient {
public:
    virtual ~LockingClient() = default;

    /// One order from its lock to its end; fills in what became of it.
    virtual void run(Order& order, Tools tools) = 0;
    [[nodiscard]] virtual Figures figures() = 0;
    /// Callers that wait for ever give up.
    virtual void give_up() = 0;
    /// After the last order.
    virtual void close() = 0;
};

/// One session for all, a budget for each hold, a bounded wait, a token for the database.
std::unique_ptr<LockingClient> make_sdk_client(const Settings& settings);
/// What the application of the incident did: a session for each attempt, `exists` watches, waits
/// without an end, holds as long as the call takes, and reconnects at once.
std::unique_ptr<LockingClient> make_naive_client(const Settings& settings);

}  // namespace drill

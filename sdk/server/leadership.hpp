// What a server has only while it leads: proposals under way, followers, and the sessions' clock.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/server/message.hpp"
#include "sdk/server/options.hpp"
#include "sdk/server/prepare.hpp"
#include "sdk/server/session_clock.hpp"
#include "sdk/server/transaction.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

namespace leasehold::server {

struct Follower {
    Channel channel = 0;
    Instant heard_at;
    std::int64_t accepted_epoch = 0;  ///< when it came
    std::int64_t applied = 0;         ///< likewise
    bool is_told = false;             ///< new_leader was sent: proposals may follow
    bool has_accepted = false;        ///< and answered
};

struct WaitingSync {
    ServerId follower;
    Channel channel;
    std::uint64_t tag;
};

struct Proposal {
    TransactionPtr transaction;
    std::uint64_t acks = 0;  ///< a bit for each server
    std::vector<WaitingSync> syncs{};
};

struct Leadership {
    Leadership(const Tree& tree, const EnsembleOptions& options)
        : preparer(tree, options.release, options.has_ttl_nodes),
          clock(options.tick, options.expires_at_once) {}

    std::int64_t epoch = 0;
    std::int64_t zxid = 0;  ///< the last one given out
    Preparer preparer;
    SessionClock clock;
    std::map<ServerId, Follower> followers;
    std::deque<Proposal> proposals;
    bool is_full_tick = false;
    Instant sweep_at = Instant::max();  ///< of containers and TTL nodes
};

}  // namespace leasehold::server

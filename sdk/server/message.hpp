// What the servers of an ensemble say to each other, and the part of the world that carries it.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/server/acl.hpp"
#include "sdk/server/ensemble.hpp"
#include "sdk/server/transaction.hpp"
#include "sdk/wire/opcode.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::server {

/// Stands for one TCP connection between a follower and its leader; 0 for none. What comes through
/// another one than the current is of the past.
using Channel = std::uint64_t;

enum class MessageKind : std::uint8_t {
    follower_info,   ///< I follow you; this is what I have
    new_leader,      ///< this is the epoch, and all that you lack
    ack_new_leader,  ///< it is in my log
    up_to_date,      ///< a quorum has it: serve
    proposal,
    ack,
    commit,
    ping,
    pong,        ///< with the sessions touched since the last one
    submit,      ///< a client's write
    revalidate,  ///< a client re-attaches
    revalidated,
    sync,
    synced,
    hung_up,  ///< the channel is closed
};

/// How much of the truth a server has: compared by the epoch it has taken part in, then by its log.
struct History {
    std::int64_t epoch = 0;
    std::int64_t zxid = 0;

    friend auto operator<=>(const History&, const History&) = default;
};

struct Message {
    MessageKind kind{};
    Channel channel = 0;
    std::int64_t zxid = 0;   ///< logged, to commit, or of the ack
    std::int64_t epoch = 0;  ///< follower_info: the last one accepted
    std::size_t epoch_leader = 0;
    History history{};         ///< follower_info
    std::int64_t applied = 0;  ///< follower_info
    TransactionPtr proposal{};
    std::vector<TransactionPtr> log{};  ///< new_leader
    std::vector<std::pair<std::int64_t, std::int32_t>> touches{};
    std::uint64_t tag = 0;
    std::int64_t session = 0;
    std::int32_t timeout_ms = 0;
    wire::Opcode op{};
    std::string body{};
    Identities identities{};
    bool is_valid = false;
};

enum class Timer : std::uint8_t {
    half_tick,  ///< the leader's
    silence,    ///< a follower has heard nothing, or a leader has found no quorum
};

/// What a member of the ensemble needs of the world around it.
class World {
public:
    virtual ~World() = default;

    virtual void send(Instant now, ServerId from, ServerId to, Message message) = 0;
    /// `generation` comes back with it; the member ignores what is not its current one.
    virtual void set_timer(Instant at, ServerId server, Timer timer, std::uint64_t generation) = 0;
    [[nodiscard]] virtual Channel new_channel() = 0;
    /// Somebody has no leader.
    virtual void seek_leader(Instant now) = 0;
    /// A leader has got a quorum for it.
    virtual void committed(Instant now, const Transaction& transaction) = 0;
    /// A server has applied more.
    virtual void applied() = 0;
};

}  // namespace leasehold::server

// What the leader of an ensemble decides and every server repeats, in the order of the zxids.
#pragma once

#include "sdk/server/acl.hpp"
#include "sdk/wire/opcode.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace leasehold::server {

enum class NodeKind : std::uint8_t { persistent, ephemeral, container, ttl };

enum class ChangeKind : std::uint8_t { created, deleted, data_set, acl_set, checked };

/// One change of one node. It was checked before it became part of a transaction, so that every
/// server can carry it out.
struct Change {
    ChangeKind kind = ChangeKind::checked;
    std::string path{};
    std::string data{};             ///< created, data_set
    bool is_null = false;           ///< the data are null rather than empty
    Acls acls{};                    ///< created, acl_set
    NodeKind node = {};             ///< created
    std::int64_t ttl_ms = 0;        ///< created, of a TTL node
    std::int32_t creates = 0;       ///< created: the counter of the parent afterwards
    std::int32_t version = 0;       ///< data_set, acl_set: afterwards
    bool answers_with_stat = true;  ///< created: how the request wants to be answered
};

enum class TransactionKind : std::uint8_t {
    create_session,
    close_session,  ///< `changes` are the deletions of its ephemeral nodes
    write,          ///< one change
    multi,          ///< any number of changes, or none at all if it failed
    failed,         ///< a refused write: it has a zxid and changes nothing
};

/// Where the request came from that waits for the transaction.
struct Origin {
    std::size_t server = 0;
    std::uint64_t tag = 0;  ///< the server's own number; 0: nobody waits
};

struct Transaction {
    std::int64_t zxid = 0;
    std::int64_t session = 0;  ///< that asked for it, or that is created or closed
    std::int64_t time_ms = 0;  ///< since 1970
    TransactionKind kind = TransactionKind::failed;
    std::vector<Change> changes{};
    std::int32_t timeout_ms = 0;                  ///< create_session
    wire::ServerError err{};                      ///< failed, or the verdict of a failed multi
    std::vector<wire::ServerError> multi_errs{};  ///< of a failed multi, one for each operation
    Origin origin{};
};

using TransactionPtr = std::shared_ptr<const Transaction>;

}  // namespace leasehold::server

// Holds one value of every record, each field different from its default and from its neighbours,
// so that a swapped, forgotten or doubled field cannot go unnoticed.
#pragma once

#include "sdk/wire/auth.hpp"
#include "sdk/wire/connect.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/session.hpp"
#include "sdk/wire/watch.hpp"
#include "tests/unit/wire/vectors/hex.hpp"

#include <gtest/gtest.h>

#include <concepts>
#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <vector>

namespace leasehold::wire {

template <class X>
std::string encoded(const X& record) {
    std::string bytes;
    Writer out(bytes);
    encode(out, record);
    return bytes;
}

using vectors::to_hex;

// A failed comparison shows what the record would be on the wire.
template <class X>
    requires requires(Writer& out, const X& record) {
        encode(out, record);
    }
void PrintTo(const X& record, std::ostream* os) {
    *os << to_hex(encoded(record));
}

inline Stat sample_stat() {
    return {.czxid = 0x0102030405060708,
            .mzxid = 0x1112131415161718,
            .ctime = 0x2122232425262728,
            .mtime = 0x3132333435363738,
            .version = 0x41424344,
            .cversion = 0x51525354,
            .aversion = -0x61626364,
            .ephemeral_owner = -0x7172737475767778,
            .data_length = 0x01828384,
            .num_children = 0x02929394,
            .pzxid = 0x03a2a3a4a5a6a7a8};
}

inline std::vector<Acl> sample_acls() {
    return {{perms::read, "world", "anyone"}, {perms::all, "digest", "bob:hash"}};
}

template <class X>
X sample() = delete;

template <>
inline RequestHeader sample() {
    return {7, Opcode::get_data};
}
template <>
inline ReplyHeader sample() {
    return {7, 0x0000000100000002, ServerError::no_node};
}
template <>
inline Stat sample() {
    return sample_stat();
}
template <>
inline Acl sample() {
    return sample_acls().back();
}
template <>
inline CreateReply sample() {
    return {"/a/n-0000000001"};
}
template <>
inline Create2Reply sample() {
    return {"/a/n-0000000002", sample_stat()};
}
template <>
inline CreateRequest sample() {
    return {"/a/n-", "data", sample_acls(), CreateMode::ephemeral_sequential};
}
template <>
inline Create2Request sample() {
    return {"/a/m-", std::nullopt, sample_acls(), CreateMode::persistent_sequential};
}
template <>
inline CreateContainerRequest sample() {
    return {"/a/c", "", std::nullopt, CreateMode::container};
}
template <>
inline CreateTtlRequest sample() {
    return {"/a/t", "x", sample_acls(), CreateMode::ttl_sequential, 60'000};
}
template <>
inline RemoveRequest sample() {
    return {"/a", 3};
}
template <>
inline CheckRequest sample() {
    return {"/b", 4};
}
template <>
inline ExistsReply sample() {
    return {sample_stat()};
}
template <>
inline GetDataReply sample() {
    return {std::string("a\0b", 3), sample_stat()};
}
template <>
inline SetDataReply sample() {
    return {sample_stat()};
}
template <>
inline SetDataRequest sample() {
    return {"/a", "value", 5};
}
template <>
inline GetAclReply sample() {
    return {sample_acls(), sample_stat()};
}
template <>
inline SetAclReply sample() {
    return {sample_stat()};
}
template <>
inline SetAclRequest sample() {
    return {"/a", sample_acls(), 6};
}
template <>
inline GetChildrenReply sample() {
    return {{"n-0000000002", "n-0000000001", ""}};
}
template <>
inline GetChildren2Reply sample() {
    return {{"n-0000000002", "n-0000000001"}, sample_stat()};
}
template <>
inline GetEphemeralsReply sample() {
    return {{"/a/n-0000000001", "/b"}};
}
template <>
inline GetAllChildrenNumberReply sample() {
    return {12};
}
template <>
inline SyncReply sample() {
    return {"/a"};
}
template <>
inline GetAclRequest sample() {
    return {"/acl"};
}
template <>
inline SyncRequest sample() {
    return {"/sync"};
}
template <>
inline GetEphemeralsRequest sample() {
    return {"/prefix"};
}
template <>
inline GetAllChildrenNumberRequest sample() {
    return {"/all"};
}
template <>
inline ExistsRequest sample() {
    return {"/a", true};
}
template <>
inline GetDataRequest sample() {
    return {"/a", true};
}
template <>
inline GetChildrenRequest sample() {
    return {"/a", true};
}
template <>
inline GetChildren2Request sample() {
    return {"/a", true};
}
template <>
inline WhoAmIReply sample() {
    return {{{"digest", "bob"}, {"ip", "127.0.0.1"}}};
}
template <>
inline ReconfigRequest sample() {
    return {"server.4=host:1:2;3", std::nullopt, "all", 0x100000001};
}
template <>
inline WatcherEvent sample() {
    return {WatchEventType::children_changed, connected_state, "/a"};
}
template <>
inline SetWatchesRequest sample() {
    return {15, {"/d1", "/d2"}, {"/e"}, {"/c"}};
}
template <>
inline SetWatches2Request sample() {
    return {16, {"/d"}, {"/e1", "/e2"}, {"/c"}, {"/p"}, {"/r1", "/r2", "/r3"}};
}
template <>
inline CheckWatchesRequest sample() {
    return {"/a", WatcherType::persistent};
}
template <>
inline RemoveWatchesRequest sample() {
    return {"/a", WatcherType::persistent_recursive};
}
template <>
inline AddWatchRequest sample() {
    return {"/a", AddWatchMode::persistent_recursive};
}
template <>
inline AddWatchReply sample() {
    return {ServerError::marshalling_error};
}
template <>
inline AuthPacket sample() {
    return {1, "digest", "user:password"};
}
template <>
inline SaslToken sample() {
    return {"realm=\"zk\""};
}
template <>
inline MultiRequest sample() {
    return {{{sample<CheckRequest>()},
             {sample<CreateRequest>()},
             {sample<Create2Request>()},
             {sample<CreateContainerRequest>()},
             {sample<CreateTtlRequest>()},
             {sample<SetDataRequest>()},
             {sample<RemoveRequest>(), 0}}};
}
template <>
inline MultiReadRequest sample() {
    return {{{sample<GetDataRequest>()}, {sample<GetChildrenRequest>()}}};
}
template <>
inline MultiReply sample() {
    return {{{CheckReply{}},
             {sample<CreateReply>()},
             {sample<Create2Reply>()},
             {sample<SetDataReply>()},
             {RemoveReply{}},
             {sample<GetDataReply>()},
             {sample<GetChildrenReply>()},
             multi_failure(ServerError::no_node)}};
}
template <>
inline ConnectRequest sample() {
    return {0, 22, 10'000, 0x01000018b4d30000, std::string(password_size, '\x5a'), true, ""};
}
template <>
inline ConnectResponse sample() {
    return {0, 10'000, 0x01000018b4d30000, std::string(password_size, '\x5a'), true, ""};
}

// Every record that has at least one byte and one fixed shape; connect's shape may end early.
using FixedRecords =
    testing::Types<RequestHeader, ReplyHeader, Stat, Acl, CreateReply, Create2Reply, CreateRequest,
                   Create2Request, CreateContainerRequest, CreateTtlRequest, RemoveRequest,
                   CheckRequest, ExistsReply, GetDataReply, SetDataReply, SetDataRequest,
                   GetAclReply, SetAclReply, SetAclRequest, GetChildrenReply, GetChildren2Reply,
                   GetEphemeralsReply, GetAllChildrenNumberReply, SyncReply, GetAclRequest,
                   SyncRequest, GetEphemeralsRequest, GetAllChildrenNumberRequest, ExistsRequest,
                   GetDataRequest, GetChildrenRequest, GetChildren2Request, WhoAmIReply,
                   ReconfigRequest, WatcherEvent, SetWatchesRequest, SetWatches2Request,
                   CheckWatchesRequest, RemoveWatchesRequest, AddWatchRequest, AddWatchReply,
                   AuthPacket, SaslToken, MultiRequest, MultiReadRequest, MultiReply>;

using ConnectRecords = testing::Types<ConnectRequest, ConnectResponse>;

}  // namespace leasehold::wire

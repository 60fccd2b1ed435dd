// Describes the requests about znodes, and their replies, field by field in wire order.
#pragma once

#include "sdk/wire/opcode.hpp"
#include "sdk/wire/record.hpp"

#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::wire {

inline constexpr std::int32_t any_version = -1;

// ---- parts ----

struct Stat {
    std::int64_t czxid = 0;  // the fencing token: zxid of the creation
    std::int64_t mzxid = 0;
    std::int64_t ctime = 0;  // wall clock of the leader, ms
    std::int64_t mtime = 0;
    std::int32_t version = 0;
    std::int32_t cversion = 0;  // creations plus deletions of children; not the sequence counter
    std::int32_t aversion = 0;
    std::int64_t ephemeral_owner = 0;  // session id, 0 for every other kind of node
    std::int32_t data_length = 0;
    std::int32_t num_children = 0;
    std::int64_t pzxid = 0;

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.czxid, self.mzxid, self.ctime, self.mtime, self.version, self.cversion,
                     self.aversion, self.ephemeral_owner, self.data_length, self.num_children,
                     self.pzxid);
    }
    friend bool operator==(const Stat&, const Stat&) = default;
};

namespace perms {
inline constexpr std::int32_t read = 1;
inline constexpr std::int32_t write = 2;
inline constexpr std::int32_t create = 4;  // checked on the parent, like remove
inline constexpr std::int32_t remove = 8;
inline constexpr std::int32_t admin = 16;
inline constexpr std::int32_t all = 31;
}  // namespace perms

struct Acl {
    std::int32_t perms = 0;
    std::string scheme{};
    std::string id{};

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.perms, self.scheme, self.id);
    }
    friend bool operator==(const Acl&, const Acl&) = default;
};

struct EmptyReply {
    static constexpr auto fields(auto&, auto&& visit) { return visit(); }
    friend bool operator==(const EmptyReply&, const EmptyReply&) = default;
};

// ---- create ----

struct CreateReply {
    static constexpr Opcode op = Opcode::create;
    std::string path{};

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.path); }
    friend bool operator==(const CreateReply&, const CreateReply&) = default;
};

struct Create2Reply {
    static constexpr Opcode op = Opcode::create2;
    std::string path{};
    Stat stat{};

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.path, self.stat); }
    friend bool operator==(const Create2Reply&, const Create2Reply&) = default;
};

// The path stays in the bytes that were decoded.
struct CreatedView {
    std::string_view path{};

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.path); }
};

// One layout, three operations: distinct types, so that an operation cannot get the wrong number.
template <Opcode Op, class ReplyOf>
struct BasicCreateRequest {
    static constexpr Opcode op = Op;
    using Reply = ReplyOf;

    std::string path{};
    std::optional<std::string> data{};
    optional_list<Acl> acls{};  // servers refuse null and empty lists with invalid_acl
    CreateMode flags = CreateMode::persistent;

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.path, self.data, self.acls, self.flags);
    }
    friend bool operator==(const BasicCreateRequest&, const BasicCreateRequest&) = default;
};

// The first of them, of what is kept elsewhere: to be encoded at once.
struct CreateView {
    static constexpr Opcode op = Opcode::create;
    using Reply = CreateReply;

    PathBelow path{};
    std::string_view data{};
    std::span<const Acl> acls{};
    CreateMode flags = CreateMode::persistent;

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.path, self.data, self.acls, self.flags);
    }
};

using CreateRequest = BasicCreateRequest<Opcode::create, CreateReply>;
using Create2Request = BasicCreateRequest<Opcode::create2, Create2Reply>;
using CreateContainerRequest = BasicCreateRequest<Opcode::create_container, Create2Reply>;

struct CreateTtlRequest {
    static constexpr Opcode op = Opcode::create_ttl;
    using Reply = Create2Reply;

    std::string path{};
    std::optional<std::string> data{};
    optional_list<Acl> acls{};
    CreateMode flags = CreateMode::ttl;
    std::int64_t ttl = 0;  // ms, 1..2^40-1

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.path, self.data, self.acls, self.flags, self.ttl);
    }
    friend bool operator==(const CreateTtlRequest&, const CreateTtlRequest&) = default;
};

// ---- delete and check ----

struct RemoveReply {
    static constexpr Opcode op = Opcode::remove;
    static constexpr auto fields(auto&, auto&& visit) { return visit(); }
    friend bool operator==(const RemoveReply&, const RemoveReply&) = default;
};

struct CheckReply {
    static constexpr Opcode op = Opcode::check;
    static constexpr auto fields(auto&, auto&& visit) { return visit(); }
    friend bool operator==(const CheckReply&, const CheckReply&) = default;
};

template <Opcode Op, class ReplyOf, class Path = std::string>
struct BasicVersionRequest {
    static constexpr Opcode op = Op;
    using Reply = ReplyOf;

    Path path{};
    std::int32_t version = any_version;

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.path, self.version);
    }
    friend bool operator==(const BasicVersionRequest&, const BasicVersionRequest&) = default;
};

using RemoveRequest = BasicVersionRequest<Opcode::remove, RemoveReply>;
using RemoveView = BasicVersionRequest<Opcode::remove, RemoveReply, PathBelow>;
using CheckRequest = BasicVersionRequest<Opcode::check, CheckReply>;  // inside a multi only

// ---- data and ACL ----

struct ExistsReply {
    static constexpr Opcode op = Opcode::exists;
    Stat stat{};

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.stat); }
    friend bool operator==(const ExistsReply&, const ExistsReply&) = default;
};

struct GetDataReply {
    static constexpr Opcode op = Opcode::get_data;
    std::optional<std::string> data{};
    Stat stat{};

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.data, self.stat); }
    friend bool operator==(const GetDataReply&, const GetDataReply&) = default;
};

struct SetDataReply {
    static constexpr Opcode op = Opcode::set_data;
    Stat stat{};

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.stat); }
    friend bool operator==(const SetDataReply&, const SetDataReply&) = default;
};

struct SetDataRequest {
    static constexpr Opcode op = Opcode::set_data;
    using Reply = SetDataReply;

    std::string path{};
    std::optional<std::string> data{};
    std::int32_t version = any_version;

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.path, self.data, self.version);
    }
    friend bool operator==(const SetDataRequest&, const SetDataRequest&) = default;
};

struct GetAclReply {
    std::vector<Acl> acls{};
    Stat stat{};

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.acls, self.stat); }
    friend bool operator==(const GetAclReply&, const GetAclReply&) = default;
};

struct SetAclReply {
    Stat stat{};

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.stat); }
    friend bool operator==(const SetAclReply&, const SetAclReply&) = default;
};

struct SetAclRequest {
    static constexpr Opcode op = Opcode::set_acl;
    using Reply = SetAclReply;

    std::string path{};
    optional_list<Acl> acls{};
    std::int32_t version = any_version;  // of the ACL: Stat::aversion

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.path, self.acls, self.version);
    }
    friend bool operator==(const SetAclRequest&, const SetAclRequest&) = default;
};

// ---- children ----

struct GetChildrenReply {
    static constexpr Opcode op = Opcode::get_children;
    std::vector<std::string> children{};  // names, not paths; in no order

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.children); }
    friend bool operator==(const GetChildrenReply&, const GetChildrenReply&) = default;
};

// The names stay in the bytes that were decoded; those of a queue that is short, without a heap.
struct ChildrenView {
    boost::container::small_vector<std::string_view, 8> children{};

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.children); }
};

struct GetChildren2Reply {
    std::vector<std::string> children{};
    Stat stat{};

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.children, self.stat);
    }
    friend bool operator==(const GetChildren2Reply&, const GetChildren2Reply&) = default;
};

struct GetEphemeralsReply {
    std::vector<std::string> ephemerals{};  // whole paths, of the asking session only

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.ephemerals); }
    friend bool operator==(const GetEphemeralsReply&, const GetEphemeralsReply&) = default;
};

struct GetAllChildrenNumberReply {
    std::int32_t total = 0;  // all descendants

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.total); }
    friend bool operator==(const GetAllChildrenNumberReply&,
                           const GetAllChildrenNumberReply&) = default;
};

struct SyncReply {
    std::string path{};

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.path); }
    friend bool operator==(const SyncReply&, const SyncReply&) = default;
};

// ---- requests that are a path, or a path and a watch ----

template <Opcode Op, class ReplyOf>
struct BasicPathRequest {
    static constexpr Opcode op = Op;
    using Reply = ReplyOf;

    std::string path{};

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.path); }
    friend bool operator==(const BasicPathRequest&, const BasicPathRequest&) = default;
};

using GetAclRequest = BasicPathRequest<Opcode::get_acl, GetAclReply>;
using SyncRequest = BasicPathRequest<Opcode::sync, SyncReply>;
using GetEphemeralsRequest = BasicPathRequest<Opcode::get_ephemerals, GetEphemeralsReply>;
using GetAllChildrenNumberRequest =
    BasicPathRequest<Opcode::get_all_children_number, GetAllChildrenNumberReply>;

template <Opcode Op, class ReplyOf, class Path = std::string>
struct BasicReadRequest {
    static constexpr Opcode op = Op;
    using Reply = ReplyOf;

    Path path{};
    bool watch = false;

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.path, self.watch); }
    friend bool operator==(const BasicReadRequest&, const BasicReadRequest&) = default;
};

using ExistsRequest = BasicReadRequest<Opcode::exists, ExistsReply>;
using GetDataRequest = BasicReadRequest<Opcode::get_data, GetDataReply>;
using GetChildrenRequest = BasicReadRequest<Opcode::get_children, GetChildrenReply>;
using GetChildrenView = BasicReadRequest<Opcode::get_children, GetChildrenReply, std::string_view>;
using GetChildren2Request = BasicReadRequest<Opcode::get_children2, GetChildren2Reply>;

}  // namespace leasehold::wire

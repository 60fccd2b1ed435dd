// Describes the requests that concern the session or the ensemble rather than a znode.
#pragma once

#include "sdk/wire/node.hpp"
#include "sdk/wire/opcode.hpp"
#include "sdk/wire/record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace leasehold::wire {

template <Opcode Op, class ReplyOf>
struct BasicEmptyRequest {
    static constexpr Opcode op = Op;
    using Reply = ReplyOf;

    static constexpr auto fields(auto&, auto&& visit) { return visit(); }
    friend bool operator==(const BasicEmptyRequest&, const BasicEmptyRequest&) = default;
};

struct ClientInfo {
    std::string scheme{};
    std::string user{};

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.scheme, self.user); }
    friend bool operator==(const ClientInfo&, const ClientInfo&) = default;
};

struct WhoAmIReply {
    std::vector<ClientInfo> clients{};

    static constexpr auto fields(auto& self, auto&& visit) { return visit(self.clients); }
    friend bool operator==(const WhoAmIReply&, const WhoAmIReply&) = default;
};

using PingRequest = BasicEmptyRequest<Opcode::ping, EmptyReply>;
using CloseSessionRequest = BasicEmptyRequest<Opcode::close_session, EmptyReply>;
using WhoAmIRequest = BasicEmptyRequest<Opcode::who_am_i, WhoAmIReply>;

// The one record whose strings may be null: each says "not this way of changing the members".
struct ReconfigRequest {
    static constexpr Opcode op = Opcode::reconfig;
    using Reply = GetDataReply;  // the new configuration

    std::optional<std::string> joining{};
    std::optional<std::string> leaving{};
    std::optional<std::string> new_members{};
    std::int64_t config_id = -1;  // -1: whatever the current configuration is

    static constexpr auto fields(auto& self, auto&& visit) {
        return visit(self.joining, self.leaving, self.new_members, self.config_id);
    }
    friend bool operator==(const ReconfigRequest&, const ReconfigRequest&) = default;
};

}  // namespace leasehold::wire

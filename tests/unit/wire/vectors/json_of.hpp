// Renders records as JSON with the key names that the vector files use, which are the names of
// ZooKeeper's own record definitions.
#pragma once

#include "sdk/wire/auth.hpp"
#include "sdk/wire/connect.hpp"
#include "sdk/wire/header.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/session.hpp"
#include "sdk/wire/watch.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace leasehold::wire::vectors {

using Json = nlohmann::json;

template <class Enum>
    requires std::is_enum_v<Enum> Json json_of(Enum value) {
        return static_cast<std::int32_t>(value);
    }

inline Json json_of(const std::optional<std::string>& value) {
    return value ? Json(*value) : Json();
}

Json json_of(const Acl& acl);
Json json_of(const ClientInfo& client);

template <class T>
Json json_of(const std::vector<T>& list) {
    Json array = Json::array();
    for (const T& element : list) {
        array.push_back(json_of(element));
    }
    return array;
}

inline Json json_of(const std::vector<std::string>& list) {
    return list;
}

template <class T>
Json json_of(const optional_list<T>& list) {
    return list ? json_of(*list) : Json();
}

Json json_of(const RequestHeader& header);
Json json_of(const ReplyHeader& header);
Json json_of(const ConnectRequest& request);
Json json_of(const ConnectResponse& response);
Json json_of(const Stat& stat);
Json json_of(const WatcherEvent& event);
Json json_of(const CreateTtlRequest& request);
Json json_of(const SetDataRequest& request);
Json json_of(const SetAclRequest& request);
Json json_of(const ReconfigRequest& request);
Json json_of(const SetWatchesRequest& request);
Json json_of(const SetWatches2Request& request);
Json json_of(const AddWatchRequest& request);
Json json_of(const AuthPacket& packet);
Json json_of(const SaslToken& token);
Json json_of(const MultiReply& reply);
Json json_of(const MultiHeader& header);

Json json_of(const CreateReply& reply);
Json json_of(const Create2Reply& reply);
Json json_of(const ExistsReply& reply);
Json json_of(const GetDataReply& reply);
Json json_of(const SetDataReply& reply);
Json json_of(const GetAclReply& reply);
Json json_of(const SetAclReply& reply);
Json json_of(const GetChildrenReply& reply);
Json json_of(const GetChildren2Reply& reply);
Json json_of(const GetEphemeralsReply& reply);
Json json_of(const GetAllChildrenNumberReply& reply);
Json json_of(const SyncReply& reply);
Json json_of(const WhoAmIReply& reply);
Json json_of(const AddWatchReply& reply);

inline Json json_of(const EmptyReply&) {
    return Json::object();
}
inline Json json_of(const RemoveReply&) {
    return Json::object();
}
inline Json json_of(const CheckReply&) {
    return Json::object();
}
inline Json json_of(const MultiError& error) {
    return {{"err", json_of(error.err)}};
}

template <Opcode Op, class Reply>
Json json_of(const BasicEmptyRequest<Op, Reply>&) {
    return Json::object();
}
template <Opcode Op, class Reply>
Json json_of(const BasicPathRequest<Op, Reply>& request) {
    return {{"path", request.path}};
}
template <Opcode Op, class Reply>
Json json_of(const BasicReadRequest<Op, Reply>& request) {
    return {{"path", request.path}, {"watch", request.watch}};
}
template <Opcode Op, class Reply>
Json json_of(const BasicVersionRequest<Op, Reply>& request) {
    return {{"path", request.path}, {"version", request.version}};
}
template <Opcode Op>
Json json_of(const BasicWatcherRequest<Op>& request) {
    return {{"path", request.path}, {"type", json_of(request.type)}};
}
template <Opcode Op, class Reply>
Json json_of(const BasicCreateRequest<Op, Reply>& request) {
    return {{"path", request.path},
            {"data", json_of(request.data)},
            {"acl", json_of(request.acls)},
            {"flags", json_of(request.flags)}};
}

// One item of a multi: its header, the operation's name unless it is an error, and the body.
template <class Item>
Json json_of_item(const Item& item) {
    Json json{{"header", json_of(MultiHeader{item.type(), false, item.header_err})}};
    if (item.type() != Opcode::error) {
        json["op"] = name_of(item.type());
    }
    json.update(std::visit([](const auto& body) { return json_of(body); }, item.body));
    return json;
}

template <Opcode Op>
Json json_of(const BasicMultiRequest<Op>& request) {
    Json ops = Json::array();
    for (const MultiOp& op : request.ops) {
        ops.push_back(json_of_item(op));
    }
    ops.push_back({{"header", json_of(request.end)}});
    return {{"ops", ops}};
}

}  // namespace leasehold::wire::vectors

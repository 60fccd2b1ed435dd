#include "tests/unit/wire/vectors/json_of.hpp"

#include <cstdio>

namespace leasehold::wire::vectors {

namespace {

// Session ids are unreadable as decimal numbers, so the files have them in hex.
std::string hex_id(std::int64_t id) {
    std::string text(19, '\0');
    std::snprintf(text.data(), text.size(), "0x%016llx", static_cast<unsigned long long>(id));
    text.pop_back();
    return text;
}

Json json_of_read_only(const std::optional<bool>& read_only) {
    return read_only ? Json(*read_only) : Json("ABSENT");
}

Json event_name(WatchEventType type) {
    switch (type) {
        case WatchEventType::created: return "NodeCreated";
        case WatchEventType::deleted: return "NodeDeleted";
        case WatchEventType::data_changed: return "NodeDataChanged";
        case WatchEventType::children_changed: return "NodeChildrenChanged";
        default: return {};  // never on the wire, so no file has a name for it
    }
}

}  // namespace

Json json_of(const RequestHeader& header) {
    return {{"xid", header.xid}, {"type", json_of(header.op)}};
}

Json json_of(const ReplyHeader& header) {
    return {{"xid", header.xid}, {"zxid", header.zxid}, {"err", json_of(header.err)}};
}

Json json_of(const ConnectRequest& request) {
    return {{"protocolVersion", request.protocol_version},
            {"lastZxidSeen", request.last_zxid_seen},
            {"timeOut", request.timeout_ms},
            {"sessionId", hex_id(request.session_id)},
            {"passwd", json_of(request.password)},
            {"readOnly", json_of_read_only(request.read_only)}};
}

Json json_of(const ConnectResponse& response) {
    return {{"protocolVersion", response.protocol_version},
            {"timeOut", response.timeout_ms},
            {"sessionId", hex_id(response.session_id)},
            {"passwd", response.password},
            {"readOnly", json_of_read_only(response.read_only)}};
}

Json json_of(const Stat& stat) {
    return {{"czxid", stat.czxid},
            {"mzxid", stat.mzxid},
            {"ctime", stat.ctime},
            {"mtime", stat.mtime},
            {"version", stat.version},
            {"cversion", stat.cversion},
            {"aversion", stat.aversion},
            {"ephemeralOwner", hex_id(stat.ephemeral_owner)},
            {"dataLength", stat.data_length},
            {"numChildren", stat.num_children},
            {"pzxid", stat.pzxid}};
}

Json json_of(const Acl& acl) {
    return {{"perms", acl.perms}, {"scheme", acl.scheme}, {"id", acl.id}};
}

Json json_of(const ClientInfo& client) {
    return {{"authScheme", client.scheme}, {"user", client.user}};
}

Json json_of(const WatcherEvent& event) {
    Json json{{"eventType", json_of(event.type)}, {"state", event.state}, {"path", event.path}};
    if (Json name = event_name(event.type); !name.is_null()) {
        json["event"] = std::move(name);
    }
    return json;
}

Json json_of(const CreateTtlRequest& request) {
    return {{"path", request.path},
            {"data", json_of(request.data)},
            {"acl", json_of(request.acls)},
            {"flags", json_of(request.flags)},
            {"ttl", request.ttl}};
}

Json json_of(const SetDataRequest& request) {
    return {{"path", request.path}, {"data", json_of(request.data)}, {"version", request.version}};
}

Json json_of(const SetAclRequest& request) {
    return {{"path", request.path}, {"acl", json_of(request.acls)}, {"version", request.version}};
}

Json json_of(const ReconfigRequest& request) {
    return {{"joining", json_of(request.joining)},
            {"leaving", json_of(request.leaving)},
            {"newMembers", json_of(request.new_members)},
            {"curConfigId", request.config_id}};
}

Json json_of(const SetWatchesRequest& request) {
    return {{"relativeZxid", request.relative_zxid},
            {"data", request.data_watches},
            {"exist", request.exist_watches},
            {"child", request.child_watches}};
}

Json json_of(const SetWatches2Request& request) {
    return {{"relativeZxid", request.relative_zxid},
            {"data", request.data_watches},
            {"exist", request.exist_watches},
            {"child", request.child_watches},
            {"persistent", request.persistent_watches},
            {"persistentRecursive", request.persistent_recursive_watches}};
}

Json json_of(const AddWatchRequest& request) {
    return {{"path", request.path}, {"mode", json_of(request.mode)}};
}

Json json_of(const AuthPacket& packet) {
    return {{"type", packet.type}, {"scheme", packet.scheme}, {"auth", json_of(packet.auth)}};
}

Json json_of(const SaslToken& token) {
    return {{"token", json_of(token.token)}};
}

Json json_of(const MultiHeader& header) {
    return {{"type", json_of(header.type)}, {"done", header.done}, {"err", header.err}};
}

Json json_of(const MultiReply& reply) {
    Json results = Json::array();
    for (const MultiResult& item : reply.results) {
        results.push_back(json_of_item(item));
    }
    results.push_back({{"header", json_of(reply.end)}});
    return {{"results", results}};
}

Json json_of(const CreateReply& reply) {
    return {{"path", reply.path}};
}

Json json_of(const Create2Reply& reply) {
    return {{"path", reply.path}, {"stat", json_of(reply.stat)}};
}

Json json_of(const ExistsReply& reply) {
    return {{"stat", json_of(reply.stat)}};
}

Json json_of(const GetDataReply& reply) {
    return {{"data", json_of(reply.data)}, {"stat", json_of(reply.stat)}};
}

Json json_of(const SetDataReply& reply) {
    return {{"stat", json_of(reply.stat)}};
}

Json json_of(const GetAclReply& reply) {
    return {{"acl", json_of(reply.acls)}, {"stat", json_of(reply.stat)}};
}

Json json_of(const SetAclReply& reply) {
    return {{"stat", json_of(reply.stat)}};
}

Json json_of(const GetChildrenReply& reply) {
    return {{"children", reply.children}};
}

Json json_of(const GetChildren2Reply& reply) {
    return {{"children", reply.children}, {"stat", json_of(reply.stat)}};
}

Json json_of(const GetEphemeralsReply& reply) {
    return {{"ephemerals", reply.ephemerals}};
}

Json json_of(const GetAllChildrenNumberReply& reply) {
    return {{"total", reply.total}};
}

Json json_of(const SyncReply& reply) {
    return {{"path", reply.path}};
}

Json json_of(const WhoAmIReply& reply) {
    return {{"clientInfo", json_of(reply.clients)}};
}

Json json_of(const AddWatchReply& reply) {
    return {{"err", json_of(reply.err)}};
}

}  // namespace leasehold::wire::vectors

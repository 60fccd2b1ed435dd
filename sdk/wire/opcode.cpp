#include "sdk/wire/opcode.hpp"

namespace leasehold::wire {

std::string_view name_of(Opcode op) noexcept {
    switch (op) {
        case Opcode::close_session: return "closeSession";
        case Opcode::create_session: return "createSession";
        case Opcode::error: return "error";
        case Opcode::notification: return "notification";
        case Opcode::create: return "create";
        case Opcode::remove: return "delete";
        case Opcode::exists: return "exists";
        case Opcode::get_data: return "getData";
        case Opcode::set_data: return "setData";
        case Opcode::get_acl: return "getACL";
        case Opcode::set_acl: return "setACL";
        case Opcode::get_children: return "getChildren";
        case Opcode::sync: return "sync";
        case Opcode::ping: return "ping";
        case Opcode::get_children2: return "getChildren2";
        case Opcode::check: return "check";
        case Opcode::multi: return "multi";
        case Opcode::create2: return "create2";
        case Opcode::reconfig: return "reconfig";
        case Opcode::check_watches: return "checkWatches";
        case Opcode::remove_watches: return "removeWatches";
        case Opcode::create_container: return "createContainer";
        case Opcode::delete_container: return "deleteContainer";
        case Opcode::create_ttl: return "createTTL";
        case Opcode::multi_read: return "multiRead";
        case Opcode::auth: return "auth";
        case Opcode::set_watches: return "setWatches";
        case Opcode::sasl: return "sasl";
        case Opcode::get_ephemerals: return "getEphemerals";
        case Opcode::get_all_children_number: return "getAllChildrenNumber";
        case Opcode::set_watches2: return "setWatches2";
        case Opcode::add_watch: return "addWatch";
        case Opcode::who_am_i: return "whoAmI";
    }
    return "unknown";
}

std::string_view describe(ServerError error) noexcept {
    switch (error) {
        case ServerError::ok: return "ok";
        case ServerError::system_error: return "system error in the server";
        case ServerError::runtime_inconsistency: return "not tried: another operation failed";
        case ServerError::data_inconsistency: return "the server's data are inconsistent";
        case ServerError::connection_loss: return "the connection was lost";
        case ServerError::marshalling_error: return "the server could not read the request";
        case ServerError::unimplemented: return "the server does not know this operation";
        case ServerError::operation_timeout: return "the operation timed out";
        case ServerError::bad_arguments: return "the server rejects the arguments";
        case ServerError::invalid_state: return "the handle is in the wrong state";
        case ServerError::unknown_session: return "the session is unknown";
        case ServerError::new_config_no_quorum: return "the new members have no quorum";
        case ServerError::reconfig_in_progress: return "another reconfiguration is going on";
        case ServerError::api_error: return "API error";
        case ServerError::no_node: return "the node does not exist";
        case ServerError::no_auth: return "not allowed by the node's ACL";
        case ServerError::bad_version: return "the node has another version";
        case ServerError::no_children_for_ephemerals: return "ephemeral nodes have no children";
        case ServerError::node_exists: return "the node exists already";
        case ServerError::not_empty: return "the node has children";
        case ServerError::session_expired: return "the session has expired";
        case ServerError::invalid_callback: return "the callback is invalid";
        case ServerError::invalid_acl: return "the ACL is invalid";
        case ServerError::auth_failed: return "authentication failed";
        case ServerError::closing: return "the handle is closing";
        case ServerError::nothing: return "nothing to do";
        case ServerError::session_moved: return "the session moved to another server";
        case ServerError::not_read_only: return "the server is read-only";
        case ServerError::ephemeral_on_local_session:
            return "a local session cannot own ephemeral nodes";
        case ServerError::no_watcher: return "there is no such watch";
        case ServerError::request_timeout: return "the request timed out";
        case ServerError::reconfig_disabled: return "reconfiguration is disabled";
        case ServerError::session_closed_require_auth:
            return "the server wants an authenticated session";
        case ServerError::quota_exceeded: return "the quota is exceeded";
        case ServerError::throttled: return "throttled and not executed";
    }
    return "unknown server error";
}

}  // namespace leasehold::wire

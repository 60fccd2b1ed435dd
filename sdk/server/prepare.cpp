// The order of the checks is the protocol here: it decides which of several errors a client sees.
#include "sdk/server/prepare.hpp"

#include "sdk/server/java_hash.hpp"
#include "sdk/server/path.hpp"
#include "sdk/wire/session.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace leasehold::server {

namespace {

using wire::CreateMode;
using wire::Opcode;
using wire::ServerError;

constexpr std::int64_t max_ttl_ms = (std::int64_t{1} << 40U) - 1;

bool is_sequential(CreateMode mode) {
    return mode == CreateMode::persistent_sequential || mode == CreateMode::ephemeral_sequential ||
           mode == CreateMode::ttl_sequential;
}

bool is_ephemeral(CreateMode mode) {
    return mode == CreateMode::ephemeral || mode == CreateMode::ephemeral_sequential;
}

bool is_ttl(CreateMode mode) {
    return mode == CreateMode::ttl || mode == CreateMode::ttl_sequential;
}

CreateMode last_mode(Release release) {
    if (release < Release{3, 5, 1}) {
        return CreateMode::ephemeral_sequential;
    }
    return release < Release{3, 5, 3} ? CreateMode::container : CreateMode::ttl_sequential;
}

std::int32_t next(std::int32_t counter) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(counter) + 1);  // it may wrap
}

bool is_version(std::int32_t expected, std::int32_t version) {
    return expected == wire::any_version || expected == version;
}

}  // namespace

Transaction Preparer::prepare(const WriteRequest& request, std::int64_t zxid,
                              std::int64_t time_ms) {
    Transaction transaction{.zxid = zxid, .session = request.session, .time_ms = time_ms};
    if (request.op == Opcode::multi) {
        multi(request, transaction);
        return transaction;
    }
    Outcome outcome = single(request);
    if (const auto* err = std::get_if<ServerError>(&outcome)) {
        transaction.err = *err;
        return transaction;
    }
    transaction.kind = TransactionKind::write;
    transaction.changes.push_back(std::move(std::get<Change>(outcome)));
    return transaction;
}

Transaction Preparer::close_session(std::int64_t session, std::int64_t zxid, std::int64_t time_ms) {
    Transaction transaction{.zxid = zxid,
                            .session = session,
                            .time_ms = time_ms,
                            .kind = TransactionKind::close_session};
    const std::vector<std::string> paths = x_pending.ephemerals_of(session);
    for (const std::string& path : paths) {
        transaction.changes.push_back({.kind = ChangeKind::deleted, .path = path});
    }
    // Their events come in the order in which they are deleted.
    const std::uint32_t buckets = java_buckets(paths.size());
    std::stable_sort(transaction.changes.begin(), transaction.changes.end(),
                     [&](const Change& one, const Change& other) {
                         return java_bucket(java_hash(one.path), buckets) <
                                java_bucket(java_hash(other.path), buckets);
                     });
    return transaction;
}

Transaction Preparer::remove_perishable(const std::string& path, std::int64_t zxid,
                                        std::int64_t time_ms) {
    Transaction transaction{.zxid = zxid, .time_ms = time_ms};
    const auto node = x_pending.find(path);
    if (!node) {
        transaction.err = ServerError::no_node;
    } else if (node->children != 0) {
        transaction.err = ServerError::not_empty;
    } else {
        transaction.kind = TransactionKind::write;
        transaction.changes.push_back({.kind = ChangeKind::deleted, .path = path});
    }
    return transaction;
}

void Preparer::note(const Transaction& transaction) {
    for (const Change& each : transaction.changes) {
        x_pending.note(each, transaction.zxid, transaction.session);
    }
}

/// Bytes behind a record are ignored, as by Java's decoder.
template <class Request>
Preparer::Outcome Preparer::decoded(const WriteRequest& request) {
    wire::Reader in(request.body);
    Request body;
    read(in, body);
    if (!in.ok()) {
        return ServerError::marshalling_error;
    }
    return change(request, std::move(body));
}

Preparer::Outcome Preparer::single(const WriteRequest& request) {
    switch (request.op) {
        case Opcode::create: return decoded<wire::CreateRequest>(request);
        case Opcode::create2: return decoded<wire::Create2Request>(request);
        case Opcode::create_container: return decoded<wire::CreateContainerRequest>(request);
        case Opcode::create_ttl: return decoded<wire::CreateTtlRequest>(request);
        case Opcode::remove: return decoded<wire::RemoveRequest>(request);
        case Opcode::set_data: return decoded<wire::SetDataRequest>(request);
        case Opcode::set_acl: return decoded<wire::SetAclRequest>(request);
        case Opcode::reconfig: return ServerError::reconfig_disabled;
        default: return ServerError::unimplemented;
    }
}

Preparer::Outcome Preparer::change(const WriteRequest& request, wire::CreateRequest body) {
    return create(request, {.path = std::move(body.path),
                            .data = std::move(body.data),
                            .acls = std::move(body.acls),
                            .mode = body.flags});
}

Preparer::Outcome Preparer::change(const WriteRequest& request, wire::Create2Request body) {
    return create(request, {.path = std::move(body.path),
                            .data = std::move(body.data),
                            .acls = std::move(body.acls),
                            .mode = body.flags,
                            .answers_with_stat = true});
}

Preparer::Outcome Preparer::change(const WriteRequest& request, wire::CreateContainerRequest body) {
    return create(request, {.path = std::move(body.path),
                            .data = std::move(body.data),
                            .acls = std::move(body.acls),
                            .mode = body.flags,
                            .is_container = true,
                            .answers_with_stat = true});
}

Preparer::Outcome Preparer::change(const WriteRequest& request, wire::CreateTtlRequest body) {
    return create(request, {.path = std::move(body.path),
                            .data = std::move(body.data),
                            .acls = std::move(body.acls),
                            .mode = body.flags,
                            .ttl = body.ttl,
                            .is_ttl = true,
                            .answers_with_stat = true});
}

ServerError Preparer::check_mode(const WriteRequest& request, const Creation& creation) const {
    if (creation.mode < CreateMode::persistent || creation.mode > last_mode(x_release)) {
        return ServerError::bad_arguments;
    }
    if (is_ttl(creation.mode) && !x_has_ttl_nodes) {
        return ServerError::unimplemented;
    }
    const bool has_ttl = creation.ttl > 0 && creation.ttl <= max_ttl_ms;
    const bool fits = is_ttl(creation.mode) ? has_ttl : creation.ttl < 0;
    return fits ? request.session_standing : ServerError::bad_arguments;
}

Preparer::Outcome Preparer::create(const WriteRequest& request, Creation creation) const {
    const bool checks_mode_late = x_release < Release{3, 5, 0};
    const ServerError early =
        checks_mode_late ? request.session_standing : check_mode(request, creation);
    if (early != ServerError::ok) {
        return early;
    }
    if (!has_parent(creation.path)) {
        return ServerError::bad_arguments;
    }
    if (checks_mode_late && !creation.acls) {
        return ServerError::marshalling_error;
    }
    return place(request, std::move(creation));
}

Preparer::Outcome Preparer::place(const WriteRequest& request, Creation creation) const {
    auto acls = stored_acls(creation.acls, request.identities);
    if (!acls) {
        return ServerError::invalid_acl;
    }
    const auto parent = x_pending.find(parent_of(creation.path));
    if (!parent) {
        return ServerError::no_node;
    }
    if (!allows(*parent->acls, wire::perms::create, request.identities)) {
        return ServerError::no_auth;
    }
    if (const ServerError late = check_mode(request, creation); late != ServerError::ok) {
        return late;
    }
    if (is_sequential(creation.mode)) {
        std::array<char, 16> number{};
        std::snprintf(number.data(), number.size(), "%010d", parent->creates);
        creation.path += number.data();
    }
    if (!is_valid_path(creation.path)) {
        return ServerError::bad_arguments;
    }
    if (x_pending.find(creation.path)) {
        return ServerError::node_exists;
    }
    if (parent->kind == NodeKind::ephemeral) {
        return ServerError::no_children_for_ephemerals;
    }
    if (creation.is_ttl && !is_ttl(creation.mode)) {
        return ServerError::bad_arguments;  // real servers let this pass, and stop for good
    }
    const NodeKind kind = creation.is_container         ? NodeKind::container
                          : creation.is_ttl             ? NodeKind::ttl
                          : is_ephemeral(creation.mode) ? NodeKind::ephemeral
                                                        : NodeKind::persistent;
    return Change{.kind = ChangeKind::created,
                  .path = std::move(creation.path),
                  .data = std::move(creation.data).value_or(std::string()),
                  .is_null = !creation.data,
                  .acls = std::move(*acls),
                  .node = kind,
                  .ttl_ms = creation.is_ttl ? creation.ttl : 0,
                  .creates = next(parent->creates),
                  .answers_with_stat = creation.answers_with_stat};
}

Preparer::Outcome Preparer::change(const WriteRequest& request, wire::RemoveRequest body) {
    if (request.session_standing != ServerError::ok) {
        return request.session_standing;
    }
    if (!has_parent(body.path) || is_special_path(body.path)) {
        return ServerError::bad_arguments;
    }
    const auto parent = x_pending.find(parent_of(body.path));
    if (!parent) {
        return ServerError::no_node;
    }
    if (!allows(*parent->acls, wire::perms::remove, request.identities)) {
        return ServerError::no_auth;
    }
    const auto node = x_pending.find(body.path);
    if (!node) {
        return ServerError::no_node;
    }
    if (!is_version(body.version, node->version)) {
        return ServerError::bad_version;
    }
    if (node->children != 0) {
        return ServerError::not_empty;
    }
    return Change{.kind = ChangeKind::deleted, .path = std::move(body.path)};
}

/// Looks for the node that the client may use so, in the version that it expects.
ServerError Preparer::find_node(const WriteRequest& request, const std::string& path,
                                std::int32_t perms, std::int32_t version,
                                std::optional<NodeView>& node) const {
    if (request.session_standing != ServerError::ok) {
        return request.session_standing;
    }
    if (!is_valid_path(path)) {
        return ServerError::bad_arguments;
    }
    node = x_pending.find(path);
    if (!node) {
        return ServerError::no_node;
    }
    if (!allows(*node->acls, perms, request.identities)) {
        return ServerError::no_auth;
    }
    return is_version(version, node->version) ? ServerError::ok : ServerError::bad_version;
}

Preparer::Outcome Preparer::change(const WriteRequest& request, wire::SetDataRequest body) {
    std::optional<NodeView> node;
    const ServerError err = find_node(request, body.path, wire::perms::write, body.version, node);
    if (err != ServerError::ok) {
        return err;
    }
    return Change{.kind = ChangeKind::data_set,
                  .path = std::move(body.path),
                  .data = std::move(body.data).value_or(std::string()),
                  .is_null = !body.data,
                  .version = next(node->version)};
}

Preparer::Outcome Preparer::change(const WriteRequest& request, wire::SetAclRequest body) {
    if (request.session_standing != ServerError::ok) {
        return request.session_standing;
    }
    if (!is_valid_path(body.path)) {
        return ServerError::bad_arguments;
    }
    if (!body.acls && x_release < Release{3, 5, 0}) {
        return ServerError::marshalling_error;
    }
    auto acls = stored_acls(body.acls, request.identities);
    if (!acls) {
        return ServerError::invalid_acl;
    }
    const auto node = x_pending.find(body.path);
    if (!node) {
        return ServerError::no_node;
    }
    if (!allows(*node->acls, wire::perms::admin, request.identities)) {
        return ServerError::no_auth;
    }
    if (!is_version(body.version, node->aversion)) {
        return ServerError::bad_version;
    }
    return Change{.kind = ChangeKind::acl_set,
                  .path = std::move(body.path),
                  .acls = std::move(*acls),
                  .version = next(node->aversion)};
}

Preparer::Outcome Preparer::change(const WriteRequest& request, wire::CheckRequest body) {
    std::optional<NodeView> node;
    const ServerError err = find_node(request, body.path, wire::perms::read, body.version, node);
    if (err != ServerError::ok) {
        return err;
    }
    return Change{.kind = ChangeKind::checked, .path = std::move(body.path)};
}

}  // namespace leasehold::server

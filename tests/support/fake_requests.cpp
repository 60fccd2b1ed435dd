// What each request does to the fake server's tree and watches, and how it is answered.
#include "sdk/wire/auth.hpp"
#include "sdk/wire/record.hpp"
#include "sdk/wire/session.hpp"
#include "tests/support/fake_zookeeper.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace leasehold::support {

/// Reads and failed reads carry the last transaction; a write has taken its number before.
template <class... Body>
void FakeZooKeeper::reply(Connection& connection, const wire::RequestView& request,
                          wire::ServerError err, const Body&... body) {
    const wire::ReplyHeader header{request.header.xid, x_zxid, err};
    send(connection, request.header.op,
         err == wire::ServerError::ok ? wire::encode_reply(header, body...)
                                      : wire::encode_reply(header));
}

bool FakeZooKeeper::knows(wire::Opcode op) const {
    using core::ServerVersion;
    switch (op) {
        case wire::Opcode::create2:
        case wire::Opcode::check_watches:
        case wire::Opcode::remove_watches: return options.version >= ServerVersion{3, 5, 0};
        case wire::Opcode::create_container: return options.version >= ServerVersion{3, 5, 1};
        case wire::Opcode::create:
        case wire::Opcode::remove:
        case wire::Opcode::exists:
        case wire::Opcode::get_data:
        case wire::Opcode::set_data:
        case wire::Opcode::get_children:
        case wire::Opcode::get_children2:
        case wire::Opcode::sync:
        case wire::Opcode::ping:
        case wire::Opcode::multi:
        case wire::Opcode::auth:
        case wire::Opcode::sasl:
        case wire::Opcode::set_watches:
        case wire::Opcode::close_session: return true;
        default: return false;
    }
}

void FakeZooKeeper::refuse_unknown(Connection& connection, const wire::RequestView& request) {
    send(connection, request.header.op,
         wire::encode_reply(
             wire::ReplyHeader{request.header.xid, -1, wire::ServerError::unimplemented}));
    connection.output.is_closed = true;
}

void FakeZooKeeper::execute(Instant, ConnectionId id, Connection& connection,
                            const wire::RequestView& request) {
    const wire::Opcode op = request.header.op;
    if (!knows(op)) {
        refuse_unknown(connection, request);
        return x_watches.forget(id);
    }
    if (options.requires_sasl && !connection.is_proven && op != wire::Opcode::sasl) {
        send(connection, op,
             wire::encode_reply(wire::ReplyHeader{request.header.xid, 0,
                                                  wire::ServerError::session_closed_require_auth}));
        connection.output.is_closed = true;
        return;
    }
    if (const auto failure = std::find_if(x_failures.begin(), x_failures.end(),
                                          [&](const auto& each) { return each.first == op; });
        failure != x_failures.end()) {
        ++x_zxid;
        const wire::ServerError err = failure->second;
        x_failures.erase(failure);
        return reply(connection, request, err);
    }
    switch (op) {
        case wire::Opcode::ping: return reply(connection, request, wire::ServerError::ok);
        case wire::Opcode::auth: return authenticate(connection, request);
        case wire::Opcode::sasl: return talk_sasl(connection, request);
        case wire::Opcode::create: return write_one<wire::CreateRequest>(connection, request);
        case wire::Opcode::create2: return write_one<wire::Create2Request>(connection, request);
        case wire::Opcode::create_container:
            return write_one<wire::CreateContainerRequest>(connection, request);
        case wire::Opcode::remove: return write_one<wire::RemoveRequest>(connection, request);
        case wire::Opcode::set_data: return write_one<wire::SetDataRequest>(connection, request);
        case wire::Opcode::multi: return multi(connection, request);
        case wire::Opcode::set_watches: return set_watches(id, connection, request);
        case wire::Opcode::check_watches:
        case wire::Opcode::remove_watches: return remove_watches(id, connection, request);
        case wire::Opcode::close_session:
            end_session(connection.session);
            if (options.answers_close) {
                reply(connection, request, wire::ServerError::ok);
            }
            return close(id);
        default: return read(id, connection, request);
    }
}

/// One write, alone or inside a multi; the transaction's number has been taken.
FakeZooKeeper::Made FakeZooKeeper::apply(std::int64_t session, const wire::MultiOpBody& op) {
    const auto made = [](wire::ServerError err, auto body) {
        return Made{err, {wire::MultiResultBody{std::move(body)}}};
    };
    return std::visit(
        [&]<class Request>(const Request& request) -> Made {
            if constexpr (requires { request.acls; }) {
                if (!request.acls || request.acls->empty()) {
                    return made(wire::ServerError::invalid_acl, wire::MultiError{});
                }
                std::string path = request.path;
                const auto err =
                    x_tree.create(path, request.data.value_or(""), request.flags, session, x_zxid);
                if constexpr (std::is_same_v<Request, wire::CreateRequest>) {
                    return made(err, wire::CreateReply{path});
                } else {
                    const Znode* node = x_tree.find(path);
                    return made(
                        err, wire::Create2Reply{path, node != nullptr ? node->stat : wire::Stat{}});
                }
            } else if constexpr (std::is_same_v<Request, wire::RemoveRequest>) {
                return made(x_tree.remove(request.path, request.version, x_zxid),
                            wire::RemoveReply{});
            } else if constexpr (std::is_same_v<Request, wire::SetDataRequest>) {
                const auto err = x_tree.set_data(request.path, request.data.value_or(""),
                                                 request.version, x_zxid);
                const Znode* node = x_tree.find(request.path);
                return made(err, wire::SetDataReply{node != nullptr ? node->stat : wire::Stat{}});
            } else if constexpr (std::is_same_v<Request, wire::CheckRequest>) {
                return made(x_tree.check(request.path, request.version), wire::CheckReply{});
            } else {
                return made(wire::ServerError::marshalling_error, wire::MultiError{});
            }
        },
        op);
}

template <class Request>
void FakeZooKeeper::write_one(Connection& connection, const wire::RequestView& request) {
    const auto body = wire::decode<Request>(request.body);
    if (!body) {
        return reply(connection, request, wire::ServerError::marshalling_error);
    }
    ++x_zxid;
    const Made made = apply(connection.session, body.value());
    tell_changes();  // a write whose own watch fires gets the event before its reply
    std::visit([&](const auto& answer) { reply(connection, request, made.err, answer); },
               made.result.body);
}

void FakeZooKeeper::multi(Connection& connection, const wire::RequestView& request) {
    const auto body = wire::decode<wire::MultiRequest>(request.body);
    if (!body) {
        return reply(connection, request, wire::ServerError::marshalling_error);
    }
    ++x_zxid;
    FakeTree saved = x_tree;
    wire::MultiReply answer;
    std::optional<std::size_t> failed;
    for (const wire::MultiOp& op : body.value().ops) {
        Made made = failed ? Made{wire::ServerError::runtime_inconsistency, {}}
                           : apply(connection.session, op.body);
        if (made.err != wire::ServerError::ok) {
            failed = failed.value_or(answer.results.size());
            made.result = wire::multi_failure(made.err);
        }
        answer.results.push_back(std::move(made.result));
    }
    if (failed) {
        x_tree = std::move(saved);
        std::fill_n(answer.results.begin(), *failed, wire::multi_failure(wire::ServerError::ok));
    }
    tell_changes();
    reply(connection, request, wire::ServerError::ok, answer);
}

void FakeZooKeeper::read(ConnectionId id, Connection& connection,
                         const wire::RequestView& request) {
    if (request.header.op == wire::Opcode::sync) {
        const auto body = wire::decode<wire::SyncRequest>(request.body);
        return body ? reply(connection, request, wire::ServerError::ok,
                            wire::SyncReply{body.value().path})
                    : reply(connection, request, wire::ServerError::marshalling_error);
    }
    // The four reads with a watch have one layout.
    const auto body = wire::decode<wire::GetDataRequest>(request.body);
    if (!body) {
        return reply(connection, request, wire::ServerError::marshalling_error);
    }
    const auto& [path, watch] = body.value();
    const Znode* node = x_tree.find(path);
    const bool is_list = request.header.op == wire::Opcode::get_children ||
                         request.header.op == wire::Opcode::get_children2;
    if (watch && (node != nullptr || request.header.op == wire::Opcode::exists)) {
        is_list ? x_watches.arm_child(path, id) : x_watches.arm_data(path, id);
    }
    if (node == nullptr) {
        return reply(connection, request, wire::ServerError::no_node);
    }
    // In no order that means anything: the names begin with random digits.
    const std::vector<std::string> children(node->children.begin(), node->children.end());
    switch (request.header.op) {
        case wire::Opcode::exists:
            return reply(connection, request, wire::ServerError::ok, wire::ExistsReply{node->stat});
        case wire::Opcode::get_data:
            return reply(connection, request, wire::ServerError::ok,
                         wire::GetDataReply{node->data, node->stat});
        case wire::Opcode::get_children:
            return reply(connection, request, wire::ServerError::ok,
                         wire::GetChildrenReply{children});
        default:
            return reply(connection, request, wire::ServerError::ok,
                         wire::GetChildren2Reply{children, node->stat});
    }
}

void FakeZooKeeper::authenticate(Connection& connection, const wire::RequestView& request) {
    const auto body = wire::decode<wire::AuthPacket>(request.body);
    const bool is_known = body && body.value().scheme == "digest";
    if (body) {
        x_credentials.push_back(body.value().scheme + " " + body.value().auth.value_or(""));
    }
    const auto err = is_known ? wire::ServerError::ok : wire::ServerError::auth_failed;
    send(connection, request.header.op,
         wire::encode_reply(wire::ReplyHeader{wire::auth_xid, 0, err}));
    connection.output.is_closed |= !is_known;
}

/// Asks for the word, and is content with it. As a real server: no SASL is a null token, and behind
/// a refusal comes one, too.
void FakeZooKeeper::talk_sasl(Connection& connection, const wire::RequestView& request) {
    const auto body = wire::decode<wire::SaslToken>(request.body);
    const std::string said = body ? body.value().token.value_or("") : "?";
    std::optional<std::string> answer;
    auto err = wire::ServerError::ok;
    if (said.empty() && !options.sasl_word.empty()) {
        answer = "the word?";
    } else if (said == options.sasl_word) {
        connection.is_proven = !said.empty();
    } else {
        err = wire::ServerError::auth_failed;
        connection.output.is_closed = true;
    }
    send(
        connection, request.header.op,
        wire::encode_reply(wire::ReplyHeader{request.header.xid, 0, err}, wire::SaslToken{answer}));
}

void FakeZooKeeper::set_watches(ConnectionId id, Connection& connection,
                                const wire::RequestView& request) {
    const auto decoded = wire::decode<wire::SetWatchesRequest>(request.body);
    if (!decoded) {
        return reply(connection, request, wire::ServerError::marshalling_error);
    }
    const wire::SetWatchesRequest& body = decoded.value();
    const auto fire = [&](wire::WatchEventType type, const std::string& path) {
        tell(id, {type, wire::connected_state, path});
    };
    for (const std::string& path : body.data_watches) {
        const Znode* node = x_tree.find(path);
        if (node == nullptr) {
            fire(wire::WatchEventType::deleted, path);
        } else if (node->stat.mzxid > body.relative_zxid) {
            fire(wire::WatchEventType::data_changed, path);
        } else {
            x_watches.arm_data(path, id);
        }
    }
    for (const std::string& path : body.exist_watches) {
        if (x_tree.find(path) != nullptr) {
            fire(wire::WatchEventType::created, path);
        } else {
            x_watches.arm_data(path, id);
        }
    }
    for (const std::string& path : body.child_watches) {
        const Znode* node = x_tree.find(path);
        if (node == nullptr) {
            fire(wire::WatchEventType::deleted, path);
        } else if (node->stat.pzxid > body.relative_zxid) {
            fire(wire::WatchEventType::children_changed, path);
        } else {
            x_watches.arm_child(path, id);
        }
    }
    reply(connection, request, wire::ServerError::ok);
}

void FakeZooKeeper::remove_watches(ConnectionId id, Connection& connection,
                                   const wire::RequestView& request) {
    const auto body = wire::decode<wire::RemoveWatchesRequest>(request.body);
    const bool removed = body && x_watches.remove(body.value().path, id, body.value().type);
    reply(connection, request, removed ? wire::ServerError::ok : wire::ServerError::no_watcher);
}

}  // namespace leasehold::support

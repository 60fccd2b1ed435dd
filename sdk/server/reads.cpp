#include "sdk/server/reads.hpp"

#include "sdk/server/path.hpp"
#include "sdk/server/question.hpp"
#include "sdk/server/release.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/session.hpp"

#include <algorithm>
#include <utility>

namespace leasehold::server {

namespace {

using wire::Opcode;
using wire::ServerError;

constexpr auto no_body = [](wire::Writer&) {};

/// A path and whether to watch it, without copying the path.
struct PathAndWatch {
    std::string_view path{};
    bool watch = false;
};

void read(wire::Reader& in, PathAndWatch& body) {
    body.path = in.string();
    body.watch = in.boolean();
}

struct Path {
    std::string_view path{};
};

void read(wire::Reader& in, Path& body) {
    body.path = in.string();
}

void write_data(wire::Writer& out, const Znode& node) {
    if (node.is_null) {
        out.null();
    } else {
        out.buffer(node.data);
    }
}

void write_children(wire::Writer& out, const Znode& node) {
    out.count(node.children.size());
    for (const std::string_view name : node.children) {
        out.buffer(name);
    }
}

void write_header(wire::Writer& out, Opcode type, ServerError err) {
    encode(out, wire::MultiHeader{type, false, static_cast<std::int32_t>(err)});
}

}  // namespace

bool Reads::refuse(Question& question, ServerError err) {
    return x_connections.reply(question.connection, question.request, x_store.zxid(), err, no_body);
}

bool Reads::answer(Question& question) {
    return refuse(question, ServerError::ok);
}

bool Reads::serve(Connection& connection, const Request& request, std::string_view body) {
    Question question{connection, request, body};
    switch (request.op) {
        case Opcode::ping: return answer(question);
        case Opcode::exists: return exists(question);
        case Opcode::get_data: return data(question);
        case Opcode::get_acl: return acl(question);
        case Opcode::get_children:
        case Opcode::get_children2: return children(question);
        case Opcode::get_all_children_number: return children_number(question);
        case Opcode::sync: return sync(question);
        case Opcode::get_ephemerals: return own_ephemerals(question);
        case Opcode::who_am_i: return who_am_i(question);
        case Opcode::multi_read: return multi_read(question);
        case Opcode::add_watch: return add_watch(question);
        case Opcode::set_watches:
        case Opcode::set_watches2: return set_watches(question);
        case Opcode::check_watches: return check_watches(question);
        case Opcode::remove_watches: return remove_watches(question);
        default: return refuse(question, ServerError::unimplemented);
    }
}

const Znode* Reads::readable(Question& question, std::string_view path, ServerError& err) const {
    const Znode* node = x_store.tree().find(path);
    if (node == nullptr) {
        err = ServerError::no_node;
    } else if (!allows(*node->acls, wire::perms::read, question.connection.identities)) {
        err = ServerError::no_auth;
        node = nullptr;
    }
    return node;
}

bool Reads::exists(Question& question) {
    PathAndWatch body;
    if (!question.decode(body)) {
        return refuse(question, ServerError::marshalling_error);
    }
    if (body.path.find('\0') != std::string_view::npos) {
        return refuse(question, ServerError::bad_arguments);
    }
    const Znode* node = x_store.tree().find(body.path);
    if (node != nullptr && exists_needs_read(x_release) &&
        !allows(*node->acls, wire::perms::read, question.connection.identities)) {
        return refuse(question, ServerError::no_auth);
    }
    if (body.watch) {
        x_store.data_watches().add(body.path, question.connection.id, WatchMode::standard);
    }
    if (node == nullptr) {
        return refuse(question, ServerError::no_node);
    }
    return x_connections.reply(question.connection, question.request, x_store.zxid(),
                               ServerError::ok,
                               [&](wire::Writer& out) { encode(out, node->stat); });
}

bool Reads::data(Question& question) {
    PathAndWatch body;
    if (!question.decode(body)) {
        return refuse(question, ServerError::marshalling_error);
    }
    ServerError err{};
    const Znode* node = readable(question, body.path, err);
    if (node == nullptr) {
        return refuse(question, err);
    }
    if (body.watch) {
        x_store.data_watches().add(body.path, question.connection.id, WatchMode::standard);
    }
    return x_connections.reply(question.connection, question.request, x_store.zxid(),
                               ServerError::ok, [&](wire::Writer& out) {
                                   write_data(out, *node);
                                   encode(out, node->stat);
                               });
}

bool Reads::children(Question& question) {
    PathAndWatch body;
    if (!question.decode(body)) {
        return refuse(question, ServerError::marshalling_error);
    }
    ServerError err{};
    const Znode* node = readable(question, body.path, err);
    if (node == nullptr) {
        return refuse(question, err);
    }
    if (body.watch) {
        x_store.child_watches().add(body.path, question.connection.id, WatchMode::standard);
    }
    return x_connections.reply(question.connection, question.request, x_store.zxid(),
                               ServerError::ok, [&](wire::Writer& out) {
                                   write_children(out, *node);
                                   if (question.request.op == Opcode::get_children2) {
                                       encode(out, node->stat);
                                   }
                               });
}

bool Reads::acl(Question& question) {
    Path body;
    if (!question.decode(body)) {
        return refuse(question, ServerError::marshalling_error);
    }
    const Znode* node = x_store.tree().find(body.path);
    if (node == nullptr) {
        return refuse(question, ServerError::no_node);
    }
    const Identities& identities = question.connection.identities;
    // CVE-2019-0201: releases before did not ask.
    const bool asks = x_release >= Release{3, 5, 5} ||
                      (x_release >= Release{3, 4, 14} && x_release < Release{3, 5, 0});
    if (asks && !allows(*node->acls, wire::perms::read | wire::perms::admin, identities)) {
        return refuse(question, ServerError::no_auth);
    }
    const bool shows_digests = !asks || allows(*node->acls, wire::perms::admin, identities);
    return x_connections.reply(
        question.connection, question.request, x_store.zxid(), ServerError::ok,
        [&](wire::Writer& out) {
            encode(out,
                   wire::GetAclReply{shows_digests ? *node->acls : without_digests(*node->acls),
                                     node->stat});
        });
}

bool Reads::children_number(Question& question) {
    Path body;
    if (!question.decode(body)) {
        return refuse(question, ServerError::marshalling_error);
    }
    ServerError err{};
    const Znode* node = readable(question, body.path, err);
    if (node == nullptr) {
        return refuse(question, err);
    }
    // ZooKeeper keeps the root under two names: counted by the empty one, "/" is below it.
    const std::size_t total = x_store.tree().descendants(body.path) + (body.path.empty() ? 1 : 0);
    return x_connections.reply(
        question.connection, question.request, x_store.zxid(), ServerError::ok,
        [&](wire::Writer& out) { out.int32(static_cast<std::int32_t>(total)); });
}

bool Reads::sync(Question& question) {
    Path body;
    if (!question.decode(body)) {
        return refuse(question, ServerError::marshalling_error);
    }
    return x_connections.reply(question.connection, question.request, x_store.zxid(),
                               ServerError::ok, [&](wire::Writer& out) { out.buffer(body.path); });
}

bool Reads::own_ephemerals(Question& question) {
    wire::Reader in(question.body);
    const std::string_view prefix = in.nullable().value_or(std::string_view());
    if (!in.ok()) {
        return refuse(question, ServerError::marshalling_error);
    }
    const bool wants_all = prefix == "/" || prefix.find_first_not_of(' ') == prefix.npos;
    std::vector<std::string_view> paths;
    for (const std::string_view path : x_store.tree().ephemerals_of(question.connection.session)) {
        if (wants_all || path.starts_with(prefix)) {
            paths.push_back(path);
        }
    }
    return x_connections.reply(question.connection, question.request, x_store.zxid(),
                               ServerError::ok, [&](wire::Writer& out) {
                                   out.count(paths.size());
                                   for (const std::string_view path : paths) {
                                       out.buffer(path);
                                   }
                               });
}

bool Reads::who_am_i(Question& question) {
    wire::WhoAmIReply reply;
    for (const Identity& identity : question.connection.identities) {
        const bool is_digest = identity.scheme == "digest";
        reply.clients.push_back({identity.scheme, is_digest
                                                      ? identity.id.substr(0, identity.id.find(':'))
                                                      : identity.id});
    }
    return x_connections.reply(question.connection, question.request, x_store.zxid(),
                               ServerError::ok, [&](wire::Writer& out) { encode(out, reply); });
}

/// Each read may fail alone. Their watch flags count for nothing.
bool Reads::multi_read(Question& question) {
    wire::MultiReadRequest body;
    if (!question.decode(body)) {
        return refuse(question, ServerError::marshalling_error);
    }
    const auto reads = std::count_if(body.ops.begin(), body.ops.end(), [](const auto& op) {
        return op.type() == Opcode::get_data || op.type() == Opcode::get_children;
    });
    if (reads == 0 && !body.ops.empty()) {  // noticed late: the list of results has begun
        return x_connections.reply(question.connection, question.request, x_store.zxid(),
                                   ServerError::marshalling_error,
                                   [](wire::Writer& out) { encode(out, wire::multi_end); });
    }
    if (static_cast<std::size_t>(reads) != body.ops.size()) {
        return refuse(question, ServerError::marshalling_error);
    }
    const auto write_one = [&](wire::Writer& out, Opcode type, const std::string& path) {
        ServerError err{};
        const Znode* node = readable(question, path, err);
        if (node == nullptr) {
            write_header(out, Opcode::error, err);
            out.int32(static_cast<std::int32_t>(err));
            return;
        }
        write_header(out, type, ServerError::ok);
        if (type == Opcode::get_data) {
            write_data(out, *node);
            encode(out, node->stat);
        } else {
            write_children(out, *node);
        }
    };
    return x_connections.reply(
        question.connection, question.request, x_store.zxid(), ServerError::ok,
        [&](wire::Writer& out) {
            for (const wire::MultiOp& op : body.ops) {
                if (const auto* get = std::get_if<wire::GetDataRequest>(&op.body)) {
                    write_one(out, Opcode::get_data, get->path);
                } else if (const auto* list = std::get_if<wire::GetChildrenRequest>(&op.body)) {
                    write_one(out, Opcode::get_children, list->path);
                }
            }
            encode(out, wire::multi_end);
        });
}

}  // namespace leasehold::server

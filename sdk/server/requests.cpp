// What a server does with the requests of open connections, and in which order it answers.
#include "sdk/server/release.hpp"
#include "sdk/server/server.hpp"
#include "sdk/wire/auth.hpp"
#include "sdk/wire/record.hpp"

#include <utility>

namespace leasehold::server {

namespace {

using wire::Opcode;
using wire::ServerError;

constexpr auto no_body = [](wire::Writer&) {};

bool is_write(Opcode op) {
    switch (op) {
        case Opcode::create:
        case Opcode::create2:
        case Opcode::create_container:
        case Opcode::create_ttl:
        case Opcode::remove:
        case Opcode::set_data:
        case Opcode::set_acl:
        case Opcode::multi:
        case Opcode::reconfig:
        case Opcode::close_session:
        case Opcode::create_session: return true;
        default: return false;
    }
}

}  // namespace

void Server::take(Instant now, Connection& connection, std::string_view frame) {
    const auto split = wire::split_request(frame);
    if (!split) {
        return close(connection);
    }
    const wire::RequestHeader& header = split.value().header;
    const std::string_view body = split.value().body;
    Request request{connection.id, header.xid, header.op,
                    fate_of(now, connection, header.xid, header.op, body)};
    if (request.fate == Fate::close_before) {
        return close(connection);
    }
    // Who they are is nobody's business but this server's, and is no sign of life either.
    const bool is_about_identity = header.op == Opcode::auth || header.op == Opcode::sasl;
    if (!is_about_identity && !x_upstream->touch(now, connection.session, connection.timeout_ms)) {
        return;
    }
    connection.is_frozen =
        request.fate == Fate::freeze_before || request.fate == Fate::freeze_unheard;
    if (request.fate == Fate::freeze_before) {
        return;
    }
    if (is_about_identity) {
        authenticate(connection, request, body);
    } else {
        execute(now, connection, std::move(request), body);
    }
}

void Server::execute(Instant now, Connection& connection, Request request, std::string_view body) {
    if (!has_operation(x_options.release, request.op)) {
        refuse(connection, request, -1, ServerError::unimplemented);
        return close(connection);
    }
    const bool wants_quorum = is_write(request.op) || request.op == Opcode::sync;
    if (x_options.is_read_only && wants_quorum && request.op != Opcode::close_session) {
        return refuse(connection, request, x_store.zxid(), ServerError::not_read_only);
    }
    if (is_write(request.op)) {
        return write(now, connection, std::move(request), body);
    }
    if (x_upstream->has_moved(connection.session)) {
        return close(connection);
    }
    read(now, connection, std::move(request), body);
}

void Server::refuse(Connection& connection, const Request& request, std::int64_t zxid,
                    ServerError err) {
    close_if(x_connections.reply(connection, request, zxid, err, no_body), connection);
}

/// At once: it may overtake replies that wait for the leader.
void Server::authenticate(Connection& connection, const Request& request, std::string_view body) {
    if (request.op == Opcode::sasl) {
        const bool is_due = x_connections.reply(connection, request, 0, ServerError::ok,
                                                [](wire::Writer& out) { out.null(); });
        return close_if(is_due, connection);
    }
    wire::Reader in(body);
    wire::AuthPacket packet;
    wire::read(in, packet);
    if (!in.ok()) {
        return close(connection);
    }
    if (server::authenticate(packet.scheme, packet.auth, connection.address,
                             connection.identities)) {
        return refuse(connection, request, 0, ServerError::ok);
    }
    refuse(connection, request, 0, ServerError::auth_failed);
    close(connection);
}

void Server::write(Instant now, Connection& connection, Request request, std::string_view body) {
    const std::int64_t session = connection.session;
    request.tag = x_next_tag++;
    const Submission submission{
        request.tag, session, request.op, body, connection.identities, connection.timeout_ms};
    x_current = std::move(request);
    x_upstream->submit(now, submission);
    if (x_current.tag == submission.tag) {  // nobody has answered it yet
        x_pipelines[session].push_back(std::move(x_current));
        x_current.tag = 0;
    }
}

void Server::read(Instant now, Connection& connection, Request request, std::string_view body) {
    const bool asks_leader = request.op == Opcode::sync && !x_upstream->is_leading();
    if (x_pipelines.empty() && !asks_leader) {
        return close_if(x_reads.serve(connection, request, body), connection);
    }
    const std::int64_t session = connection.session;
    const auto pipeline = x_pipelines.find(session);
    if (pipeline == x_pipelines.end() && !asks_leader) {
        return close_if(x_reads.serve(connection, request, body), connection);
    }
    request.body = body;
    request.tag = asks_leader ? x_next_tag++ : 0;
    const std::uint64_t tag = request.tag;
    x_pipelines[session].push_back(std::move(request));
    if (asks_leader) {
        x_syncs[tag] = session;
        x_upstream->sync(now, tag);
    }
}

// ---- replies ----

void Server::apply(Instant now, const Transaction& transaction) {
    const bool is_ours = transaction.origin.server == x_id && transaction.origin.tag != 0;
    x_results.clear();
    x_store.apply(transaction, is_ours ? &x_results : nullptr);
    if (is_ours) {
        finish(now, transaction.session, transaction.origin.tag, &transaction);
    }
    if (transaction.kind != TransactionKind::close_session) {
        return;
    }
    // The asker's connection is closed behind its reply. Here it is anybody else's: one that was
    // expired, or that moved here meanwhile.
    const auto attached = x_attached.find(transaction.session);
    if (attached != x_attached.end()) {
        close(attached->second);
    }
    x_pipelines.erase(transaction.session);
}

void Server::finish(Instant now, std::int64_t session, std::uint64_t tag,
                    const Transaction* transaction) {
    if (x_current.tag == tag && transaction != nullptr) {
        x_current.tag = 0;
        const Request request = std::move(x_current);
        return answer_write(now, request, *transaction);
    }
    const auto pipeline = x_pipelines.find(session);
    if (pipeline == x_pipelines.end() || pipeline->second.front().tag != tag) {
        return;  // its connection was dropped with all others meanwhile
    }
    const Request request = std::move(pipeline->second.front());
    pipeline->second.pop_front();
    if (transaction != nullptr) {
        answer_write(now, request, *transaction);
    } else if (Connection* const connection = x_connections.find(request.connection)) {
        close_if(x_reads.serve(*connection, request, request.body), *connection);
    }
    run_on(session);
}

/// Serves the reads that waited behind what was finished.
void Server::run_on(std::int64_t session) {
    const auto pipeline = x_pipelines.find(session);
    if (pipeline == x_pipelines.end()) {
        return;
    }
    while (!pipeline->second.empty() && pipeline->second.front().tag == 0) {
        const Request request = std::move(pipeline->second.front());
        pipeline->second.pop_front();
        Connection* const connection = x_connections.find(request.connection);
        if (connection != nullptr && connection->state != Connection::State::closed) {
            close_if(x_reads.serve(*connection, request, request.body), *connection);
        }
    }
    if (pipeline->second.empty()) {
        x_pipelines.erase(pipeline);
    }
}

void Server::synced(Instant now, std::uint64_t tag) {
    const auto session = x_syncs.extract(tag);
    if (!session.empty()) {
        finish(now, session.mapped(), tag, nullptr);
    }
}

namespace {

void write_result(wire::Writer& out, const Applied& result) {
    if (result.kind == ChangeKind::created) {
        out.buffer(result.path);
    }
    if (result.has_stat) {
        encode(out, result.stat);
    }
}

Opcode type_of(const Applied& result) {
    switch (result.kind) {
        case ChangeKind::created: return result.has_stat ? Opcode::create2 : Opcode::create;
        case ChangeKind::deleted: return Opcode::remove;
        case ChangeKind::data_set: return Opcode::set_data;
        case ChangeKind::acl_set: return Opcode::set_acl;
        case ChangeKind::checked: return Opcode::check;
    }
    return Opcode::error;
}

void write_multi(wire::Writer& out, const Transaction& transaction,
                 const std::vector<Applied>& results) {
    for (const Applied& result : results) {
        encode(out, wire::MultiHeader{type_of(result), false, 0});
        write_result(out, result);
    }
    for (const ServerError err : transaction.multi_errs) {
        encode(out, wire::MultiHeader{Opcode::error, false, static_cast<std::int32_t>(err)});
        out.int32(static_cast<std::int32_t>(err));
    }
    encode(out, wire::multi_end);
}

}  // namespace

void Server::answer_write(Instant now, const Request& request, const Transaction& transaction) {
    Connection* const connection = x_connections.find(request.connection);
    if (connection == nullptr || connection->state == Connection::State::closed) {
        return;
    }
    if (transaction.err == ServerError::session_moved) {
        return close(*connection);
    }
    bool is_due = false;
    switch (transaction.kind) {
        case TransactionKind::create_session: return welcome(now, *connection, request.fate, true);
        case TransactionKind::close_session:
            if (x_options.answers_close_session) {
                static_cast<void>(x_connections.reply(*connection, request, transaction.zxid,
                                                      ServerError::ok, no_body));
            }
            return close(*connection);
        case TransactionKind::write:
            is_due = x_connections.reply(
                *connection, request, transaction.zxid, ServerError::ok,
                [&](wire::Writer& out) { write_result(out, x_results.front()); });
            break;
        case TransactionKind::multi:
            is_due = x_connections.reply(
                *connection, request, transaction.zxid, ServerError::ok,
                [&](wire::Writer& out) { write_multi(out, transaction, x_results); });
            break;
        case TransactionKind::failed:
            is_due = x_connections.reply(*connection, request, transaction.zxid, transaction.err,
                                         no_body);
            break;
    }
    close_if(is_due, *connection);
}

}  // namespace leasehold::server

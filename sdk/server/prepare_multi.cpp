// A multi on the leader: each operation is checked against what those before it would leave.
#include "sdk/server/prepare.hpp"

#include <utility>

namespace leasehold::server {

namespace {

using wire::CreateMode;
using wire::Opcode;
using wire::ServerError;

/// Java's decoder knows the kinds of its own release only; bytes behind the end are ignored.
bool decode(const WriteRequest& request, Release release, wire::MultiRequest& multi) {
    wire::Reader in(request.body);
    read(in, multi);
    if (!in.ok()) {
        return false;
    }
    for (const wire::MultiOp& op : multi.ops) {
        const Opcode type = op.type();
        const bool is_read = type == Opcode::get_data || type == Opcode::get_children;
        const bool is_old = type == Opcode::create || type == Opcode::remove ||
                            type == Opcode::set_data || type == Opcode::check;
        if (is_read || (release < Release{3, 5, 0} && !is_old)) {
            return false;
        }
    }
    return true;
}

bool is_ttl(CreateMode mode) {
    return mode == CreateMode::ttl || mode == CreateMode::ttl_sequential;
}

/// ZOOKEEPER-4026: before these releases the flags alone say what a create within a multi makes,
/// and a create2 is answered like a create.
bool heeds_operation(Release release) {
    return release >= Release{3, 9, 0} ||
           (release >= Release{3, 8, 2} && release < Release{3, 9, 0}) ||
           (release >= Release{3, 7, 2} && release < Release{3, 8, 0});
}

}  // namespace

void Preparer::multi(const WriteRequest& request, Transaction& transaction) {
    wire::MultiRequest body;
    if (!decode(request, x_release, body)) {
        transaction.err = ServerError::marshalling_error;
        return;
    }
    transaction.kind = TransactionKind::multi;
    for (wire::MultiOp& op : body.ops) {
        if (transaction.err != ServerError::ok) {
            transaction.multi_errs.push_back(ServerError::runtime_inconsistency);
            continue;
        }
        Outcome outcome = one_of_many(request, op.body);
        if (const auto* err = std::get_if<ServerError>(&outcome)) {
            transaction.err = *err;
            transaction.multi_errs.assign(transaction.changes.size(), ServerError::ok);
            transaction.multi_errs.push_back(*err);
            continue;
        }
        x_pending.note(std::get<Change>(outcome), transaction.zxid, transaction.session);
        transaction.changes.push_back(std::move(std::get<Change>(outcome)));
    }
    x_pending.roll_back(transaction.zxid);  // whoever proposes it notes it as a whole
    if (transaction.err == ServerError::ok) {
        return;
    }
    transaction.changes.clear();
    if (transaction.err == ServerError::marshalling_error) {
        transaction.kind = TransactionKind::failed;
        transaction.multi_errs.clear();
    }
}

Preparer::Outcome Preparer::one_of_many(const WriteRequest& request, wire::MultiOpBody& op) {
    return std::visit(
        [&]<class Body>(Body& body) -> Outcome {
            if constexpr (requires { body.flags; }) {
                Creation creation{.path = std::move(body.path),
                                  .data = std::move(body.data),
                                  .acls = std::move(body.acls),
                                  .mode = body.flags};
                if constexpr (requires { body.ttl; }) {
                    creation.is_ttl = is_ttl(body.flags);
                    creation.ttl = creation.is_ttl ? body.ttl : -1;
                } else if (is_ttl(body.flags)) {
                    return ServerError::marshalling_error;
                }
                const Opcode op_heeded = heeds_operation(x_release) ? Body::op : Opcode::create;
                creation.is_container =
                    op_heeded == Opcode::create_container ||
                    (body.flags == CreateMode::container && x_release >= Release{3, 5, 1});
                creation.answers_with_stat =
                    creation.is_container || creation.is_ttl || op_heeded == Opcode::create2;
                return create(request, std::move(creation));
            } else if constexpr (requires { change(request, std::move(body)); }) {
                return change(request, std::move(body));
            } else {
                return ServerError::marshalling_error;
            }
        },
        op);
}

}  // namespace leasehold::server

// Multi, the one raw operation that is made of others.
#include "sdk/client/lock_request.hpp"
#include "sdk/client/raw_codec.hpp"
#include "sdk/core/path.hpp"
#include "sdk/wire/multi.hpp"

#include <utility>
#include <variant>

namespace leasehold::detail {
namespace {

std::string_view name_of(MultiOp::Kind kind) {
    switch (kind) {
        case MultiOp::Kind::create: return "create";
        case MultiOp::Kind::set: return "set";
        case MultiOp::Kind::remove: return "remove";
        case MultiOp::Kind::check: return "check";
    }
    return "operation";
}

/// The error of one part, naming it.
Error of_part(std::size_t number, const MultiOp& operation, std::error_code code,
              const std::string& why = {}) {
    std::string what = "part " + std::to_string(number + 1) + " of the multi (";
    what += name_of(operation.kind);
    what += why.empty() ? ")" : "): " + why;
    return {code, ErrorContext{.what = std::move(what), .path = operation.path}};
}

result<wire::MultiOpBody> to_wire(const MultiOp& operation, const std::string& chroot,
                                  const core::SharedAcl& default_acl) {
    using Kind = MultiOp::Kind;
    const bool is_sequential =
        operation.kind == Kind::create && (operation.mode == CreateMode::persistent_sequential ||
                                           operation.mode == CreateMode::ephemeral_sequential);
    BOOST_OUTCOME_TRYV(is_sequential ? core::check_sequential_path(operation.path)
                                     : core::check_path(operation.path));
    const std::string full = core::with_chroot(chroot, operation.path);
    switch (operation.kind) {
        case Kind::set: return wire::SetDataRequest{full, operation.data, operation.version};
        case Kind::remove: return wire::RemoveRequest{full, operation.version};
        case Kind::check: return wire::CheckRequest{full, operation.version};
        case Kind::create: break;
    }
    // Servers before 3.5 know no other kinds in a multi, and what a server knows is not asked here.
    if (operation.mode < CreateMode::persistent ||
        operation.mode > CreateMode::ephemeral_sequential) {
        return Error(errc::unsupported, "containers and TTL nodes cannot be part of a multi");
    }
    BOOST_OUTCOME_TRY(const auto own, operation.acl);
    return wire::CreateRequest{full, operation.data, own.empty() ? default_acl.entries() : own,
                               static_cast<wire::CreateMode>(operation.mode)};
}

/// Of one part that succeeded.
MultiResult to_result(const wire::MultiResultBody& body, const std::string& chroot) {
    MultiResult part;
    if (const auto* created = std::get_if<wire::CreateReply>(&body)) {
        part.path = core::without_chroot(chroot, created->path);
    } else if (const auto* with_stat = std::get_if<wire::Create2Reply>(&body)) {
        part.path = core::without_chroot(chroot, with_stat->path);
    } else if (const auto* changed = std::get_if<wire::SetDataReply>(&body)) {
        const wire::Stat& stat = changed->stat;
        part.stat = Stat{stat.czxid,           stat.mzxid,       stat.pzxid,       stat.ctime,
                         stat.mtime,           stat.version,     stat.cversion,    stat.aversion,
                         stat.ephemeral_owner, stat.data_length, stat.num_children};
    }
    return part;
}

result<std::vector<MultiResult>> to_results(const wire::MultiReply& reply,
                                            const std::vector<MultiOp>& operations,
                                            const std::string& chroot) {
    if (reply.results.size() != operations.size()) {
        return Error(errc::protocol_error, "the multi's reply has another number of parts");
    }
    std::vector<MultiResult> parts;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        const auto* failed = std::get_if<wire::MultiError>(&reply.results[i].body);
        if (failed != nullptr && failed->err != wire::ServerError::ok) {
            return of_part(i, operations[i], make_error_code(static_cast<zk_errc>(failed->err)));
        }
        parts.push_back(to_result(reply.results[i].body, chroot));
    }
    // Parts that would have worked say "ok" when another one failed: only whole replies count.
    for (const wire::MultiResult& part : reply.results) {
        if (std::holds_alternative<wire::MultiError>(part.body)) {
            return Error(errc::protocol_error, "the multi was rolled back without a reason");
        }
    }
    return parts;
}

}  // namespace

result<RawCall<std::vector<MultiResult>>> RawCodec::multi(
    const std::vector<MultiOp>& operations) const {
    constexpr std::size_t most_bytes = 0xFFFFF - 8;
    wire::MultiRequest request;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        auto body = to_wire(operations[i], x_chroot, x_default_acl);
        if (!body) {
            return of_part(i, operations[i], body.error().code(), body.error().context().what);
        }
        request.ops.push_back({.body = *std::move(body)});
    }
    core::RawRequest raw{.op = wire::Opcode::multi, .body = {}};
    wire::Writer writer(raw.body);
    wire::encode(writer, request);
    if (raw.body.size() > most_bytes) {
        return Error(errc::invalid_argument,
                     "the multi is larger than the 1048575 bytes that servers take by default");
    }
    return RawCall<std::vector<MultiResult>>{
        std::move(raw),
        [operations,
         chroot = x_chroot](result<core::Reply> reply) -> result<std::vector<MultiResult>> {
            if (!reply) {
                return std::move(reply).error();
            }
            const auto record = wire::decode<wire::MultiReply>(reply->body);
            if (!record) {
                return Error(errc::protocol_error,
                             std::string(wire::describe(record.assume_error())));
            }
            return to_results(record.assume_value(), operations, chroot);
        }};
}

}  // namespace leasehold::detail

namespace leasehold {

Multi::Multi() = default;
Multi::Multi(const Multi&) = default;
Multi::Multi(Multi&&) noexcept = default;
Multi& Multi::operator=(const Multi&) = default;
Multi& Multi::operator=(Multi&&) noexcept = default;
Multi::~Multi() = default;

Multi& Multi::create(std::string_view path, std::string_view data, const CreateOptions& options) {
    x_ops.push_back({.kind = detail::MultiOp::Kind::create,
                     .path = std::string(path),
                     .data = std::string(data),
                     .mode = options.mode,
                     .acl = detail::own_acl(options.acl)});
    return *this;
}

Multi& Multi::set(std::string_view path, std::string_view data, std::int32_t version) {
    x_ops.push_back({.kind = detail::MultiOp::Kind::set,
                     .path = std::string(path),
                     .data = std::string(data),
                     .version = version});
    return *this;
}

Multi& Multi::remove(std::string_view path, std::int32_t version) {
    x_ops.push_back(
        {.kind = detail::MultiOp::Kind::remove, .path = std::string(path), .version = version});
    return *this;
}

Multi& Multi::check(std::string_view path, std::int32_t version) {
    x_ops.push_back(
        {.kind = detail::MultiOp::Kind::check, .path = std::string(path), .version = version});
    return *this;
}

std::size_t Multi::size() const noexcept {
    return x_ops.size();
}

}  // namespace leasehold

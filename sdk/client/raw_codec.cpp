#include "sdk/client/raw_codec.hpp"

#include "sdk/client/lock_request.hpp"
#include "sdk/core/path.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/node.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace leasehold::detail {
namespace {

constexpr std::size_t header_bytes = 8;
constexpr milliseconds longest_ttl{(std::int64_t{1} << 40) - 1};

Error invalid(std::string_view path, std::string what) {
    return Error(errc::invalid_argument, std::move(what)).at(path);
}

Stat to_stat(const wire::Stat& stat) {
    return {.czxid = stat.czxid,
            .mzxid = stat.mzxid,
            .pzxid = stat.pzxid,
            .ctime_ms = stat.ctime,
            .mtime_ms = stat.mtime,
            .version = stat.version,
            .cversion = stat.cversion,
            .aversion = stat.aversion,
            .ephemeral_owner = stat.ephemeral_owner,
            .data_length = stat.data_length,
            .num_children = stat.num_children};
}

bool is_sequential(CreateMode mode) {
    return mode == CreateMode::persistent_sequential || mode == CreateMode::ephemeral_sequential ||
           mode == CreateMode::ttl_sequential;
}

bool is_known(CreateMode mode) {
    return mode >= CreateMode::persistent && mode <= CreateMode::ttl_sequential;
}

bool has_ttl(CreateMode mode) {
    return mode == CreateMode::ttl || mode == CreateMode::ttl_sequential;
}

/// The same names in the same order as on the wire.
wire::CreateMode to_wire(CreateMode mode) {
    return static_cast<wire::CreateMode>(mode);
}

result<void> check_create(std::string_view path, CreateMode mode) {
    if (!is_known(mode)) {
        return invalid(path, "not a mode that a node can be created with");
    }
    return is_sequential(mode) ? core::check_sequential_path(path) : core::check_path(path);
}

template <class Request>
result<core::RawRequest> encode(std::string_view path, const Request& request) {
    core::RawRequest raw{.op = Request::op, .body = {}};
    wire::Writer writer(raw.body);
    wire::encode(writer, request);
    if (raw.body.size() + header_bytes > most_request_bytes) {
        return invalid(path, "the request has " + std::to_string(raw.body.size()) +
                                 " bytes, and servers take 1048575 by default");
    }
    return raw;
}

/// Reads a reply as a wire record and turns it into T; the error names the path.
template <class Record, class T, class Convert>
std::function<result<T>(result<core::Reply>)> finish_with(std::string_view path, Convert convert) {
    return [path = std::string(path), convert](result<core::Reply> reply) -> result<T> {
        if (!reply) {
            return std::move(reply).error().at(path);
        }
        auto record = wire::decode<Record>(reply->body);
        if (!record) {
            return Error(errc::protocol_error, std::string(wire::describe(record.assume_error())))
                .at(path);
        }
        return convert(std::move(record).assume_value());
    };
}

std::function<result<void>(result<core::Reply>)> finish_empty(std::string_view path) {
    return [path = std::string(path)](result<core::Reply> reply) -> result<void> {
        if (!reply) {
            return std::move(reply).error().at(path);
        }
        return success();
    };
}

template <class Reply>
auto finish_create(std::string_view path, const std::string& chroot) {
    return finish_with<Reply, std::string>(path, [chroot](Reply reply) -> result<std::string> {
        return core::without_chroot(chroot, reply.path);
    });
}

void leave_watch(core::RawRequest& request, bool watch, core::WatchKind kind, std::string path) {
    if (watch) {
        request.watch.emplace(kind, std::move(path));
    }
}

}  // namespace

result<RawCall<std::string>> RawCodec::create(std::string_view path, std::string_view data,
                                              const CreateOptions& options) const {
    BOOST_OUTCOME_TRYV(check_create(path, options.mode));
    BOOST_OUTCOME_TRY(auto own, own_acl(options.acl));
    const auto& acl = own.empty() ? x_default_acl.entries() : own;
    const std::string full = core::with_chroot(x_chroot, path);
    if (has_ttl(options.mode)) {
        if (options.ttl < milliseconds{1} || options.ttl > longest_ttl) {
            return invalid(path, "CreateOptions::ttl must be 1 ms to 2^40-1 ms with a ttl mode");
        }
        BOOST_OUTCOME_TRY(
            auto request,
            encode(path, wire::CreateTtlRequest{full, std::string(data), acl, to_wire(options.mode),
                                                options.ttl.count()}));
        return RawCall<std::string>{std::move(request),
                                    finish_create<wire::Create2Reply>(path, x_chroot)};
    }
    if (options.mode == CreateMode::container) {
        BOOST_OUTCOME_TRY(auto request,
                          encode(path, wire::CreateContainerRequest{full, std::string(data), acl,
                                                                    to_wire(options.mode)}));
        return RawCall<std::string>{std::move(request),
                                    finish_create<wire::Create2Reply>(path, x_chroot)};
    }
    BOOST_OUTCOME_TRY(auto request, encode(path, wire::CreateRequest{full, std::string(data), acl,
                                                                     to_wire(options.mode)}));
    return RawCall<std::string>{std::move(request),
                                finish_create<wire::CreateReply>(path, x_chroot)};
}

result<RawCall<NodeData>> RawCodec::get(std::string_view path, bool watch) const {
    BOOST_OUTCOME_TRYV(core::check_path(path));
    const std::string full = core::with_chroot(x_chroot, path);
    BOOST_OUTCOME_TRY(auto request, encode(path, wire::GetDataRequest{full, watch}));
    leave_watch(request, watch, core::WatchKind::data, full);
    return RawCall<NodeData>{
        std::move(request),
        finish_with<wire::GetDataReply, NodeData>(
            path, [](wire::GetDataReply reply) -> result<NodeData> {
                return NodeData{std::move(reply.data).value_or(""), to_stat(reply.stat)};
            })};
}

result<RawCall<Stat>> RawCodec::set(std::string_view path, std::string_view data,
                                    std::int32_t version) const {
    BOOST_OUTCOME_TRYV(core::check_path(path));
    BOOST_OUTCOME_TRY(auto request,
                      encode(path, wire::SetDataRequest{core::with_chroot(x_chroot, path),
                                                        std::string(data), version}));
    return RawCall<Stat>{std::move(request),
                         finish_with<wire::SetDataReply, Stat>(
                             path, [](const wire::SetDataReply& reply) -> result<Stat> {
                                 return to_stat(reply.stat);
                             })};
}

result<RawCall<std::optional<Stat>>> RawCodec::exists(std::string_view path, bool watch) const {
    BOOST_OUTCOME_TRYV(core::check_path(path));
    const std::string full = core::with_chroot(x_chroot, path);
    BOOST_OUTCOME_TRY(auto request, encode(path, wire::ExistsRequest{full, watch}));
    leave_watch(request, watch, core::WatchKind::exist, full);
    auto finish = finish_with<wire::ExistsReply, std::optional<Stat>>(
        path, [](const wire::ExistsReply& reply) -> result<std::optional<Stat>> {
            return std::optional(to_stat(reply.stat));
        });
    return RawCall<std::optional<Stat>>{
        std::move(request),
        [finish = std::move(finish)](result<core::Reply> reply) -> result<std::optional<Stat>> {
            if (!reply && reply.error() == zk_errc::no_node) {
                return std::optional<Stat>();
            }
            return finish(std::move(reply));
        }};
}

result<RawCall<Children>> RawCodec::children(std::string_view path, bool watch) const {
    BOOST_OUTCOME_TRYV(core::check_path(path));
    const std::string full = core::with_chroot(x_chroot, path);
    BOOST_OUTCOME_TRY(auto request, encode(path, wire::GetChildren2Request{full, watch}));
    leave_watch(request, watch, core::WatchKind::child, full);
    return RawCall<Children>{
        std::move(request), finish_with<wire::GetChildren2Reply, Children>(
                                path, [](wire::GetChildren2Reply reply) -> result<Children> {
                                    return Children{std::move(reply.children), to_stat(reply.stat)};
                                })};
}

result<RawCall<void>> RawCodec::remove(std::string_view path, std::int32_t version) const {
    BOOST_OUTCOME_TRYV(core::check_path(path));
    if (path == "/") {
        return invalid(path, "the root cannot be removed");
    }
    BOOST_OUTCOME_TRY(auto request, encode(path, wire::RemoveRequest{
                                                     core::with_chroot(x_chroot, path), version}));
    return RawCall<void>{std::move(request), finish_empty(path)};
}

result<RawCall<void>> RawCodec::sync(std::string_view path) const {
    BOOST_OUTCOME_TRYV(core::check_path(path));
    BOOST_OUTCOME_TRY(auto request,
                      encode(path, wire::SyncRequest{core::with_chroot(x_chroot, path)}));
    return RawCall<void>{std::move(request), finish_empty(path)};
}

}  // namespace leasehold::detail

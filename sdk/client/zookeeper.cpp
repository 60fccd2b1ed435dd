#include <leasehold/zookeeper.hpp>

#include "sdk/client/client_impl.hpp"
#include "sdk/client/operation.hpp"
#include "sdk/client/raw_codec.hpp"

#include <algorithm>
#include <utility>

namespace leasehold {

using detail::ClientImpl;
using detail::Operation;
using detail::RawCall;
using detail::RawCodec;
using detail::Sink;
using detail::Turn;
using detail::WatchState;

namespace {

using Impl = std::shared_ptr<ClientImpl>;

std::function<void(core::OperationId)> cancel_request(const Impl& impl) {
    return [weak = std::weak_ptr(impl)](core::OperationId id) {
        if (const auto live = weak.lock()) {
            live->cancel_request(id);
        }
    };
}

core::RawRequest with_limit(core::RawRequest request, milliseconds timeout) {
    request.timeout = core::saturate(timeout);
    return request;
}

/// A request whose reply is its own result. `make_call` is given the client's codec.
template <class T, class MakeCall>
Operation<T> request(const Impl& impl, milliseconds timeout, MakeCall make_call) {
    if (!impl) {
        return {};
    }
    result<RawCall<T>> made = make_call(RawCodec(impl->chroot(), impl->default_acl()));
    if (!made) {
        return detail::failed_operation<T>(std::move(made).error());
    }
    return {[impl, timeout, call = *std::move(made)](core::OperationId id, Sink<T> sink) {
                impl->begin_request(id, with_limit(call.request, timeout),
                                    [finish = call.finish, sink = std::move(sink)](
                                        Turn&, result<core::Reply> reply) mutable {
                                        sink(finish(std::move(reply)));
                                    });
            },
            cancel_request(impl)};
}

/// The same for a read that leaves a watch.
template <class T, class MakeCall>
Operation<Watched<T>> watched(const Impl& impl, milliseconds timeout, MakeCall make_call) {
    if (!impl) {
        return {};
    }
    result<RawCall<T>> made = make_call(RawCodec(impl->chroot(), impl->default_acl()));
    if (!made) {
        return detail::failed_operation<Watched<T>>(std::move(made).error());
    }
    auto begin = [impl, timeout, call = *std::move(made)](core::OperationId id,
                                                          Sink<Watched<T>> sink) {
        impl->begin_watched_request(
            id, with_limit(call.request, timeout),
            [finish = call.finish, sink = std::move(sink)](
                result<core::Reply> reply, std::shared_ptr<WatchState> state) mutable {
                // Made first: if there is no value, the handle takes the watch away again.
                Watch watch = WatchState::make_handle(std::move(state));
                if (result<T> value = finish(std::move(reply))) {
                    sink(Watched<T>{*std::move(value), std::move(watch)});
                } else {
                    sink(std::move(value).error());
                }
            });
    };
    return {std::move(begin), cancel_request(impl)};
}

// ---- the calls, each written once for both of its forms ----

Operation<std::string> create_node(const Impl& impl, milliseconds timeout, std::string_view path,
                                   std::string_view data, const CreateOptions& options) {
    return request<std::string>(
        impl, timeout, [&](const RawCodec& codec) { return codec.create(path, data, options); });
}

Operation<NodeData> get_node(const Impl& impl, milliseconds timeout, std::string_view path) {
    return request<NodeData>(impl, timeout,
                             [&](const RawCodec& codec) { return codec.get(path, false); });
}

Operation<Stat> set_node(const Impl& impl, milliseconds timeout, std::string_view path,
                         std::string_view data, std::int32_t version) {
    return request<Stat>(impl, timeout,
                         [&](const RawCodec& codec) { return codec.set(path, data, version); });
}

Operation<std::optional<Stat>> stat_node(const Impl& impl, milliseconds timeout,
                                         std::string_view path) {
    return request<std::optional<Stat>>(
        impl, timeout, [&](const RawCodec& codec) { return codec.exists(path, false); });
}

Operation<Children> list_node(const Impl& impl, milliseconds timeout, std::string_view path) {
    return request<Children>(impl, timeout,
                             [&](const RawCodec& codec) { return codec.children(path, false); });
}

Operation<void> remove_node(const Impl& impl, milliseconds timeout, std::string_view path,
                            std::int32_t version) {
    return request<void>(impl, timeout,
                         [&](const RawCodec& codec) { return codec.remove(path, version); });
}

Operation<std::vector<MultiResult>> change_together(const Impl& impl, milliseconds timeout,
                                                    const std::vector<detail::MultiOp>& parts) {
    return request<std::vector<MultiResult>>(
        impl, timeout, [&](const RawCodec& codec) { return codec.multi(parts); });
}

Operation<void> sync_path(const Impl& impl, milliseconds timeout, std::string_view path) {
    return request<void>(impl, timeout, [&](const RawCodec& codec) { return codec.sync(path); });
}

Operation<Watched<NodeData>> watch_data(const Impl& impl, milliseconds timeout,
                                        std::string_view path) {
    return watched<NodeData>(impl, timeout,
                             [&](const RawCodec& codec) { return codec.get(path, true); });
}

Operation<Watched<Children>> watch_children(const Impl& impl, milliseconds timeout,
                                            std::string_view path) {
    return watched<Children>(impl, timeout,
                             [&](const RawCodec& codec) { return codec.children(path, true); });
}

Operation<Watched<std::optional<Stat>>> watch_existence(const Impl& impl, milliseconds timeout,
                                                        std::string_view path) {
    return watched<std::optional<Stat>>(
        impl, timeout, [&](const RawCodec& codec) { return codec.exists(path, true); });
}

}  // namespace

std::string_view to_string(WatchEventType type) noexcept {
    switch (type) {
        case WatchEventType::created: return "created";
        case WatchEventType::deleted: return "deleted";
        case WatchEventType::data_changed: return "data_changed";
        case WatchEventType::children_changed: return "children_changed";
    }
    return "unknown";
}

ZooKeeper::ZooKeeper(Impl impl, milliseconds timeout) noexcept
    : x_impl(std::move(impl)), x_timeout(timeout) {}

ZooKeeper ZooKeeper::with_timeout(milliseconds timeout) const {
    return {x_impl, std::max(timeout, milliseconds{1})};
}

// ---- blocking ----

result<std::string> ZooKeeper::create(std::string_view path, std::string_view data,
                                      const CreateOptions& options) const {
    return detail::wait_for(x_impl, create_node(x_impl, x_timeout, path, data, options));
}
result<NodeData> ZooKeeper::get(std::string_view path) const {
    return detail::wait_for(x_impl, get_node(x_impl, x_timeout, path));
}
result<Stat> ZooKeeper::set(std::string_view path, std::string_view data,
                            std::int32_t version) const {
    return detail::wait_for(x_impl, set_node(x_impl, x_timeout, path, data, version));
}
result<std::optional<Stat>> ZooKeeper::exists(std::string_view path) const {
    return detail::wait_for(x_impl, stat_node(x_impl, x_timeout, path));
}
result<Children> ZooKeeper::children(std::string_view path) const {
    return detail::wait_for(x_impl, list_node(x_impl, x_timeout, path));
}
result<void> ZooKeeper::remove(std::string_view path, std::int32_t version) const {
    return detail::wait_for(x_impl, remove_node(x_impl, x_timeout, path, version));
}
result<std::vector<MultiResult>> ZooKeeper::multi(const Multi& operations) const {
    return detail::wait_for(x_impl, change_together(x_impl, x_timeout, operations.x_ops));
}
result<void> ZooKeeper::sync(std::string_view path) const {
    return detail::wait_for(x_impl, sync_path(x_impl, x_timeout, path));
}
result<Watched<NodeData>> ZooKeeper::get_watched(std::string_view path) const {
    return detail::wait_for(x_impl, watch_data(x_impl, x_timeout, path));
}
result<Watched<Children>> ZooKeeper::children_watched(std::string_view path) const {
    return detail::wait_for(x_impl, watch_children(x_impl, x_timeout, path));
}
result<Watched<std::optional<Stat>>> ZooKeeper::exists_watched(std::string_view path) const {
    return detail::wait_for(x_impl, watch_existence(x_impl, x_timeout, path));
}

// ---- with a completion token ----

detail::Start<std::string> ZooKeeper::prepare_create(std::string_view path, std::string_view data,
                                                     const CreateOptions& options) const {
    return detail::asynchronous(x_impl, create_node(x_impl, x_timeout, path, data, options));
}
detail::Start<NodeData> ZooKeeper::prepare_get(std::string_view path) const {
    return detail::asynchronous(x_impl, get_node(x_impl, x_timeout, path));
}
detail::Start<Stat> ZooKeeper::prepare_set(std::string_view path, std::string_view data,
                                           std::int32_t version) const {
    return detail::asynchronous(x_impl, set_node(x_impl, x_timeout, path, data, version));
}
detail::Start<std::optional<Stat>> ZooKeeper::prepare_exists(std::string_view path) const {
    return detail::asynchronous(x_impl, stat_node(x_impl, x_timeout, path));
}
detail::Start<Children> ZooKeeper::prepare_children(std::string_view path) const {
    return detail::asynchronous(x_impl, list_node(x_impl, x_timeout, path));
}
detail::Start<void> ZooKeeper::prepare_remove(std::string_view path, std::int32_t version) const {
    return detail::asynchronous(x_impl, remove_node(x_impl, x_timeout, path, version));
}
detail::Start<std::vector<MultiResult>> ZooKeeper::prepare_multi(const Multi& operations) const {
    return detail::asynchronous(x_impl, change_together(x_impl, x_timeout, operations.x_ops));
}
detail::Start<void> ZooKeeper::prepare_sync(std::string_view path) const {
    return detail::asynchronous(x_impl, sync_path(x_impl, x_timeout, path));
}
detail::Start<Watched<NodeData>> ZooKeeper::prepare_get_watched(std::string_view path) const {
    return detail::asynchronous(x_impl, watch_data(x_impl, x_timeout, path));
}
detail::Start<Watched<Children>> ZooKeeper::prepare_children_watched(std::string_view path) const {
    return detail::asynchronous(x_impl, watch_children(x_impl, x_timeout, path));
}
detail::Start<Watched<std::optional<Stat>>> ZooKeeper::prepare_exists_watched(
    std::string_view path) const {
    return detail::asynchronous(x_impl, watch_existence(x_impl, x_timeout, path));
}

}  // namespace leasehold

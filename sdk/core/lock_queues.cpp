#include "sdk/core/lock_queues.hpp"

#include <utility>

namespace leasehold::core {

namespace {

/// Operations are numbered from 1; the others of a path have the number of theirs.
constexpr OperationId exclusive_lane = 0;

/// Who shares, takes several paths at once, or upgrades has nodes that are nobody else's.
OperationId lane_of(const AcquireSpec& spec, OperationId id) {
    const bool is_joined =
        spec.recipe.kind == LockKind::exclusive && spec.more_paths.empty() && spec.upgrades == 0;
    return is_joined ? exclusive_lane : id;
}

}  // namespace

void LockQueues::on_node_deleted(Instant now, const std::string& path, std::string_view name) {
    for_each_on(path, [&](LockQueue& queue) { queue.on_node_deleted(now, path, name); });
}

void LockQueues::on_node_missing(Instant now, const std::string& path, std::string_view name) {
    for_each_on(path, [&](LockQueue& queue) { queue.on_node_missing(now, path, name); });
}

void LockQueues::on_node_changed(Instant now, const std::string& path, std::string_view name) {
    for_each_on(path, [&](LockQueue& queue) { queue.on_node_changed(now, path, name); });
}

void LockQueues::on_watch_spent(Instant now, const std::string& path, std::string_view name) {
    for_each_on(path, [&](LockQueue& queue) { queue.on_watch_spent(now, path, name); });
}

void LockQueues::on_listed(Instant now, const std::string& path,
                           std::span<const std::string_view> children) {
    const auto lanes = x_queues.find(std::string_view(path));
    if (lanes != x_queues.end() && lanes->second.size() > 1) {
        for_each_on(path, [&](LockQueue& queue) { queue.on_listed(now, path, children); });
    }
}

std::shared_ptr<LockQueue> LockQueues::find(OperationId id) const {
    const auto place = x_places.find(id);
    return place == x_places.end() ? nullptr : place->second.lock();
}

void LockQueues::join(Instant now, OperationId id, std::shared_ptr<const AcquireSpec> spec) {
    const auto queue = find_or_make(spec, lane_of(*spec, id));
    x_places.emplace(id, queue);
    queue->join(now, id, std::move(spec));
    forget_if_idle(*queue);
}

/// It stands under each of its paths, where it hears of their nodes.
std::shared_ptr<LockQueue> LockQueues::find_or_make(const std::shared_ptr<const AcquireSpec>& spec,
                                                    OperationId lane) {
    std::shared_ptr<LockQueue>& place = x_queues[SharedPath(spec, &spec->path)][lane];
    if (place) {
        return place;
    }
    auto queue = std::make_shared<LockQueue>(x_context, spec, lane);
    place = queue;  // now: what is added next may move it
    for (const std::string& path : spec->more_paths) {
        x_queues[SharedPath(spec, &path)][lane] = queue;
    }
    return queue;
}

void LockQueues::forget_if_idle(LockQueue& queue) {
    if (!queue.is_idle()) {
        return;
    }
    queue.for_each_path([&](const SharedPath& path) {
        const auto lanes = x_queues.find(path);
        if (lanes != x_queues.end()) {
            lanes->second.erase(queue.lane());
            if (lanes->second.empty()) {
                x_queues.erase(lanes);
            }
        }
    });
}

LockQueues::Queues LockQueues::all() const {
    Queues all;
    for (const auto& [path, lanes] : x_queues) {
        for (const auto& [lane, queue] : lanes) {
            if (queue->path() == *path) {  // once, however many paths it has
                all.push_back(queue);
            }
        }
    }
    return all;
}

LockQueues::Queues LockQueues::all_on(const std::string& path) const {
    Queues all;
    if (const auto found = x_queues.find(std::string_view(path)); found != x_queues.end()) {
        for (const auto& [lane, queue] : found->second) {
            all.push_back(queue);
        }
    }
    return all;
}

std::size_t LockQueues::waiting() const {
    std::size_t count = 0;
    for (const auto& queue : all()) {
        count += queue->waiting();
    }
    return count;
}

}  // namespace leasehold::core

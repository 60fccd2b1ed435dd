// The queues of all lock paths: which one an acquisition waits in, or a lease belongs to, and which
// ones hear of a node.
#pragma once

#include "sdk/core/engine.hpp"
#include "sdk/core/lock_queue.hpp"

#include <boost/container/flat_map.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::core {

/// A queue is made when it is first needed, and forgotten when it is idle.
class LockQueues final : public Lanes {
public:
    explicit LockQueues(LockContext& context) : x_context(context) {}

    // ---- Lanes ----

    void on_node_deleted(Instant now, const std::string& path, std::string_view name) override;
    void on_node_missing(Instant now, const std::string& path, std::string_view name) override;
    void on_node_changed(Instant now, const std::string& path, std::string_view name) override;
    void on_watch_spent(Instant now, const std::string& path, std::string_view name) override;
    void on_listed(Instant now, const std::string& path,
                   std::span<const std::string_view> children) override;

    // ---- acquisitions and leases ----

    /// Of an acquisition that waits, or a lease whose node is not free yet; or nothing.
    [[nodiscard]] std::shared_ptr<LockQueue> find(OperationId id) const;
    /// Begins an acquisition: in the lane of all who want the path for themselves, or in its own.
    void join(Instant now, OperationId id, std::shared_ptr<const AcquireSpec> spec);
    /// It has been answered without a grant, or its node is free.
    void forget(OperationId id) { x_places.erase(id); }
    /// Acquisitions that wait, and leases whose nodes are not free.
    [[nodiscard]] std::size_t places() const { return x_places.size(); }

    // ---- queues ----

    void forget_if_idle(LockQueue& queue);
    /// Does something with the queue of an acquisition or lease, if there is one.
    template <class Use>
    void use(OperationId id, Use use) {
        if (const auto queue = find(id)) {
            use(*queue);
            forget_if_idle(*queue);
        }
    }
    /// With all queues; with those that stand on one path.
    template <class Use>
    void for_each(Use use) {
        for_all(all(), use);
    }
    template <class Use>
    void for_each_on(const std::string& path, Use use) {
        for_all(all_on(path), use);
    }

    [[nodiscard]] bool empty() const { return x_queues.empty(); }
    void clear() { x_queues.clear(); }
    /// Acquisitions that wait.
    [[nodiscard]] std::size_t waiting() const;

private:
    using Queues = std::vector<std::shared_ptr<LockQueue>>;
    /// Of one path.
    using LanesByNumber =
        boost::container::small_flat_map<OperationId, std::shared_ptr<LockQueue>, 1>;

    /// Those there are at the beginning: a call may end some and start others.
    template <class Use>
    void for_all(const Queues& queues, Use use) {
        for (const auto& queue : queues) {
            use(*queue);
            forget_if_idle(*queue);
        }
    }
    [[nodiscard]] Queues all() const;
    [[nodiscard]] Queues all_on(const std::string& path) const;
    [[nodiscard]] std::shared_ptr<LockQueue> find_or_make(
        const std::shared_ptr<const AcquireSpec>& spec, OperationId lane);

    LockContext& x_context;
    /// By what the path is, wherever it is kept.
    struct HashOfPath {
        using is_transparent = void;
        using is_avalanching = void;
        std::size_t operator()(std::string_view path) const noexcept {
            return std::hash<std::string_view>{}(path);
        }
        std::size_t operator()(const SharedPath& path) const noexcept { return (*this)(*path); }
    };
    struct SamePath {
        using is_transparent = void;
        bool operator()(const SharedPath& one, const SharedPath& other) const noexcept {
            return *one == *other;
        }
        bool operator()(std::string_view one, const SharedPath& other) const noexcept {
            return one == *other;
        }
        bool operator()(const SharedPath& one, std::string_view other) const noexcept {
            return *one == other;
        }
    };

    boost::unordered_flat_map<SharedPath, LanesByNumber, HashOfPath, SamePath> x_queues;
    boost::unordered_flat_map<OperationId, std::weak_ptr<LockQueue>> x_places;
};

}  // namespace leasehold::core

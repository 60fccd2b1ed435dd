// What a Watch handle and the I/O thread share: the event, once it has come, and who waits for it.
#pragma once

#include <leasehold/error.hpp>
#include <leasehold/zookeeper.hpp>

#include "sdk/client/wait_list.hpp"
#include "sdk/core/effect.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace leasehold::detail {

class ClientImpl;

struct WatchState {
    WatchState(std::shared_ptr<ClientImpl> owner, core::OperationId watch)
        : impl(std::move(owner)), id(watch) {}

    /// The handle that the user gets; an empty one for no state.
    [[nodiscard]] static Watch make_handle(std::shared_ptr<WatchState> state) noexcept {
        return Watch(std::move(state));
    }

    const std::shared_ptr<ClientImpl> impl;
    const core::OperationId id;

    WaitList<WatchEvent> waiting;  // of the I/O thread

    /// What the watch fired or ended with. Any thread.
    [[nodiscard]] std::optional<result<WatchEvent>> event() const {
        const std::lock_guard lock(x_mutex);
        return x_event;
    }
    /// On the I/O thread. The first one counts.
    void on_event(result<WatchEvent> what) {
        {
            const std::lock_guard lock(x_mutex);
            if (!x_event) {
                x_event.emplace(std::move(what));
            }
        }
        waiting.complete_all(*x_event);
    }
    /// On the I/O thread.
    void wait(core::OperationId waiter, Sink<WatchEvent> sink) {
        x_event ? sink(*x_event) : waiting.add(waiter, std::move(sink));
    }

private:
    mutable std::mutex x_mutex;  // for those who look from outside; only the I/O thread writes
    std::optional<result<WatchEvent>> x_event;
};

}  // namespace leasehold::detail

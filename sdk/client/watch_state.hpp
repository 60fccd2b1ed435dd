// What a Watch handle and the I/O thread share: the event, once it has come, and who waits for it.
#pragma once

#include <leasehold/error.hpp>
#include <leasehold/zookeeper.hpp>

#include "sdk/client/wait_list.hpp"
#include "sdk/core/effect.hpp"

#include <memory>
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

    // of the I/O thread
    std::optional<result<WatchEvent>> event;
    WaitList<WatchEvent> waiting;

    /// The first one counts.
    void on_event(result<WatchEvent> what) {
        if (!event) {
            event.emplace(std::move(what));
        }
        waiting.complete_all(*event);
    }
    void wait(core::OperationId waiter, Sink<WatchEvent> sink) {
        event ? sink(*event) : waiting.add(waiter, std::move(sink));
    }
};

}  // namespace leasehold::detail

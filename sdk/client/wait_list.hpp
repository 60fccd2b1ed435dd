// Those who wait for one and the same thing to happen once.
#pragma once

#include "sdk/client/sink.hpp"
#include "sdk/core/effect.hpp"

#include <boost/asio/recycling_allocator.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace leasehold::detail {

/// Thread safety: none; used on the I/O thread only, which keeps the memory for the next one.
template <class T>
class WaitList {
public:
    void add(core::OperationId id, Sink<T> sink) { x_waiting.emplace_back(id, std::move(sink)); }

    /// Unknown ids are ignored: a cancellation may come late.
    void cancel(core::OperationId id) {
        const auto found = std::ranges::find(x_waiting, id, &Waiting::first);
        if (found != x_waiting.end()) {
            Sink<T> sink = std::move(found->second);
            x_waiting.erase(found);
            sink(errc::cancelled);
        }
    }

    void complete_all(const result<T>& value) {
        for (Waiting& waiting : std::exchange(x_waiting, {})) {
            waiting.second(value);
        }
    }

private:
    using Waiting = std::pair<core::OperationId, Sink<T>>;

    std::vector<Waiting, boost::asio::recycling_allocator<Waiting>> x_waiting;
};

}  // namespace leasehold::detail

// An operation that the test takes back while it is under way.
#pragma once

#include <leasehold/error.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <future>
#include <memory>
#include <utility>

namespace leasehold::integration {

/// The handler keeps what it needs: a test that has failed does not wait for it.
template <class T>
class Cancellable {
public:
    /// Of one operation.
    [[nodiscard]] auto token() const {
        return boost::asio::bind_cancellation_slot(
            x_state->signal.slot(),
            [state = x_state](result<T> answer) { state->promise.set_value(std::move(answer)); });
    }
    /// While it cannot complete by itself: a signal is not for two threads.
    void cancel() const { x_state->signal.emit(boost::asio::cancellation_type::total); }
    [[nodiscard]] result<T> answer() const { return x_state->promise.get_future().get(); }

private:
    struct State {
        boost::asio::cancellation_signal signal;
        std::promise<result<T>> promise;
    };
    std::shared_ptr<State> x_state = std::make_shared<State>();
};

}  // namespace leasehold::integration

// The embedded servers and the one thread that they live on.
#pragma once

#include <leasehold/error.hpp>

#include "sdk/embedded/front.hpp"
#include "sdk/embedded/settings.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>

namespace leasehold::embedded {

/// Thread safety: `run` may be called from any thread but the servers' own.
class Host {
public:
    /// The servers are listening when it returns. Errors: the system's own, with the address that
    /// cannot be listened on; invalid_argument for an address or ports that do not exist.
    [[nodiscard]] static result<std::unique_ptr<Host>> start(Settings settings);

    /// Ends the thread after the turn that it is in, and closes everything.
    ~Host();
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    /// Calls `function(Front&)` between two turns, and returns what it returned.
    template <class Function>
    auto run(Function&& function) {
        using Value = std::invoke_result_t<Function, Front&>;
        std::packaged_task<Value()> task([&] { return function(x_front); });
        auto done = task.get_future();
        // The frame outlives the task: it is waited for.
        boost::asio::post(x_io, [&task] { task(); });
        return done.get();
    }

private:
    explicit Host(Settings settings);

    boost::asio::io_context x_io;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> x_work;
    Front x_front;
    std::thread x_thread;
};

}  // namespace leasehold::embedded

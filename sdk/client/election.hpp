// Who leads at a path: for those who are elected, and for those who look on.
#pragma once

#include <leasehold/contender_info.hpp>
#include <leasehold/leadership.hpp>

#include "sdk/client/client_impl.hpp"
#include "sdk/client/operation.hpp"
#include "sdk/core/contender_name.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace leasehold::detail {

class Election {
public:
    [[nodiscard]] static Leadership make_leadership(ScopedLock lock) noexcept {
        return Leadership(std::move(lock));
    }
    /// What it was made of.
    [[nodiscard]] static ScopedLock lock_of(Leadership leadership) noexcept {
        return std::move(leadership.x_lock);
    }
};

using LeaderInfo = std::optional<ContenderInfo>;

/// Finds the first in the queue, and what to watch for the next one. Its reads go on where a call
/// of `next` was cancelled; nothing is read while nobody waits.
///
/// Its functions run on the I/O thread, or only post to it.
class LeaderFollower : public std::enable_shared_from_this<LeaderFollower> {
public:
    /// `watches`: stays armed between two answers, and reads again over what a new connection or
    /// session mends; else one answer is all.
    LeaderFollower(std::shared_ptr<ClientImpl> impl, std::string path, std::string full_path,
                   bool watches);

    [[nodiscard]] static result<LeaderObserver> make_observer(
        const std::shared_ptr<ClientImpl>& impl, std::string_view path);

    void begin_next(core::OperationId id, Sink<LeaderInfo> sink);
    void cancel_next(core::OperationId id);
    /// The observer is gone.
    void stop();
    /// What its destructor does, while others may still be inside a call of it.
    static void stop(const LeaderObserver& observer);

    [[nodiscard]] const std::shared_ptr<ClientImpl>& impl() const noexcept { return x_impl; }

private:
    /// An armed watch; the handle takes it off the server.
    struct Armed {
        std::shared_ptr<WatchState> state;
        Watch handle;
    };

    void go_on();
    void look();
    void look_again();
    void read_head(const ContenderInfo& head);
    void read_no_candidates();
    void read_no_path();
    void on_seen(LeaderInfo leader, std::optional<Armed> watch);
    void await_event();
    void on_event(const result<WatchEvent>& event);
    void on_failure(const Error& error);
    void answer(result<LeaderInfo> answer);
    template <class Request, class Use>
    void read(core::WatchKind kind, Request request, bool watches, Use use);

    const std::shared_ptr<ClientImpl> x_impl;
    const std::string x_path;
    const std::string x_full_path;
    const bool x_watches;

    // of the I/O thread
    core::OperationId x_caller = 0;
    Sink<LeaderInfo> x_sink;  ///< empty while nobody waits
    std::optional<LeaderInfo> x_told;
    std::optional<LeaderInfo> x_seen;  ///< what the watch was armed behind
    std::optional<Armed> x_watch;
    bool x_is_busy = false;  ///< a read or an event is awaited
    int x_rounds = 0;        ///< of reads that others overtook
};

/// One answer.
[[nodiscard]] Operation<LeaderInfo> leader_operation(const std::shared_ptr<ClientImpl>& impl,
                                                     std::string_view path);

}  // namespace leasehold::detail

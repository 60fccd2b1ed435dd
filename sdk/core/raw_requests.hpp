// The raw client's requests: queued until the session is attached, answered exactly once, and never
// one that the server does not know.
#pragma once

#include "sdk/core/effect.hpp"
#include "sdk/core/engine.hpp"
#include "sdk/core/session.hpp"
#include "sdk/core/timers.hpp"
#include "sdk/core/watches.hpp"
#include "sdk/wire/watch.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace leasehold::core {

class RawRequests {
public:
    RawRequests(Session& session, WatchRegistry& watches, Timers& timers,
                std::vector<Effect>& effects);

    void submit(Instant now, OperationId id, RawRequest request);
    /// Answers the request with `code`; one that was not written yet is not written any more.
    void give_up(OperationId id, std::error_code code, std::string what);
    void on_attached(Instant now);
    /// The server takes requests and sends events on different threads: the event of a watch may
    /// come before the reply that says that it is armed. True if there is such a request.
    bool on_watch_event(const wire::WatcherEvent& event);
    void refuse_all(std::error_code code, const std::string& what);

    [[nodiscard]] std::size_t size() const { return x_requests.size(); }

private:
    using WatchTarget = std::optional<std::pair<WatchKind, std::string>>;

    void write(Instant now, OperationId id);
    void on_answer(Instant now, OperationId id, const WatchTarget& target,
                   const Response& response);
    void disarm(Instant now, OperationId id);
    void answer(OperationId id, result<Reply> reply);

    Session& x_session;
    WatchRegistry& x_watches;
    Timers& x_timers;
    std::vector<Effect>& x_effects;
    struct Pending {
        RawRequest request;
        std::optional<wire::WatcherEvent> early;  ///< the event of its watch, which it came before
    };
    std::map<OperationId, Pending> x_requests;
    std::deque<OperationId> x_unwritten;
};

}  // namespace leasehold::core

// The raw client's requests: queued until the session is attached, answered exactly once, and never
// one that the server does not know.
#pragma once

#include "sdk/core/effect.hpp"
#include "sdk/core/engine.hpp"
#include "sdk/core/session.hpp"
#include "sdk/core/timers.hpp"
#include "sdk/core/watches.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <system_error>
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
    void refuse_all(std::error_code code, const std::string& what);

    [[nodiscard]] std::size_t size() const { return x_requests.size(); }

private:
    void write(Instant now, OperationId id);
    void on_answer(OperationId id, const Response& response);
    void answer(OperationId id, result<Reply> reply);

    Session& x_session;
    WatchRegistry& x_watches;
    Timers& x_timers;
    std::vector<Effect>& x_effects;
    std::map<OperationId, RawRequest> x_requests;
    std::deque<OperationId> x_unwritten;
};

}  // namespace leasehold::core

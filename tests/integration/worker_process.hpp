// The test's end of a lock_worker: commands as functions, reports as values.
#pragma once

#include "tests/integration/fixture.hpp"
#include "tests/support/child_process.hpp"

#include <cstdint>
#include <string>

namespace leasehold::integration {

/// A holder in another process. Times are of the boot clock, which is the same in all of them.
struct RemoteGrant {
    std::int64_t token = 0;
    Instant granted;   ///< read after the grant
    Instant deadline;  ///< as it stood then
    std::string node;
};

/// One contender that took the lock, worked, and released it.
struct Service {
    std::string id;
    std::int64_t token = 0;
    Instant from;  ///< read after the grant
    Instant to;    ///< read before the release
};

class WorkerProcess {
public:
    /// Connected when the constructor returns.
    WorkerProcess(const std::string& hosts, milliseconds session_timeout, bool is_standalone);
    /// Lets it close its session, if it still lives.
    ~WorkerProcess();
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;

    /// Returns once the request waits in the queue or is answered.
    void lock(const std::string& id, const std::string& path, milliseconds wait,
              milliseconds budget, Naming naming = Naming::curator);
    void lock_shared(const std::string& id, const std::string& path, milliseconds wait,
                     milliseconds budget);
    void lock_upgradable(const std::string& id, const std::string& path, milliseconds wait,
                         milliseconds budget);
    /// Returns at once; `upgraded` has the answer, the token.
    void upgrade(const std::string& id, milliseconds wait);
    [[nodiscard]] std::int64_t upgraded(const std::string& id);
    void lock_with_delay(const std::string& id, const std::string& path, milliseconds wait,
                         milliseconds budget, milliseconds lock_delay);
    void serve(const std::string& id, const std::string& path, milliseconds wait,
               milliseconds budget, milliseconds work);
    /// The same with one of so many permits.
    void serve_permit(const std::string& id, const std::string& path, int permits,
                      milliseconds wait, milliseconds budget, milliseconds work);
    /// For as long as it takes; its id is its payload.
    void elect(const std::string& id, const std::string& path);
    /// Of a leadership, as it stands now.
    [[nodiscard]] Instant deadline(const std::string& id);
    [[nodiscard]] RemoteGrant granted(const std::string& id,
                                      milliseconds limit = std::chrono::seconds{20});
    [[nodiscard]] Service next_service(milliseconds limit = std::chrono::seconds{30});
    void release(const std::string& id);

    [[nodiscard]] ChildProcess& process() { return x_process; }

private:
    void ask(const std::string& id, const std::string& path, milliseconds wait, milliseconds budget,
             const std::string& more, const char* verb = "lock");

    ChildProcess x_process;
};

/// A time as the worker prints it.
[[nodiscard]] Instant instant_of(std::int64_t nanoseconds);

}  // namespace leasehold::integration

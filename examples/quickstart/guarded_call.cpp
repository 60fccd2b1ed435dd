// Calls a gateway that hangs, under a lock: the call ends at its deadline, and a write that comes
// after the lock is refused.
#include <leasehold/leasehold.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <stop_token>
#include <string>

using namespace std::chrono_literals;

//! [fence]
/// What a resource does with a fencing token: it refuses one that is older than the newest it saw.
class OrderTable {
public:
    bool update(std::int64_t token, std::string state) {
        if (token < x_newest_token) {
            return false;  // the writer lost its lock, and somebody else has written since
        }
        x_newest_token = token;
        x_state = std::move(state);
        return true;
    }

private:
    std::int64_t x_newest_token = 1;  // a share of a lock has no token, and says 0: refused
    std::string x_state;
};
//! [fence]

/// A gateway that never answers. Like any call that may hang, it takes a deadline and a stop token.
leasehold::result<std::string> charge(leasehold::Instant deadline, std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any answered;
    std::unique_lock lock(mutex);
    answered.wait_for(lock, stop, deadline - leasehold::BootClock::now(), [] { return false; });
    return leasehold::Error(leasehold::errc::timed_out, "the gateway does not answer");
}

int main(int argument_count, char** arguments) {
    const char* const servers = argument_count > 1 ? arguments[1] : "127.0.0.1:2181";
    auto client = leasehold::Client::connect(servers).value();
    OrderTable table;

    //! [call]
    auto lock = client.lock("/orders/42", {.wait = 2s, .budget = 1s});
    if (!lock) {
        std::puts(lock.error().message().c_str());
        return 1;
    }
    auto paid = lock->call([&](const leasehold::CallContext& context) {
        return charge(context.deadline(), context.stop_token());
    });
    // paid is what charge returned; errc::budget_exceeded or errc::lock_lost if it came back late.
    const bool is_written = table.update(lock->token(), paid ? "paid" : "unpaid");
    //! [call]
    std::printf("%s; %s\n", paid ? paid->c_str() : paid.error().message().c_str(),
                is_written ? "written" : "refused");
    return 0;
}

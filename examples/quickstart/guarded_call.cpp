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
class OrderRow {
public:
    leasehold::result<void> update(std::int64_t token, std::string state) {
        // Refused: the writer has lost its lock, and somebody else has written since.
        BOOST_OUTCOME_TRYV(x_gate.admit("/orders/42", token));
        x_state = std::move(state);
        return leasehold::success();
    }

private:
    leasehold::FenceGate x_gate{"/orders/42"};
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
    OrderRow row;

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
    const auto written = row.update(lock->token(), paid ? "paid" : "unpaid");
    //! [call]
    std::printf("%s; %s\n", paid ? paid->c_str() : paid.error().message().c_str(),
                written ? "written" : written.error().message().c_str());
    return 0;
}

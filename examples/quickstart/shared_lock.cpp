// Readers hold a lock together, and a writer waits until it is alone.
#include <leasehold/leasehold.hpp>

#include <chrono>
#include <cstdio>

int main(int argument_count, char** arguments) {
    using namespace std::chrono_literals;
    const char* const servers = argument_count > 1 ? arguments[1] : "127.0.0.1:2181";
    const auto client = leasehold::Client::connect(servers).value();

    //! [shared]
    {
        const auto reading = client.lock_shared("/report", {.wait = 2s, .budget = 10s});
        const auto beside = client.lock_shared("/report", {.wait = 2s, .budget = 10s});
        if (!reading || !beside) {
            return 1;
        }
        const auto writing = client.lock("/report", {.wait = 0s});  // tries, and does not wait
        std::puts(writing ? "a writer beside readers?" : writing.error().message().c_str());
    }
    const auto writing = client.lock("/report", {.wait = 2s, .budget = 10s});
    //! [shared]
    if (!writing) {
        std::puts(writing.error().message().c_str());
        return 1;
    }
    std::printf("alone, fencing token %lld\n", static_cast<long long>(writing->token()));
    return 0;
}

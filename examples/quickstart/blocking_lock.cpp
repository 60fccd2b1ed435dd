// Takes a lock, works under it, and gives it back.
#include <leasehold/leasehold.hpp>

#include <chrono>
#include <cstdio>

int main(int argument_count, char** arguments) {
    using namespace std::chrono_literals;
    const char* const servers = argument_count > 1 ? arguments[1] : "127.0.0.1:2181";

    //! [lock]
    auto client = leasehold::Client::connect(servers).value();
    auto lock = client.lock("/orders/42", {.wait = 2s, .budget = 10s});
    if (!lock) {
        std::puts(lock.error().message().c_str());  // who holds it, our place in the queue, why
        return 1;
    }
    const std::chrono::duration<double> left = lock->remaining();
    std::printf("ours for %.1f s, fencing token %lld\n", left.count(),
                static_cast<long long>(lock->token()));
    // ~ScopedLock releases and does not block; ~Client closes the session within 1 s.
    //! [lock]
    return 0;
}

// The least that a user writes: what compiling it takes is measured, not what it does.
#include <leasehold/leasehold.hpp>

#include <cstdio>

int main() {
    using namespace std::chrono_literals;
    const auto client = leasehold::Client::connect("zk1:2181,zk2:2181/shop");
    if (!client) {
        std::puts(client.error().message().c_str());
        return 1;
    }
    const auto lock = client->lock("/orders/42", {.wait = 2s, .budget = 10s});
    if (!lock) {
        std::puts(lock.error().message().c_str());
        return 1;
    }
    std::printf("token %lld\n", static_cast<long long>(lock->token()));
}

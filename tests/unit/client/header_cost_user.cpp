// What a user of the SDK writes first; header_cost_test.py measures what it costs to compile.
#include <leasehold/leasehold.hpp>

using namespace std::chrono_literals;

int main() {
    const auto client = leasehold::Client::connect("localhost", {.session_timeout = 40s}).value();
    const auto lock = client.lock("/orders/42", {.wait = 2s, .budget = 10s});
    if (!lock) {
        return 1;
    }
    const auto paid = lock->call(
        [](const leasehold::CallContext& context) { return context.remaining() > 0s ? 1 : 0; });
    return paid ? 0 : 1;
}

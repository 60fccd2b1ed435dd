// One of many leads for as long as it likes, and everybody can see who.
#include <leasehold/leasehold.hpp>

#include <chrono>
#include <cstdio>

namespace {

/// Stands for what only one process may do at a time: it looks up now and then whether to stop.
void serve_as_leader(const leasehold::CallContext& context) {
    if (!context.stop_token().stop_requested()) {
        std::puts("at work");
    }
}

}  // namespace

int main(int argument_count, char** arguments) {
    using namespace std::chrono_literals;
    const char* const servers = argument_count > 1 ? arguments[1] : "127.0.0.1:2181";
    const auto client = leasehold::Client::connect(servers).value();
    auto observer = client.observe("/scheduler").value();

    //! [leader]
    auto lead = client.elect("/scheduler", {.payload = "10.0.0.7:8080"});
    if (!lead) {
        std::puts(lead.error().message().c_str());
        return 1;
    }
    const auto leader = observer.next(2s);  // anybody may ask, from anywhere
    if (leader && *leader) {
        std::printf("%s leads\n", (*leader)->payload.c_str());
    }
    const auto served = lead->call(serve_as_leader);
    //! [leader]
    return served && lead->resign() ? 0 : 1;
}

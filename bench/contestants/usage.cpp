#include "bench/contestants/usage.hpp"

#include <chrono>
#include <fstream>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

namespace leasehold::bench {
namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// Of all threads.
double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t pages = 0;
    statm >> pages >> pages;
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// What malloc has handed out and not got back, its own overhead included.
std::size_t allocated_bytes() {
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
}

}  // namespace

Commands usage_of(const Client& client) {
    return {{"usage", [&client](std::istream&) -> nlohmann::json {
                 const ClientStats stats = client.stats();
                 return {
                     {"cpu_seconds", cpu_seconds()},
                     {"seconds",
                      std::chrono::duration<double>(BootClock::now().time_since_epoch()).count()},
                     {"resident_bytes", resident_bytes()},
                     {"allocated_bytes", allocated_bytes()},
                     {"requests", stats.requests},
                     {"pings", stats.pings},
                     {"sessions", stats.sessions},
                     {"reconnects", stats.reconnects},
                     {"locks_held", stats.locks_held},
                     {"locks_waiting", stats.locks_waiting},
                     {"pending_requests", stats.pending_requests},
                     {"watches", stats.watches},
                     {"losses", stats.losses},
                     {"overruns", stats.overruns}};
             }}};
}

}  // namespace leasehold::bench

#include "journal.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>

namespace leasehold::chaos {

double seconds(Instant when) {
    return std::chrono::duration<double>(when.time_since_epoch()).count();
}

double wall_clock_s() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

void tell(const nlohmann::json& line) {
    static std::mutex mutex;
    // What came from a server may be no UTF-8.
    const std::string text =
        line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    const std::lock_guard lock(mutex);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

}  // namespace leasehold::chaos

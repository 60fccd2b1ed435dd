#include "journal.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <mutex>

namespace drill {
namespace {

using nlohmann::json;

double seconds(leasehold::Instant when) {
    return std::chrono::duration<double>(when.time_since_epoch()).count();
}

double seconds(leasehold::Duration span) {
    return std::chrono::duration<double>(span).count();
}

void print(const json& line) {
    static std::mutex mutex;
    // What came from a server may be no UTF-8.
    const std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    const std::lock_guard lock(mutex);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

}  // namespace

void tell(const Order& order) {
    json line{{"kind", "order"},
              {"caller", order.caller},
              {"path", order.path},
              {"is_hot", order.is_hot},
              {"is_stuck", order.is_stuck},
              {"is_cancelled", order.cancel_after.has_value()},
              {"wait_s", seconds(order.wait)},
              {"asked", seconds(order.asked)},
              {"answered", seconds(order.answered)},
              {"granted", nullptr},
              {"ended", seconds(order.ended)},
              {"outcome", order.outcome},
              {"why", order.why},
              {"wrote_unfenced", order.wrote_unfenced},
              {"wrote_fenced", order.wrote_fenced}};
    if (order.granted) {
        line["granted"] = seconds(*order.granted);
        line["valid_until"] = seconds(order.valid_until);
    }
    print(line);
}

void tell(const Figures& figures) {
    print({{"kind", "figures"},
           {"at", seconds(leasehold::BootClock::now())},
           {"sessions", figures.sessions},
           {"connects", figures.connects}});
}

void tell_state(std::string_view state) {
    print({{"kind", "state"}, {"at", seconds(leasehold::BootClock::now())}, {"state", state}});
}

}  // namespace drill

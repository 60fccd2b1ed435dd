// Tries on a lock that somebody else holds.
#include "bench/contestants/leasehold.hpp"

#include <vector>

namespace leasehold::bench {

Command try_command(const Client& client) {
    return [&client](std::istream& words) -> nlohmann::json {
        using namespace std::chrono_literals;
        const auto path = next<std::string>(words);
        const int count = next<int>(words);
        std::string how;
        const LockOptions terms{
            .wait = 0ms, .budget = 2s, .check_first = (words >> how) && how == "check_first"};
        std::vector<double> costs;
        for (int left = count; left > 0; --left) {
            const auto begin = Clock::now();
            const auto refused = client.lock(path, terms);
            costs.push_back(microseconds(Clock::now() - begin));
            if (refused || refused.error() != errc::wait_expired) {
                give_up("leasehold: a try on a busy lock was not refused for that");
            }
        }
        return {{"try", std::move(costs)}};
    };
}

}  // namespace leasehold::bench

#include "bench/contestants/commands.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <utility>

namespace leasehold::bench {

Command serial_command(std::function<Serial(const std::string&, int)> run) {
    return [run = std::move(run)](std::istream& words) -> nlohmann::json {
        const auto path = next<std::string>(words);
        Serial costs = run(path, next<int>(words));
        return {{"acquire", std::move(costs.acquire)}, {"release", std::move(costs.release)}};
    };
}

int obey(const Commands& commands) {
    std::cout << "ready" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        const auto found = commands.find(next<std::string>(words));
        if (found == commands.end()) {
            give_up("no such command: " + line);
        }
        std::cout << found->second(words).dump() << std::endl;
    }
    return 0;
}

void give_up(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(1);
}

}  // namespace leasehold::bench

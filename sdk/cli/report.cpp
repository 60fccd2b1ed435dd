#include "sdk/cli/report.hpp"

#include "sdk/cli/exit_code.hpp"

#include <cstdio>
#include <cstring>

namespace leasehold::cli {

void say(std::string_view text) {
    std::string line = "leasehold: ";
    line += text;
    line += "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
}

int report(const Error& error, std::string_view path) {
    say(error.message());
    if (const std::string advice = exit_code::advice_for(error, path); !advice.empty()) {
        say(advice);
    }
    return exit_code::of(error);
}

std::string signal_name(int number) {
    const char* const name = ::sigabbrev_np(number);
    return name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(number);
}

}  // namespace leasehold::cli

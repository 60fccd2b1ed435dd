// What every contestant written in C++ has in common: it reads commands from its standard input,
// and answers each with one line of JSON. bench/README.md has the commands.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace leasehold::bench {

using Clock = std::chrono::steady_clock;

/// Microseconds of each acquisition and of the release after it, until the server has confirmed it.
struct Serial {
    std::vector<double> acquire;
    std::vector<double> release;
};

struct Contestant {
    std::function<Serial(const std::string& path, int count)> serial;
};

[[nodiscard]] inline double microseconds(Clock::duration since) {
    return std::chrono::duration<double, std::micro>(since).count();
}

/// Says "ready", and carries out commands until the input ends.
int obey(const Contestant& contestant);

/// Ends the process: a contestant that fails has no figure.
[[noreturn]] void give_up(const std::string& why);

}  // namespace leasehold::bench

// What every contestant written in C++ has in common: it reads commands from its standard input,
// and answers each with one line of JSON. bench/README.md has the commands.
#pragma once

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <istream>
#include <map>
#include <string>
#include <vector>

namespace leasehold::bench {

using Clock = std::chrono::steady_clock;

/// Microseconds of each acquisition and of the release after it, until the server has confirmed it.
struct Serial {
    std::vector<double> acquire;
    std::vector<double> release;
};

/// Takes what it needs from the rest of its line; the answer is an object.
using Command = std::function<nlohmann::json(std::istream& words)>;
using Commands = std::map<std::string, Command>;

[[nodiscard]] inline double microseconds(Clock::duration since) {
    return std::chrono::duration<double, std::micro>(since).count();
}

/// On a clock that all processes of this machine share.
[[nodiscard]] inline double now_us() {
    return microseconds(Clock::now().time_since_epoch());
}

/// "serial PATH COUNT", carried out by `run(path, count)`.
[[nodiscard]] Command serial_command(std::function<Serial(const std::string&, int)> run);

/// Says "ready", and carries out commands until the input ends.
int obey(const Commands& commands);

/// Ends the process: a contestant that fails has no figure.
[[noreturn]] void give_up(const std::string& why);

/// The next word of a command; gives up if there is none of that type.
template <class T>
T next(std::istream& words) {
    T value{};
    if (!(words >> value)) {
        give_up("a command lacks a word");
    }
    return value;
}

}  // namespace leasehold::bench

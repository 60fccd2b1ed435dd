#include "bench/contestants/commands.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>

namespace leasehold::bench {
namespace {

void print(const char* name, const std::vector<double>& values) {
    std::printf("\"%s\": [", name);
    for (std::size_t index = 0; index < values.size(); ++index) {
        std::printf("%s%.2f", index == 0 ? "" : ", ", values[index]);
    }
    std::fputs("]", stdout);
}

void print(const Serial& serial) {
    std::fputs("{", stdout);
    print("acquire", serial.acquire);
    std::fputs(", ", stdout);
    print("release", serial.release);
    std::puts("}");
}

}  // namespace

int obey(const Contestant& contestant) {
    std::puts("ready");
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string command;
        std::string path;
        int count = 0;
        words >> command >> path >> count;
        if (command != "serial" || !words) {
            give_up("no such command: " + line);
        }
        print(contestant.serial(path, count));
        std::fflush(stdout);
    }
    return 0;
}

void give_up(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(1);
}

}  // namespace leasehold::bench

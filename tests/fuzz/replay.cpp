// Runs inputs through the targets again, without libFuzzer: so that every build, with any compiler,
// does what fuzzing once found worth keeping.
#include "tests/fuzz/target.hpp"

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace leasehold::fuzz {
namespace {

std::map<std::string, Run, std::less<>>& targets() {
    static std::map<std::string, Run, std::less<>> all;
    return all;
}

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

int replay(std::string_view name, const std::filesystem::path& folder) {
    const auto target = targets().find(name);
    if (target == targets().end()) {
        std::fprintf(stderr, "fuzz_replay: no target '%s'\n", std::string(name).c_str());
        return 64;
    }
    target->second({});
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::printf("%s\n", entry.path().filename().c_str());
        std::fflush(stdout);
        target->second(contents(entry.path()));
        ++count;
    }
    std::printf("%s: %zu inputs\n", target->first.c_str(), count);
    return count == 0 ? 1 : 0;
}

}  // namespace

Target::Target(std::string_view name, Run run) {
    targets().emplace(name, run);
}

}  // namespace leasehold::fuzz

int main(int count, char** arguments) {
    if (count != 3) {
        std::fprintf(stderr, "usage: fuzz_replay TARGET FOLDER\n");
        return 64;
    }
    try {
        return leasehold::fuzz::replay(arguments[1], arguments[2]);
    } catch (const std::exception& trouble) {
        std::fprintf(stderr, "fuzz_replay: %s\n", trouble.what());
        return 1;
    }
}

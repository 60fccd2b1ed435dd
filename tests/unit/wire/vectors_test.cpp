// Runs every row of every *.jsonl file of a folder: LEASEHOLD_VECTORS, or the repository's own.
//
// A row is {id, direction, op, hex, decoded, ...}; see tests/vectors/README.md.
#include "tests/unit/wire/vectors/compare.hpp"
#include "tests/unit/wire/vectors/row.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using leasehold::wire::vectors::judge;
using leasehold::wire::vectors::Judgement;
using leasehold::wire::vectors::show;
using leasehold::wire::vectors::Verdict;
using Json = nlohmann::json;

struct Tally {
    std::map<Verdict, std::size_t> verdicts;
    std::map<std::string, std::size_t> unknown_keys;

    std::size_t rows() const {
        std::size_t sum = 0;
        for (const auto& [verdict, count] : verdicts) {
            sum += count;
        }
        return sum;
    }
};

std::string id_of(const Json& row) {
    return row.is_object() && row.contains("id") ? show(row["id"]) : "no id";
}

// Whatever a line holds costs that line at most.
Judgement judge_line(const std::string& line, bool is_strict, std::string& id) {
    try {
        const Json row = Json::parse(line);
        id = id_of(row);
        Judgement judgement = judge(row);
        if (is_strict && judgement.verdict != Verdict::failed && !judgement.unknown_keys.empty()) {
            return {Verdict::failed, "key not understood: " + judgement.unknown_keys.front(), {}};
        }
        return judgement;
    } catch (const std::exception& error) {
        return {Verdict::failed, std::string("malformed row: ") + error.what(), {}};
    }
}

void run_file(const fs::path& path, bool is_strict, Tally& tally) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        std::printf("FAILED %s: cannot be read\n", path.filename().c_str());
        ++tally.verdicts[Verdict::failed];
        return;
    }
    std::string line;
    for (std::size_t number = 1; std::getline(file, line); ++number) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) {
            continue;
        }
        std::string id = "no id";
        const Judgement judgement = judge_line(line, is_strict, id);
        ++tally.verdicts[judgement.verdict];
        for (const std::string& key : judgement.unknown_keys) {
            ++tally.unknown_keys[key];
        }
        if (judgement.verdict == Verdict::failed) {
            std::printf("FAILED %s line %zu, %s: %s\n", path.filename().c_str(), number, id.c_str(),
                        judgement.why.c_str());
        }
    }
}

std::vector<fs::path> vector_files(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (entry.path().extension() == ".jsonl") {
            files.push_back(entry.path());
        }
    }
    if (error) {
        std::printf("cannot list %s: %s\n", folder.c_str(), error.message().c_str());
    }
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

int main() {
    const char* variable = std::getenv("LEASEHOLD_VECTORS");
    const std::string other_folder = variable != nullptr ? variable : "";
    // Our own files must be understood key by key; others may say more than we compare.
    const bool is_strict = other_folder.empty();
    const fs::path folder = is_strict ? LEASEHOLD_VECTORS_DIR : other_folder;

    Tally tally;
    for (const fs::path& file : vector_files(folder)) {
        run_file(file, is_strict, tally);
    }
    for (const auto& [key, count] : tally.unknown_keys) {
        std::printf("not compared: %s, %zu times\n", key.c_str(), count);
    }
    const std::size_t failed = tally.verdicts[Verdict::failed];
    std::printf(
        "vectors: %zu rows, %zu round-tripped, %zu refused as expected, %zu skipped, "
        "%zu failed\n",
        tally.rows(), tally.verdicts[Verdict::round_tripped], tally.verdicts[Verdict::refused],
        tally.verdicts[Verdict::skipped], failed);
    return failed == 0 && tally.rows() != 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

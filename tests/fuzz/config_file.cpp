// The tool's --config file: each line is one option of an ensemble or an error, and nothing in it
// is more than text.
#include "sdk/cli/config_file.hpp"

#include "tests/fuzz/target.hpp"

#include <set>
#include <string>
#include <vector>

namespace leasehold::fuzz {
namespace {

void run(std::string_view input) {
    const auto words = cli::parse_config(input);
    if (!words) {
        require(words.error() == errc::invalid_argument,
                "what is refused is refused as an argument");
        return;
    }
    std::string printed;
    std::set<std::string> names;
    for (const std::string& word : *words) {
        const std::size_t sign = word.find('=');
        require(word.starts_with("--") && sign != std::string::npos, "a word is an option");
        require(word.find('\n') == std::string::npos, "of one line");
        require(input.find(word.substr(sign + 1)) != std::string_view::npos, "nothing is expanded");
        require(names.insert(word.substr(2, sign - 2)).second, "no option is there twice");
        require(!names.contains("config"), "no file names another");
        printed += word.substr(2, sign - 2) + " = " + word.substr(sign + 1) + "\n";
    }
    require(cli::parse_config(printed).value() == *words, "printed, it reads the same");
}

LEASEHOLD_FUZZ_TARGET(config_file, run)

}  // namespace
}  // namespace leasehold::fuzz

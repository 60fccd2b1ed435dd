// What belongs to an ensemble rather than to a call may stand in a file, which may be readable by
// few, and which nothing in the environment changes.
#pragma once

#include <leasehold/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace leasehold::cli {

/// "NAME = VALUE" in each line, as "--NAME=VALUE"; empty lines, and those that begin with '#', are
/// left out. Refused: what is no option of an ensemble, or stands there twice. Nothing in it is
/// expanded.
[[nodiscard]] result<std::vector<std::string>> parse_config(std::string_view text);

/// The words of the command line with those of the file that the last --config names before them,
/// so that what is given on the command line counts. Ends at a "--".
[[nodiscard]] result<std::vector<std::string>> with_config_file(std::vector<std::string> words);

}  // namespace leasehold::cli

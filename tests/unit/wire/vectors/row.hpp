// Judges one row of a vector file.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace leasehold::wire::vectors {

enum class Verdict { round_tripped, refused, skipped, failed };

struct Judgement {
    Verdict verdict = Verdict::failed;
    std::string why;
    std::vector<std::string> unknown_keys;
};

// Rows that are not frames (a closed connection, a four-letter command and its answer) are skipped.
// Rows that carry `decode_error`, or are called `badlen`, must be refused; all others must be
// decoded, agree with the file, and come out again byte for byte. Throws nlohmann's exceptions if
// the row lacks what every row has.
[[nodiscard]] Judgement judge(const nlohmann::json& row);

}  // namespace leasehold::wire::vectors

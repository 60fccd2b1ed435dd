// Compares what a vector file says about a frame with what was decoded from it.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace leasehold::wire::vectors {

struct Comparison {
    std::vector<std::string> differences;
    std::vector<std::string> unknown_keys;  // the file says something that we have no name for
};

// Every key of `expected` that `actual` has too must have the same value; `where` names the place.
void compare(const nlohmann::json& expected, const nlohmann::json& actual, const std::string& where,
             Comparison& outcome);

[[nodiscard]] bool has_key(const nlohmann::json& json, const std::string& key);  // at any depth
[[nodiscard]] bool has_null(const nlohmann::json& json);                         // at any depth

// For messages: never throws, whatever bytes a string holds.
[[nodiscard]] std::string show(const nlohmann::json& json);

}  // namespace leasehold::wire::vectors

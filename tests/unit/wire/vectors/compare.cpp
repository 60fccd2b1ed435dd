#include "tests/unit/wire/vectors/compare.hpp"

#include "tests/unit/wire/vectors/hex.hpp"

#include <algorithm>

namespace leasehold::wire::vectors {

namespace {

using Json = nlohmann::json;

bool is_utf8(const std::string& bytes) {
    try {
        (void)Json(bytes).dump();
        return true;
    } catch (const Json::exception&) {
        return false;
    }
}

// A file writes bytes as text or as "hex:...". Bytes that are not text have no exact text form:
// unless they are in hex there is nothing to compare, and the round trip has to do.
bool same_string(const std::string& expected, const std::string& actual) {
    return expected == actual || expected == "hex:" + to_hex(actual) ||
           (!expected.starts_with("hex:") && !is_utf8(actual));
}

bool same_scalar(const Json& expected, const Json& actual) {
    if (expected.is_string() && actual.is_string()) {
        return same_string(expected.get<std::string>(), actual.get<std::string>());
    }
    return expected == actual;
}

}  // namespace

void compare(const Json& expected, const Json& actual, const std::string& where,
             Comparison& outcome) {
    if (expected.is_object() && actual.is_object()) {
        for (const auto& [key, value] : expected.items()) {
            const std::string place = where + "." + key;
            if (actual.contains(key)) {
                compare(value, actual[key], place, outcome);
            } else {
                outcome.unknown_keys.push_back(place);
            }
        }
    } else if (expected.is_array() && actual.is_array() && expected.size() == actual.size()) {
        for (std::size_t i = 0; i < expected.size(); ++i) {
            compare(expected[i], actual[i], where + "[" + std::to_string(i) + "]", outcome);
        }
    } else if (!same_scalar(expected, actual)) {
        outcome.differences.push_back(where + " is " + show(actual) + ", the file says " +
                                      show(expected));
    }
}

bool has_key(const Json& json, const std::string& key) {
    if (json.is_object() && json.contains(key)) {
        return true;
    }
    return json.is_structured() && std::any_of(json.begin(), json.end(), [&](const Json& part) {
               return has_key(part, key);
           });
}

bool has_null(const Json& json) {
    return json.is_null() ||
           (json.is_structured() && std::any_of(json.begin(), json.end(), has_null));
}

std::string show(const Json& json) {
    return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace leasehold::wire::vectors

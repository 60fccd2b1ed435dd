// An option that takes one of a few words.
#pragma once

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::cli {

template <class Value>
using Choices = std::vector<std::pair<std::string, Value>>;

/// "curator, curator-rw or kazoo".
template <class Value>
std::string list_of(const Choices<Value>& choices) {
    std::string list;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        const bool is_last = i + 1 == choices.size();
        list += (i == 0 ? "" : is_last ? " or " : ", ") + choices[i].first;
    }
    return list;
}

/// The last one that is given counts. The default is the word for `value`, if there is one.
template <class Value>
void add_choice(CLI::App& app, const std::string& name, const std::string& type, Value& value,
                Choices<Value> choices, const std::string& what) {
    const auto initial = std::find_if(choices.begin(), choices.end(),
                                      [&](const auto& each) { return each.second == value; });
    const std::string default_word = initial == choices.end() ? std::string() : initial->first;
    CLI::Option* const option = app.add_option_function<std::string>(
        name,
        [name, &value, choices = std::move(choices)](const std::string& text) {
            const auto found = std::find_if(choices.begin(), choices.end(),
                                            [&](const auto& each) { return each.first == text; });
            if (found == choices.end()) {
                throw CLI::ValidationError(name, "'" + text + "' is not " + list_of(choices));
            }
            value = found->second;
        },
        what);
    option->type_name(type)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    if (!default_word.empty()) {
        option->default_str(default_word);
    }
}

}  // namespace leasehold::cli

#include "sdk/cli/executable.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace leasehold::cli {
namespace {

constexpr std::string_view default_search_path = "/usr/bin:/bin";
constexpr const char* shell = "/bin/sh";

std::vector<std::string> candidates_for(const std::string& word) {
    if (word.empty()) {
        return {};
    }
    if (word.find('/') != std::string::npos) {
        return {word};
    }
    const char* const variable = std::getenv("PATH");
    std::string_view rest = variable != nullptr ? std::string_view(variable) : default_search_path;
    std::vector<std::string> candidates;
    for (;;) {
        const std::size_t colon = std::min(rest.find(':'), rest.size());
        const std::string_view directory = rest.substr(0, colon);
        candidates.push_back((directory.empty() ? "." : std::string(directory)) + "/" + word);
        if (colon == rest.size()) {
            return candidates;
        }
        rest.remove_prefix(colon + 1);
    }
}

std::vector<std::string> environment_with(std::span<const Variable> changes) {
    std::vector<std::string> variables;
    for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
        const std::string_view variable = *each;
        const bool is_replaced =
            std::any_of(changes.begin(), changes.end(), [variable](const Variable& change) {
                return variable.starts_with(change.first + "=");
            });
        if (!is_replaced) {
            variables.emplace_back(variable);
        }
    }
    for (const auto& [name, value] : changes) {
        if (value) {
            variables.push_back(name + "=" + *value);
        }
    }
    return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (std::string& text : texts) {
        pointers.push_back(text.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

/// Nothing here, but another directory may have it.
bool is_absent(int error_number) {
    return error_number == ENOENT || error_number == ENOTDIR;
}

}  // namespace

Executable::Executable(std::span<const std::string> words, std::span<const Variable> changes)
    : x_words(words.begin(), words.end()),
      x_candidates(candidates_for(x_words.front())),
      x_variables(environment_with(changes)),
      x_argv(pointers_to(x_words)),
      x_envp(pointers_to(x_variables)) {
    x_shell_argv = x_argv;
    x_shell_argv.insert(x_shell_argv.begin(), const_cast<char*>(shell));
}

int Executable::execute() noexcept {
    int failure = ENOENT;
    for (std::string& candidate : x_candidates) {
        ::execve(candidate.c_str(), x_argv.data(), x_envp.data());
        int error_number = errno;
        if (error_number == ENOEXEC) {
            x_shell_argv[1] = candidate.data();
            ::execve(shell, x_shell_argv.data(), x_envp.data());
            error_number = errno;
        }
        if (error_number == EACCES) {
            failure = EACCES;  // a later directory may have one that can be executed
        } else if (!is_absent(error_number)) {
            return error_number;
        }
    }
    return failure;
}

int Executable::find_problem(std::span<const std::string> words) {
    int failure = ENOENT;
    for (const std::string& candidate : candidates_for(words.front())) {
        struct stat status {};
        if (::stat(candidate.c_str(), &status) != 0) {
            failure = is_absent(errno) ? failure : errno;
        } else if (!S_ISREG(status.st_mode) || ::access(candidate.c_str(), X_OK) != 0) {
            failure = EACCES;
        } else {
            return 0;
        }
    }
    return failure;
}

}  // namespace leasehold::cli

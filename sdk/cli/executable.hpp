// The command as execve() wants it, made before the fork: after it nothing may be allocated.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace leasehold::cli {

/// A name and its value in the command's environment; without a value it is not there.
using Variable = std::pair<std::string, std::optional<std::string>>;

/// A command with its arguments and its environment. Not movable: it holds pointers into itself.
class Executable {
public:
    /// Looks the first word up in PATH as a shell does. `changes` count instead of the variables
    /// of the same name in our own environment.
    Executable(std::span<const std::string> words, std::span<const Variable> changes);
    Executable(const Executable&) = delete;
    Executable& operator=(const Executable&) = delete;

    /// Replaces this program. Returns errno if that was not possible. Async-signal-safe.
    [[nodiscard]] int execute() noexcept;

    /// An errno if it is plain now that `words` cannot be executed, else 0.
    [[nodiscard]] static int find_problem(std::span<const std::string> words);

private:
    std::vector<std::string> x_words;
    std::vector<std::string> x_candidates;
    std::vector<std::string> x_variables;
    std::vector<char*> x_argv;
    std::vector<char*> x_shell_argv;  // for a script without a #! line
    std::vector<char*> x_envp;
};

}  // namespace leasehold::cli

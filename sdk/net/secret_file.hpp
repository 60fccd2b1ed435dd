// Reads secrets from files and from the environment, so that no second copy of them stays in
// memory.
#pragma once

#include <leasehold/error.hpp>

#include "sdk/core/secret.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace leasehold::net {

/// All of a regular file. The error's text says why not, without the path.
[[nodiscard]] result<core::Secret> read_secret_file(const std::string& path,
                                                    std::size_t most_bytes);

/// Where the options say that a secret is: in one of both, or in none.
struct SecretSource {
    std::string_view file_option;  ///< for the error's text, as the next
    const std::string& file;
    std::string_view env_option;
    const std::string& env;
    std::size_t longest;
};

/// The first line of the file, or the variable's value; empty if there is no source. The error's
/// text says what is wrong with which option.
[[nodiscard]] result<core::Secret> find_secret(const SecretSource& source);

}  // namespace leasehold::net

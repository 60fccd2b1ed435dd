// Reads a file with a secret in it, so that no second copy of it stays in memory.
#pragma once

#include <leasehold/error.hpp>

#include "sdk/core/secret.hpp"

#include <cstddef>
#include <string>

namespace leasehold::net {

/// All of a regular file. The error's text says why not, without the path.
[[nodiscard]] result<core::Secret> read_secret_file(const std::string& path,
                                                    std::size_t most_bytes);

}  // namespace leasehold::net

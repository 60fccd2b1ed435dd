// Where credentials come from: a file or the environment, never a command line.
#pragma once

#include <leasehold/error.hpp>
#include <leasehold/options.hpp>

#include "sdk/core/secret.hpp"

#include <string_view>
#include <vector>

namespace leasehold::detail {

/// Refuses what no server would take. The secret is not in the text.
[[nodiscard]] result<void> check_credential(std::string_view scheme, std::string_view secret);

/// "SCHEME SECRET" in each line; empty lines, and those that begin with '#', are left out. `where`
/// is for the error: a file or a variable. No line is quoted there.
[[nodiscard]] result<std::vector<core::Credential>> parse_credentials(std::string_view text,
                                                                      std::string_view where);

/// Those of ClientOptions::auth_file, then those of auth_env.
[[nodiscard]] result<std::vector<core::Credential>> read_credentials(const ClientOptions& options);

}  // namespace leasehold::detail

// The contenders of a lock, as a table for people and as JSON for programs.
#pragma once

#include <leasehold/client.hpp>

#include <span>
#include <string>

namespace leasehold::cli {

/// Aligned columns with a heading line; long names of nodes are cut.
[[nodiscard]] std::string to_table(std::span<const ContenderInfo> contenders);

/// An array in order; what is unknown is null.
[[nodiscard]] std::string to_json(std::span<const ContenderInfo> contenders);

}  // namespace leasehold::cli

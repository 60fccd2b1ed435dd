// leasehold ls: who holds a lock, and who waits for it.
#pragma once

#include "sdk/cli/arguments.hpp"

namespace leasehold::cli {

/// Returns the exit code; what went wrong was said.
[[nodiscard]] int list(const ListArguments& arguments);

}  // namespace leasehold::cli

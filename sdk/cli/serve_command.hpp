// 'leasehold serve': a server in memory, for tests and for trying things out.
#pragma once

#include "sdk/cli/arguments.hpp"

namespace leasehold::cli {

/// Serves until a signal asks it to end. Returns the exit code.
[[nodiscard]] int serve(const ServeArguments& arguments);

}  // namespace leasehold::cli

// leasehold run: a command while holding a lock.
#pragma once

#include "sdk/cli/arguments.hpp"
#include "sdk/cli/descriptors.hpp"

namespace leasehold::cli {

/// Returns the exit code; what went wrong was said. To be called on the main thread, before any
/// other exists.
[[nodiscard]] int run(const RunArguments& arguments, const InheritedDescriptors& descriptors);

}  // namespace leasehold::cli

// The hunt for planted bugs.
#pragma once

#include <string>

namespace leasehold::sim {

/// False if there is no such mutant.
[[nodiscard]] bool switch_on(const std::string& mutant);

/// Tries each mutant (or the one named) for at most a minute; true if all were caught.
[[nodiscard]] bool hunt_mutants(unsigned threads, const std::string& only);

}  // namespace leasehold::sim

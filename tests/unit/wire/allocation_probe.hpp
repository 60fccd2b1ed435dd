// Lets a test see how much memory the code under test asks for at once, and in all.
#pragma once

#include <cstddef>

namespace leasehold::wire {

// What was allocated through operator new during the probe's life.
class AllocationProbe {
public:
    AllocationProbe() noexcept;
    [[nodiscard]] std::size_t largest() const noexcept;
    [[nodiscard]] std::size_t total() const noexcept;
};

}  // namespace leasehold::wire

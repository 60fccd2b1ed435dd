// Lets a test see how much memory the code under test asks for at once.
#pragma once

#include <cstddef>

namespace leasehold::wire {

// The largest single allocation made through operator new during the probe's life.
class AllocationProbe {
public:
    AllocationProbe() noexcept;
    [[nodiscard]] std::size_t largest() const noexcept;
};

}  // namespace leasehold::wire

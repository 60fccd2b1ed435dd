#include "tests/unit/wire/allocation_probe.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> largest_allocation{0};
std::atomic<std::size_t> total_allocated{0};

}  // namespace

// Replacing these two is enough: the other forms of new and delete forward to them.
void* operator new(std::size_t size) {
    total_allocated += size;
    std::size_t seen = largest_allocation.load();
    while (seen < size && !largest_allocation.compare_exchange_weak(seen, size)) {
    }
    if (void* memory = std::malloc(size == 0 ? 1 : size)) {
        return memory;
    }
    throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace leasehold::wire {

AllocationProbe::AllocationProbe() noexcept {
    largest_allocation = 0;
    total_allocated = 0;
}

std::size_t AllocationProbe::largest() const noexcept {
    return largest_allocation;
}

std::size_t AllocationProbe::total() const noexcept {
    return total_allocated;
}

}  // namespace leasehold::wire

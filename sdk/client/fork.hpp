// Tells a forked child that nothing it inherited is its own: the threads stayed with the parent,
// and so did the session.
#pragma once

#include <memory>

namespace leasehold::detail {

/// Goes up by one in each forked child; what was made under another number is the parent's.
[[nodiscard]] int fork_generation() noexcept;

/// Called before the first thing that must not be used across a fork is made.
void watch_for_forks() noexcept;

/// Keeps in a forked child what must be neither used nor destroyed there: its destructor would join
/// threads that do not exist and close descriptors whose other ends the parent still uses.
void abandon(std::shared_ptr<void> object) noexcept;

}  // namespace leasehold::detail

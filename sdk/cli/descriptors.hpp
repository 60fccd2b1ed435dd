// File descriptors: ours are closed when they should be, and the command gets those that we were
// given, and no other.
#pragma once

#include <leasehold/error.hpp>

#include <utility>
#include <vector>

namespace leasehold::cli {

/// Owns one descriptor. Move-only.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) noexcept : x_number(number) {}
    Descriptor(Descriptor&& other) noexcept : x_number(std::exchange(other.x_number, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(x_number, other.x_number);
        return *this;
    }
    ~Descriptor() { reset(); }

    [[nodiscard]] int number() const noexcept { return x_number; }
    void reset() noexcept;

private:
    int x_number = -1;
};

/// Two ends of a connection that keeps messages apart; each is closed by exec.
struct Channel {
    Descriptor ours;
    Descriptor theirs;
};
[[nodiscard]] result<Channel> make_channel();

/// `errno` as an Error, with what was being done.
[[nodiscard]] Error system_failure(const char* what);

/// Opens /dev/null for each of 0, 1 and 2 that is closed, so that nothing else of ours gets such a
/// number and is written to as if it were standard error.
void open_standard_streams() noexcept;

/// The descriptors that were open when the program started, standard streams left out. Everything
/// else is ours, or our libraries', and is not for the command.
class InheritedDescriptors {
public:
    /// To be called before anything is opened.
    InheritedDescriptors();

    /// Marks everything but the inherited ones to be closed by exec. Async-signal-safe: for the
    /// forked child, where no other thread can open one in between.
    void close_others_on_exec() const noexcept;

private:
    std::vector<int> x_numbers;  // ascending, from 3 on
    int x_fallback_limit;
};

}  // namespace leasehold::cli

// A program that a test runs beside itself, spoken to in lines, and gone when the test is.
#pragma once

#include <leasehold/clock.hpp>

#include "tests/support/descriptor.hpp"

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace leasehold::support {

/// Killed by the destructor, and by the kernel when the thread that started it ends: start it from
/// a thread that outlives it. It inherits nothing but its three standard streams. Thread safety:
/// none.
class ChildProcess {
public:
    /// `argv[0]` is the program, looked up in PATH. Standard input and output are a line
    /// conversation with the test; standard error goes to `error_log`, or to ours if that is empty.
    explicit ChildProcess(const std::vector<std::string>& argv, const std::string& error_log = {});
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&&) = delete;
    ~ChildProcess();

    void send(std::string_view line);
    /// The first line that begins with `prefix` and was not asked for yet, without the prefix;
    /// other lines are kept for later. Throws if none comes within the limit.
    std::string expect(std::string_view prefix,
                       std::chrono::milliseconds limit = std::chrono::seconds{15});
    /// No more input for the program.
    void close_input();

    void signal(int number) const;
    /// SIGKILL, and waits until it is gone.
    void kill();
    /// SIGSTOP, and waits until every thread stands still.
    void pause();
    void resume() const;
    /// The status of waitpid; nullopt if it still runs at the limit.
    [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds limit);
    [[nodiscard]] bool is_running();
    [[nodiscard]] pid_t pid() const noexcept { return x_pid; }

private:
    [[nodiscard]] std::optional<std::string> read_line(Instant end);

    pid_t x_pid = -1;
    std::optional<int> x_status;
    Descriptor x_talk;
    std::string x_unread;
    std::deque<std::string> x_lines;  // read, but not what was asked for
};

}  // namespace leasehold::support

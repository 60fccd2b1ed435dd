#include "child_process.hpp"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace demo {
namespace {

struct Pipe {
    int read_end = -1;
    int write_end = -1;
};

std::optional<Pipe> open_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return std::nullopt;
    }
    return Pipe{ends[0], ends[1]};
}

[[noreturn]] void become(char* const* arguments, const Pipe& input, const Pipe& output,
                         pid_t parent) {
    // A parent that is gone by now has sent no signal.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) {
        ::_exit(127);
    }
    ::dup2(input.read_end, STDIN_FILENO);
    ::dup2(output.write_end, STDOUT_FILENO);
    ::close_range(STDERR_FILENO + 1, ~0U, 0);  // our listening socket among them
    ::execv("/proc/self/exe", arguments);
    ::_exit(127);
}

}  // namespace

std::optional<ChildProcess> start_again(const std::vector<std::string>& arguments) {
    const auto input = open_pipe();
    const auto output = open_pipe();
    if (!input || !output) {
        return std::nullopt;
    }
    std::vector<char*> pointers;
    for (const std::string& argument : arguments) {
        pointers.push_back(const_cast<char*>(argument.c_str()));
    }
    pointers.push_back(nullptr);

    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) {
        become(pointers.data(), *input, *output, parent);
    }
    ::close(input->read_end);
    ::close(output->write_end);
    if (pid < 0) {
        ::close(input->write_end);
        ::close(output->read_end);
        return std::nullopt;
    }
    return ChildProcess{pid, input->write_end, output->read_end};
}

std::optional<int> exit_code_of(pid_t pid) {
    int status = 0;
    if (::waitpid(pid, &status, WNOHANG) != pid) {
        return std::nullopt;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace demo

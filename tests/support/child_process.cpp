#include "tests/support/child_process.hpp"

#include "tests/support/patience.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace leasehold::support {

namespace {

/// In the child, between fork and exec: only what is safe after the fork of a threaded process.
[[noreturn]] void become(char* const* argv, pid_t parent, int talk, int errors) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(127);  // the parent died before the line above
    }
    ::dup2(talk, STDIN_FILENO);
    ::dup2(talk, STDOUT_FILENO);
    if (errors >= 0) {
        ::dup2(errors, STDERR_FILENO);
    }
    ::close_range(3, ~0U, 0);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execvp(argv[0], argv);
    ::_exit(127);
}

/// The state letter of /proc/<pid>/stat: R, S, T, Z, …
char state_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    const std::size_t name_end = text.rfind(')');
    return name_end + 2 < text.size() ? text[name_end + 2] : '?';
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& argv, const std::string& error_log) {
    std::vector<char*> raw;
    for (const std::string& argument : argv) {
        raw.push_back(const_cast<char*>(argument.c_str()));
    }
    raw.push_back(nullptr);

    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        throw_errno("socketpair");
    }
    x_talk = Descriptor(pair[0]);
    const Descriptor theirs(pair[1]);
    Descriptor errors;
    if (!error_log.empty()) {
        errors =
            Descriptor(::open(error_log.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
    }
    const pid_t parent = ::getpid();
    x_pid = ::fork();
    if (x_pid < 0) {
        throw_errno("fork");
    }
    if (x_pid == 0) {
        become(raw.data(), parent, theirs.get(), errors.get());
    }
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : x_pid(std::exchange(other.x_pid, -1)),
      x_status(other.x_status),
      x_talk(std::move(other.x_talk)),
      x_unread(std::move(other.x_unread)),
      x_lines(std::move(other.x_lines)) {}

ChildProcess::~ChildProcess() {
    if (x_pid > 0) {
        kill();
    }
}

void ChildProcess::send(std::string_view line) {
    if (!send_all(x_talk, std::string(line) + "\n")) {
        throw std::runtime_error("the child does not read: " + std::string(line));
    }
}

std::optional<std::string> ChildProcess::read_line(Instant end) {
    while (true) {
        if (const auto at = x_unread.find('\n'); at != std::string::npos) {
            std::string line = x_unread.substr(0, at);
            x_unread.erase(0, at + 1);
            return line;
        }
        const std::int64_t left = in_ms(end - BootClock::now());
        if (left <= 0) {
            return std::nullopt;
        }
        const auto bytes = receive(x_talk, std::chrono::milliseconds{left});
        if (!bytes || bytes->empty()) {
            return std::nullopt;
        }
        x_unread += *bytes;
    }
}

std::string ChildProcess::expect(std::string_view prefix, std::chrono::milliseconds limit) {
    const auto fits = [prefix](const std::string& line) { return line.starts_with(prefix); };
    const Instant end = BootClock::now() + patient(limit);
    auto found = std::find_if(x_lines.begin(), x_lines.end(), fits);
    while (found == x_lines.end()) {
        auto line = read_line(end);
        if (!line) {
            std::string said;
            for (const std::string& other : x_lines) {
                said += "\n  " + other;
            }
            throw std::runtime_error("the child did not say '" + std::string(prefix) +
                                     "', but:" + said);
        }
        x_lines.push_back(std::move(*line));
        found = fits(x_lines.back()) ? std::prev(x_lines.end()) : x_lines.end();
    }
    std::string rest = found->substr(prefix.size());
    x_lines.erase(found);
    return rest;
}

void ChildProcess::close_input() {
    ::shutdown(x_talk.get(), SHUT_WR);
}

void ChildProcess::signal(int number) const {
    if (!x_status) {
        ::kill(x_pid, number);
    }
}

void ChildProcess::kill() {
    if (!x_status) {
        ::kill(x_pid, SIGKILL);
        int status = 0;
        while (::waitpid(x_pid, &status, 0) < 0 && errno == EINTR) {
        }
        x_status = status;
    }
}

void ChildProcess::pause() {
    signal(SIGSTOP);
    if (!eventually([this] { return state_of(x_pid) == 'T'; })) {
        throw std::runtime_error("the child does not stop");
    }
}

void ChildProcess::resume() const {
    signal(SIGCONT);
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds limit) {
    (void)eventually([this] { return !is_running(); }, limit);
    return x_status;
}

bool ChildProcess::is_running() {
    if (!x_status) {
        int status = 0;
        if (::waitpid(x_pid, &status, WNOHANG) == x_pid) {
            x_status = status;
        }
    }
    return !x_status;
}

}  // namespace leasehold::support

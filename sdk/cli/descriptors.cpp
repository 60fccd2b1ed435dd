#include "sdk/cli/descriptors.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace leasehold::cli {
namespace {

constexpr int first_other = 3;  // after the standard streams
/// Where the kernel has no close_range; nobody has more open at the start of a program.
constexpr int most_descriptors = 65'536;

int limit_of_descriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > most_descriptors) {
        return most_descriptors;
    }
    return static_cast<int>(limit.rlim_cur);
}

std::vector<int> listed_descriptors(DIR* directory) {
    std::vector<int> numbers;
    while (const dirent* entry = ::readdir(directory)) {
        char* end = nullptr;
        const long number = std::strtol(entry->d_name, &end, 10);
        if (end != entry->d_name && *end == '\0' && number >= first_other &&
            number != ::dirfd(directory)) {
            numbers.push_back(static_cast<int>(number));
        }
    }
    return numbers;
}

std::vector<int> probed_descriptors(int limit) {
    std::vector<int> numbers;
    for (int number = first_other; number < limit; ++number) {
        if (::fcntl(number, F_GETFD) >= 0) {
            numbers.push_back(number);
        }
    }
    return numbers;
}

/// Marks `from` to `last`, both included.
void close_on_exec(int from, unsigned last, int fallback_limit) noexcept {
    if (static_cast<unsigned>(from) > last ||
        ::syscall(SYS_close_range, static_cast<unsigned>(from), last, CLOSE_RANGE_CLOEXEC) == 0) {
        return;
    }
    const int end =
        static_cast<int>(std::min<unsigned>(last, static_cast<unsigned>(fallback_limit)));
    for (int number = from; number <= end; ++number) {
        ::fcntl(number, F_SETFD, FD_CLOEXEC);
    }
}

}  // namespace

void Descriptor::reset() noexcept {
    if (x_number >= 0) {
        ::close(std::exchange(x_number, -1));
    }
}

result<Channel> make_channel() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return system_failure("socketpair");
    }
    return Channel{Descriptor(ends[0]), Descriptor(ends[1])};
}

Error system_failure(const char* what) {
    ErrorContext context;
    context.what = what;
    return {std::error_code(errno, std::system_category()), std::move(context)};
}

void open_standard_streams() noexcept {
    int number = 0;
    do {
        number = ::open("/dev/null", O_RDWR);  // the lowest that is free
    } while (number >= 0 && number < first_other);
    if (number >= first_other) {
        ::close(number);
    }
}

InheritedDescriptors::InheritedDescriptors() : x_fallback_limit(limit_of_descriptors()) {
    if (DIR* directory = ::opendir("/proc/self/fd")) {
        x_numbers = listed_descriptors(directory);
        ::closedir(directory);
    } else {
        x_numbers = probed_descriptors(x_fallback_limit);
    }
    std::sort(x_numbers.begin(), x_numbers.end());
}

void InheritedDescriptors::close_others_on_exec() const noexcept {
    int from = first_other;
    for (const int inherited : x_numbers) {
        close_on_exec(from, static_cast<unsigned>(inherited) - 1, x_fallback_limit);
        from = inherited + 1;
    }
    close_on_exec(from, ~0U, x_fallback_limit);
}

}  // namespace leasehold::cli

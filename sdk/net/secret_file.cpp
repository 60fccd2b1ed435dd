#include "sdk/net/secret_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace leasehold::net {
namespace {

Error system_failure() {
    return {std::error_code(errno, std::system_category()),
            {.what = std::system_category().message(errno)}};
}

/// Not through a stream, whose buffer would keep a copy.
result<core::Secret> read_all(int file, std::size_t most_bytes) {
    struct stat status {};
    if (::fstat(file, &status) != 0) {
        return system_failure();
    }
    if (!S_ISREG(status.st_mode)) {
        return Error{errc::invalid_argument, "not a regular file"};
    }
    std::vector<char> bytes(most_bytes + 1);
    std::size_t size = 0;
    while (size < bytes.size()) {
        const ssize_t count = ::read(file, bytes.data() + size, bytes.size() - size);
        if (count < 0) {
            return system_failure();
        }
        if (count == 0) {
            break;
        }
        size += static_cast<std::size_t>(count);
    }
    core::Secret all(std::move(bytes));
    if (size > most_bytes) {
        return Error{errc::invalid_argument,
                     "longer than " + std::to_string(most_bytes) + " bytes"};
    }
    return core::Secret(all.text().substr(0, size));
}

result<core::Secret> read_first_line(const SecretSource& source) {
    constexpr std::size_t most_bytes = 4096;
    const std::string where = std::string(source.file_option) + " " + source.file + ": ";
    const result<core::Secret> all = read_secret_file(source.file, most_bytes);
    if (!all) {
        return Error{errc::invalid_argument, where + all.error().context().what};
    }
    const std::string_view line = all->text().substr(0, all->text().find('\n'));
    if (line.size() > source.longest) {
        return Error{errc::invalid_argument, where + "its first line is longer than " +
                                                 std::to_string(source.longest) + " bytes"};
    }
    return core::Secret(line);
}

}  // namespace

result<core::Secret> read_secret_file(const std::string& path, std::size_t most_bytes) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return system_failure();
    }
    auto read = read_all(file, most_bytes);
    ::close(file);
    return read;
}

result<core::Secret> find_secret(const SecretSource& source) {
    if (!source.file.empty()) {
        return read_first_line(source);
    }
    if (source.env.empty()) {
        return core::Secret();
    }
    const char* const text = std::getenv(source.env.c_str());
    if (text == nullptr) {
        return Error{
            errc::invalid_argument,
            std::string(source.env_option) + ": there is no environment variable " + source.env};
    }
    return core::Secret(text);
}

}  // namespace leasehold::net

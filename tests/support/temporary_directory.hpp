#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace leasehold::support {

/// A directory under the system's temporary one, removed with everything in it.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return x_path; }
    /// Puts a file into it, or another one in its place, and says where it is. Whoever opens the
    /// file meanwhile finds all of the old one or all of the new one.
    std::string put(const std::string& name, std::string_view content) const;

private:
    std::filesystem::path x_path;
};

}  // namespace leasehold::support

#include "tests/support/temporary_directory.hpp"

#include "tests/support/descriptor.hpp"

#include <cstdlib>
#include <fstream>
#include <system_error>

namespace leasehold::support {

TemporaryDirectory::TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "leasehold-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw_errno("mkdtemp");
    }
    x_path = name;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(x_path, ignored);
}

std::string TemporaryDirectory::put(const std::string& name, std::string_view content) const {
    const std::filesystem::path path = x_path / name;
    const std::filesystem::path draft = x_path / (name + ".new");
    std::ofstream(draft, std::ios::binary) << content;
    std::filesystem::rename(draft, path);
    return path.string();
}

}  // namespace leasehold::support

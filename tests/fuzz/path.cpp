// Znode paths as users write them: what is accepted obeys each rule of ZooKeeper's, and stays below
// its chroot.
#include "sdk/core/path.hpp"

#include "sdk/core/text.hpp"
#include "tests/fuzz/script.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <string>

namespace leasehold::fuzz {
namespace {

using core::check_path;

bool has_dots(std::string_view path) {
    const std::string whole = std::string(path) + "/";
    return whole.find("/./") != std::string::npos || whole.find("/../") != std::string::npos;
}

void obeys_the_rules(std::string_view path) {
    require(path.starts_with('/') && path.size() <= core::max_path_bytes, "absolute, and bounded");
    require(path == "/" || !path.ends_with('/'), "no slash at the end");
    require(path.find("//") == std::string_view::npos && !has_dots(path),
            "no component is special");
    require(core::is_utf8(path), "text");
    const bool has_control = std::any_of(path.begin(), path.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
    });
    require(!has_control, "no control character");
    // ZooKeeper counts in UTF-16 units, whose surrogates it does not allow.
    const bool has_four = std::any_of(path.begin(), path.end(), [](char letter) {
        return static_cast<unsigned char>(letter) >= 0xf0;
    });
    require(!has_four, "nothing above U+FFFF");
}

void stays_below(std::string_view chroot, std::string_view path) {
    const std::string full = core::with_chroot(chroot, path);
    require(chroot.empty() || full == chroot || full.starts_with(std::string(chroot) + "/"),
            "no path leads out of the chroot");
    require(full.size() > core::max_path_bytes || check_path(full).has_value(),
            "a path below a chroot is a path");
    require(core::without_chroot(chroot, full) == path,
            "taken off again, the chroot leaves the path");
}

void run(std::string_view input) {
    Script script(input);
    const std::string chroot(script.text());
    const std::string_view path = script.rest();

    const bool is_path = check_path(path).has_value();
    if (is_path) {
        obeys_the_rules(path);
    }
    const bool is_lock = core::check_lock_path(path).has_value();
    require(!is_lock || is_path, "a lock's path is a path");
    require(!is_lock || (path != "/" && path != "/zookeeper" && !path.starts_with("/zookeeper/")),
            "no lock where it must not be");
    require(core::check_sequential_path(path).has_value() ==
                (path.size() + 10 <= core::max_path_bytes &&
                 check_path(std::string(path) + "2147483647").has_value()),
            "what is asked of a sequential create is a path once it has its number");
    if (is_path && (chroot.empty() || (chroot != "/" && check_path(chroot)))) {
        stays_below(chroot, path);
    }
    // Also what a server sent, of which nothing is known.
    static_cast<void>(core::without_chroot(chroot, path));
    const std::string below = core::child(path, chroot);
    require(core::name_below(path, below) == chroot || below.size() == path.size(),
            "a child's name is found again");
}

LEASEHOLD_FUZZ_TARGET(path, run)

}  // namespace
}  // namespace leasehold::fuzz

#include "sdk/client/credentials.hpp"

#include "sdk/core/text.hpp"
#include "sdk/net/secret_file.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

namespace leasehold::detail {
namespace {

constexpr std::size_t longest_scheme = 256;
constexpr std::size_t longest_secret = std::size_t{64} * 1024;
constexpr std::size_t most_bytes = std::size_t{256} * 1024;

Error invalid(std::string what) {
    return {errc::invalid_argument, std::move(what)};
}

void append(std::vector<core::Credential>& all, std::vector<core::Credential> more) {
    std::ranges::move(more, std::back_inserter(all));
}

}  // namespace

result<void> check_credential(std::string_view scheme, std::string_view secret) {
    if (scheme.empty() || scheme.size() > longest_scheme || !core::is_utf8(scheme) ||
        secret.size() > longest_secret) {
        return invalid("credentials are a scheme, e.g. \"digest\", and at most 64 KiB of secret");
    }
    return success();
}

result<std::vector<core::Credential>> parse_credentials(std::string_view text,
                                                        std::string_view where) {
    std::vector<core::Credential> all;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        if (line.empty() || line.starts_with('#')) {
            continue;
        }
        const std::size_t blank = line.find(' ');
        const bool has_secret = blank != std::string_view::npos && blank + 1 < line.size();
        if (!has_secret || !check_credential(line.substr(0, blank), line.substr(blank + 1))) {
            return invalid(core::escape(where) + ": line " + std::to_string(number) +
                           " is no credential; it looks like: digest USER:PASSWORD");
        }
        all.push_back({std::string(line.substr(0, blank)), core::Secret(line.substr(blank + 1))});
    }
    if (all.empty()) {
        return invalid(core::escape(where) +
                       " has no credentials; a line looks like: digest "
                       "USER:PASSWORD");
    }
    return all;
}

result<std::vector<core::Credential>> read_credentials(const ClientOptions& options) {
    std::vector<core::Credential> all;
    if (!options.auth_file.empty()) {
        const std::string path(options.auth_file);
        const result<core::Secret> text = net::read_secret_file(path, most_bytes);
        if (!text) {
            return invalid("auth_file " + core::escape(path) + ": " + text.error().context().what);
        }
        BOOST_OUTCOME_TRY(auto read, parse_credentials(text->text(), "auth_file " + path));
        append(all, std::move(read));
    }
    if (!options.auth_env.empty()) {
        const std::string name(options.auth_env);
        const char* const text = std::getenv(name.c_str());
        if (text == nullptr) {
            return invalid("auth_env: there is no environment variable " + core::escape(name));
        }
        BOOST_OUTCOME_TRY(auto read, parse_credentials(text, "auth_env " + name));
        append(all, std::move(read));
    }
    return all;
}

}  // namespace leasehold::detail

// The command line tool.

#include "sdk/cli/arguments.hpp"
#include "sdk/cli/descriptors.hpp"
#include "sdk/cli/exit_code.hpp"
#include "sdk/cli/ls_command.hpp"
#include "sdk/cli/report.hpp"
#include "sdk/cli/run_command.hpp"
#include "sdk/cli/serve_command.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace leasehold::cli {
namespace {

int reply(const Reply& reply) {
    std::FILE* const where = reply.exit_code == exit_code::success ? stdout : stderr;
    std::fwrite(reply.text.data(), 1, reply.text.size(), where);
    return reply.exit_code;
}

int main(int count, char** words) {
    const InheritedDescriptors descriptors;
    const char* const connect = std::getenv("LEASEHOLD_CONNECT");
    const Arguments arguments =
        parse_arguments(std::vector<std::string>(words + (count > 0 ? 1 : 0), words + count),
                        connect != nullptr ? std::string_view(connect) : std::string_view{});
    if (const auto* run_arguments = std::get_if<RunArguments>(&arguments)) {
        return run(*run_arguments, descriptors);
    }
    if (const auto* list_arguments = std::get_if<ListArguments>(&arguments)) {
        return list(*list_arguments);
    }
    if (const auto* serve_arguments = std::get_if<ServeArguments>(&arguments)) {
        return serve(*serve_arguments);
    }
    return reply(std::get<Reply>(arguments));
}

}  // namespace
}  // namespace leasehold::cli

int main(int count, char** words) {
    leasehold::cli::open_standard_streams();
    try {
        return leasehold::cli::main(count, words);
    } catch (const std::exception& error) {
        leasehold::cli::say(std::string("internal error: ") + error.what());
        return leasehold::cli::exit_code::internal;
    }
}

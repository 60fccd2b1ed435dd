// The options of TLS and of credentials.
#pragma once

#include "sdk/cli/arguments.hpp"

#include <CLI/CLI.hpp>

namespace leasehold::cli {

/// --config, which is read before, --tls and what follows it, --auth-file and --auth-env.
void add_security(CLI::App& app, EnsembleArguments& arguments);

void add_open_acl(CLI::App& app, bool& open_acl);

}  // namespace leasehold::cli

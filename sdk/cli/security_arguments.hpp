// The options of TLS, of credentials and of SASL.
#pragma once

#include "sdk/cli/arguments.hpp"

#include <CLI/CLI.hpp>

namespace leasehold::cli {

/// --config, which is read before, --tls and what follows it, --auth-file and --auth-env, and
/// --sasl-mechanism and what follows it.
void add_security(CLI::App& app, EnsembleArguments& arguments);

void add_open_acl(CLI::App& app, bool& open_acl);

}  // namespace leasehold::cli

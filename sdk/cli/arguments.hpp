// The command line, parsed and checked as far as that goes without a server.
#pragma once

#include <leasehold/options.hpp>

#include "sdk/cli/listen_address.hpp"

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace leasehold::cli {

/// What the texts of ClientOptions are views of.
struct SecurityArguments {
    std::string ca_file;
    std::string ca_directory;
    std::string certificate_file;
    std::string key_file;
    std::string passphrase_file;
    std::string passphrase_env;
    std::string server_name;
    std::string auth_file;
    std::string auth_env;
    std::string sasl_user;
    std::string sasl_password_file;
    std::string sasl_password_env;
    std::string sasl_service;
    std::string sasl_server_name;
    std::string sasl_realm;
};

/// What run and ls take: where the ensemble is, and what it is like.
struct EnsembleArguments {
    std::string path;
    std::string connect;
    std::string config;
    std::chrono::milliseconds wait{5'000};
    ClientOptions client;  ///< without the texts
    SecurityArguments security;

    /// With the texts, for as long as these arguments are there.
    [[nodiscard]] ClientOptions client_options() const;
};

struct RunArguments {
    EnsembleArguments ensemble;
    std::chrono::milliseconds budget{10'000};
    std::chrono::milliseconds grace{2'000};
    std::chrono::milliseconds lock_delay{0};
    Naming naming = Naming::curator;
    bool open_acl = false;
    std::vector<std::string> also;  ///< further paths, locked together with the one
    LockKind kind = LockKind::exclusive;
    int permits = 1;  ///< of the semaphore, if the kind is a permit
    bool is_election = false;
    std::string payload;  ///< what others are told of the leader
    std::vector<std::string> command;
};

struct ListArguments {
    EnsembleArguments ensemble;
    bool as_json = false;
};

struct ServeArguments {
    ListenAddress listen;
    std::size_t nodes = 1;  ///< on consecutive ports, or on free ones
    std::chrono::milliseconds tick{2'000};
};

/// Help, the version, or what is wrong with the arguments: nothing is left to do but to print it,
/// on standard output if the code is 0, else on standard error.
struct Reply {
    std::string text;
    int exit_code;
};

using Arguments = std::variant<RunArguments, ListArguments, ServeArguments, Reply>;

/// `words` without the program's name. `default_connect` is used where no --connect is given; empty
/// if there is no default.
[[nodiscard]] Arguments parse_arguments(std::span<const std::string> words,
                                        std::string_view default_connect);

}  // namespace leasehold::cli

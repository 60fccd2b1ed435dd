// What the embedded servers' tests share: servers, clients that fit them, and patience.
#pragma once

#include <leasehold/leasehold.hpp>
#include <leasehold/testing.hpp>

#include "tests/support/answers.hpp"
#include "tests/support/patience.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leasehold::embedded_test {

using namespace std::chrono_literals;
using support::eventually;
using support::fails_with;
using support::patient;
using support::why;
using testing::EmbeddedServer;
using testing::EmbeddedServerOptions;
using testing::Operation;

inline constexpr CreateOptions ephemeral{.mode = CreateMode::ephemeral};

/// A client that is connected.
[[nodiscard]] inline Client connect(const EmbeddedServer& server, const ClientOptions& options) {
    auto client = Client::connect(server.connect_string(), options).value();
    client.wait_connected(patient(15s)).value();
    return client;
}
[[nodiscard]] inline Client connect(const EmbeddedServer& server) {
    return connect(server, server.client_options());
}

class Embedded : public ::testing::Test {
protected:
    EmbeddedServer server = EmbeddedServer::start().value();
};

class EmbeddedEnsemble : public ::testing::Test {
protected:
    EmbeddedServer server = EmbeddedServer::start({.servers = 3}).value();
};

}  // namespace leasehold::embedded_test

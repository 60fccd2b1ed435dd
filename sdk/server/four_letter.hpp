// The four-letter words: what a person, or a probe, asks a server over a fresh connection.
#pragma once

#include "sdk/server/connections.hpp"
#include "sdk/server/options.hpp"
#include "sdk/server/store.hpp"
#include "sdk/server/upstream.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace leasehold::server {

struct FourLetterContext {
    const EnsembleOptions& options;
    const Connections& connections;
    const Store& store;
    const Upstream& upstream;
    ServerId server;
};

/// The whole answer, behind which the connection is closed; nothing if that is no such word.
[[nodiscard]] std::optional<std::string> four_letter_answer(std::string_view word,
                                                            const FourLetterContext& context);

}  // namespace leasehold::server

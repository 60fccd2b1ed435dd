// Decodes one frame of a vector file into a typed record, encodes that record again and says in
// JSON what it was.
#pragma once

#include "sdk/wire/error.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace leasehold::wire::vectors {

struct Decoded {
    std::optional<DecodeError> error;
    nlohmann::json json = nlohmann::json::object();  // of a refused frame what its header says
    std::string reencoded;                           // the whole frame
    std::string op;  // of a request the name that its own type has; else empty
};

// `op` is what the file calls the operation; a reply cannot be decoded without it.
[[nodiscard]] Decoded decode_request_frame(std::string_view op, std::string_view frame);
[[nodiscard]] Decoded decode_reply_frame(std::string_view op, std::string_view frame);

// The identifier of an error ("trailing_bytes"), as our own vectors name it.
[[nodiscard]] std::string_view identifier_of(DecodeError error);

}  // namespace leasehold::wire::vectors

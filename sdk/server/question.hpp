// A read that is being answered: shared by the files that answer reads.
#pragma once

#include "sdk/server/reads.hpp"
#include "sdk/wire/archive.hpp"

#include <string_view>

namespace leasehold::server {

struct Reads::Question {
    Connection& connection;
    const Request& request;
    std::string_view body;

    /// Bytes behind the record are ignored, as by Java's decoder.
    template <class Body>
    [[nodiscard]] bool decode(Body& into) const {
        wire::Reader in(body);
        read(in, into);
        return in.ok();
    }
};

}  // namespace leasehold::server

#include "sdk/core/secret.hpp"

#include <cstring>

namespace leasehold::core {

/// Not memset, which the compiler may leave out before memory is freed.
Secret::~Secret() {
    if (!x_bytes.empty()) {
        explicit_bzero(x_bytes.data(), x_bytes.size());
    }
}

}  // namespace leasehold::core

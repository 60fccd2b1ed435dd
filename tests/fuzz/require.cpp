#include "tests/fuzz/target.hpp"

#include <cstdio>
#include <cstdlib>

namespace leasehold::fuzz {

void require(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "fuzz: does not hold: %s\n", what);
        std::abort();
    }
}

}  // namespace leasehold::fuzz

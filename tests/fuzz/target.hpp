// What all fuzz targets are made of: one name, one function of the input, and what has to hold.
//
// With libFuzzer each target is a program of its own. Without it all of them are in one, which runs
// the corpus again: replay.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace leasehold::fuzz {

/// Ends the process if it does not hold, so that libFuzzer keeps the input.
void require(bool holds, const char* what);

using Run = void (*)(std::string_view input);

#ifndef LEASEHOLD_LIBFUZZER
struct Target {
    Target(std::string_view name, Run run);
};
#endif

}  // namespace leasehold::fuzz

#ifdef LEASEHOLD_LIBFUZZER
#define LEASEHOLD_FUZZ_TARGET(name, run)                                                \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);  \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
        run({reinterpret_cast<const char*>(data), size});                               \
        return 0;                                                                       \
    }
#else
#define LEASEHOLD_FUZZ_TARGET(name, run) const leasehold::fuzz::Target the_target(#name, run);
#endif

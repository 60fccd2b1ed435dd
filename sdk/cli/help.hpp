// What --help says beyond the list of options.
#pragma once

#include <string_view>

namespace leasehold::cli::help {

extern const std::string_view description;
extern const std::string_view footer;
extern const std::string_view run_description;
extern const std::string_view run_footer;
extern const std::string_view elect_description;
extern const std::string_view elect_footer;
extern const std::string_view list_description;
extern const std::string_view list_footer;
extern const std::string_view serve_description;
extern const std::string_view serve_footer;

}  // namespace leasehold::cli::help

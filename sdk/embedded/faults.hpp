// Which requests on the wire an operation of the public interface stands for.
#pragma once

#include <leasehold/testing.hpp>

#include "sdk/embedded/fault_plan.hpp"

namespace leasehold::embedded {

[[nodiscard]] FaultPlan::Predicate fits(testing::Operation operation);

}  // namespace leasehold::embedded

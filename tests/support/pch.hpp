// What every test includes, compiled once. A test file still includes <gtest/gtest.h> and
// <gmock/gmock.h> itself, so that it also compiles without this header.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

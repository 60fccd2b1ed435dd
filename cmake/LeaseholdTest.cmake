# Tests.
#
#   leasehold_add_test_executable(<name>
#       SOURCES <file>...
#       [LIBS <target>...]      linked; gtest, gmock and a main() come by themselves
#       [LABELS <label>...]     for ctest -L; default: unit
#       [TIMEOUT <seconds>]     of one case; default 60; times LEASEHOLD_TEST_TIMEOUT_FACTOR
#       [PREFIX <prefix>]       of the cases' names; default: the name without _test(s), and a dot
#       [PROCESSORS <n>]        how many of ctest's -j slots one case takes; default 1
#       [ENVIRONMENT <VAR=value>...]
#       [NO_PCH]                if the precompiled header would hide something from the test
#   )
#
# makes a GoogleTest executable and one ctest test for each of its cases. The cases are listed when
# ctest starts, not when the executable is linked, so that a build never runs what it builds.

set(LEASEHOLD_TEST_TIMEOUT_FACTOR 1 CACHE STRING
    "Multiplies the time that a test may take (sanitizers are slow)"
)

include(GoogleTest)

# Compiles tests/support/pch.hpp once. An executable, because a precompiled header can be shared
# only between equal flags, and a library's differ from an executable's.
function(leasehold_add_test_pch)
    set(support ${PROJECT_SOURCE_DIR}/tests/support)
    add_executable(leasehold_test_pch EXCLUDE_FROM_ALL ${support}/pch.cpp)
    target_precompile_headers(leasehold_test_pch PRIVATE ${support}/pch.hpp)
    target_link_libraries(leasehold_test_pch
        PRIVATE leasehold_warnings GTest::gmock_main GTest::gtest
    )
endfunction()

function(leasehold_add_test_executable name)
    cmake_parse_arguments(
        PARSE_ARGV 1 arg "NO_PCH" "TIMEOUT;PREFIX;PROCESSORS" "SOURCES;LIBS;LABELS;ENVIRONMENT"
    )
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
        message(FATAL_ERROR
            "leasehold_add_test_executable(${name} SOURCES ...): no sources, or unknown arguments "
            "'${arg_UNPARSED_ARGUMENTS}'"
        )
    endif()
    if(NOT arg_LABELS)
        set(arg_LABELS unit)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    if(NOT arg_PROCESSORS)
        set(arg_PROCESSORS 1)
    endif()
    if(NOT DEFINED arg_PREFIX)
        string(REGEX REPLACE "_tests?$" "" arg_PREFIX "${name}")
        string(APPEND arg_PREFIX ".")
    endif()

    add_executable(${name} ${arg_SOURCES})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(${name}
        PRIVATE leasehold_warnings ${arg_LIBS} GTest::gmock_main GTest::gtest
    )
    if(NOT arg_NO_PCH)
        target_precompile_headers(${name} REUSE_FROM leasehold_test_pch)
    endif()

    math(EXPR timeout "${arg_TIMEOUT} * ${LEASEHOLD_TEST_TIMEOUT_FACTOR}")
    gtest_discover_tests(${name}
        TEST_PREFIX "${arg_PREFIX}"
        TEST_LIST ${name}_TESTS
        DISCOVERY_MODE PRE_TEST
        DISCOVERY_TIMEOUT 60
        PROPERTIES TIMEOUT ${timeout} PROCESSORS ${arg_PROCESSORS}
    )
    # Properties that are lists do not survive gtest_discover_tests. This file is read after its.
    set(properties ${CMAKE_CURRENT_BINARY_DIR}/${name}_properties.cmake)
    file(WRITE ${properties} "if(${name}_TESTS)
  set_tests_properties(\${${name}_TESTS} PROPERTIES
    LABELS [==[${arg_LABELS}]==]
    ENVIRONMENT [==[${arg_ENVIRONMENT}]==]
  )
endif()
")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${properties})
endfunction()

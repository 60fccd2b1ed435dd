# The targets and functions that the layers of the SDK are built with.
#
#   leasehold_warnings   INTERFACE: the warnings, as errors. Link PRIVATE.
#   leasehold_asio       Asio, compiled once. Link PUBLIC wherever Asio's headers are included.
#   leasehold_add_library(<target> SOURCES <file>... [LIBS <target>...] [PRIVATE_LIBS <target>...]
#       [API]               it defines functions of the public headers
#   )

add_library(leasehold_warnings INTERFACE)
target_compile_options(leasehold_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
    # Designated initialisers name what differs from the default; the rest is left out on purpose.
    -Wno-missing-field-initializers
    # GCC 12 is wrong about the frames of Asio's awaitables, and about the value inside a result that
    # holds an error.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
)

if(LEASEHOLD_ASIO_SEPARATE)
    add_library(leasehold_asio STATIC ${PROJECT_SOURCE_DIR}/sdk/net/asio_impl.cpp)
    set_target_properties(leasehold_asio PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_compile_definitions(leasehold_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION)
    target_link_libraries(leasehold_asio PUBLIC Boost::headers Threads::Threads)
    set(_leasehold_asio_scope PUBLIC)
else()
    add_library(leasehold_asio INTERFACE)
    target_link_libraries(leasehold_asio INTERFACE Boost::headers Threads::Threads)
    set(_leasehold_asio_scope INTERFACE)
endif()
target_compile_definitions(leasehold_asio ${_leasehold_asio_scope} BOOST_ASIO_NO_DEPRECATED)
target_compile_features(leasehold_asio ${_leasehold_asio_scope} cxx_std_20)

# A static library of the SDK. LIBS are part of its interface, PRIVATE_LIBS are not. Sources include
# each other as "sdk/<layer>/<file>.hpp", and the public headers as <leasehold/<file>.hpp>.
function(leasehold_add_library target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "API" "" "SOURCES;LIBS;PRIVATE_LIBS")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
        message(FATAL_ERROR
            "leasehold_add_library(${target} SOURCES ...): no sources, or unknown arguments "
            "'${arg_UNPARSED_ARGUMENTS}'"
        )
    endif()
    add_library(${target} STATIC ${arg_SOURCES})
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_compile_features(${target} PUBLIC cxx_std_20)
    target_include_directories(${target} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    )
    target_link_libraries(${target}
        PUBLIC ${arg_LIBS}
        PRIVATE $<BUILD_INTERFACE:leasehold_warnings> ${arg_PRIVATE_LIBS}
    )
    if(arg_API)
        # What the shared library exports must not be hidden in its objects; which of it is
        # exported, its version script says. Nobody is meant to replace one of these functions.
        set_target_properties(${target} PROPERTIES CXX_VISIBILITY_PRESET default)
        target_compile_options(${target} PRIVATE -fno-semantic-interposition)
    endif()
endfunction()

# What makes a build of this project, and only of this project, quick: ccache and lld when they are
# there. Not included when leasehold is a part of another build.

option(LEASEHOLD_USE_CCACHE "Compile through ccache when it is installed" ON)
option(LEASEHOLD_USE_LLD "Link with lld when it is installed" ON)

if(LEASEHOLD_USE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    find_program(LEASEHOLD_CCACHE ccache)
    mark_as_advanced(LEASEHOLD_CCACHE)
    if(LEASEHOLD_CCACHE)
        # pch_defines and time_macros: without them nothing that uses a precompiled header is ever
        # cached. The base directory and NOHASHDIR let two checkouts share what they compiled.
        set(CMAKE_CXX_COMPILER_LAUNCHER
            ${CMAKE_COMMAND} -E env
            CCACHE_SLOPPINESS=pch_defines,time_macros
            CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
            CCACHE_NOHASHDIR=1
            ${LEASEHOLD_CCACHE}
        )
    endif()
endif()

if(LEASEHOLD_USE_LLD)
    find_program(LEASEHOLD_LLD ld.lld)
    mark_as_advanced(LEASEHOLD_LLD)
    if(LEASEHOLD_LLD)
        add_link_options(-fuse-ld=lld)
    endif()
endif()

# What 'cpack' makes: Debian packages, one for each component, and one .tar.gz with all of it.

get_property(soversion GLOBAL PROPERTY LEASEHOLD_SOVERSION)
if(NOT soversion)
    return()  # without the shared library there is nothing to make packages of
endif()

set(CPACK_PACKAGE_NAME leasehold)
set(CPACK_PACKAGE_VENDOR "The leasehold authors")
set(LEASEHOLD_PACKAGE_CONTACT "leasehold maintainers <maintainers@leasehold.invalid>"
    CACHE STRING "Who the Debian packages say they are from"
)
set(CPACK_PACKAGE_CONTACT ${LEASEHOLD_PACKAGE_CONTACT})
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_COMPONENTS_ALL libraries testing development)
if(LEASEHOLD_BUILD_CLI)
    list(APPEND CPACK_COMPONENTS_ALL tools)
endif()
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/cmake/package/cpack.cmake)

# ---- Debian ---------------------------------------------------------------------------------------

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Where the library is that one of ours needs of another; that dependency is named below.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/sdk/library)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(about "leasehold speaks ZooKeeper's wire protocol itself, over one session for
all locks of a process. Every lock has a budget, at the end of which it is
released."
)

# One package: of a component, its name, section and dependencies besides those on shared libraries,
# one line about it, and what it has.
function(leasehold_debian component name section depends summary contents)
    string(TOUPPER ${component} key)
    set(CPACK_DEBIAN_${key}_PACKAGE_NAME ${name} PARENT_SCOPE)
    set(CPACK_DEBIAN_${key}_PACKAGE_SECTION ${section} PARENT_SCOPE)
    set(CPACK_DEBIAN_${key}_PACKAGE_DEPENDS "${depends}" PARENT_SCOPE)
    set(CPACK_COMPONENT_${key}_DESCRIPTION "${summary}\n${about}\n.\n${contents}" PARENT_SCOPE)
    set(docs ${CMAKE_INSTALL_DATADIR}/doc/${name})
    # Of the packages only: a plain installation has the license in a directory of its own.
    install(FILES ${PROJECT_SOURCE_DIR}/cmake/package/copyright
            ${PROJECT_BINARY_DIR}/package/changelog.Debian.gz
        DESTINATION ${docs} COMPONENT ${component} EXCLUDE_FROM_ALL
    )
endfunction()

set(library libleasehold${soversion})
set(servers libleasehold-testing${soversion})
set(same "(= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
leasehold_debian(libraries ${library} libs ""
    "distributed locks on ZooKeeper - shared library" "This package has the shared library."
)
leasehold_debian(testing ${servers} libs "${library} ${same}"
    "ZooKeeper servers inside a test - shared library"
    "This package has servers that live inside a test's own process."
)
set(CPACK_DEBIAN_LIBRARIES_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/cmake/package/triggers)
set(CPACK_DEBIAN_TESTING_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/cmake/package/triggers)
string(REGEX MATCH "^[0-9]+[.][0-9]+" boost_series ${Boost_VERSION_STRING})
leasehold_debian(development libleasehold-dev libdevel
    "${library} ${same}, ${servers} ${same}, libboost${boost_series}-dev, libprotobuf-dev, libssl-dev"
    "distributed locks on ZooKeeper - development files"
    "This package has the headers for C++ and C, the static libraries, and the
files for CMake and pkg-config."
)
leasehold_debian(tools leasehold-tools utils ""
    "distributed locks on ZooKeeper - command line tool"
    "This package has the tool, which runs a command under a lock, or as the
leader, shows who holds a lock and who waits, and serves ZooKeeper's protocol
from memory for trials."
)

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${PROJECT_BINARY_DIR}/package/changelog.Debian
"leasehold (${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * ${PROJECT_VERSION}; what changed is in the project's CHANGELOG.md.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
leasehold_gzip(${PROJECT_BINARY_DIR}/package/changelog.Debian)

include(CPack)

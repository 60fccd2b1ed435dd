# What 'cmake --install' installs, in components: libraries (the shared library), testing (the shared
# library of servers for tests), development (everything to compile with), tools. Nothing that is
# installed names the directory it was built in, or the prefix: the tree may be moved.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/leasehold)
get_property(LEASEHOLD_BOOST_VERSION GLOBAL PROPERTY LEASEHOLD_BOOST_VERSION)

# Compresses a file, as the pages and change logs of Debian's packages have to be.
function(leasehold_gzip file)
    find_program(LEASEHOLD_GZIP gzip REQUIRED)
    mark_as_advanced(LEASEHOLD_GZIP)
    execute_process(
        COMMAND ${LEASEHOLD_GZIP} -9nc ${file}
        OUTPUT_FILE ${file}.gz
        COMMAND_ERROR_IS_FATAL ANY
    )
endfunction()

# An export for each thing that can be asked for: what was not installed is not looked for.
function(leasehold_install_export flavour)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "COMPONENT" "TARGETS")
    foreach(target IN LISTS arg_TARGETS)
        # leasehold_wire is leasehold::wire; the client's own is leasehold::client.
        string(REGEX REPLACE "^leasehold_?" "" name ${target})
        if(name STREQUAL "")
            set(name client)
        elseif(target STREQUAL "leasehold_testing")
            set(name testing_server)
        endif()
        set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
    endforeach()
    install(TARGETS ${arg_TARGETS} EXPORT leasehold-${flavour}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${arg_COMPONENT}
        NAMELINK_COMPONENT development
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
    )
    install(EXPORT leasehold-${flavour}
        FILE leasehold-${flavour}.cmake
        NAMESPACE leasehold::
        DESTINATION ${package_dir}
        COMPONENT development
    )
endfunction()

leasehold_install_export(static
    TARGETS leasehold_static leasehold_capi leasehold leasehold_net leasehold_core leasehold_wire
        leasehold_proto leasehold_asio
    COMPONENT development
)
leasehold_install_export(testing_static
    TARGETS leasehold_testing_static leasehold_testing_c leasehold_testing leasehold_embedded
        leasehold_server
    COMPONENT development
)
if(LEASEHOLD_BUILD_SHARED)
    leasehold_install_export(shared TARGETS leasehold_shared COMPONENT libraries)
    leasehold_install_export(testing_shared TARGETS leasehold_testing_shared COMPONENT testing)
endif()

configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/cmake/package/leaseholdConfig.cmake.in
    ${PROJECT_BINARY_DIR}/package/leaseholdConfig.cmake
    INSTALL_DESTINATION ${package_dir}
    NO_SET_AND_CHECK_MACRO
    NO_CHECK_REQUIRED_COMPONENTS_MACRO
)
if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(compatibility SameMinorVersion)
else()
    set(compatibility SameMajorVersion)
endif()
write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/package/leaseholdConfigVersion.cmake
    COMPATIBILITY ${compatibility}
)
install(
    FILES
        ${PROJECT_BINARY_DIR}/package/leaseholdConfig.cmake
        ${PROJECT_BINARY_DIR}/package/leaseholdConfigVersion.cmake
    DESTINATION ${package_dir}
    COMPONENT development
)

# ---- pkg-config -----------------------------------------------------------------------------------

# From the directory of the .pc files to the prefix, however the libraries' directory is called.
file(RELATIVE_PATH LEASEHOLD_PC_TO_PREFIX
    /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix
)
# What goes for every part of a program with the static library, since Asio is compiled once in it.
# (Boost 1.81: what Asio allocates handlers with is compiled, and differs with NO_DEPRECATED.)
set(LEASEHOLD_PC_DEFINES -DBOOST_ASIO_NO_DEPRECATED)
if(LEASEHOLD_ASIO_SEPARATE)
    string(APPEND LEASEHOLD_PC_DEFINES " -DBOOST_ASIO_SEPARATE_COMPILATION")
    set(LEASEHOLD_PC_ASIO -lleasehold_asio)
endif()
foreach(name IN ITEMS leasehold leasehold-testing)
    configure_file(
        ${PROJECT_SOURCE_DIR}/cmake/package/${name}.pc.in
        ${PROJECT_BINARY_DIR}/package/${name}.pc
        @ONLY
    )
    install(FILES ${PROJECT_BINARY_DIR}/package/${name}.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT development
    )
endforeach()

install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/CHANGELOG.md
    DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT documents
)

# ---- the tool -------------------------------------------------------------------------------------

if(LEASEHOLD_BUILD_CLI)
    set(tool_dir ${PROJECT_SOURCE_DIR}/sdk/cli)
    install(TARGETS leasehold_cli
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools
    )
    file(READ ${tool_dir}/man/ensemble.roff LEASEHOLD_MAN_ENSEMBLE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${tool_dir}/man/ensemble.roff)
    foreach(page IN ITEMS leasehold leasehold-run leasehold-elect leasehold-ls leasehold-serve)
        configure_file(${tool_dir}/man/${page}.1.in ${PROJECT_BINARY_DIR}/man/${page}.1 @ONLY)
        leasehold_gzip(${PROJECT_BINARY_DIR}/man/${page}.1)
        install(FILES ${PROJECT_BINARY_DIR}/man/${page}.1.gz
            DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
            COMPONENT tools
        )
    endforeach()
    install(FILES ${tool_dir}/completion/leasehold.bash
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        RENAME leasehold
        COMPONENT tools
    )
    install(FILES ${tool_dir}/completion/_leasehold
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions
        COMPONENT tools
    )
    install(FILES ${tool_dir}/completion/leasehold.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d
        COMPONENT tools
    )
endif()

# Read by cpack for each kind of package: Debian's are for /usr, the archive for wherever it is put.
if(CPACK_GENERATOR STREQUAL "DEB")
    set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
    # Each package has a summary of its own.
    unset(CPACK_PACKAGE_DESCRIPTION_SUMMARY)
else()
    set(CPACK_PACKAGING_INSTALL_PREFIX /)
endif()

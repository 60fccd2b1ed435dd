# Finds the JDK whose javac is on the PATH, and its JNI headers: JNI_FOUND, LEASEHOLD_JAVA,
# LEASEHOLD_JAVAC. By itself CMake 3.25 looks for Java 11 at most.

find_program(LEASEHOLD_JAVAC javac)
find_program(LEASEHOLD_JAVA java)
mark_as_advanced(LEASEHOLD_JAVAC LEASEHOLD_JAVA)

if(LEASEHOLD_JAVAC AND NOT DEFINED JAVA_HOME AND NOT DEFINED ENV{JAVA_HOME})
    file(REAL_PATH ${LEASEHOLD_JAVAC} _leasehold_javac)
    cmake_path(GET _leasehold_javac PARENT_PATH _leasehold_javac)
    cmake_path(GET _leasehold_javac PARENT_PATH JAVA_HOME)
endif()
# The headers are all that it takes; a JDK without windows has no AWT.
find_package(JNI QUIET COMPONENTS JVM)

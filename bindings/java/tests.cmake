# The classes, and the JUnit tests on them, with the native libraries of this build.
#
# JUnit is Debian's. Curator's jars are those of ./dev; without them the tests beside it are left out.

set(junit_jars "")
foreach(each
    junit-jupiter-api junit-jupiter-engine junit-jupiter-params junit-platform-commons
    junit-platform-console junit-platform-engine junit-platform-launcher junit-platform-reporting
    opentest4j opentest4j-reporting-events opentest4j-reporting-schema apiguardian-api picocli
    univocity-parsers
)
    if(EXISTS /usr/share/java/${each}.jar)
        list(APPEND junit_jars /usr/share/java/${each}.jar)
    endif()
endforeach()
if(NOT EXISTS /usr/share/java/junit-platform-console.jar)
    message(STATUS "No JUnit 5 (Debian: junit5): the tests of the Java binding are left out")
    return()
endif()

file(GLOB curator_jars CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/build/jars/curator/*.jar)

# java_classes(<target> <stamp variable> SOURCES <file>... CLASSPATH <entry>... [DEPENDS <file>...])
function(java_classes target stamp)
    cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "SOURCES;CLASSPATH;DEPENDS")
    set(directory ${CMAKE_CURRENT_BINARY_DIR}/${target})
    set(list ${CMAKE_CURRENT_BINARY_DIR}/${target}.sources)
    list(JOIN arg_SOURCES "\n" lines)
    file(GENERATE OUTPUT ${list} CONTENT "${lines}\n")
    list(JOIN arg_CLASSPATH ":" classpath)
    add_custom_command(
        OUTPUT ${directory}.stamp
        COMMAND ${CMAKE_COMMAND} -E rm -rf ${directory}
        COMMAND ${LEASEHOLD_JAVAC} --release 17 -encoding UTF-8 -Xlint:all,-serial,-path,-try -Werror
            -proc:none -d ${directory} -cp "${classpath}:" @${list}
        COMMAND ${CMAKE_COMMAND} -E touch ${directory}.stamp
        DEPENDS ${arg_SOURCES} ${arg_DEPENDS} ${list}
        COMMENT "Compiling ${target}"
        VERBATIM
    )
    set(${stamp} ${directory}.stamp PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE main_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/main/java/*.java)
file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/src/test/java/*.java)
if(NOT curator_jars)
    list(FILTER test_sources EXCLUDE REGEX "/Curator[A-Za-z]*\\.java$")
endif()

set(main_classes ${CMAKE_CURRENT_BINARY_DIR}/leasehold_java)
set(test_classes ${CMAKE_CURRENT_BINARY_DIR}/leasehold_java_tests)
java_classes(leasehold_java main_stamp SOURCES ${main_sources})
java_classes(leasehold_java_tests test_stamp
    SOURCES ${test_sources}
    CLASSPATH ${main_classes} ${junit_jars} ${curator_jars}
    DEPENDS ${main_stamp}
)
add_custom_target(leasehold_java_classes ALL
    DEPENDS ${main_stamp} ${test_stamp} leasehold_jni leasehold_jni_testing
)

list(JOIN junit_jars ":" junit_path)
list(JOIN curator_jars ":" curator_path)
set(java_command
    ${LEASEHOLD_JAVA} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xcheck:jni
    -Dleasehold.library=$<TARGET_FILE:leasehold_jni>
    -Dleasehold.testing.library=$<TARGET_FILE:leasehold_jni_testing>
    -Dleasehold.header=${PROJECT_SOURCE_DIR}/include/leasehold/leasehold.h
)
set(java_classpath ${main_classes}:${test_classes}:${junit_path}:${curator_path})
set(zk_py ${PROJECT_SOURCE_DIR}/cmake/dev/zk.py)

# java_test(<name> <class> [ZOOKEEPER [SERVER <argument of zk.py run>...]]): one JUnit class as one
# ctest test; ZOOKEEPER: on a real server that lives as long as the test does.
function(java_test name class)
    cmake_parse_arguments(PARSE_ARGV 2 arg "ZOOKEEPER" "" "SERVER")
    set(command ${java_command})
    if(arg_ZOOKEEPER)
        set(command
            ${Python3_EXECUTABLE} -B ${zk_py} run --root ${CMAKE_CURRENT_BINARY_DIR}/zk
            --name ${name} ${arg_SERVER} -- ${command} -Dleasehold.test.zookeeper={}
        )
    endif()
    add_test(
        NAME java.${name}
        COMMAND ${command} -cp ${java_classpath} org.junit.platform.console.ConsoleLauncher
            --select-class io.leasehold.${class} --fail-if-no-tests --disable-banner
            --details tree --disable-ansi-colors
    )
    math(EXPR timeout "120 * ${LEASEHOLD_TEST_TIMEOUT_FACTOR}")
    set_tests_properties(java.${name} PROPERTIES
        LABELS "integration;java"
        TIMEOUT ${timeout}
        # What -Xcheck:jni says; it does not fail by itself.
        FAIL_REGULAR_EXPRESSION "in native method;JNI local refs"
    )
endfunction()

foreach(each Async BadInput Curator Error Events Exit Guard Header Interrupt Leader Leak
    Lock Readme Security Stress Stuck
)
    string(TOLOWER ${each} name)
    if(each STREQUAL "Curator" AND NOT curator_jars)
        continue()
    endif()
    java_test(${name} ${each}Test)
endforeach()
set(jaas ${CMAKE_CURRENT_SOURCE_DIR}/src/test/resources/sasl.jaas)
java_test(zookeeper_sasl SaslTest ZOOKEEPER SERVER
    --config authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider
    --jvm=-Djava.security.auth.login.config=${jaas}
)
foreach(each Async Curator Exit Guard Interrupt Leader Lock Stuck)
    string(TOLOWER ${each} name)
    if(each STREQUAL "Curator" AND NOT curator_jars)
        continue()
    endif()
    java_test(zookeeper_${name} ${each}Test ZOOKEEPER)
endforeach()

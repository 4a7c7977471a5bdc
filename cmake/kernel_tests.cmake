# SPDX-License-Identifier: MIT
# The tests of the kernels as a program of their own, for other processors under emulation: they
# need doctest's header and nothing else.

find_path(NUTSHELL_DOCTEST_INCLUDE doctest/doctest.h PATHS /usr/include NO_CMAKE_FIND_ROOT_PATH)
mark_as_advanced(NUTSHELL_DOCTEST_INCLUDE)
if(NOT NUTSHELL_DOCTEST_INCLUDE)
    message(FATAL_ERROR "nutshell: doctest was not found. Install the Debian package doctest-dev.")
endif()
# A folder with this header alone: the host's other headers are not for this compiler.
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/doctest_alone)
file(CREATE_LINK ${NUTSHELL_DOCTEST_INCLUDE}/doctest ${PROJECT_BINARY_DIR}/doctest_alone/doctest
     SYMBOLIC)

add_executable(nutshell_kernel_tests tests/main.cpp tests/kernels_test.cpp
                                     tests/elementwise_test.cpp tests/elementary_test.cpp
                                     tests/kernels_sparse_test.cpp tests/kernels_int4_test.cpp
                                     tests/kernels_int8_test.cpp tests/kernels_distance_test.cpp
                                     tests/packing_test.cpp)
nutshell_house_rules(nutshell_kernel_tests)
target_compile_definitions(nutshell_kernel_tests PRIVATE NUTSHELL_TEST_EMULATED)
target_include_directories(nutshell_kernel_tests PRIVATE ${PROJECT_SOURCE_DIR})
target_include_directories(nutshell_kernel_tests SYSTEM PRIVATE
                           ${PROJECT_BINARY_DIR}/doctest_alone)
target_link_libraries(nutshell_kernel_tests PRIVATE nutshell)
add_test(NAME kernels COMMAND nutshell_kernel_tests)

include(${PROJECT_SOURCE_DIR}/tests/raspberry_pi.cmake)

# 64-bit Arm with and without the dot product: neon_dot must run on the one, and not on the other.
if(CMAKE_CROSSCOMPILING AND CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
    foreach(cpu max cortex-a53)
        add_test(NAME kernels.int8.${cpu}
                 COMMAND ${CMAKE_CROSSCOMPILING_EMULATOR} -cpu ${cpu}
                         $<TARGET_FILE:nutshell_kernel_tests> --source-file=*int8*)
    endforeach()
    set_tests_properties(kernels.int8.max PROPERTIES ENVIRONMENT NUTSHELL_PLATFORM=neon_dot)

    # Linked statically: its functions then lie where its file says, for the one who counts.
    foreach(counted inference int8)
        add_executable(nutshell_counted_${counted} tests/compare/counted_${counted}.cpp)
        nutshell_house_rules(nutshell_counted_${counted})
        target_include_directories(nutshell_counted_${counted} PRIVATE ${PROJECT_SOURCE_DIR})
        target_link_libraries(nutshell_counted_${counted} PRIVATE nutshell -static)
    endforeach()
    add_test(NAME kernels.budget
             COMMAND bash ${PROJECT_SOURCE_DIR}/tests/compare/aarch64_budget.sh
                     $<TARGET_FILE:nutshell_counted_inference> $<TARGET_FILE:nutshell_counted_int8>
                     ${CMAKE_CROSSCOMPILING_EMULATOR} -cpu max)
    set_tests_properties(kernels.budget PROPERTIES SKIP_RETURN_CODE 77)
endif()

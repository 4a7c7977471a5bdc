# SPDX-License-Identifier: MIT
# The course: each file in examples/ is a program, and each program is run by ctest.

set(trains_on_images 6_deep 7_generate 8_convolutional 9_invent)
file(GLOB example_sources CONFIGURE_DEPENDS examples/*.cpp)
foreach(source ${example_sources})
    get_filename_component(name ${source} NAME_WE)
    add_executable(example_${name} ${source})
    set_target_properties(example_${name} PROPERTIES OUTPUT_NAME ${name}
                          RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples)
    nutshell_house_rules(example_${name})
    target_link_libraries(example_${name} PRIVATE nutshell)
    if(CMAKE_CROSSCOMPILING AND name IN_LIST trains_on_images)
        set(why "${name} trains on thousands of images, minutes under emulation")
        add_test(NAME example.${name} COMMAND sh -c "echo 'skipped: ${why}'; exit 77")
    else()
        add_test(NAME example.${name} COMMAND example_${name}
                 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    endif()
    set_tests_properties(example.${name} PROPERTIES SKIP_RETURN_CODE 77)
endforeach()

# The gateway of examples/firmware is a program for Linux. (It is tested with its sensor.)
add_executable(example_gateway examples/firmware/gateway.cpp)
set_target_properties(example_gateway PROPERTIES OUTPUT_NAME gateway
                      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples)
nutshell_house_rules(example_gateway)
target_link_libraries(example_gateway PRIVATE nutshell)

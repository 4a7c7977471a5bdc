# SPDX-License-Identifier: MIT
# What a Raspberry Pi runs: the command, and the examples of firmware, sensor and gateway with real
# digits and the board that watches. Their board is standard input and output.
set(firmware ${CMAKE_CURRENT_SOURCE_DIR}/tests/firmware)
set(course ${CMAKE_CURRENT_SOURCE_DIR}/examples)
set(pi ${PROJECT_BINARY_DIR}/raspberry_pi)
set(digits ${CMAKE_CURRENT_SOURCE_DIR}/tests/data/digits/t10k-images-idx3-ubyte)

function(nutshell_pi_program name)
    add_executable(${name} ${ARGN})
    nutshell_house_rules(${name})
    target_compile_options(${name} PRIVATE -ffp-contract=off)
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE nutshell)
endfunction()
nutshell_pi_program(pi_sensor_write ${firmware}/sensor_write.cpp)
nutshell_pi_program(pi_watch_write ${firmware}/watch_write.cpp)
nutshell_pi_program(pi_watch ${course}/firmware/watch.cpp ${firmware}/host_board.cpp)
nutshell_pi_program(pi_sensor ${course}/firmware/sensor.cpp ${firmware}/host_board.cpp)
nutshell_pi_program(pi_gateway ${course}/firmware/gateway.cpp)

add_custom_command(OUTPUT ${pi}/encoder.nut VERBATIM
    COMMAND ${CMAKE_COMMAND} -E make_directory ${pi}
    COMMAND gzip -dc ${digits}.gz > ${pi}/digits
    COMMAND pi_sensor_write ${course}/digits.nut ${pi}/digits simd ${pi} simd
    DEPENDS pi_sensor_write ${course}/digits.nut ${digits}.gz)
target_compile_definitions(pi_sensor PRIVATE NUTSHELL_MODEL_FILE="${pi}/encoder.nut")
set_source_files_properties(${course}/firmware/sensor.cpp PROPERTIES OBJECT_DEPENDS ${pi}/encoder.nut)
add_test(NAME raspberry_pi.sensor_and_gateway
         COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/tests/raspberry_pi.sh ${pi} $<TARGET_FILE:pi_sensor>
                 $<TARGET_FILE:pi_gateway> $<TARGET_FILE:pi_watch_write> $<TARGET_FILE:pi_watch>
                 ${CMAKE_CROSSCOMPILING_EMULATOR})
set_tests_properties(raspberry_pi.sensor_and_gateway PROPERTIES SKIP_RETURN_CODE 77)

if(TARGET nutshell_tool AND CMAKE_CROSSCOMPILING)
    add_test(NAME raspberry_pi.command
             COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/tests/raspberry_pi_command.sh
                     $<TARGET_FILE:nutshell_tool> ${CMAKE_CROSSCOMPILING_EMULATOR})
    set_tests_properties(raspberry_pi.command PROPERTIES SKIP_RETURN_CODE 77)
endif()

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
set_source_files_properties(${course}/firmware/sensor.cpp PROPERTIES
                            OBJECT_DEPENDS ${pi}/encoder.nut)
add_test(NAME raspberry_pi.sensor_and_gateway
         COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/tests/raspberry_pi.sh ${pi}
                 $<TARGET_FILE:pi_sensor> $<TARGET_FILE:pi_gateway>
                 $<TARGET_FILE:pi_watch_write> $<TARGET_FILE:pi_watch>
                 ${CMAKE_CROSSCOMPILING_EMULATOR})
set_tests_properties(raspberry_pi.sensor_and_gateway PROPERTIES SKIP_RETURN_CODE 77)

if(TARGET nutshell_tool AND CMAKE_CROSSCOMPILING)
    add_test(NAME raspberry_pi.command
             COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/tests/raspberry_pi_command.sh
                     $<TARGET_FILE:nutshell_tool> ${CMAKE_CROSSCOMPILING_EMULATOR})
    set_tests_properties(raspberry_pi.command PROPERTIES SKIP_RETURN_CODE 77)
endif()

# What tools/bench_firmware.sh, tests/compare/layer_costs.sh and kind_costs.sh measure: as images
# are made for a board, so are programs here. Each is loaded at the addresses that its file says,
# for the one who counts.
set(oldest_cpu cortex-a53)  # without dot products: a Raspberry Pi 3, or a 2
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "arm")
    set(oldest_cpu cortex-a7)
endif()
function(nutshell_firmware name board)
    nutshell_pi_program(${name} ${ARGN} ${firmware}/host_board.cpp)
    set_target_properties(${name} PROPERTIES SUFFIX .elf
                          RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/firmware)
    target_compile_options(${name} PRIVATE -fno-pie)
    target_link_options(${name} PRIVATE -no-pie -Wl,-z,now -Wl,--gc-sections)
    list(POP_FRONT CMAKE_CROSSCOMPILING_EMULATOR emulator)
    set(emulator ${emulator} -cpu ${oldest_cpu} ${CMAKE_CROSSCOMPILING_EMULATOR})
    file(WRITE ${PROJECT_BINARY_DIR}/tests/firmware/${name}.emulator "${emulator}\n")
    file(WRITE ${PROJECT_BINARY_DIR}/tests/firmware/${name}.board "${board}\n")
endfunction()
if(CMAKE_CROSSCOMPILING)
    set(large_board raspberry-pi)
    set(NUTSHELL_BOARD raspberry-pi)
    include(${firmware}/models.cmake)
endif()

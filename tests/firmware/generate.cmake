# SPDX-License-Identifier: MIT
# The example that draws digits, its weights in this processor's order, and the same example on the
# host with plain arithmetic.
set(generate ${CMAKE_CURRENT_BINARY_DIR}/generate_files)
set(generator ${PROJECT_SOURCE_DIR}/examples/generator.nut)
set(example ${PROJECT_SOURCE_DIR}/examples/firmware/generate.cpp)
add_custom_command(OUTPUT ${generate}/decoder.nut ${generate}/twin VERBATIM
    COMMAND ${CMAKE_COMMAND} -E make_directory ${generate}
    COMMAND ${host_command} ${CMAKE_CURRENT_SOURCE_DIR}/generate_write.cpp -o ${generate}/write
    COMMAND ${generate}/write ${generator} ${packing} ${generate}/decoder.nut
    COMMAND ${host_command} -DNUTSHELL_MODEL_FILE="${generator}" ${example}
            ${CMAKE_CURRENT_SOURCE_DIR}/host_board.cpp -o ${generate}/twin
    DEPENDS generate_write.cpp host_model.hpp packing_of.hpp host_board.cpp ${generator} ${example}
            ${host_objects})
add_custom_target(generate_files DEPENDS ${generate}/decoder.nut ${generate}/twin)
add_dependencies(generate_files host_library)
set(console)
if(NUTSHELL_BOARD STREQUAL "microbit")
    set(console ${boards}/microbit/uart.cpp)
endif()
nutshell_firmware(generate ${NUTSHELL_BOARD} ${example} ${console})
add_dependencies(generate generate_files)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "cortex-m0")
    # It has no instruction for sqrtf; the function proper, without errno and what hangs on that.
    target_link_libraries(generate PRIVATE m)
    target_link_options(generate PRIVATE -Wl,--defsym=sqrtf=__ieee754_sqrtf)
endif()
target_compile_definitions(generate PRIVATE NUTSHELL_MODEL_FILE="${generate}/decoder.nut")
set_source_files_properties(${example} PROPERTIES OBJECT_DEPENDS ${generate}/decoder.nut)
include(${boards}/${NUTSHELL_BOARD}/board.cmake)
list(FIND board_emulator -M machine)
math(EXPR machine "${machine} + 1")
list(GET board_emulator ${machine} machine)
add_test(NAME firmware.generate
         COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/generate.sh ${CMAKE_SYSTEM_PROCESSOR}
                 ${generate}/twin $<TARGET_FILE:generate> qemu-system-arm -M ${machine}
                 ${qemu_uart_console})
set_tests_properties(firmware.generate PROPERTIES SKIP_RETURN_CODE 77)

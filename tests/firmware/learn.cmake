# SPDX-License-Identifier: MIT
# The example that learns on a Cortex-M4, its digits, and the same example on the host.
set(learn ${CMAKE_CURRENT_BINARY_DIR}/learn_files)
set(digits ${PROJECT_SOURCE_DIR}/tests/data/digits)
set(example ${PROJECT_SOURCE_DIR}/examples/firmware/learn.cpp)
list(TRANSFORM host_command
     REPLACE "-DNUTSHELL_PLATFORM=Reference" "-DNUTSHELL_PLATFORM=tests::FpuTwin"
     OUTPUT_VARIABLE twin_command)
add_custom_command(OUTPUT ${learn}/learned ${learn}/held_out ${learn}/twin VERBATIM
    COMMAND ${CMAKE_COMMAND} -E make_directory ${learn}
    COMMAND gzip -dc ${digits}/train-images-idx3-ubyte.gz > ${learn}/learned
    COMMAND gzip -dc ${digits}/t10k-images-idx3-ubyte.gz > ${learn}/held_out
    COMMAND ${twin_command} -O2
            -DNUTSHELL_PLATFORM_HEADER="tests/firmware/fpu_twin.hpp" ${example}
            ${CMAKE_CURRENT_SOURCE_DIR}/host_board.cpp -o ${learn}/twin
    DEPENDS fpu_twin.hpp host_board.cpp ${example} ${host_objects}
            ${PROJECT_SOURCE_DIR}/platform/row_kernels.hpp
            ${PROJECT_SOURCE_DIR}/platform/vector_elementwise.hpp
            ${digits}/train-images-idx3-ubyte.gz ${digits}/t10k-images-idx3-ubyte.gz)
add_custom_target(learn_files ALL DEPENDS ${learn}/twin)
add_dependencies(learn_files host_library)
nutshell_firmware(learn ${NUTSHELL_BOARD}-192k ${example})
target_compile_options(learn PRIVATE -ffp-contract=off)  # the host's bits
nutshell_emulator_of(learn emulator)
add_test(NAME firmware.learn COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/learn.sh ${learn}
                                     $<TARGET_FILE:learn> ${emulator})
set_tests_properties(firmware.learn PROPERTIES SKIP_RETURN_CODE 77)

# On all 60,000 digits, five times, when asked for: a quarter of an hour.
add_custom_target(long_course VERBATIM USES_TERMINAL
    COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/learn_all.sh $<TARGET_FILE:learn> ${emulator}
    DEPENDS learn)

# A short course, its images over the UART.
nutshell_firmware(learn_uart ${NUTSHELL_BOARD} ${example})
target_compile_options(learn_uart PRIVATE -ffp-contract=off)
nutshell_emulator_of(learn_uart emulator)
add_test(NAME firmware.learn_uart COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/learn_uart.sh ${learn}
                                          $<TARGET_FILE:learn_uart> ${emulator})
set_tests_properties(firmware.learn_uart PROPERTIES SKIP_RETURN_CODE 77)

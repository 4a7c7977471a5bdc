# SPDX-License-Identifier: MIT
# The example that watches a machine, its spectra, and the same example on the host.
set(watch ${CMAKE_CURRENT_BINARY_DIR}/watch_files)
set(example ${PROJECT_SOURCE_DIR}/examples/firmware/watch.cpp)
set(twin_command ${host_command})
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "cortex-m4")
    list(TRANSFORM twin_command REPLACE "=Reference" "=tests::FpuTwin")
    list(APPEND twin_command -DNUTSHELL_PLATFORM_HEADER="tests/firmware/fpu_twin.hpp")
endif()
add_custom_command(OUTPUT ${watch}/spectra ${watch}/twin VERBATIM
    COMMAND ${CMAKE_COMMAND} -E make_directory ${watch}
    COMMAND ${NUTSHELL_HOST_COMPILER} -std=c++17 ${CMAKE_CURRENT_SOURCE_DIR}/watch_write.cpp
            -o ${watch}/write
    COMMAND ${watch}/write ${watch}/spectra
    COMMAND ${twin_command} ${example} ${CMAKE_CURRENT_SOURCE_DIR}/host_board.cpp -o ${watch}/twin
    DEPENDS watch_write.cpp fpu_twin.hpp host_board.cpp ${example} ${host_objects}
            ${PROJECT_SOURCE_DIR}/platform/row_kernels.hpp
            ${PROJECT_SOURCE_DIR}/platform/vector_elementwise.hpp)
add_custom_target(watch_files ALL DEPENDS ${watch}/spectra ${watch}/twin)
add_dependencies(watch_files host_library)
nutshell_firmware(watch ${NUTSHELL_BOARD} ${example})
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "cortex-m0")
    # It has no instruction for sqrtf; the function proper, without errno and what hangs on that.
    target_link_libraries(watch PRIVATE m)
    target_link_options(watch PRIVATE -Wl,--defsym=sqrtf=__ieee754_sqrtf)
endif()
target_compile_options(watch PRIVATE -ffp-contract=off)  # the host's bits
nutshell_emulator_of(watch emulator)
add_test(NAME firmware.watch COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/watch.sh ${watch}
                                     $<TARGET_FILE:watch> ${emulator})
set_tests_properties(firmware.watch PROPERTIES SKIP_RETURN_CODE 77)

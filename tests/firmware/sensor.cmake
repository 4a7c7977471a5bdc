# SPDX-License-Identifier: MIT
# The examples: a sensor on the micro:bit, a gateway on the host, and what goes between them.
set(course ${PROJECT_SOURCE_DIR}/examples)
set(digits ${PROJECT_SOURCE_DIR}/tests/data/digits/t10k-images-idx3-ubyte)
set(sensor ${CMAKE_CURRENT_BINARY_DIR}/sensor_files)
add_custom_command(OUTPUT ${sensor}/encoder.nut ${sensor}/gateway VERBATIM
    COMMAND ${CMAKE_COMMAND} -E make_directory ${sensor}
    COMMAND gzip -dc ${digits}.gz > ${sensor}/digits
    COMMAND ${host_command} ${CMAKE_CURRENT_SOURCE_DIR}/sensor_write.cpp -o ${sensor}/write
    COMMAND ${sensor}/write ${course}/digits.nut ${sensor}/digits ${packing} ${sensor}
    COMMAND ${host_command} ${course}/firmware/gateway.cpp -o ${sensor}/gateway
    DEPENDS sensor_write.cpp encoder_model.hpp host_model.hpp packing_of.hpp ${host_objects}
            ${course}/firmware/gateway.cpp ${course}/digits.nut ${digits}.gz)
add_custom_target(sensor_files DEPENDS ${sensor}/encoder.nut)
add_dependencies(sensor_files host_library)
nutshell_firmware(sensor microbit ${course}/firmware/sensor.cpp ${boards}/microbit/uart.cpp)
add_dependencies(sensor sensor_files)
target_compile_definitions(sensor PRIVATE NUTSHELL_MODEL_FILE="${sensor}/encoder.nut")
set_source_files_properties(${course}/firmware/sensor.cpp PROPERTIES
                            OBJECT_DEPENDS ${sensor}/encoder.nut)
add_test(NAME firmware.sensor
         COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/sensor.sh ${sensor} ${sensor}/gateway
                 $<TARGET_FILE:sensor> qemu-system-arm -M microbit ${qemu_uart_console})
set_tests_properties(firmware.sensor PROPERTIES SKIP_RETURN_CODE 77)

# SPDX-License-Identifier: MIT
# What tools/bench_firmware.sh and tests/compare/layer_costs.sh measure: images of models, one for each
# folder with the pair model.hpp and model.cpp of nutshell convert, and of single layers.
set(NUTSHELL_FIRMWARE_MODELS "" CACHE STRING "Folders of models, each to become an image")

nutshell_firmware(counted_layers ${large_board} EXCLUDE_FROM_ALL counted_layers.cpp)
foreach(folder ${NUTSHELL_FIRMWARE_MODELS})
    get_filename_component(model ${folder} NAME)
    file(SIZE ${folder}/model.cpp bytes)
    set(board ${NUTSHELL_BOARD})
    if(bytes GREATER 1100000)  # of text: some 200 KB of model
        set(board ${large_board})
    endif()
    nutshell_firmware(model_${model} ${board} EXCLUDE_FROM_ALL model_image.cpp ${folder}/model.cpp)
    target_include_directories(model_${model} PRIVATE ${folder})
endforeach()

add_test(NAME firmware.sizes COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/sizes.sh
                                     ${CMAKE_SYSTEM_PROCESSOR} ${CMAKE_CURRENT_BINARY_DIR})
set_tests_properties(firmware.sizes PROPERTIES SKIP_RETURN_CODE 77)

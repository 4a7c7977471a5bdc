# SPDX-License-Identifier: MIT
# What tools/bench_firmware.sh and tests/compare/layer_costs.sh measure: images of models, one for each
# folder with the pair model.hpp and model.cpp of nutshell convert, and of single layers.
set(NUTSHELL_FIRMWARE_MODELS "" CACHE STRING "Folders of models, each to become an image")

nutshell_firmware(counted_layers ${large_board} EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/counted_layers.cpp)
foreach(folder ${NUTSHELL_FIRMWARE_MODELS})
    get_filename_component(model ${folder} NAME)
    file(SIZE ${folder}/model.cpp bytes)
    set(board ${NUTSHELL_BOARD})
    if(bytes GREATER 1100000)  # of text: some 200 KB of model
        set(board ${large_board})
    endif()
    nutshell_firmware(model_${model} ${board} EXCLUDE_FROM_ALL
                      ${CMAKE_CURRENT_LIST_DIR}/model_image.cpp ${folder}/model.cpp)
    target_include_directories(model_${model} PRIVATE ${folder})
endforeach()

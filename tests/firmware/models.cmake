# SPDX-License-Identifier: MIT
# What tools/bench_firmware.sh, tests/compare/layer_costs.sh and kind_costs.sh measure: images of models, one
# for each folder with the pair model.hpp and model.cpp of nutshell convert, and of single layers.
set(NUTSHELL_FIRMWARE_MODELS "" CACHE STRING "Folders of models, each to become an image")

nutshell_firmware(counted_layers ${large_board} EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/counted_layers.cpp)
nutshell_firmware(counted_kinds ${large_board} EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/counted_kinds.cpp)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(cortex-m0|cortex-m3|riscv32)$")
    # They have no instruction for sqrtf; newlib's without errno and what hangs on that.
    target_link_libraries(counted_kinds PRIVATE m)
    if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "riscv32")
        target_link_options(counted_kinds PRIVATE -Wl,--defsym=sqrtf=__ieee754_sqrtf)
    endif()
endif()
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

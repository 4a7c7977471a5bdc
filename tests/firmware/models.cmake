# SPDX-License-Identifier: MIT
# What tools/bench_firmware.sh, tests/compare/layer_costs.sh and kind_costs.sh measure: images of
# models, one for each folder with the pair model.hpp and model.cpp of nutshell convert, and of
# single layers.
set(NUTSHELL_FIRMWARE_MODELS "" CACHE STRING "Folders of models, each to become an image")
set(NUTSHELL_FIRMWARE_LARGE_MODELS "" CACHE STRING
    "Those of them that need a board with more RAM, by name")

# The square root of batch normalization for a processor without one: newlib's, without errno and
# what hangs on that.
function(nutshell_link_square_root name)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(cortex-m0|cortex-m3|riscv32)$")
        target_link_libraries(${name} PRIVATE m gcc)
        if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "riscv32")
            target_link_options(${name} PRIVATE -Wl,--defsym=sqrtf=__ieee754_sqrtf)
        endif()
    endif()
endfunction()

nutshell_firmware(counted_layers ${large_board} EXCLUDE_FROM_ALL
                  ${CMAKE_CURRENT_LIST_DIR}/counted_layers.cpp)
nutshell_firmware(counted_kinds ${large_board} EXCLUDE_FROM_ALL
                  ${CMAKE_CURRENT_LIST_DIR}/counted_kinds.cpp)
nutshell_link_square_root(counted_kinds)
foreach(folder ${NUTSHELL_FIRMWARE_MODELS})
    get_filename_component(model ${folder} NAME)
    file(SIZE ${folder}/model.cpp bytes)
    set(board ${NUTSHELL_BOARD})
    # (So many bytes of text are some 200 KB of model.)
    if(model IN_LIST NUTSHELL_FIRMWARE_LARGE_MODELS OR bytes GREATER 1100000)
        set(board ${large_board})
    endif()
    nutshell_firmware(model_${model} ${board} EXCLUDE_FROM_ALL
                      ${CMAKE_CURRENT_LIST_DIR}/model_image.cpp ${folder}/model.cpp)
    target_include_directories(model_${model} PRIVATE ${folder})
    nutshell_link_square_root(model_${model})
endforeach()

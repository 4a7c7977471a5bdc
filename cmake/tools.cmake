# SPDX-License-Identifier: MIT
# What the PC does: nutshell_tools, a static library that the tests and the fuzz targets link too,
# and the command.

include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)

file(GLOB tool_sources CONFIGURE_DEPENDS tools/*.cpp tools/*/*.cpp)
file(GLOB command_sources CONFIGURE_DEPENDS tools/nutshell.cpp tools/huge_pages.cpp tools/commands/*.cpp)
list(REMOVE_ITEM tool_sources ${command_sources})
# The formats alone see the libraries of foreign formats, and are built anew when those change.
file(GLOB format_sources CONFIGURE_DEPENDS tools/formats/*.cpp)
list(REMOVE_ITEM tool_sources ${format_sources})
add_library(nutshell_formats OBJECT ${format_sources})
nutshell_house_rules(nutshell_formats)
target_include_directories(nutshell_formats PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(nutshell_formats PRIVATE nutshell nlohmann_json::nlohmann_json
                                               nutshell_format_libraries)
add_library(nutshell_tools STATIC ${tool_sources} $<TARGET_OBJECTS:nutshell_formats>)
nutshell_house_rules(nutshell_tools)
target_include_directories(nutshell_tools PUBLIC ${PROJECT_SOURCE_DIR})
target_link_libraries(nutshell_tools PUBLIC nutshell ZLIB::ZLIB Eigen3::Eigen CLI11::CLI11
                                            nlohmann_json::nlohmann_json nutshell_stb
                                            Threads::Threads)
target_link_libraries(nutshell_tools INTERFACE $<LINK_ONLY:nutshell_format_libraries>)

# The sample of real digits is embedded, so that the command needs no file beside it.
set(sample_dir ${PROJECT_SOURCE_DIR}/tests/data/digits)
file(GLOB sample_files CONFIGURE_DEPENDS ${sample_dir}/*)
set_source_files_properties(tools/data/sample.cpp PROPERTIES
                            COMPILE_DEFINITIONS "NUTSHELL_SAMPLE_DIR=\"${sample_dir}\""
                            OBJECT_DEPENDS "${sample_files}")

# stb hands memcpy a null pointer with size zero on some damaged files.
set_source_files_properties(tools/data/decode_image.cpp PROPERTIES
                            COMPILE_OPTIONS -fno-sanitize=undefined)

add_executable(nutshell_tool ${command_sources})
set_target_properties(nutshell_tool PROPERTIES OUTPUT_NAME nutshell)
nutshell_house_rules(nutshell_tool)
target_compile_definitions(nutshell_tool PRIVATE NUTSHELL_VERSION="${PROJECT_VERSION}")
target_link_libraries(nutshell_tool PRIVATE nutshell_tools)

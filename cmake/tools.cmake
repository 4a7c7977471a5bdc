# SPDX-License-Identifier: MIT
# What the PC does: nutshell_tools, a static library that the tests and the fuzz targets link too,
# and the command.

include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)

set(NUTSHELL_TOOLS_OPTIONS "" CACHE STRING "Further options that the tools are compiled with")
mark_as_advanced(NUTSHELL_TOOLS_OPTIONS)

file(GLOB tool_sources CONFIGURE_DEPENDS tools/*.cpp tools/*/*.cpp)
file(GLOB command_sources CONFIGURE_DEPENDS tools/nutshell.cpp tools/huge_pages.cpp
                                            tools/commands/*.cpp)
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
target_link_libraries(nutshell_tools PUBLIC nutshell Eigen3::Eigen CLI11::CLI11
                                            nlohmann_json::nlohmann_json nutshell_stb
                                            Threads::Threads)
if(ZLIB_FOUND)
    target_link_libraries(nutshell_tools PUBLIC ZLIB::ZLIB)
    set_source_files_properties(tools/data/gzip.cpp PROPERTIES
                                COMPILE_DEFINITIONS "NUTSHELL_ZLIB=\"${ZLIB_VERSION_STRING}\"")
endif()
target_link_libraries(nutshell_tools INTERFACE $<LINK_ONLY:nutshell_format_libraries>)

# The sample of real digits is embedded, so that the command needs no file beside it; inflated,
# where the command cannot do that.
set(sample_dir ${PROJECT_SOURCE_DIR}/tests/data/digits)
set(sample_suffix .gz)
file(GLOB sample_files CONFIGURE_DEPENDS ${sample_dir}/*.gz)
if(NOT ZLIB_FOUND)
    find_program(NUTSHELL_GZIP gzip REQUIRED)
    mark_as_advanced(NUTSHELL_GZIP)
    set(gzipped_files ${sample_files})
    set(sample_dir ${PROJECT_BINARY_DIR}/sample)
    set(sample_suffix)
    set(sample_files)
    file(MAKE_DIRECTORY ${sample_dir})
    foreach(gzipped ${gzipped_files})
        get_filename_component(name ${gzipped} NAME_WLE)
        add_custom_command(OUTPUT ${sample_dir}/${name} VERBATIM
                           COMMAND ${NUTSHELL_GZIP} -dc ${gzipped} > ${sample_dir}/${name}
                           DEPENDS ${gzipped})
        list(APPEND sample_files ${sample_dir}/${name})
    endforeach()
endif()
set(sample_definitions NUTSHELL_SAMPLE_DIR="${sample_dir}"
                       NUTSHELL_SAMPLE_SUFFIX="${sample_suffix}")
set_source_files_properties(tools/data/sample.cpp PROPERTIES
                            COMPILE_DEFINITIONS "${sample_definitions}"
                            OBJECT_DEPENDS "${sample_files}")

if(NUTSHELL_PRECOMPILE)
    target_precompile_headers(nutshell_tools PRIVATE <algorithm> <functional> <map> <string>
                                                     <vector>)
    target_precompile_headers(nutshell_formats PRIVATE <algorithm> <nlohmann/json.hpp> <string>
                                                       <vector>)
    # (Not for sources that are compiled in another way, nor for one that defines operator new.)
    set_source_files_properties(tools/data/sample.cpp tools/data/gzip.cpp
                                tools/data/decode_image.cpp tools/huge_pages.cpp
                                PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endif()

# stb hands memcpy a null pointer with size zero on some damaged files.
set_source_files_properties(tools/data/decode_image.cpp PROPERTIES
                            COMPILE_OPTIONS -fno-sanitize=undefined)

add_executable(nutshell_tool ${command_sources})
set_target_properties(nutshell_tool PROPERTIES OUTPUT_NAME nutshell)
nutshell_house_rules(nutshell_tool)
target_compile_definitions(nutshell_tool PRIVATE NUTSHELL_VERSION="${PROJECT_VERSION}")
target_link_libraries(nutshell_tool PRIVATE nutshell_tools)
foreach(target nutshell_formats nutshell_tools nutshell_tool)
    target_compile_options(${target} PRIVATE ${NUTSHELL_TOOLS_OPTIONS})
endforeach()
if(NUTSHELL_PRECOMPILE)
    target_precompile_headers(nutshell_tool PRIVATE <algorithm> <CLI/CLI.hpp> <nlohmann/json.hpp>)
endif()

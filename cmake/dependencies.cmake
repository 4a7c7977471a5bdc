# SPDX-License-Identifier: MIT
# The libraries of the tools and tests, each found by CMake or named with its Debian package.

# Stops with the Debian package to install.
function(nutshell_missing what debian_package)
    message(FATAL_ERROR "nutshell: ${what} was not found. Install the Debian package "
                        "${debian_package}, or build the library alone with "
                        "-DNUTSHELL_BUILD_TOOLS=OFF -DNUTSHELL_BUILD_TESTS=OFF.")
endfunction()

# Finds a CMake package whose imported target brings its headers as system headers.
macro(nutshell_find package debian_package)
    find_package(${package} QUIET)
    if(NOT ${package}_FOUND)
        nutshell_missing(${package} ${debian_package})
    endif()
endmacro()

nutshell_find(ZLIB zlib1g-dev)
nutshell_find(Eigen3 libeigen3-dev)
nutshell_find(nlohmann_json nlohmann-json3-dev)
nutshell_find(CLI11 libcli11-dev)
set(THREADS_PREFER_PTHREAD_FLAG ON)
nutshell_find(Threads libc6-dev)
if(NUTSHELL_BUILD_TESTS)
    nutshell_find(doctest doctest-dev)
endif()

find_path(NUTSHELL_STB_INCLUDE stb/stb_image.h)
mark_as_advanced(NUTSHELL_STB_INCLUDE)
if(NOT NUTSHELL_STB_INCLUDE)
    nutshell_missing(stb/stb_image.h libstb-dev)
endif()
add_library(nutshell_stb INTERFACE)
target_include_directories(nutshell_stb SYSTEM INTERFACE ${NUTSHELL_STB_INCLUDE})

# Libraries of foreign formats, each optional. Files that need one stand under #ifdef of its name,
# which holds its version; without it the format is listed as not built.
# nutshell_format_library(NUTSHELL_FLATBUFFERS ${version} LIBRARY...)
add_library(nutshell_format_libraries INTERFACE)
function(nutshell_format_library name version)
    target_compile_definitions(nutshell_format_libraries INTERFACE ${name}="${version}")
    target_link_libraries(nutshell_format_libraries INTERFACE ${ARGN})
    message(STATUS "nutshell: ${name} ${version}")
endfunction()

# TensorFlow Lite: the library is headers alone; its compiler makes one more of tflite.fbs.
find_package(FlatBuffers QUIET)
find_program(NUTSHELL_FLATC flatc)
mark_as_advanced(NUTSHELL_FLATC)
if(FlatBuffers_FOUND AND NUTSHELL_FLATC)
    set(generated ${PROJECT_BINARY_DIR}/generated)
    set(schema ${PROJECT_SOURCE_DIR}/tools/formats/tflite.fbs)
    add_custom_command(OUTPUT ${generated}/tflite_generated.h
                       COMMAND ${NUTSHELL_FLATC} --cpp -o ${generated} ${schema}
                       DEPENDS ${schema} VERBATIM)
    add_custom_target(nutshell_tflite_header DEPENDS ${generated}/tflite_generated.h)
    add_library(nutshell_tflite INTERFACE)
    add_dependencies(nutshell_tflite nutshell_tflite_header)
    target_include_directories(nutshell_tflite SYSTEM INTERFACE ${generated})
    nutshell_format_library(NUTSHELL_FLATBUFFERS ${FlatBuffers_VERSION} nutshell_tflite)
endif()

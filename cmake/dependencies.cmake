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

# .gz files, and the sample of digits as it is committed. (The tests write such files themselves.)
find_package(ZLIB QUIET)
if(ZLIB_FOUND)
    message(STATUS "nutshell: zlib ${ZLIB_VERSION_STRING}")
elseif(NUTSHELL_BUILD_TESTS)
    nutshell_missing(ZLIB zlib1g-dev)
else()
    message(STATUS "nutshell: no zlib (zlib1g-dev): .gz files will not be read")
endif()

# Libraries of foreign formats, each optional. Files that need one stand under #ifdef of its name,
# which holds its version; without it the format is listed as not built.
# nutshell_format_library(NUTSHELL_FLATBUFFERS ${version} LIBRARY...)
add_library(nutshell_format_libraries INTERFACE)
function(nutshell_format_library name version)
    target_compile_definitions(nutshell_format_libraries INTERFACE ${name}="${version}")
    target_link_libraries(nutshell_format_libraries INTERFACE ${ARGN})
    message(STATUS "nutshell: ${name} ${version}")
endfunction()

# TensorFlow Lite: the library is headers alone, the same for every processor; its compiler, which
# has the same version, makes one more of tflite.fbs.
find_path(NUTSHELL_FLATBUFFERS_INCLUDE flatbuffers/flatbuffers.h)
find_program(NUTSHELL_FLATC flatc)
mark_as_advanced(NUTSHELL_FLATBUFFERS_INCLUDE NUTSHELL_FLATC)
if(NUTSHELL_FLATBUFFERS_INCLUDE AND NUTSHELL_FLATC)
    set(generated ${PROJECT_BINARY_DIR}/generated)
    set(schema ${PROJECT_SOURCE_DIR}/tools/formats/tflite.fbs)
    add_custom_command(OUTPUT ${generated}/tflite_generated.h
                       COMMAND ${NUTSHELL_FLATC} --cpp -o ${generated} ${schema}
                       DEPENDS ${schema} VERBATIM)
    add_custom_target(nutshell_tflite_header DEPENDS ${generated}/tflite_generated.h)
    add_library(nutshell_tflite INTERFACE)
    add_dependencies(nutshell_tflite nutshell_tflite_header)
    target_include_directories(nutshell_tflite SYSTEM INTERFACE ${generated}
                                                                ${NUTSHELL_FLATBUFFERS_INCLUDE})
    execute_process(COMMAND ${NUTSHELL_FLATC} --version OUTPUT_VARIABLE version)
    string(REGEX MATCH "[0-9.]+" version "${version}")
    nutshell_format_library(NUTSHELL_FLATBUFFERS ${version} nutshell_tflite)
endif()

# nutshell_plain_library(NAME HEADER LIBRARY FOLDER VERSION_HEADER VERSION_LINE): a library found by
# its header, for those whose CMake files ask for more than the library. The version is the last
# number in the line.
function(nutshell_plain_library name header library folder version_header version_line)
    find_path(${name}_INCLUDE ${header} PATH_SUFFIXES ${folder})
    find_library(${name}_LIBRARY NAMES ${library} PATH_SUFFIXES ${folder})
    mark_as_advanced(${name}_INCLUDE ${name}_LIBRARY)
    if(NOT ${name}_INCLUDE OR NOT ${name}_LIBRARY)
        return()
    endif()
    file(STRINGS ${${name}_INCLUDE}/${version_header} version REGEX "define ${version_line} ")
    string(REGEX REPLACE ".*[\" ]([0-9.]+)\".*" "\\1" version "${version}")
    add_library(${name}_library INTERFACE)
    target_include_directories(${name}_library SYSTEM INTERFACE ${${name}_INCLUDE})
    target_link_libraries(${name}_library INTERFACE ${${name}_LIBRARY})
    nutshell_format_library(${name} ${version} ${name}_library)
endfunction()

# Keras weights. Debian has the serial library in folders of that name. Later versions of HDF5 keep
# the interface of 1.10.
nutshell_plain_library(NUTSHELL_HDF5 hdf5.h hdf5 hdf5/serial H5public.h H5_VERS_INFO)
if(TARGET NUTSHELL_HDF5_library)
    target_compile_definitions(NUTSHELL_HDF5_library INTERFACE H5_USE_110_API)
endif()

# .npz and .keras.
nutshell_plain_library(NUTSHELL_ZIP zip.h zip "" zipconf.h LIBZIP_VERSION)

# ONNX, by a schema of our own.
find_package(Protobuf QUIET)
if(Protobuf_FOUND AND TARGET protobuf::libprotobuf-lite AND TARGET protobuf::protoc)
    protobuf_generate_cpp(onnx_source onnx_header ${PROJECT_SOURCE_DIR}/tools/formats/onnx.proto)
    add_library(nutshell_onnx STATIC ${onnx_source} ${onnx_header})
    target_compile_features(nutshell_onnx PUBLIC cxx_std_17)
    target_include_directories(nutshell_onnx SYSTEM PUBLIC ${CMAKE_CURRENT_BINARY_DIR})
    target_link_libraries(nutshell_onnx PUBLIC protobuf::libprotobuf-lite)
    nutshell_format_library(NUTSHELL_PROTOBUF ${Protobuf_VERSION} nutshell_onnx)
endif()

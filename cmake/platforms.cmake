# SPDX-License-Identifier: MIT
# The platforms: which sources are built with which compiler flags, and how the library is bound to
# one of them. Sets NUTSHELL_PLATFORM_SOURCES, _DEFINITIONS and _INCLUDE for the library target.

set(default_platform auto)
if(CMAKE_SYSTEM_NAME STREQUAL "Generic")
    set(default_platform own)
endif()
string(CONCAT platform_help "auto: the best platform is chosen at run time; "
                            "own: the processor's, or a platform's name: bound at build time")
set(NUTSHELL_PLATFORM ${default_platform} CACHE STRING "${platform_help}")

set(NUTSHELL_PLATFORM_SOURCES ${PROJECT_SOURCE_DIR}/platform/bind.cpp)
set(NUTSHELL_PLATFORM_DEFINITIONS)
set(NUTSHELL_PLATFORM_INCLUDE)
set(platform_names)
set(NUTSHELL_PLATFORM_NAMES reference)  # of those that are chosen at run time

# Adds one platform: the struct's name, the processors that have it (a regular expression),
# its source, whose file name is the platform's name, and the flags that this source needs. A header
# of that name declares the struct.
macro(nutshell_platform type processors source)
    if("${CMAKE_SYSTEM_PROCESSOR}" MATCHES "${processors}")
        get_filename_component(platform_name ${source} NAME_WE)
        list(APPEND platform_names ${platform_name})
        if(NUTSHELL_PLATFORM MATCHES "^(auto|own|${platform_name})$")
            list(APPEND NUTSHELL_PLATFORM_SOURCES ${PROJECT_SOURCE_DIR}/${source})
            set_source_files_properties(${PROJECT_SOURCE_DIR}/${source}
                                        PROPERTIES COMPILE_OPTIONS "${ARGN}")
        endif()
        if(NUTSHELL_PLATFORM MATCHES "^(own|${platform_name})$")  # the last of them is the one
            set(NUTSHELL_PLATFORM_DEFINITIONS NUTSHELL_PLATFORM=${type})
            set(NUTSHELL_BOUND_PLATFORM ${platform_name})
            if(EXISTS ${PROJECT_SOURCE_DIR}/platform/${platform_name}.hpp)
                list(APPEND NUTSHELL_PLATFORM_DEFINITIONS
                     NUTSHELL_PLATFORM_HEADER="${platform_name}.hpp")
            endif()
        endif()
    endif()
endmacro()

# Adds a further source, with flags of its own, to the platform that was added last.
macro(nutshell_platform_source processors source)
    if("${CMAKE_SYSTEM_PROCESSOR}" MATCHES "${processors}" AND
       NUTSHELL_PLATFORM MATCHES "^(own|${platform_name})$")
        list(APPEND NUTSHELL_PLATFORM_SOURCES ${PROJECT_SOURCE_DIR}/${source})
        set_source_files_properties(${PROJECT_SOURCE_DIR}/${source}
                                    PROPERTIES COMPILE_OPTIONS "${ARGN}")
    endif()
endmacro()

# Adds one platform that is only ever chosen at run time.
macro(nutshell_host_platform processors source)
    if(NUTSHELL_PLATFORM STREQUAL "auto" AND "${CMAKE_SYSTEM_PROCESSOR}" MATCHES "${processors}")
        list(APPEND NUTSHELL_PLATFORM_SOURCES ${PROJECT_SOURCE_DIR}/${source})
        set_source_files_properties(${PROJECT_SOURCE_DIR}/${source}
                                    PROPERTIES COMPILE_OPTIONS "${ARGN}")
        get_filename_component(platform_name ${source} NAME_WE)
        list(APPEND NUTSHELL_PLATFORM_NAMES ${platform_name})
    endif()
endmacro()

# THE LIST: struct, processors, source, flags. (The reference is also the base of all others.)
nutshell_platform(Reference ".*" lib/nutshell/reference.cpp)
nutshell_platform(Armv6m "^cortex-m0(plus)?$" platform/armv6m.cpp -Os)
nutshell_platform(Armv7m "^cortex-m3$" platform/armv7m.cpp -Os)
nutshell_platform(Dsp "^cortex-m(4|7|33)$" platform/dsp.cpp -Os)
nutshell_platform_source("^cortex-m(4|7|33)$" platform/fpu.cpp -O2)
nutshell_platform(Helium "^cortex-m(55|85)$" platform/helium.cpp -Os)
nutshell_platform_source("^cortex-m(55|85)$" platform/helium_float.cpp -O2)
nutshell_platform_source("^cortex-m(55|85)$" platform/helium_depthwise.cpp -O2)
nutshell_platform_source("^cortex-m(55|85)$" platform/helium_distances.cpp -O2)
# Without the last flag gcc computes vectors that are in lockstep one after the other.
nutshell_host_platform("x86_64|AMD64" platform/sse2.cpp -msse2
                       $<$<CXX_COMPILER_ID:GNU>:-fno-tree-ter>)
nutshell_host_platform("x86_64|AMD64" platform/avx2.cpp -mavx2 -mfma)
set(avx512 -mfma -mavx512f -mavx512bw -mavx512dq -mprefer-vector-width=512)
nutshell_host_platform("x86_64|AMD64" platform/avx512.cpp ${avx512})
nutshell_host_platform("x86_64|AMD64" platform/avx512_vnni.cpp ${avx512} -mavx512vnni -mavx512vbmi)
nutshell_host_platform("aarch64|arm64" platform/neon_dot.cpp -march=armv8.2-a+dotprod)
nutshell_host_platform("aarch64|arm64" platform/neon.cpp)
nutshell_host_platform("^arm" platform/neon.cpp -mfpu=neon-vfpv4)

# Of the layers over images what runs for each pixel: for speed, where all else is built for size.
if(CMAKE_SYSTEM_NAME STREQUAL "Generic")
    foreach(source patch_int8 patch_back_int8 pooling)
        set_source_files_properties(${PROJECT_SOURCE_DIR}/lib/nutshell/${source}.cpp
                                    PROPERTIES COMPILE_OPTIONS -O2)
    endforeach()
endif()

if(NUTSHELL_PLATFORM STREQUAL "auto")
    list(APPEND NUTSHELL_PLATFORM_SOURCES ${PROJECT_SOURCE_DIR}/platform/platform.cpp)
    # <nutshell/platform.hpp> for users of the build tree; an installed one is the header itself.
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/include/nutshell/platform.hpp
         CONTENT "#include \"${PROJECT_SOURCE_DIR}/platform/platform.hpp\"\n" @ONLY)
    set(NUTSHELL_PLATFORM_INCLUDE $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>)
elseif(NOT NUTSHELL_PLATFORM_DEFINITIONS)
    list(JOIN platform_names ", " platform_names)
    message(FATAL_ERROR "nutshell: there is no platform '${NUTSHELL_PLATFORM}' for "
                        "${CMAKE_SYSTEM_PROCESSOR}; "
                        "NUTSHELL_PLATFORM can be auto, own, ${platform_names}")
endif()
list(REMOVE_DUPLICATES NUTSHELL_PLATFORM_SOURCES)

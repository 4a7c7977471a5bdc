# SPDX-License-Identifier: MIT
# AVX-512 without a machine that has it: a test program's objects linked once more, with a second
# copy of platform/avx512*.cpp whose intrinsics SIMDe (Debian's libsimde-dev) emulates.

find_path(NUTSHELL_SIMDE_INCLUDE simde/x86/avx512.h)
mark_as_advanced(NUTSHELL_SIMDE_INCLUDE)

# The emulated platform, avx512 or one that adds to it, is an object of the program, so it stands
# before the library's own.
function(nutshell_emulated_avx512 platform target program)
    set(source ${PROJECT_SOURCE_DIR}/platform/${platform}.cpp)
    # -mavx512xy becomes the macro that the compiler would define for it.
    get_source_file_property(flags ${source} TARGET_DIRECTORY nutshell COMPILE_OPTIONS)
    list(FILTER flags INCLUDE REGEX "^-mavx512")
    list(TRANSFORM flags TOUPPER)
    list(TRANSFORM flags REPLACE "^-M(.+)" "__\\1__")

    add_library(${target}_kernels OBJECT ${source})
    set_target_properties(${target}_kernels PROPERTIES CXX_STANDARD 17 CXX_EXTENSIONS OFF)
    target_compile_definitions(${target}_kernels PRIVATE ${flags})
    # Warnings are for the real copy; here they are about SIMDe.
    target_compile_options(${target}_kernels PRIVATE
                           $<TARGET_PROPERTY:nutshell,COMPILE_OPTIONS> -w -Wno-psabi)
    target_include_directories(${target}_kernels BEFORE PRIVATE
                               ${PROJECT_SOURCE_DIR}/tests/avx512_emulated)
    target_include_directories(${target}_kernels PRIVATE ${PROJECT_SOURCE_DIR}/lib
                                                         ${NUTSHELL_SIMDE_INCLUDE})

    add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/main.cpp $<TARGET_OBJECTS:${program}>
                             $<TARGET_OBJECTS:${target}_kernels>)
    nutshell_house_rules(${target})
    target_compile_definitions(${target} PRIVATE NUTSHELL_TEST_EMULATES="${platform}")
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
endfunction()

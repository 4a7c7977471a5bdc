# SPDX-License-Identifier: MIT
# What an installed Nutshell holds: library, headers, command, CMake package, pkg-config file.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS nutshell EXPORT nutshellTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY lib/nutshell DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.hpp")
if(NUTSHELL_PLATFORM STREQUAL "auto")
    install(FILES platform/platform.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/nutshell)
endif()
if(NUTSHELL_BUILD_TOOLS)
    install(TARGETS nutshell_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/nutshell)
install(EXPORT nutshellTargets NAMESPACE nutshell:: DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nutshellConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES cmake/nutshellConfig.cmake ${PROJECT_BINARY_DIR}/nutshellConfigVersion.cmake
        DESTINATION ${package_dir})

# The prefix is found from the file's own place, so that an installed tree can be moved.
file(RELATIVE_PATH prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/nutshell.pc.in ${PROJECT_BINARY_DIR}/nutshell.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/nutshell.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

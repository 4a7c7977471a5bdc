# SPDX-License-Identifier: MIT
# find_package(nutshell) ends here: it defines the target nutshell::nutshell.
include(${CMAKE_CURRENT_LIST_DIR}/nutshellTargets.cmake)

// SPDX-License-Identifier: MIT
// What every tool throws when the user's input is at fault: one line that says what, where and
// what to do. main() prints it and exits with status 2.
#pragma once
#include <stdexcept>
#include <string>

namespace nutshell::tools {

class Error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace nutshell::tools

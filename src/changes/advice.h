// What an operator must do for the database to offer its changes.
//
// Concurrency  pure
#pragma once

#include <string>

#include "base/error.h"

namespace pando::changes {

// Empty when the error says nothing about how the database is set up.
std::string AdviceFor(const Error& error);

}  // namespace pando::changes

// What an operator must do for the database to offer its changes, and telling him so once.
//
// Concurrency  AdviceFor: pure. Teller: single-owner
#pragma once

#include <string>

#include "base/error.h"

namespace pando::changes {

// Empty when the error says nothing about how the database is set up.
std::string AdviceFor(const Error& error);

// Logs why no changes come, with what to do; the same reason not twice in a row.
class Teller {
 public:
  void Tell(const Error& why);
  // Changes come: the next reason is told, whatever it is.
  void Forget() { told_.clear(); }

 private:
  std::string told_;
};

}  // namespace pando::changes

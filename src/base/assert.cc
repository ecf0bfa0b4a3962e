#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace pando {

void AssertionFailed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "assertion failed: %s at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace pando

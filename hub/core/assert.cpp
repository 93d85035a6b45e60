#include "hub/core/assert.h"

#include <cstdio>
#include <cstdlib>

namespace racehub {

void assertion_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "racehub: broken invariant at %s:%d: %s\n", file, line, expression);
    std::abort();
}

}  // namespace racehub

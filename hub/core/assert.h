#pragma once
// RH_ASSERT stays on in release builds: a hub that continues with a broken invariant writes wrong
// laps with confidence. It is for the programmer's errors only; input from outside is checked and
// answered, never asserted.

namespace racehub {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}

#define RH_ASSERT(expression)            \
    ((expression) ? static_cast<void>(0) \
                  : ::racehub::assertion_failed(#expression, __FILE__, __LINE__))

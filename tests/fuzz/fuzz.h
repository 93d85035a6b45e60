#pragma once
// The one function of a fuzz target: takes any bytes, returns 0, and never crashes, hangs or leaks.
// What must hold beyond that it checks with RH_ASSERT. It keeps nothing from one call to the next.

#include <cstddef>
#include <cstdint>

#include "hub/core/assert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

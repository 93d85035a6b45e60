// Fails on purpose on an input that is not in its corpus, but near: who runs the loop and does not
// see this fail is not testing.

#include <cstdlib>
#include <string_view>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.substr(0, 5) == "lap 0") std::_Exit(3);
    return 0;
}

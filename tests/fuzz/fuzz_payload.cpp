// One event's data: a line with the type, then the JSON. What is taken survives its own text.

#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "tests/fuzz/fuzz.h"

using namespace racehub;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view all(reinterpret_cast<const char*>(data), size);
    const std::size_t line = std::min(all.find('\n'), all.size());
    const std::string_view type = all.substr(0, line);
    const std::string_view text = all.substr(std::min(line + 1, all.size()));
    Payload payload;
    std::string error;
    if (!decode_payload(type, text, payload, error)) {
        RH_ASSERT(!error.empty());
        return 0;
    }
    RH_ASSERT(type_of(payload) == type);
    const std::string once = encode_payload(payload);
    Payload again;
    RH_ASSERT(decode_payload(type, std::string_view(once), again, error));
    RH_ASSERT(encode_payload(again) == once);
    return 0;
}

// One event's data of the type that the first byte chooses: what is taken survives its own text.

#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "tests/fuzz/fuzz.h"

using namespace racehub;

namespace {

template <std::size_t... I>
std::string_view type_at(std::size_t index, std::index_sequence<I...>) {
    static constexpr std::string_view kTypes[] = {std::variant_alternative_t<I, AnyPayload>::kType...};
    return kTypes[index % std::size(kTypes)];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view type =
        type_at(data[0], std::make_index_sequence<std::variant_size_v<AnyPayload>>{});
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
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

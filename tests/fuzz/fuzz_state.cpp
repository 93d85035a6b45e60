// A snapshot, as the browser takes it from the hub: what is taken survives its own text, and its
// table can be shown.

#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "hub/core/decide.h"
#include "tests/fuzz/fuzz.h"

using namespace racehub;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    nlohmann::json object;
    std::string error;
    HubState state;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (!parse_object(text, object, error) || !decode_state(object, state, error)) {
        RH_ASSERT(!error.empty());
        return 0;
    }
    const std::string once = encode_state(state);
    HubState again;
    RH_ASSERT(parse_object(once, object, error) && decode_state(object, again, error));
    RH_ASSERT(encode_state(again) == once);
    next_deadline(state);
    for (const Track& track : state.tracks) {
        if (!track.race) continue;
        const std::vector<Standing> rows = standings(*track.race);
        RH_ASSERT(rows.size() == track.race->entries.size());
        for (const Standing& row : rows) RH_ASSERT(row.gap_us >= 0 && row.interval_us >= 0);
    }
    return 0;
}

#pragma once
// A source's state as a light and a word, for organisers.

#include <string>

#include "webui/model/hub_client.h"

namespace racehub {

struct SourceLight {
    enum class Look : std::uint8_t { good = 1, trying, bad, off };
    Look look = Look::off;
    std::string word;  ///< "Connected", "Retrying, next try in 4 s", "Refused", "Silent", …
};

/// `source` as the hub told it; null: it has not told about it yet.
SourceLight source_light(const SourceHealth* source, TimeUs hub_now_us);

}  // namespace racehub

#include "webui/model/source_light.h"

#include <algorithm>

namespace racehub {

SourceLight source_light(const SourceHealth* source, TimeUs hub_now_us) {
    using Look = SourceLight::Look;
    if (source == nullptr) return {Look::off, "Not there yet"};
    const std::string& state = source->health;
    std::string next;
    if (source->next_try_us > hub_now_us) {
        const TimeUs left_us = source->next_try_us - hub_now_us;
        next = ", next try in " + std::to_string((left_us + kSecondUs - 1) / kSecondUs) + " s";
    }
    if (state == "ok" && source->stale) return {Look::trying, "Silent"};
    if (state == "ok") return {Look::good, "Connected"};
    if (state == "starting") return {Look::trying, "Connecting"};
    if (state == "degraded" || state == "restarting") return {Look::trying, "Retrying" + next};
    if (state == "failed") return {Look::bad, "Refused" + next};
    if (state == "quarantined") return {Look::bad, "Crashes; left alone until it is restarted"};
    return {Look::off, "Off"};
}

}  // namespace racehub

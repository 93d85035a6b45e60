#pragma once
// JSON of events, states and standings. Reading is a border: everything is checked (type, range,
// length, known words) and the answer says which key is wrong and why. Unknown keys are skipped, so
// that newer peers may add some. Never throws.

#include <nlohmann/json_fwd.hpp>

#include "hub/core/samples.h"
#include "hub/core/standings.h"

namespace racehub {

inline constexpr int kEnvelopeVersion = 1;
inline constexpr std::size_t kMaxEventBytes =
    64 * 1024;  ///< one event as text; the largest real one is about 20 kB
inline constexpr int kMaxJsonDepth = 32;

/// Parses text that must be one JSON object. On failure `error` says where. Refuses nesting over
/// kMaxJsonDepth.
bool parse_object(std::string_view text, nlohmann::json& object, std::string& error);

/// The whole envelope: {"v":1,"seq":..,"kind":..,"type":..,"time_us":..,...,"data":{..}}; empty
/// members are left out.
std::string encode_event(const Event& event);
bool decode_event(const nlohmann::json& object, Event& event, std::string& error);

/// Only the payload, chosen by its type name.
std::string encode_payload(const Payload& payload);
bool decode_payload(std::string_view type, const nlohmann::json& data, Payload& payload,
                    std::string& error);
bool decode_payload(std::string_view type, std::string_view data, Payload& payload,
                    std::string& error);
/// The same for what a person orders: keys that are not known are refused, because a mistyped one
/// would order something else.
bool decode_command(std::string_view type, const nlohmann::json& data, Payload& payload,
                    std::string& error);
/// Names of all payload types of a kind.
std::vector<std::string_view> payload_types(Kind kind);

/// The data of a sample, chosen by its type name. False with an empty `error`: a type that only its
/// plugin knows.
std::string encode_sample(const Sample& sample);
bool decode_sample(std::string_view type, const nlohmann::json& data, Sample& sample,
                   std::string& error);

std::string encode_state(const HubState& state);
bool decode_state(const nlohmann::json& object, HubState& state, std::string& error);

std::string encode_settings(const RaceSettings& settings);
bool decode_settings(const nlohmann::json& object, RaceSettings& settings, std::string& error);

/// Parts of the state for REST answers, as JSON values to be put together by the caller.
nlohmann::json to_json(const Track& track);
nlohmann::json to_json(const Race& race);
nlohmann::json to_json(const Entry& entry);
nlohmann::json to_json(const RaceSettings& settings);
nlohmann::json to_json(const std::vector<Standing>& standings);

}  // namespace racehub

#include "hub/core/codec.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

namespace racehub {
namespace {

using nlohmann::json;

/// Largest magnitude of an integer without a range of its own: what a JavaScript reader can still
/// hold exactly.
constexpr std::int64_t kMaxInteger = 9'007'199'254'740'991;

std::string dump(const json& value) {
    // Invalid UTF-8 cannot come through the border; if it ever does, a replacement character beats
    // an abort.
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// ---- writing ----

template <class T>
json write(const T& value);

/// Visitor that fills a JSON object. Empty texts, lists and options, and false, are left out where
/// the field is optional.
class Writer {
  public:
    explicit Writer(json& object) : object_(object) {}

    template <class T, class... Limits>
    void operator()(const char* name, const T& value, Limits...) {
        object_[name] = write(value);
    }

    template <class T, class... Limits>
    void optional(const char* name, const T& value, Limits...) {
        if (!empty(value)) object_[name] = write(value);
    }

  private:
    template <class T>
    static bool empty(const T&) {
        return false;
    }
    static bool empty(bool value) { return !value; }
    static bool empty(const std::string& value) { return value.empty(); }
    template <class T>
    static bool empty(const std::vector<T>& value) {
        return value.empty();
    }
    template <class T>
    static bool empty(const std::optional<T>& value) {
        return !value.has_value();
    }

    json& object_;
};

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <class T>
json write(const T& value) {
    if constexpr (std::is_enum_v<T>) {
        return std::string(name_of(value));
    } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
        return value;
    } else if constexpr (IsVector<T>::value) {
        json list = json::array();
        for (const auto& item : value) list.push_back(write(item));
        return list;
    } else if constexpr (IsOptional<T>::value) {
        return value ? write(*value) : json();
    } else {
        json object = json::object();
        Writer writer(object);
        T::fields(value, writer);
        return object;
    }
}

// ---- reading ----

/// Visitor that checks and fills one struct from a JSON object. The first error wins and names its
/// path.
class Reader {
  public:
    /// `strict`: keys that nobody reads are refused, too.
    Reader(const json& object, std::string path, std::string& error, bool strict = false)
        : object_(object), path_(std::move(path)), error_(error), strict_(strict) {}

    /// After the last field.
    void finish() {
        if (!strict_ || !error_.empty()) return;
        for (const auto& [key, value] : object_.items()) {
            if (std::find(names_.begin(), names_.end(), key) == names_.end()) {
                return fail(path_ + key.substr(0, kMaxName), "is not known here; is it mistyped?");
            }
        }
    }

    template <class T, class... Limits>
    void operator()(const char* name, T& value, Limits... limits) {
        if (!error_.empty()) return;
        if (strict_) names_.push_back(name);
        const auto found = object_.find(name);
        if (found == object_.end()) {
            error_ = path_ + name + ": is missing";
            return;
        }
        read(*found, path_ + name, value, limits...);
    }

    template <class T, class... Limits>
    void optional(const char* name, T& value, Limits... limits) {
        if (!error_.empty()) return;
        if (strict_) names_.push_back(name);
        const auto found = object_.find(name);
        if (found == object_.end() || found->is_null()) return;
        read(*found, path_ + name, value, limits...);
    }

  private:
    void fail(const std::string& where, const std::string& what) { error_ = where + ": " + what; }

    void read(const json& from, const std::string& where, bool& value) {
        if (!from.is_boolean()) return fail(where, "must be true or false");
        value = from.get<bool>();
    }

    template <class T, class... Range>
    requires(std::is_integral_v<T>) void read(const json& from, const std::string& where, T& value,
                                              Range... range) {
        std::int64_t low = -kMaxInteger, high = kMaxInteger;
        if constexpr (sizeof...(Range) == 2) {
            const std::int64_t bounds[] = {static_cast<std::int64_t>(range)...};
            low = bounds[0];
            high = bounds[1];
        } else if constexpr (std::is_unsigned_v<T>) {
            low = 0;
        }
        if constexpr (sizeof(T) < 8) {
            low = std::max<std::int64_t>(low, std::numeric_limits<T>::min());
            high = std::min<std::int64_t>(high, std::numeric_limits<T>::max());
        }
        const bool fits = from.is_number_integer() &&
                          (!from.is_number_unsigned() ||
                           from.get<std::uint64_t>() <= static_cast<std::uint64_t>(kMaxInteger));
        const std::int64_t read = fits ? from.get<std::int64_t>() : 0;
        if (!fits || read < low || read > high) {
            return fail(where, "must be an integer from " + std::to_string(low) + " to " +
                                   std::to_string(high));
        }
        value = static_cast<T>(read);
    }

    void read(const json& from, const std::string& where, std::string& value,
              std::size_t most = kMaxText) {
        if (!from.is_string()) return fail(where, "must be text");
        const std::string& text = from.get_ref<const std::string&>();
        if (text.size() > most) {
            return fail(where, "is longer than " + std::to_string(most) + " bytes");
        }
        value = text;
    }

    template <class E>
    requires(std::is_enum_v<E>) void read(const json& from, const std::string& where, E& value) {
        if (from.is_string()) {
            if (const auto known = enum_from<E>(from.get_ref<const std::string&>())) {
                value = *known;
                return;
            }
        }
        std::string words;
        for (const auto& [candidate, name] : EnumNames<E>::kNames) {
            words += (words.empty() ? "" : ", ") + std::string(name);
        }
        fail(where, "must be one of: " + words);
    }

    template <class T>
    void read(const json& from, const std::string& where, std::vector<T>& value, std::size_t most) {
        if (!from.is_array()) return fail(where, "must be a list");
        if (from.size() > most) {
            return fail(where, "has more than " + std::to_string(most) + " items");
        }
        value.clear();
        value.reserve(from.size());
        for (std::size_t i = 0; i < from.size() && error_.empty(); ++i) {
            read(from[i], where + "[" + std::to_string(i) + "]", value.emplace_back());
        }
    }

    template <class T>
    void read(const json& from, const std::string& where, std::optional<T>& value) {
        read(from, where, value.emplace());
    }

    template <class T>
    requires(std::is_class_v<T>) void read(const json& from, const std::string& where, T& value) {
        if (!from.is_object()) return fail(where, "must be an object");
        Reader reader(from, where + ".", error_, strict_);
        T::fields(value, reader);
        reader.finish();
    }

    const json& object_;
    std::string path_;
    std::string& error_;
    const bool strict_;
    std::vector<std::string_view> names_;  // known here; only when strict
};

template <class T>
bool read_object(const json& object, const std::string& path, T& value, std::string& error,
                 bool strict = false) {
    error.clear();
    if (!object.is_object()) {
        error = (path.empty() ? std::string("the text") : path) + ": must be a JSON object";
        return false;
    }
    Reader reader(object, path.empty() ? path : path + ".", error, strict);
    T::fields(value, reader);
    reader.finish();
    return error.empty();
}

/// The members of the envelope around `data`; `type` and `kind` follow from the payload.
struct Envelope {
    template <class Self, class V>
    static void fields(Self& e, V& v) {
        v.optional("seq", e.seq);
        v("time_us", e.time_us, 0, kMaxInteger);
        v.optional("recv_us", e.recv_us, 0, kMaxInteger);
        v.optional("track", e.track, kMaxName);
        v.optional("race_id", e.race_id, kMaxName);
        v.optional("source", e.source, kMaxName);
        v.optional("key", e.key, 2 * kMaxName);
        v.optional("cause", e.cause);
        v.optional("entropy", e.entropy);
    }
};

template <std::size_t I = 0>
bool decode_alternative(std::string_view type, const json& data, Payload& payload,
                        std::string& error, bool strict) {
    if constexpr (I == std::variant_size_v<AnyPayload>) {
        error = "type: \"" + std::string(type.substr(0, kMaxName)) + "\" is not known";
        return false;
    } else {
        using T = std::variant_alternative_t<I, AnyPayload>;
        if (T::kType != type) {
            return decode_alternative<I + 1>(type, data, payload, error, strict);
        }
        return read_object(data, "data", payload.emplace<I>(), error, strict);
    }
}

template <std::size_t I = 0>
bool decode_sample_as(std::string_view type, const json& data, Sample& sample, std::string& error) {
    if constexpr (I == std::variant_size_v<Sample>) {
        return false;
    } else {
        using T = std::variant_alternative_t<I, Sample>;
        if (T::kType != type) return decode_sample_as<I + 1>(type, data, sample, error);
        return read_object(data, "data", sample.emplace<I>(), error);
    }
}

template <std::size_t... I>
std::vector<std::string_view> list_types(Kind kind, std::index_sequence<I...>) {
    std::vector<std::string_view> types;
    const auto add = [&]<class T>(std::size_t index, std::type_identity<T>) {
        const Kind own = index >= kFirstFact      ? Kind::fact
                         : index >= kFirstCommand ? Kind::command
                                                  : Kind::observation;
        if (own == kind) types.push_back(T::kType);
    };
    (add(I, std::type_identity<std::variant_alternative_t<I, AnyPayload>>{}), ...);
    return types;
}

json write_payload(const Payload& payload) {
    return std::visit([](const auto& data) { return write(data); }, payload);
}

bool too_deep(std::string_view text) {
    int depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kMaxJsonDepth) return true;
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return false;
}

}  // namespace

bool parse_object(std::string_view text, json& object, std::string& error) {
    if (too_deep(text)) {
        error = "the text: nests deeper than " + std::to_string(kMaxJsonDepth) + " levels";
        return false;
    }
    object = json::parse(text.begin(), text.end(), nullptr, false);
    if (object.is_discarded()) {
        error = "the text: is not JSON";
        return false;
    }
    if (!object.is_object()) {
        error = "the text: must be one JSON object";
        return false;
    }
    return true;
}

std::string encode_event(const Event& event) {
    json object = json::object();
    object["v"] = kEnvelopeVersion;
    object["kind"] = std::string(name_of(kind_of(event.data)));
    object["type"] = std::string(type_of(event.data));
    if (event.seq != 0) object["seq"] = event.seq;
    object["time_us"] = event.time_us;
    if (event.recv_us != 0) object["recv_us"] = event.recv_us;
    if (event.cause != 0) object["cause"] = event.cause;
    if (event.entropy != 0) object["entropy"] = event.entropy;
    if (!event.track.empty()) object["track"] = event.track;
    if (!event.race_id.empty()) object["race_id"] = event.race_id;
    if (!event.source.empty()) object["source"] = event.source;
    if (!event.key.empty()) object["key"] = event.key;
    object["data"] = write_payload(event.data);
    return dump(object);
}

bool decode_event(const json& object, Event& event, std::string& error) {
    event = Event{};
    error.clear();
    if (!object.is_object()) {
        error = "the event: must be a JSON object";
        return false;
    }
    const auto version = object.find("v");
    if (version != object.end() && *version != kEnvelopeVersion) {
        error = "v: this hub reads version " + std::to_string(kEnvelopeVersion) + " only";
        return false;
    }
    Reader reader(object, "", error);
    Envelope::fields(event, reader);
    if (!error.empty()) return false;
    const auto type = object.find("type");
    if (type == object.end() || !type->is_string()) {
        error = "type: must be text";
        return false;
    }
    const auto data = object.find("data");
    const json none = json::object();
    if (!decode_payload(type->get_ref<const std::string&>(), data == object.end() ? none : *data,
                        event.data, error)) {
        return false;
    }
    const std::string_view is = name_of(kind_of(event.data));
    const auto kind = object.find("kind");
    if (kind != object.end() && *kind != is) {
        error = "kind: a \"" + type->get_ref<const std::string&>() + "\" is of kind \"" +
                std::string(is) + "\"";
        return false;
    }
    return true;
}

std::string encode_payload(const Payload& payload) { return dump(write_payload(payload)); }

bool decode_payload(std::string_view type, const json& data, Payload& payload, std::string& error) {
    error.clear();
    return decode_alternative(type, data, payload, error, false);
}

bool decode_command(std::string_view type, const json& data, Payload& payload, std::string& error) {
    error.clear();
    return decode_alternative(type, data, payload, error, true);
}
bool decode_payload(std::string_view type, std::string_view data, Payload& payload,
                    std::string& error) {
    json object;
    return parse_object(data, object, error) && decode_payload(type, object, payload, error);
}

std::vector<std::string_view> payload_types(Kind kind) {
    return list_types(kind, std::make_index_sequence<std::variant_size_v<AnyPayload>>{});
}

std::string encode_sample(const Sample& sample) {
    return dump(std::visit([](const auto& data) { return write(data); }, sample));
}

bool decode_sample(std::string_view type, const json& data, Sample& sample, std::string& error) {
    error.clear();
    return decode_sample_as(type, data, sample, error);
}

std::string encode_state(const HubState& state) { return dump(write(state)); }

bool decode_state(const json& object, HubState& state, std::string& error) {
    state = HubState{};
    return read_object(object, "", state, error);
}

std::string encode_settings(const RaceSettings& settings) { return dump(write(settings)); }

bool decode_settings(const json& object, RaceSettings& settings, std::string& error) {
    return read_object(object, "settings", settings, error);
}

json to_json(const Track& track) { return write(track); }
json to_json(const Race& race) { return write(race); }
json to_json(const Entry& entry) { return write(entry); }
json to_json(const RaceSettings& settings) { return write(settings); }
json to_json(const std::vector<Standing>& standings) { return write(standings); }

}  // namespace racehub

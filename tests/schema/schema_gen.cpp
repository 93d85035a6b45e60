// Writes the JSON Schema and an example of every event type from the `fields` functions of the
// core, and answers for the codec what it takes, so that a test can compare the two.
//
//   racehub_schema_gen write DIR    schemas into DIR, examples into DIR/fixtures
//   racehub_schema_gen samples N    N random events of each type, one a line, as the hub writes
//   them racehub_schema_gen check        reads {"type":..,"data":..} lines, answers "ok" or what is
//   wrong

#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "tests/support/field_list.h"
#include "tests/support/sample.h"

using namespace racehub;
using namespace racehub::test;
using nlohmann::json;
using ordered = nlohmann::ordered_json;  // a person reads these files

namespace {

constexpr const char* kDialect = "https://json-schema.org/draft/2020-12/schema";
/// Every type that has a schema.
std::vector<PayloadFields> all_fields() {
    std::vector<PayloadFields> all = all_payload_fields();
    for (PayloadFields& sample : all_sample_fields()) all.push_back(std::move(sample));
    return all;
}

constexpr TimeUs kExampleUs = 1'700'000'000 * kSecondUs;

ordered schema_of(const std::vector<Field>& fields);

ordered schema_of(const Field& field) {
    ordered schema;
    switch (field.type) {
        case Field::Type::boolean:
            schema["type"] = "boolean";
            break;
        case Field::Type::integer:
            schema["type"] = "integer";
            schema["minimum"] = field.low;
            schema["maximum"] = field.high;
            break;
        case Field::Type::text:
            schema["type"] = "string";
            schema["maxLength"] = field.most;
            break;
        case Field::Type::word:
            schema["enum"] = field.words;
            break;
        case Field::Type::list:
            schema["type"] = "array";
            schema["maxItems"] = field.most;
            schema["items"] = schema_of(field.item[0]);
            break;
        case Field::Type::object:
            schema = schema_of(field.members);
            break;
    }
    // An optional member may be null, which is the same as its absence.
    if (!field.name.empty() && !field.required) {
        return ordered{{"anyOf", ordered::array({schema, ordered{{"type", "null"}}})}};
    }
    return schema;
}

ordered schema_of(const std::vector<Field>& fields) {
    ordered properties = ordered::object(), required = ordered::array();
    for (const Field& field : fields) {
        properties[field.name] = schema_of(field);
        if (field.required) required.push_back(field.name);
    }
    ordered schema{{"type", "object"}, {"properties", properties}};
    if (!required.empty()) schema["required"] = required;
    return schema;
}

std::string example_text(const std::string& name) {
    static const std::pair<const char*, const char*> kTexts[] = {
        {"driver", "Zo\xc3\xab"},   {"car", "Ferrari 312 T4"}, {"color", "#cc2200"},
        {"name", "Main track"},     {"by", "director:anna"},   {"reason", "reflection on the gate"},
        {"clock", "gate-1/boot-7"}, {"report_id", "race-0042"}};
    for (const auto& [key, text] : kTexts) {
        if (name == key) return text;
    }
    return name;
}

std::int64_t example_number(const Field& field) {
    for (const char* instant : {"crossed_us", "go_us", "first_light_us", "deadline_us"}) {
        if (field.name == instant) return kExampleUs;
    }
    const bool duration = field.name.ends_with("_us");
    return std::clamp<std::int64_t>(duration ? 8'123'456 : 2, field.low, field.high);
}

ordered example_of(const Field& field) {
    switch (field.type) {
        case Field::Type::boolean:
            return true;
        case Field::Type::integer:
            return example_number(field);
        case Field::Type::text:
            return example_text(field.name);
        case Field::Type::word:
            return field.words.back();
        case Field::Type::list: {
            Field item = field.item[0];
            item.name = field.name;
            return ordered::array({example_of(item)});
        }
        case Field::Type::object:
            break;
    }
    ordered object = ordered::object();
    for (const Field& member : field.members) object[member.name] = example_of(member);
    return object;
}

ordered envelope_of(const PayloadFields& payload) {
    ordered event{{"v", kEnvelopeVersion}};
    const bool fact = payload.kind == Kind::fact;
    if (fact) event["seq"] = 17;
    event["kind"] = std::string(name_of(payload.kind));
    event["type"] = payload.type;
    event["time_us"] = kExampleUs;
    if (!fact && payload.kind != Kind::sample) event["recv_us"] = kExampleUs + 1'500;
    event["track"] = "main";
    if (fact) {
        event["race_id"] = "3";
        event["cause"] = 9;
    } else {
        event["source"] = payload.kind == Kind::command ? "director:anna" : "gates";
        if (payload.kind != Kind::sample) event["key"] = "7:123";
    }
    Field data;
    data.type = Field::Type::object;
    data.members = payload.fields;
    event["data"] = example_of(data);
    return event;
}

ordered envelope_schema() {
    std::vector<std::string> types;
    for (const PayloadFields& payload : all_fields()) types.push_back(payload.type);
    const ordered text{{"type", "string"}, {"maxLength", kMaxName}};
    const ordered time{{"type", "integer"}, {"minimum", 0}};
    return ordered{
        {"$schema", kDialect},
        {"title", "envelope"},
        {"description",
         "What stands around the data of every event; data is as <type>.v<n>.json says."},
        {"type", "object"},
        {"properties",
         {{"v", {{"const", kEnvelopeVersion}}},
          {"seq", {{"type", "integer"}, {"minimum", 0}}},
          {"kind", {{"enum", {"observation", "command", "fact", "sample"}}}},
          {"type", {{"enum", types}}},
          {"time_us", time},
          {"recv_us", time},
          {"track", text},
          {"race_id", text},
          {"source", text},
          {"key", {{"type", "string"}, {"maxLength", 2 * kMaxName}}},
          {"cause", {{"type", "integer"}, {"minimum", 0}}},
          {"entropy", {{"type", "integer"}, {"minimum", 0}, {"maximum", 4'294'967'295}}},
          {"data", {{"type", "object"}}}}},
        {"required", {"type", "time_us"}}};
}

bool write_file(const std::filesystem::path& path, const ordered& content) {
    std::ofstream file(path);
    file << content.dump(2) << "\n";
    return file.good();
}

int write_all(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder / "fixtures");
    bool good = write_file(folder / "envelope.v1.json", envelope_schema());
    for (const PayloadFields& payload : all_fields()) {
        ordered schema{{"$schema", kDialect},
                       {"title", payload.type},
                       {"description",
                        "data of the " + std::string(name_of(payload.kind)) + " " + payload.type}};
        schema.update(schema_of(payload.fields));
        const std::string file = payload.type + ".v1.json";
        good = good && write_file(folder / file, schema) &&
               write_file(folder / "fixtures" / file, envelope_of(payload));
    }
    if (!good)
        std::cerr << "Cannot write into " << folder << ". Is it a folder you may write to?\n";
    return good ? 0 : 1;
}

Sampler sampler_of(int number) {
    const auto mode = number == 0   ? Sampler::Mode::lowest
                      : number == 1 ? Sampler::Mode::highest
                                    : Sampler::Mode::random;
    return Sampler(mode, static_cast<std::uint64_t>(number));
}

template <class T>
void print_measurements(int count) {
    for (int i = 0; i < count; ++i) {
        T data;
        Sampler sampler = sampler_of(i);
        T::fields(data, sampler);
        std::cout << R"({"type":")" << T::kType << R"(","time_us":1,"data":)" << encode_sample(data)
                  << "}\n";
    }
}

int print_samples(int count) {
    for (std::size_t type = 0; type < std::variant_size_v<AnyPayload>; ++type) {
        for (int i = 0; i < count; ++i) {
            Event event;
            event.data = sampler_of(i).payload(type);
            event.time_us = kExampleUs;
            if (kind_of(event.data) == Kind::fact) event.seq = 1;
            event.track = "main";
            std::cout << encode_event(event) << "\n";
        }
    }
    print_measurements<CarsLocated>(count);
    print_measurements<CarsMeasured>(count);
    print_measurements<GapsMeasured>(count);
    print_measurements<WeatherMeasured>(count);
    return 0;
}

/// "ok", or what is wrong with an event or a sample.
std::string complaint(const std::string& type, const json& data) {
    Payload payload;
    Sample sample;
    std::string error;
    if (decode_sample(type, data, sample, error)) return "ok";
    if (!error.empty()) return error;
    return decode_payload(type, data, payload, error) ? "ok" : error;
}

int check_lines() {
    for (std::string line; std::getline(std::cin, line);) {
        const json tried = json::parse(line, nullptr, false);
        const bool typed = tried.is_object() && tried.contains("type") && tried["type"].is_string();
        std::cout << (typed ? complaint(tried["type"].get<std::string>(), tried["data"])
                            : "no type")
                  << "\n";
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() == 2 && words[0] == "write") return write_all(words[1]);
    if (words.size() == 2 && words[0] == "samples") return print_samples(std::stoi(words[1]));
    if (words.size() == 1 && words[0] == "check") return check_lines();
    std::cerr << "Usage: racehub_schema_gen write DIR | samples N | check\n";
    return 2;
}

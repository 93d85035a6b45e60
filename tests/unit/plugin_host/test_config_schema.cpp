#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "hub/plugin_host/config_schema.h"

using namespace racehub::plugin_host;
using nlohmann::json;

namespace {

const char* const kSchema = R"({
    "type": "object", "additionalProperties": false, "required": ["host", "gates"],
    "properties": {
        "host": {"type": "string", "minLength": 1, "maxLength": 40, "title": "Broker"},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 1883},
        "qos": {"type": "integer", "enum": [0, 1, 2], "default": 0},
        "tls": {"type": "boolean", "default": false},
        "factor": {"type": "number", "minimum": 0.5},
        "password": {"type": "string", "format": "secret", "maxLength": 10},
        "gates": {"type": "array", "minItems": 1, "maxItems": 3, "items": {
            "type": "object", "additionalProperties": false, "required": ["topic"], "properties": {
                "topic": {"type": "string"}, "lane": {"type": "integer", "minimum": 1, "default": 1}}}}
    }})";

std::vector<std::string> problems_of(const std::string& config, json* filled = nullptr) {
    json value = json::parse(config);
    std::vector<std::string> problems;
    apply_schema(json::parse(kSchema), value, "plugins[gates].config", problems);
    if (filled) *filled = value;
    return problems;
}

std::string only_problem(const std::string& more) {
    const auto problems = problems_of(R"({"host":"h","gates":[{"topic":"t"}],)" + more + "}");
    REQUIRE(problems.size() == 1);
    return problems.front();
}

std::string schema_problem(const std::string& schema) {
    std::string error;
    CHECK_FALSE(check_schema(json::parse(schema), error));
    return error;
}

}  // namespace

TEST_CASE("a good configuration gets its defaults") {
    json filled;
    CHECK(problems_of(R"({"host":"h","gates":[{"topic":"a"},{"topic":"b","lane":2}]})", &filled)
              .empty());
    CHECK(filled["port"] == 1883);
    CHECK(filled["tls"] == false);
    CHECK(filled["gates"][0]["lane"] == 1);
    CHECK(filled["gates"][1]["lane"] == 2);
    CHECK_FALSE(filled.contains("password"));
}

TEST_CASE("messages name the key, what is wanted and what is there") {
    CHECK(only_problem(R"("port":"abc")") ==
          R"(plugins[gates].config.port: must be an integer from 1 to 65535, not "abc")");
    CHECK(only_problem(R"("port":0)") ==
          "plugins[gates].config.port: must be an integer from 1 to 65535, not 0");
    CHECK(only_problem(R"("port":1.5)") ==
          "plugins[gates].config.port: must be an integer from 1 to 65535, not 1.5");
    CHECK(only_problem(R"("tls":"yes")") ==
          R"(plugins[gates].config.tls: must be true or false, not "yes")");
    CHECK(only_problem(R"("qos":3)") == "plugins[gates].config.qos: must be one of 0, 1, 2, not 3");
    CHECK(only_problem(R"("factor":0.1)") ==
          "plugins[gates].config.factor: must be a number of at least 0.5, not 0.1");
    CHECK(only_problem(R"("factor":null)") ==
          "plugins[gates].config.factor: must be a number of at least 0.5, not null");
    CHECK(only_problem(R"("prot":1)") ==
          R"(plugins[gates].config.prot: unknown key; did you mean "port"?)");
    CHECK(only_problem(R"("something":1)") ==
          "plugins[gates].config.something: unknown key; known are: factor, gates, host, password, "
          "port, qos, tls");
}

TEST_CASE("what is missing, too long or too many is said") {
    const auto missing = problems_of("{}");
    REQUIRE(missing.size() == 2);
    CHECK(missing[0] ==
          "plugins[gates].config.host: is missing; it must be a text of 1 to 40 characters");
    CHECK(missing[1] ==
          "plugins[gates].config.gates: is missing; it must be a list of 1 to 3 items");
    CHECK(problems_of(R"({"host":"","gates":[]})").size() == 2);
    const auto nested = problems_of(R"({"host":"h","gates":[{"topic":"t"},{"lane":0}]})");
    REQUIRE(nested.size() == 2);
    CHECK(nested[0] ==
          "plugins[gates].config.gates[1].lane: must be an integer of at least 1, not 0");
    CHECK(nested[1] == "plugins[gates].config.gates[1].topic: is missing; it must be a text");
    CHECK(problems_of("[]").front() == "plugins[gates].config: must be an object {…}, not []");
    // Characters are counted, not bytes.
    CHECK(problems_of(R"({"host":")" +
                      [] {
                          std::string text;
                          for (int i = 0; i < 40; ++i) text += "ë";
                          return text;
                      }() +
                      R"(","gates":[{"topic":"t"}]})")
              .empty());
}

TEST_CASE("a whole number may be written with a fraction of nothing") {
    json filled;
    CHECK(problems_of(R"({"host":"h","gates":[{"topic":"a"}],"port":80.0})", &filled).empty());
    CHECK(filled["port"].is_number_integer());
}

TEST_CASE("secrets are in no message and in no picture") {
    CHECK(only_problem(R"("password":"hunter2hunter2")") ==
          "plugins[gates].config.password: must be a text of at most 10 characters (its value is "
          "not shown)");
    const json schema = json::parse(kSchema);
    const json shown_config =
        without_secrets(schema, json::parse(R"({"host":"h","password":"hunter2"})"));
    CHECK(shown_config["host"] == "h");
    CHECK(shown_config["password"] == "•••");
    CHECK(without_secrets(schema, json::parse(R"({"password":""})"))["password"] == "");
}

TEST_CASE("problems of one configuration are bounded") {
    std::string config = "{";
    for (int i = 0; i < 100; ++i) config += "\"unknown" + std::to_string(i) + "\":1,";
    config.back() = '}';
    CHECK(problems_of(config).size() == kMaxProblems);
}

TEST_CASE("a schema outside the subset is refused") {
    std::string error;
    CHECK(check_schema(json::parse(kSchema), error));
    CHECK(schema_problem(R"({"type":"array"})") == "schema.type: must be \"object\"");
    CHECK(schema_problem(R"({"properties":{}})") ==
          "schema.type: must be one of object, array, string, integer, number, boolean");
    CHECK(
        schema_problem(R"({"type":"object","properties":{"a":{"type":"string","pattern":"x"}}})") ==
        "schema.properties.a.pattern: is not among the keywords that RaceHub checks");
    CHECK(schema_problem(
              R"({"type":"object","properties":{"a":{"type":"integer","default":"x"}}})") ==
          R"(schema.properties.a.default: must be an integer, not "x")");
    CHECK(schema_problem(R"({"type":"object","required":"a"})") ==
          "schema.required: must be a list of names");
    CHECK(schema_problem(
              R"({"type":"object","properties":{"a":{"type":"array","items":{"type":"x"}}}})") ==
          "schema.properties.a.items.type: must be one of object, array, string, integer, number, "
          "boolean");
}

TEST_CASE("text that is not JSON is refused with its place") {
    json value;
    std::string error;
    CHECK_FALSE(parse_json("{\n  \"a\": 1,\n  b: 2\n}", 1000, value, error));
    CHECK(error.find("line 3") != std::string::npos);
    CHECK_FALSE(parse_json(std::string(100'000, '['), 200'000, value, error));
    CHECK_FALSE(parse_json("\"\xff\"", 1000, value, error));
    CHECK_FALSE(parse_json("[1]", 2, value, error));
    std::string deep = "1";
    for (int i = 0; i < 20; ++i) deep = "[" + deep + "]";
    CHECK_FALSE(parse_json(deep, 1000, value, error));
    CHECK(error.find("deeper") != std::string::npos);
}

TEST_CASE("an example value is accepted by its schema") {
    const json schema = json::parse(kSchema);
    json value = example_value(schema);
    std::vector<std::string> problems;
    apply_schema(schema, value, "example", problems);
    CHECK(problems.empty());
}

TEST_CASE("the closest word is one that was meant") {
    CHECK(closest("prot", {"port", "host"}) == "port");
    CHECK(closest("hosts", {"port", "host"}) == "host");
    CHECK(closest("tls", {"port", "host"}).empty());
    CHECK(closest(std::string(10'000, 'x'), {"port"}).empty());
}

#include "plugins/mqtt_gates/config.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "plugins/mqtt_gates/backoff.h"

using namespace racehub::mqtt;

TEST_CASE("without configuration it is the Carrera project's", "[config]") {
    Config config;
    std::string error;
    REQUIRE(read_config("{}", config, error));
    CHECK(config.port == 1883);
    CHECK(config.qos == 1);
    CHECK_FALSE(config.clean_session);
    REQUIRE(config.gates.size() == 2);
    CHECK(config.gates[0].topic == "carrera/track1/finish");
    CHECK(config.gates[1].topic == "carrera/track2/finish");
    CHECK(config.gates[1].lane == 2);
    CHECK(config.gates[1].payload.ignore == std::vector<std::string>{"KEIN_MAGNET"});
    CHECK(config.start_topic == "carrera/race/start");
    CHECK(config.start_payload == "GO");
}

TEST_CASE("the schema's defaults are the code's", "[config]") {
    const auto schema = nlohmann::json::parse(kConfigSchema);
    nlohmann::json filled;
    for (const auto& [key, rule] : schema["properties"].items()) filled[key] = rule.at("default");
    Config written, silent;
    std::string error;
    REQUIRE(read_config(filled.dump(), written, error));
    REQUIRE(read_config("{}", silent, error));
    CHECK(written.host == silent.host);
    CHECK(written.keepalive_s == silent.keepalive_s);
    CHECK(written.publish_prefix == silent.publish_prefix);
    REQUIRE(written.gates.size() == silent.gates.size());
    CHECK(written.gates[1].topic == silent.gates[1].topic);
    CHECK(written.gates[1].payload.ignore == silent.gates[1].payload.ignore);
}

TEST_CASE("what is wrong is named with its key", "[config]") {
    const auto error_of = [](std::string_view text) {
        Config config;
        std::string error;
        CHECK_FALSE(read_config(text, config, error));
        return error;
    };
    CHECK(error_of("[]").find("object") != std::string::npos);
    CHECK(error_of(R"({"host":""})").find("host") == 0);
    CHECK(error_of(R"({"port":70000})") == "port must be a whole number from 1 to 65535");
    CHECK(error_of(R"({"qos":2})").find("qos") == 0);
    CHECK(error_of(R"({"tls":"yes"})").find("tls") == 0);
    CHECK(error_of(R"({"password":"x"})").find("username") == 0);
    CHECK(error_of(R"({"tls_cert_file":"x"})").find("tls_cert_file") == 0);
    CHECK(error_of(R"({"start_topic":"a/#"})").find("start_topic") == 0);
    CHECK(error_of(R"({"gates":{}})").find("gates") == 0);
    CHECK(error_of(R"({"gates":[1]})").find("gates[0]") == 0);
    CHECK(error_of(R"({"gates":[{"topic":"a","lane":1},{"topic":"a/+","lane":1}]})")
              .find("gates[1].topic") == 0);
    CHECK(error_of(R"({"gates":[{"topic":"a"}]})") == "gates[0].lane is missing");
    CHECK(error_of(R"({"gates":[{"topic":"a","lane":65}]})").find("gates[0].lane") == 0);
    CHECK(error_of(R"({"gates":[{"topic":"a","lane":1,"gate":"goal"}]})").find("gates[0].gate") ==
          0);
    CHECK(error_of(R"({"gates":[{"topic":"a","lane":1},{"topic":"a","lane":1}]})") ==
          "gates[1] is there twice");
}

TEST_CASE("waiting grows to half a minute and begins again", "[backoff]") {
    Backoff backoff;
    std::vector<std::int64_t> waits_ms;
    for (int i = 0; i < 8; ++i) waits_ms.push_back(backoff.next_ms(0));
    CHECK(waits_ms ==
          std::vector<std::int64_t>{1000, 2000, 5000, 10000, 20000, 30000, 30000, 30000});
    CHECK(backoff.next_ms(4'294'967'295U) < 36'000);
    backoff.reset();
    CHECK(backoff.next_ms(199) == 1199);
}

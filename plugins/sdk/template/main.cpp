// A RaceHub plugin to start from: a gate that somebody crosses every few seconds, and a log line
// for each lap. Build it:  cmake -B build && cmake --build build      Check it: racehub-plugin-host
// check build/my_plugin.so
#include <chrono>
#include <racehub/plugin.hpp>
#include <string>

namespace sdk = racehub::sdk;

namespace {

constexpr uint32_t kCrossingTimer = 1;

class MyPlugin final : public sdk::Plugin {
  public:
    using Plugin::Plugin;

    // The configuration is valid against the schema below; use any JSON library to read it.
    void start(std::string_view config_json) override {
        host.info("started with " + std::string(config_json));
        host.set_timer(kCrossingTimer, std::chrono::seconds(5));
        host.health(RH_HEALTH_OK, "crossing lane 1 every 5 s");
    }

    void on_timer(uint32_t) override {
        const int64_t now_us = host.now_us();  // the time stamp is taken first
        sdk::Event crossing{"gate.crossed", R"({"gate":"finish","lane":1})"};
        crossing.time_us = crossing.recv_us = now_us;
        const std::string key = "crossing-" + std::to_string(now_us);
        crossing.source_key = key;  // the same key twice would count once
        if (host.publish(crossing) != RH_OK) host.health(RH_HEALTH_DEGRADED, "the hub is busy");
    }

    void on_event(const sdk::Event& event) override {
        if (event.type == "lap.completed") host.info("a lap: " + std::string(event.data));
    }
};

constexpr const char* kPublishes[] = {"gate.crossed", nullptr};
constexpr const char* kSubscribes[] = {"lap.completed", nullptr};
constexpr rh_plugin_descriptor kDescriptor = {sizeof(rh_plugin_descriptor),
                                              0,
                                              "org.example.my_plugin",
                                              "My plugin",
                                              "0.1.0",
                                              "Example",
                                              "Crosses a gate now and then.",
                                              R"({"type":"object","properties":{
        "greeting":{"type":"string","default":"hello","maxLength":40}},
        "additionalProperties":false})",
                                              10000,
                                              0,
                                              kPublishes,
                                              kSubscribes};

}  // namespace

RACEHUB_PLUGIN(MyPlugin, kDescriptor)

#pragma once
// A hub in memory: the real core behind the words of the live socket, on a simulated clock.

#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "hub/core/decide.h"
#include "webui/model/hub_client.h"

namespace racehub::test {

inline constexpr TimeUs kHubEpochUs = 1'700'000'000 * kSecondUs;
inline constexpr std::string_view kTrack = "main";

/// Collects what the client sends and which sockets it asks for.
class FakePort final : public SocketPort {
  public:
    void open(const std::string& path) override {
        paths.push_back(path);
        is_open = true;
    }
    void send(const std::string& text) override { sent.push_back(nlohmann::json::parse(text)); }
    void close() override { is_open = false; }

    std::vector<std::string> paths;
    std::vector<nlohmann::json> sent;
    bool is_open = false;
};

/// Decides like the hub does; `now_us` is its clock and only moves when a test moves it.
class FakeHub {
  public:
    FakeHub() = default;

    Outcome input(Payload data, std::string source = "director:Zoë") {
        Event event;
        event.track = kTrack;
        event.time_us = event.recv_us = now_us;
        event.source = std::move(source);
        event.data = std::move(data);
        const std::size_t before = facts.size();
        const Outcome outcome = decide(state, event, facts);
        for (std::size_t i = before; i < facts.size(); ++i) fresh.push_back(facts[i]);
        return outcome;
    }
    void advance(TimeUs by_us) {
        now_us += by_us;
        input(TimerElapsed{}, "hub");
    }
    void cross(std::int32_t lane) { input(GateCrossed{Gate::finish, lane, "", 0}, "gates"); }
    /// A track with two drivers.
    void set_up(RaceSettings settings = {}) {
        input(TrackConfigure{"Club track", 2, settings});
        input(EntryAssign{Entry{1, 1, "Anna", "Ferrari", "#ff2020"}});
        input(EntryAssign{Entry{2, 2, "Zoë", "McLaren", ""}});
    }
    /// From armed to lights out.
    void start() {
        input(RaceStart{});
        advance(state.find(kTrack)->race->go_us - now_us);
    }

    /// A track of heats with a session of four drivers on three lanes.
    void plan_heats(std::int32_t rounds = 1) {
        RaceSettings settings;
        settings.discipline = Discipline::heat;
        input(TrackConfigure{"Derby hill", 3, settings});
        SessionPlan plan{"Saturday", {}, {}, rounds};
        const char* names[] = {"Ada", "Björn", "Chiara", "Dev"};
        for (std::int32_t i = 0; i < 4; ++i)
            plan.entries.push_back(Entry{i + 1, 0, names[i], "Car " + std::to_string(i + 1), ""});
        input(std::move(plan));
    }
    /// The timing device reports the armed heat; 0 stands for a lane without a time.
    void report(const std::vector<TimeUs>& times_us) {
        HeatReported report;
        report.report_id = "report-" + std::to_string(++reports_);
        for (std::size_t i = 0; i < times_us.size(); ++i) {
            const auto lane = static_cast<std::int32_t>(i) + 1;
            if (times_us[i] != 0) report.results.push_back(LaneTime{lane, times_us[i]});
        }
        input(std::move(report), "timer");
    }
    /// Arms the next heat and runs it.
    void run_heat(const std::vector<TimeUs>& times_us) {
        input(HeatArm{0});
        input(HeatStarted{}, "timer");
        advance(4 * kSecondUs);
        report(times_us);
    }

    std::string hello() const {
        return nlohmann::json{{"type", "hello"},    {"protocol", 1},       {"hub", "test"},
                              {"version", "0.1.0"}, {"log_id", log_id},    {"seq", state.seq},
                              {"time_us", now_us},  {"director", director}}
            .dump();
    }
    std::string snapshot() const {
        return R"({"type":"snapshot","seq":)" + std::to_string(state.seq) + R"(,"state":)" +
               encode_state(state) + "}";
    }
    /// The facts since the last call.
    std::string news() {
        std::string text = R"({"type":"facts","facts":[)";
        for (std::size_t i = 0; i < fresh.size(); ++i)
            text += (i > 0 ? "," : "") + encode_event(fresh[i]);
        fresh.clear();
        return text + "]}";
    }
    std::string tick() const {
        return nlohmann::json{{"type", "tick"}, {"time_us", now_us}, {"seq", state.seq}}.dump();
    }

    HubState state;
    std::vector<Event> facts, fresh;
    TimeUs now_us = kHubEpochUs;
    std::string log_id = "log-a";
    bool director = false;

  private:
    int reports_ = 0;
};

/// A page that has just seen the hub's greeting and snapshot.
struct Page {
    explicit Page(FakeHub& from) : hub(from), client(port, 1) {
        client.start(local_us());
        greet();
    }
    /// The page's own clock started yesterday and is nothing like the hub's.
    TimeUs local_us() const { return hub.now_us - kHubEpochUs + 86'400 * kSecondUs; }
    void greet() {
        client.on_text(local_us(), hub.hello());
        client.on_text(local_us(), hub.snapshot());
        hub.fresh.clear();
    }
    void news() { client.on_text(local_us(), hub.news()); }

    FakeHub& hub;
    FakePort port;
    HubClient client;
};

}  // namespace racehub::test

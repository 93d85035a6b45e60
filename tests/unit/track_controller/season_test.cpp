// A season of heats with everything going wrong: nothing is lost that the device still has, nothing
// is counted twice, and what is lost is told. Seeded; a failure prints its seed.
#include <catch2/catch.hpp>

#include "tests/unit/track_controller/bench_hub.h"

using namespace racehub::track_controller;
using namespace racehub::track_controller::test;

namespace {

constexpr int kHeats = 50;   // a season, one device
constexpr int kSeasons = 5;  // for each way: 1,000 heats in all

struct Run {
    std::string heat;
    std::string race_id;
    std::map<int, int> times_ms;  // what the track saw; 0: did not finish
    bool rebooted = false;        // the device forgot before the hub had it
};

class Season {
  public:
    Season(std::uint32_t seed, char wire, int protocol)
        : world_(seed), bench_(world_, wire, protocol) {}

    void run() {
        for (int heat = 1; heat <= kHeats; ++heat) {
            // A race that the device lost with its memory is run again as a new race.
            for (int attempt = 1; !run_heat(heat, attempt); ++attempt) REQUIRE(attempt < 10);
        }
        bench_.run_for(60 * kSecond);
        check();
    }

  private:
    bool run_heat(int number, int attempt) {
        Run run;
        run.heat = "heat-" + std::to_string(number) + "-" + std::to_string(attempt);
        std::vector<int> lanes;
        std::set<int> lane_set;
        for (int lane = 1; lane <= 6; ++lane)
            if (world_.chance(0.5)) lanes.push_back(lane);
        if (lanes.empty()) lanes = {1, 2};
        lane_set.insert(lanes.begin(), lanes.end());
        bench_.run_until([&] { return bench_.engine.gate_ready; });
        trouble();
        bench_.order(run.heat, lanes);
        bench_.run_for(world_.pick(0, 3000) * kMs);
        trouble();
        calm();
        const auto armed = [&] {
            return bench_.engine.phase == "ARMED" && bench_.engine.lanes == lane_set &&
                   fits(run.heat);
        };
        const auto stuck = [&] {
            return bench_.sentence.find("open and close the start gate once") != std::string::npos;
        };
        REQUIRE(bench_.run_until([&] { return armed() || stuck(); }, 300 * kSecond));
        // Protocol 1.0 over HTTP cannot disarm: the director does what the sentence says.
        if (!armed()) {
            bench_.race({});
            REQUIRE(bench_.run_until(armed, 300 * kSecond));
        }
        trouble();
        if (bench_.engine.phase != "ARMED") return false;  // it rebooted: nobody opens the gate
        for (const int lane : lanes)
            run.times_ms[lane] = world_.chance(0.1) ? 0 : world_.pick(1500, 5000);
        run.race_id = bench_.engine.race_id;
        bench_.race(run.times_ms);
        bench_.run_for(world_.pick(0, 6000) * kMs);
        const bool wiped = trouble() && bench_.engine.last_race.is_null() &&
                           !bench_.find(run.heat) && bench_.engine.phase == "IDLE";
        calm();
        if (wiped) {
            run.rebooted = true;
            ++lost_;
            bench_.run_for(6 * kSecond);  // its cars are still on the way
            return false;
        }
        REQUIRE(bench_.run_until([&] { return bench_.find(run.heat) != nullptr; }, 300 * kSecond));
        runs_.push_back(run);
        return true;
    }

    // The director opens the gate when the hub shows the heat as armed.
    bool fits(const std::string& heat) const {
        return bench_.book->arming().heat == heat && bench_.book->armed_now();
    }

    // True if the device may have lost its memory.
    bool trouble() {
        if (bench_.http) {
            bench_.http->faults = {world_.chance(0.3) ? 0.1 : 0, world_.chance(0.3) ? 0.1 : 0,
                                   world_.chance(0.2) ? 0.05 : 0};
            if (world_.chance(0.15)) bench_.http->cut_waits();
        }
        if (bench_.serial) bench_.serial->cut = world_.chance(0.3) ? 0.1 : 0;
        if (world_.chance(0.1)) bench_.restart();
        if (world_.chance(0.05)) bench_.log_is_down = true;
        if (bench_.serial && world_.chance(0.1)) {
            bench_.serial->unplug(false);
            bench_.run_for(world_.pick(100, 3000) * kMs);
            bench_.serial->plug_in();
        }
        if (!world_.chance(0.05)) return false;
        if (bench_.http) bench_.http->reboot();
        if (bench_.serial) bench_.serial->reboot();
        return true;
    }
    void calm() {
        bench_.log_is_down = false;
        if (bench_.http) bench_.http->faults = {};
        if (bench_.serial) bench_.serial->cut = 0;
    }

    void check() {
        std::map<std::string, int> reports;
        for (const RaceReport& report : bench_.log) ++reports[report.race.id];
        for (const auto& [id, times] : reports) CHECK(times == 1);
        for (const Run& run : runs_) {
            CAPTURE(run.heat);
            const RaceReport* report = bench_.find(run.heat);
            REQUIRE(report);
            CHECK(report->race.id == run.race_id);
            std::vector<LaneTime> expected;
            std::vector<int> armed;
            for (const auto& [lane, ms] : run.times_ms) {
                armed.push_back(lane);
                if (ms > 0) expected.push_back({lane, ms * 1000});
            }
            CHECK(report->race.times == expected);
            CHECK(report->race.fault.empty());
            if (!report->armed_lanes.empty()) CHECK(report->armed_lanes == armed);
        }
        // A race that was wiped out is told by a warning.
        if (lost_ > 0) CHECK(bench_.warnings.size() >= static_cast<std::size_t>(lost_));
    }

    World world_;
    Bench bench_;
    std::vector<Run> runs_;
    int lost_ = 0;
};

}  // namespace

TEST_CASE("1,000 heats with faults: none lost, none doubled, none for the wrong heat", "[season]") {
    const char wire = GENERATE('h', 's');
    const int protocol = GENERATE(1, 2);
    for (std::uint32_t seed = 1; seed <= kSeasons; ++seed) {
        CAPTURE(wire, protocol, seed);
        Season(seed, wire, protocol).run();
    }
}

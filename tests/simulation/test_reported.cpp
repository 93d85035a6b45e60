// Seeded races that others time, told by a source that repeats itself, comes late, corrects itself
// and goes back in time, while a director and another source get in the way. A naive model knows
// what must come of it.

#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "tests/simulation/checks.h"

using namespace racehub;
using namespace racehub::test;

namespace {

constexpr std::uint64_t kSeeds = 150;
constexpr int kSteps = 250;

struct KnownLap {
    TimeUs race_us = 0, lap_us = 0;
    bool cut = false;
    bool operator==(const KnownLap&) const = default;
};

class Telling {
  public:
    explicit Telling(std::uint64_t seed) : random_(seed) {
        TrackConfigure track;
        track.name = "Wall";
        hub_.command(track);
        open();
    }

    /// What went wrong, or nothing.
    std::string run() {
        for (int step = 0; step < kSteps; ++step) {
            hub_.now_us += number(0, 20'000'000);
            act();
            const std::string wrong = compare();
            if (!wrong.empty()) return "step " + std::to_string(step) + ": " + wrong;
            if (step % 50 == 0 && !survives_snapshot(hub_.state).empty()) return "snapshot";
        }
        for (const Event& fact : hub_.facts) ++seen[std::string(type_of(fact.data))];
        return decides_the_same(hub_.inputs, hub_.facts);
    }

    static std::map<std::string, int> seen;

  private:
    std::int64_t number(std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
    }
    std::int32_t small(std::int32_t low, std::int32_t high) {
        return static_cast<std::int32_t>(number(low, high));
    }

    void tell(Payload data, const std::string& source = "sim") {
        Event input;
        input.track = "main";
        input.source = source;
        input.recv_us = hub_.now_us;
        input.time_us = hub_.now_us - number(0, 2) * 100'000;
        input.data = std::move(data);
        hub_.send(input);
    }

    void open() {
        RaceReported race;
        race.report_id = "r" + std::to_string(++opened_);
        race.race_us = clock_us_ = number(0, 1) == 0 ? -10_s : 5_s;
        race.session = small(0, 2) == 0 ? SessionKind::practice : SessionKind::race;
        cars_ = small(1, 12);
        for (std::int32_t car = 1; car <= cars_; ++car) {
            Entry entry;
            entry.entry = car * 7;
            entry.driver = "D" + std::to_string(car);
            race.entries.push_back(entry);
        }
        tell(race);
        laps_.clear();
        told_ = race;
    }

    std::int32_t any_entry() { return 7 * small(1, cars_); }

    void lap() {
        clock_us_ += number(1, 5'000'000);
        LapReported lap;
        lap.entry = any_entry();
        std::map<std::int32_t, KnownLap>& laps = laps_[lap.entry];
        const std::int32_t last = laps.empty() ? 0 : laps.rbegin()->first;
        lap.number = last + (small(0, 9) == 0 ? 3 : 1);  // some were missed
        lap.race_us = clock_us_;
        lap.lap_us = small(0, 5) == 0 ? 0 : number(60'000'000, 90'000'000);
        lap.cut = small(0, 9) == 0;
        laps[lap.number] = KnownLap{lap.race_us, lap.lap_us, lap.cut};
        tell(lap);
        if (small(0, 3) == 0) tell(lap);  // again
        if (small(0, 5) == 0) {           // a later version
            lap.lap_us += 1'000;
            laps[lap.number].lap_us = lap.lap_us;
            tell(lap);
        }
    }

    void entry() {
        EntryReported report;
        report.entry = any_entry();
        report.race_us = clock_us_;
        report.position = small(0, cars_);
        if (small(0, 3) == 0) {
            report.gate = small(0, 1) == 0 ? Gate::pit_in : Gate::pit_out;
        }
        if (small(0, 3) == 0) {
            report.stint = small(1, 5);
            report.tyre = "SOFT";
        }
        if (small(0, 9) == 0)
            report.status = small(0, 1) == 0 ? EntryStatus::dnf : EntryStatus::running;
        tell(report);
    }

    void back() {
        clock_us_ = number(0, std::max<TimeUs>(clock_us_, 1));
        for (auto& [number, laps] : laps_) {
            std::erase_if(laps, [&](const auto& lap) { return lap.second.race_us > clock_us_; });
        }
        tell(ClockReported{clock_us_, small(0, 64) * 1'000, true});
    }

    void act() {
        switch (small(0, 19)) {
            case 0:
                return back();
            case 1:
                return tell(ClockReported{clock_us_, small(0, 64) * 1'000, false});
            case 2:
                return tell(told_);  // the source came again
            case 3:
                return tell(MessageReported{clock_us_, About::flag, "flag", "", RaceFlag::yellow,
                                            small(0, 1), 0});
            case 4:
                if (small(0, 9) == 0) return open();
                return tell(ResultReported{clock_us_, {{7, 1, EntryStatus::finished, 0, 0}}});
            case 5: {
                MapReported map;
                map.map.path = {{small(0, 3), 0}, {5, 5}};
                return tell(map);
            }
            case 6:
                return tell(LapReported{7, 1, clock_us_, 1, {}, false, 0}, "somebody else");
            case 7:
                hub_.command(LapVoid{7, 1, LapStatus::lap_void, ""});
                return;
            case 8:
            case 9:
            case 10:
                return entry();
            default:
                return lap();
        }
    }

    std::string compare() const {
        const Race& race = hub_.race();
        for (const EntryState& entry : race.entries) {
            const auto found = laps_.find(entry.entry.entry);
            const std::map<std::int32_t, KnownLap> none;
            const auto& laps = found == laps_.end() ? none : found->second;
            if (laps.size() != entry.laps.size()) return "a lap is lost or doubled";
            TimeUs best_us = 0;
            auto told = laps.begin();
            for (const Lap& lap : entry.laps) {
                const KnownLap kept{lap.race_us, lap.lap_us, lap.cut};
                if (lap.number != told->first || !(kept == told->second)) return "a lap differs";
                if (lap.lap_us > 0 && !lap.cut && (best_us == 0 || lap.lap_us < best_us)) {
                    best_us = lap.lap_us;
                }
                ++told;
            }
            if (entry.best_lap_us != best_us) return "the best lap is not the best";
        }
        std::int32_t before = 0;
        for (const Standing& row : standings(race)) {
            const std::int32_t position = race.find(row.entry)->position;
            if (position > 0 && position < before) return "the table is not in reported order";
            if (position > 0) before = position;
        }
        return {};
    }

    std::mt19937_64 random_;
    HubDriver hub_;
    std::int32_t cars_ = 0;
    int opened_ = 0;
    TimeUs clock_us_ = 0;
    RaceReported told_;
    std::map<std::int32_t, std::map<std::int32_t, KnownLap>> laps_;  ///< by entry and number
};

std::map<std::string, int> Telling::seen;

}  // namespace

TEST_CASE("Races as others tell them keep the invariants", "[simulation]") {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        std::string wrong;
        try {
            wrong = Telling(seed).run();
        } catch (const std::exception& error) {
            wrong = error.what();
        }
        INFO("seed " << seed);
        REQUIRE(wrong == "");
    }
    for (const char* type : {"race.clocked", "entry.updated", "message.posted", "race.classified",
                             "track.mapped", "entry.retired", "entry.reinstated", "split.passed"}) {
        INFO(type);
        CHECK(Telling::seen[type] > 20);
    }
}

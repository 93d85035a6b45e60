#include "tests/simulation/world.h"

namespace racehub::test {
namespace {

/// One of the values, each as likely.
template <class T>
T one_of(std::mt19937_64& random, std::initializer_list<T> values) {
    return *(values.begin() + static_cast<std::ptrdiff_t>(random() % values.size()));
}

}  // namespace

Options options_of(std::uint64_t seed) {
    std::mt19937_64 random(seed * 0x9e3779b97f4a7c15u + 1);
    const auto up_to = [&](std::int32_t most) {
        return static_cast<std::int32_t>(random() % static_cast<std::uint64_t>(most + 1));
    };
    Options options;
    options.seed = seed;
    options.lanes = 1 + up_to(7);
    options.sources = 1 + up_to(3);
    options.steps = 300 + up_to(700);
    RaceSettings& rules = options.settings;
    rules.distance = one_of(random, {Distance::laps, Distance::time, Distance::open});
    rules.laps = 1 + up_to(one_of(random, {2, 8, 40}));
    rules.time_us = (5 + up_to(60)) * kSecondUs;
    rules.first_lap = one_of(random, {FirstLap::from_start, FirstLap::from_first_crossing});
    rules.finish = one_of(random, {Finish::current_lap, Finish::full_distance});
    rules.grace_us = one_of(random, {TimeUs{0}, 3_s, 20_s, 60_s});
    rules.min_lap_us = one_of(random, {TimeUs{0}, 400_ms, 2_s});
    rules.max_lap_us = one_of(random, {TimeUs{0}, 9_s, 120_s});
    rules.lights = one_of(random, {0, 3, 5});
    rules.lead_us = one_of(random, {TimeUs{0}, 1_s});
    rules.light_interval_us = one_of(random, {100_ms, 1_s});
    rules.hold_min_us = one_of(random, {TimeUs{0}, 1_s});
    rules.hold_max_us = rules.hold_min_us + one_of(random, {TimeUs{0}, 3_s});
    rules.jump_rule = one_of(
        random, {JumpRule::ignore, JumpRule::warn, JumpRule::time_penalty, JumpRule::disqualify});
    options.lost = one_of(random, {0, 2, 15});
    options.doubled = one_of(random, {0, 5, 30});
    options.bounced = one_of(random, {0, 5, 30});
    options.late = one_of(random, {0, 5, 40});
    options.ahead = one_of(random, {0, 0, 3});
    options.sectors = one_of(random, {0, 50, 100});
    options.pits = one_of(random, {0, 5});
    options.stamped = up_to(1) == 1;
    options.clock_jumps = one_of(random, {0, 0, 3});
    options.commands = one_of(random, {1, 3, 10});
    return options;
}

std::string describe(const Options& options) {
    return "seed " + std::to_string(options.seed) + ": lanes " + std::to_string(options.lanes) +
           ", sources " + std::to_string(options.sources) + ", steps " +
           std::to_string(options.steps) + ", lost " + std::to_string(options.lost) +
           " %, doubled " + std::to_string(options.doubled) + " %, bounced " +
           std::to_string(options.bounced) + " %, late " + std::to_string(options.late) +
           " %, commands " + std::to_string(options.commands) + " %, rules " +
           encode_settings(options.settings);
}

World::World(const Options& options) : options_(options), random_(options.seed + 17) {
    for (std::int32_t lane = 1; lane <= options.lanes; ++lane) {
        Car car;
        car.lap_us = draw(3'000'000, 12'000'000);
        car.next_us = now_us_ + draw(1, car.lap_us);
        cars_.push_back(car);
    }
    devices_.resize(static_cast<std::size_t>(options.sources));
    for (Device& device : devices_) device.offset_us = -kMorningUs + draw(0, 1'000'000'000);
}

Event World::next(const HubState& state) {
    // What has arrived is decided before time goes on, but a command may come in between.
    while (!chance(options_.commands)) {
        if (!reports_.empty() && reports_.top().arrival_us <= now_us_) return arrived();
        now_us_ += draw(0, 1'000'000);
        for (std::int32_t lane = 1; lane <= options_.lanes; ++lane) {
            while (cars_[static_cast<std::size_t>(lane - 1)].next_us <= now_us_) cross(lane);
        }
        const Track* track = state.find("main");
        // Marshals do not wait long for a start, and argue about the finish.
        if (track == nullptr || !track->race || track->race->phase != Phase::running) {
            if (chance(20)) break;
        }
    }
    return command(state);
}

Event World::arrived() {
    Event event = reports_.top().event;
    event.recv_us = now_us_;
    reports_.pop();
    return event;
}

/// The car crosses the line, and on its lap before that a sector or the pit.
void World::cross(std::int32_t lane) {
    Car& car = cars_[static_cast<std::size_t>(lane - 1)];
    const TimeUs at_us = car.next_us;
    car.next_us += car.lap_us + draw(-car.lap_us / 20, car.lap_us / 20);
    if (chance(options_.sectors)) report(lane, Gate::sector_1, at_us - car.lap_us / 2);
    if (chance(options_.pits)) {
        report(lane, Gate::pit_in, at_us - car.lap_us / 3);
        report(lane, Gate::pit_out, at_us - car.lap_us / 4);
    }
    if (!chance(options_.lost)) report(lane, Gate::finish, at_us);
}

void World::report(std::int32_t lane, Gate gate, TimeUs at_us) {
    const auto index = static_cast<std::size_t>(lane) % devices_.size();
    Device& device = devices_[index];
    if (chance(options_.clock_jumps)) {
        device.offset_us += draw(-8'000, 8'000) * kSecondUs;
        if (draw(0, 1) == 1) device.boots += 1;
    }
    GateCrossed data{gate, lane, {}, 0};
    if (options_.stamped) {
        data.clock = "gate" + std::to_string(index) + "/" + std::to_string(device.boots);
        data.stamp_us = at_us + device.offset_us;
    }
    Event event;
    event.track = "main";
    event.source = "gates" + std::to_string(index);
    event.key = std::to_string(++keys_);
    event.time_us = at_us + (options_.stamped ? draw(-20'000, 20'000) : 0);
    if (chance(options_.ahead)) event.time_us += 3'000 * kSecondUs;
    event.data = data;
    const TimeUs arrival_us =
        at_us + draw(1'000, 50'000) + (chance(options_.late) ? draw(0, 8'000'000) : 0);
    queue(arrival_us, event);
    if (chance(options_.doubled)) queue(arrival_us + draw(0, 3'000'000), event);
    if (chance(options_.bounced)) {
        event.key = std::to_string(++keys_);
        event.time_us += draw(1'000, 90'000);
        if (auto* bounce = std::get_if<GateCrossed>(&event.data); !bounce->clock.empty()) {
            bounce->stamp_us += 30'000;
        }
        queue(arrival_us + draw(0, 200'000), event);
    }
}

void World::queue(TimeUs arrival_us, Event event) {
    reports_.push(Report{arrival_us, ++reported_, std::move(event)});
}

/// One of two marshals presses something, sensible or not.
Event World::command(const HubState& state) {
    Event event;
    event.recv_us = now_us_;
    event.time_us = now_us_ - draw(0, 300'000);
    event.track = "main";
    event.source = draw(0, 1) == 0 ? "director:anna" : "director:ben";
    event.key = std::to_string(++keys_);
    event.entropy = static_cast<std::uint32_t>(random_());
    const Track* track = state.find("main");
    const Race* race = track != nullptr && track->race ? &*track->race : nullptr;
    if (race != nullptr && chance(30)) event.race_id = race->race_id;
    if (state.races > 1 && chance(10)) {  // a race of earlier this evening, put right now
        event.race_id = std::to_string(draw(1, static_cast<std::int64_t>(state.races)));
    }
    if (chance(1)) event.race_id = "999";
    const std::int64_t what = draw(1, 10);
    if (what == 1) {
        event.data = set_up();
    } else if (race != nullptr && !race->entries.empty() && what <= 6) {
        event.data = correction(*race);
    } else {
        event.data = race_command(race);
    }
    return event;
}

Payload World::race_command(const Race* race) {
    // A race that is never started or always stopped would test little.
    if ((race == nullptr || race->ended() || race->phase == Phase::armed) && chance(70)) {
        return RaceStart{};
    }
    if (race != nullptr && race->paused() && chance(80)) return RaceResume{"go on"};
    switch (draw(1, 9)) {
        case 1:
            return RaceStop{"enough"};
        case 2:
            return RaceAbort{"crash"};
        case 3:
            return RaceClear{};
        case 4:
            return RaceArm{};
        case 5:
            return RaceResume{};
        case 6:
            return RaceStart{};
        case 7:
            return RaceArm{options_.settings};
        default:
            return RacePause{"marshal on track"};
    }
}

Payload World::correction(const Race& race) {
    for (const EntryState& entry : race.entries) {
        if (race.phase == Phase::finishing && entry.status == EntryStatus::finished && chance(20)) {
            return LapVoid{entry.entry.entry, entry.next_lap - 1, LapStatus::lap_void, "cut"};
        }
        for (const Lap& lap : entry.laps) {
            if (lap.status != LapStatus::counted && chance(5)) {
                return LapRestore{entry.entry.entry, lap.id, "video"};
            }
        }
    }
    const EntryState& entry = race.entries[random_() % race.entries.size()];
    const std::int32_t number = chance(3) ? 77 : entry.entry.entry;
    const auto lap = static_cast<std::int32_t>(chance(50) ? std::max(1, entry.next_lap - 1)
                                                          : draw(1, entry.next_lap));
    switch (draw(1, 12)) {
        case 1:
        case 2:
            return LapVoid{number, lap, LapStatus::crossing_void, "ghost"};
        case 3:
            return LapVoid{number, lap, LapStatus::lap_void, "cut"};
        case 4:
        case 5:
        case 6:
            return LapRestore{number, lap, "video"};
        case 7:
            return LapAdd{number, chance(30) ? 0 : now_us_ - draw(-1'000'000, 15'000'000), "seen"};
        case 8:
            return PenaltyGive{number, draw(1, 9) * kSecondUs, "pushed"};
        case 9:
            return PenaltyWithdraw{number, static_cast<std::int32_t>(draw(1, entry.next_penalty)),
                                   ""};
        case 10:
            return chance(50) ? Payload(EntryRetire{number, ""}) : EntryReinstate{number, ""};
        case 11:
            return chance(50) ? Payload(EntryDisqualify{number, ""}) : EntryReinstate{number, ""};
        default:
            return EntryReinstate{number, "mistake"};
    }
}

Payload World::set_up() {
    const auto lane = static_cast<std::int32_t>(draw(1, options_.lanes + 1));
    switch (draw(1, 5)) {
        case 1:
            return EntryClear{lane};
        case 2: {
            TrackConfigure track;
            track.name = "Main";
            track.lanes = chance(80) ? options_.lanes : lane;
            track.settings = options_.settings;
            return track;
        }
        case 3:
            return GateMissed{Gate::finish, lane, static_cast<std::int32_t>(draw(1, 5))};
        default:
            return EntryAssign{Entry{lane, lane, "Driver " + std::to_string(draw(1, 99)), "", ""}};
    }
}

}  // namespace racehub::test

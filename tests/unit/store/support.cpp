#include "tests/unit/store/support.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "hub/core/codec.h"
#include "hub/store/verify.h"

namespace racehub::store::test {

namespace {

/// In memory where there is room: these tests make thousands of databases, and none of them needs a
/// real disk to be flushed.
std::filesystem::path place_for_folders() {
    std::error_code error;
    const std::filesystem::path memory = "/dev/shm";
    const auto space = std::filesystem::space(memory, error);
    return !error && space.available > 200'000'000 ? memory
                                                   : std::filesystem::temp_directory_path();
}

}  // namespace

TempFolder::TempFolder() {
    std::string pattern = (place_for_folders() / "racehub-store-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
}

TempFolder::~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> TempFolder::names(const std::string& part) const {
    std::vector<std::string> found;
    for (const auto& item : std::filesystem::directory_iterator(path_)) {
        const std::string name = item.path().filename().string();
        if (name.find(part) != std::string::npos) found.push_back(name);
    }
    return found;
}

RaceNight::RaceNight(std::uint64_t seed, Recovered begin)
    : random_(seed),
      state_(std::move(begin.state)),
      last_input_(begin.last_input),
      now_us_(std::max(kEveningUs, begin.last_time_us)) {}

const JournalBatch& RaceNight::next(std::size_t inputs) {
    batch_ = JournalBatch{};
    while (batch_.inputs.size() < inputs) {
        // A due timer comes before anything else, as in the engine.
        if (const auto deadline = next_deadline(state_); deadline && deadline->time_us <= now_us_) {
            submit(TimerElapsed{}, deadline->track);
        } else {
            anything();
        }
    }
    batch_.after = &state_;
    return batch_;
}

const JournalBatch& RaceNight::plain_race(int entries, int laps) {
    batch_ = JournalBatch{};
    const std::string track = "oval";
    RaceSettings settings;
    settings.distance = Distance::laps;
    settings.laps = laps;
    settings.finish = Finish::full_distance;
    submit(TrackConfigure{"Oval", entries, settings}, track);
    for (int lane = 1; lane <= entries; ++lane) {
        submit(EntryAssign{Entry{lane, lane, "driver " + std::to_string(draw(200)), "car", ""}},
               track);
    }
    submit(RaceArm{}, track);
    submit(RaceStart{}, track);
    now_us_ = state_.find(track)->race->go_us;
    submit(TimerElapsed{}, track);
    for (int lap = 0; lap < laps; ++lap) {
        now_us_ += 8 * kSecondUs + static_cast<TimeUs>(draw(300'000));
        for (int lane = 1; lane <= entries; ++lane) {
            now_us_ += 10'000 + static_cast<TimeUs>(draw(20'000));
            submit(GateCrossed{Gate::finish, lane, "", 0}, track);
        }
    }
    batch_.after = &state_;
    return batch_;
}

void RaceNight::submit(Payload data, const std::string& track, TimeUs happened_us) {
    InputRecord record;
    record.number = ++last_input_;
    Event& event = record.event;
    event.recv_us = now_us_;
    event.time_us = happened_us == 0 ? now_us_ : happened_us;
    event.track = track;
    const bool command = kind_of(data) == Kind::command;
    event.source = command ? "director:Ann" : "gates";
    if (command || draw(4) > 0) event.key = "k" + std::to_string(record.number);
    if (command) event.entropy = static_cast<std::uint32_t>(draw(UINT32_MAX)) + 1;
    event.data = std::move(data);
    if (command && !races_.empty() && draw(3) == 0) {  // a correction of some earlier race, perhaps
        event.race_id =
            std::next(races_.begin(), static_cast<std::ptrdiff_t>(draw(races_.size())))->first;
    }
    const std::size_t first = batch_.facts.size();
    record.outcome = decide(state_, event, batch_.facts,
                            [&](const std::string& race_id, const std::string& of_track) {
                                const RaceFold& fold = races_.at(race_id);
                                return fold.track() == of_track ? fold.race() : std::nullopt;
                            });
    for (std::size_t i = first; i < batch_.facts.size(); ++i) {
        Event& fact = batch_.facts[i];
        fact.cause = record.number;
        if (std::holds_alternative<RaceArmed>(fact.data))
            races_.try_emplace(fact.race_id, fact.race_id);
        const auto race = races_.find(fact.race_id);
        if (race != races_.end()) race->second.take(fact);
    }
    batch_.inputs.push_back(std::move(record));
}

void RaceNight::anything() {
    static const char* const kTracks[] = {"main", "oval", "drag"};
    const std::string name = kTracks[draw(3)];
    const Track* track = state_.find(name);
    now_us_ += static_cast<TimeUs>(draw(700'000));
    if (track == nullptr) return make_track(name);
    if (name == "drag") return submit(any_heat_input(*track), name);
    const auto lane = static_cast<std::int32_t>(1 + draw(4));
    const std::uint64_t kind = draw(100);
    if (kind < 10) return submit(any_command(*track), name);
    const bool on = track->race && track->race->on();
    if (on && track->race->paused()) return submit(RaceResume{"go on"}, name);
    if (!on && kind < 60 && track->phase() != Phase::lights) return submit(RaceStart{}, name);
    if (kind < 12) return submit(GateMissed{Gate::finish, lane, 1}, name);
    if (kind < 22) return submit(GateCrossed{Gate::sector_1, lane, "", 0}, name);
    // Late ones fall between crossings that are counted already.
    const TimeUs late_us = kind > 92 ? static_cast<TimeUs>(draw(6'000'000)) : 0;
    submit(GateCrossed{Gate::finish, lane, "", 0}, name, now_us_ - late_us);
}

void RaceNight::make_track(const std::string& name) {
    RaceSettings settings;
    settings.discipline = name == "drag" ? Discipline::heat : Discipline::circuit;
    settings.distance = name == "main" ? Distance::laps : Distance::time;
    settings.laps = 8;
    settings.time_us = 40 * kSecondUs;
    settings.max_lap_us = 9 * kSecondUs;
    settings.jump_rule = name == "main" ? JumpRule::time_penalty : JumpRule::disqualify;
    submit(TrackConfigure{"Track " + name, 4, settings}, name);
    for (std::int32_t lane = 1; lane <= 4; ++lane) {
        submit(EntryAssign{Entry{lane, lane, "driver " + std::to_string(lane), "car", ""}}, name);
    }
}

Payload RaceNight::any_heat_input(const Track& track) {
    const auto entry = static_cast<std::int32_t>(1 + draw(4));
    const std::string why = "marshal said so";
    switch (draw(9)) {
        case 0:
            return any_command(track);
        case 1:
            return HeatRerun{{}, why};
        case 2:
            return HeatCorrect{entry, static_cast<TimeUs>(draw(3)) * kSecondUs, why};
        case 3:
            return RaceClear{why};
        case 4:
            return HeatStarted{};
        default:
            break;
    }
    const bool armed = track.phase() == Phase::armed || track.phase() == Phase::running;
    if (!armed && draw(9) > 0) {
        return track.phase() == Phase::held ? Payload(HeatAccept{why}) : Payload(RaceArm{});
    }
    HeatReported report;
    report.report_id = "report " + std::to_string(last_input_);
    for (std::int32_t lane = 1; lane <= 4; ++lane) {
        if (draw(9) == 0) continue;
        report.results.push_back({lane, 3 * kSecondUs + static_cast<TimeUs>(draw(900'000))});
    }
    return report;
}

Payload RaceNight::any_command(const Track& track) {
    const auto entry = static_cast<std::int32_t>(1 + draw(4));
    const auto lap = static_cast<std::int32_t>(1 + draw(10));
    const std::string why = "marshal said so";
    switch (draw(20)) {
        case 0:
            return LapVoid{entry, lap, LapStatus::crossing_void, why};
        case 1:
            return LapVoid{entry, lap, LapStatus::lap_void, why};
        case 2:
            return LapRestore{entry, lap, why};
        case 3:
            return LapAdd{entry, now_us_ - static_cast<TimeUs>(draw(4'000'000)), why};
        case 4:
            return PenaltyGive{entry, kSecondUs, why};
        case 5:
            return PenaltyWithdraw{entry, 1, why};
        case 6:
            return EntryRetire{entry, why};
        case 7:
            return EntryDisqualify{entry, why};
        case 8:
            return EntryReinstate{entry, why};
        case 9:
            return RacePause{why};
        case 10:
            return RaceResume{why};
        case 11:
            return draw(3) == 0 ? Payload(RaceAbort{why}) : Payload(RaceResume{why});
        case 12:
            return draw(3) == 0 ? Payload(RaceStop{why}) : Payload(RaceResume{why});
        case 13:
            return RaceClear{why};
        case 14:
            return EntryClear{entry};
        case 15:
        case 16:
            return EntryAssign{
                Entry{entry, entry, "driver " + std::to_string(draw(9)), "car", "#ff0000"}};
        case 17:
            return RaceArm{};
        default:
            return track.phase() == Phase::running ? Payload(RaceResume{why})
                                                   : Payload(RaceStart{});
    }
}

std::unique_ptr<Store> open_store(const std::string& path, StoreOptions options,
                                  OpenReport& report) {
    std::string error;
    options.now_us = kEveningUs;
    auto store = Store::open(path, options, report, error);
    INFO(error);
    REQUIRE(store != nullptr);
    return store;
}

std::unique_ptr<Store> open_store(const std::string& path, StoreOptions options) {
    OpenReport report;
    return open_store(path, std::move(options), report);
}

void append(Store& store, const JournalBatch& batch) {
    std::string error;
    const bool stored = store.append(batch, error);
    INFO(error);
    REQUIRE(stored);
}

Recovered recover(Store& store) {
    Recovered recovered;
    std::string error;
    const bool done = store.recover(recovered, error);
    INFO(error);
    REQUIRE(done);
    return recovered;
}

std::string state_of(Store& store) { return encode_state(recover(store).state); }

void play(Store& store, RaceNight& night, std::uint64_t facts, std::size_t batch) {
    while (night.state().seq < facts) append(store, night.next(batch));
}

std::string verify_text(const std::string& path) {
    VerifyReport report;
    std::string error;
    return verify(path, {}, report, error) ? "" : report.difference + error;
}

std::vector<std::string> rows_of(const std::string& path, const char* query) {
    sql::Database db(path, sql::Access::read_only, 5'000);
    sql::Statement statement(db, query);
    sql::Rows rows(statement);
    std::vector<std::string> found;
    while (rows.next()) {
        std::string row;
        for (int i = 0; i < rows.columns(); ++i) row += (i == 0 ? "" : "|") + rows.string(i);
        found.push_back(row);
    }
    return found;
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace racehub::store::test

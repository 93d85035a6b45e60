#include "plugins/openf1/reports.h"

#include <algorithm>
#include <set>

namespace racehub::openf1 {
namespace {

using nlohmann::json;

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Report entry_report(std::int32_t driver, Micros race_us, json data, std::string slot) {
    data["entry"] = driver;
    data["race_us"] = race_us;
    Report report;
    report.type = "entry.reported";
    report.race_us = race_us;
    report.data = dump(data);
    report.slot = std::move(slot);
    report.driver = driver;
    return report;
}

const char* kind_of(const SessionRow& info) {
    if (info.type == "Race") return "race";
    const bool qualifying =
        info.type == "Qualifying" || info.name.find("ualifying") != std::string::npos;
    return qualifying ? "qualifying" : "practice";
}

bool contains(const std::string& text, std::string_view what) {
    return text.find(what) != std::string::npos;
}

/// The flag in the hub's words; "none" where the message shows none.
const char* flag_of(const ControlRow& row) {
    if (row.category == "SafetyCar") {
        const bool deployed = contains(row.message, "DEPLOYED");
        if (contains(row.message, "VIRTUAL")) return deployed ? "virtual_safety_car" : "none";
        return deployed ? "safety_car" : "none";
    }
    static const std::pair<const char*, const char*> kFlags[] = {
        {"GREEN", "green"},         {"CLEAR", "green"},
        {"YELLOW", "yellow"},       {"RED", "red"},
        {"CHEQUERED", "chequered"}, {"DOUBLE YELLOW", "double_yellow"},
        {"BLUE", "blue"},           {"BLACK AND WHITE", "black_and_white"},
        {"BLACK", "black"},         {"WHITE", "white"}};
    for (const auto& [theirs, ours] : kFlags) {
        if (row.flag == theirs) return ours;
    }
    return "none";
}

/// A lap whose end is known: by its own time, or by the beginning of the next one.
Micros end_of(const LapRow& lap, const LapRow* next) {
    if (lap.start_us > 0 && lap.lap_us > 0) return lap.start_us + lap.lap_us;
    return next != nullptr ? next->start_us : 0;
}

void add_laps(const Session& session, std::vector<Report>& reports) {
    LapBook book(session.zero_us);
    // By number, so that the end of one is known when the next one comes.
    for (const LapRow& lap : session.laps) book.take(lap, reports);
}

void add_stints(const Session& session, std::vector<Report>& reports) {
    for (const StintRow& stint : session.stints) {
        Micros from_us = session.begin_us();
        bool known = stint.number == 1;
        for (const LapRow& lap : session.laps) {
            if (lap.driver != stint.driver || lap.number != stint.from_lap) continue;
            if (lap.start_us == 0) continue;
            known = true;
            if (stint.from_lap > 1) from_us = lap.start_us;
        }
        // Two stints from the same lap on: the later one is what the car drove with.
        if (known) reports.push_back(stint_report(stint, from_us - session.zero_us));
    }
}

void add_end(const Session& session, std::vector<Report>& reports) {
    const Micros race_us = session.end_us - session.zero_us;
    json results = json::array();
    std::set<std::int32_t> known;
    for (const DriverRow& driver : session.drivers) known.insert(driver.driver);
    for (const ResultRow& row : session.results) {
        if (known.erase(row.driver) == 0) continue;
        const char* status = row.dsq ? "dsq" : row.dns ? "dns" : row.dnf ? "dnf" : "finished";
        results.push_back({{"entry", row.driver},
                           {"position", row.position},
                           {"status", status},
                           {"laps", row.laps}});
    }
    Report report;
    report.type = "result.reported";
    report.race_us = race_us;
    report.data = dump({{"race_us", race_us}, {"results", std::move(results)}});
    report.about = "result";
    reports.push_back(std::move(report));
}

/// Who retired is out from the last thing that is known of it: its last lap's beginning.
void add_retirements(const Session& session, std::vector<Report>& reports) {
    for (const ResultRow& result : session.results) {
        if (!result.dnf) continue;
        Micros last_us = session.zero_us;
        for (const LapRow& lap : session.laps) {
            if (lap.driver == result.driver) last_us = std::max(last_us, lap.start_us);
        }
        const auto times = session.file->locations(result.driver).time_us;
        if (!times.empty()) last_us = std::min(session.end_us, std::max(last_us, times.back()));
        reports.push_back(entry_report(result.driver, last_us - session.zero_us,
                                       {{"status", "dnf"}},
                                       "status" + std::to_string(result.driver)));
        reports.back().about = "out " + std::to_string(result.driver);
    }
}

}  // namespace

std::string race_data(const SessionRow& info, const std::vector<DriverRow>& drivers, Micros race_us,
                      std::int32_t rate) {
    json entries = json::array();
    std::set<std::int32_t> known;
    for (const DriverRow& driver : drivers) {
        if (!known.insert(driver.driver).second) continue;
        entries.push_back({{"entry", driver.driver},
                           {"driver", driver.name},
                           {"team", driver.team},
                           {"code", driver.code},
                           {"color", driver.color}});
    }
    constexpr std::size_t kMostName = 64;  // bytes; what the hub takes
    Session named;
    named.info = info;
    std::string name = named.title();
    if (name.size() > kMostName) name = "Session " + std::to_string(info.session_key);
    return dump({{"report_id", std::to_string(info.session_key)},
                 {"name", std::move(name)},
                 {"session", kind_of(info)},
                 {"race_us", race_us},
                 {"rate", rate},
                 {"entries", std::move(entries)}});
}

std::string race_data(const Session& session, Micros race_us, std::int32_t rate) {
    return race_data(session.info, session.drivers, race_us, rate);
}

std::string map_data(const Session& session) {
    constexpr std::int32_t kMillimetres = 100;  // OpenF1 counts tenths of a metre
    const auto points = [&](const std::vector<Place2>& from) {
        json list = json::array();
        for (const Place2& place : from) {
            list.push_back({{"x_mm", place.x * kMillimetres}, {"y_mm", place.y * kMillimetres}});
        }
        return list;
    };
    return dump({{"name", session.info.circuit},
                 {"path", points(session.layout.path)},
                 {"pit_path", points(session.layout.pit)},
                 {"sectors", points(session.layout.sectors)}});
}

std::string clock_data(Micros race_us, std::int32_t rate, bool rewind) {
    json data{{"race_us", race_us}, {"rate", rate}};
    if (rewind) data["rewind"] = true;
    return dump(data);
}

// ---- laps ----

void LapBook::take(const LapRow& row, std::vector<Report>& reports) {
    Known& known = laps_[{row.driver, row.number}];
    known.row = row;
    tell(row.driver, row.number, reports);
    if (row.start_us > 0) tell(row.driver, row.number - 1, reports);
}

void LapBook::tell(std::int32_t driver, std::int32_t number, std::vector<Report>& reports) {
    const auto found = laps_.find({driver, number});
    if (found == laps_.end()) return;
    Known& known = found->second;
    const LapRow& lap = known.row;
    Micros gate_us = lap.start_us - zero_us_;
    for (int sector = 0; sector < 2 && lap.start_us > 0 && lap.sector_us[sector] > 0; ++sector) {
        gate_us += lap.sector_us[sector];
        if (known.gates > sector) continue;
        known.gates = sector + 1;
        const char* gate = sector == 0 ? "sector_1" : "sector_2";
        reports.push_back(entry_report(driver, gate_us, {{"gate", gate}}, {}));
        reports.back().passing = true;
    }
    const auto next = laps_.find({driver, number + 1});
    const Micros end_us = end_of(lap, next == laps_.end() ? nullptr : &next->second.row);
    if (end_us == 0) return;
    json data{{"entry", driver}, {"number", number}, {"race_us", end_us - zero_us_}};
    if (lap.lap_us > 0) data["lap_us"] = lap.lap_us;
    if (lap.sector_us[0] > 0 || lap.sector_us[1] > 0 || lap.sector_us[2] > 0) {
        data["sectors_us"] = {lap.sector_us[0], lap.sector_us[1], lap.sector_us[2]};
    }
    std::string text = dump(data);
    if (text == known.told) return;
    known.told = text;
    Report report;
    report.type = "lap.reported";
    report.race_us = end_us - zero_us_;
    report.data = std::move(text);
    // A later version takes the place of this one.
    report.slot = "lap" + std::to_string(driver) + "/" + std::to_string(number);
    report.lap = number;
    report.driver = driver;
    reports.push_back(std::move(report));
}

// ---- the rest ----

Report position_report(const PositionRow& row, Micros zero_us) {
    return entry_report(row.driver, row.time_us - zero_us, {{"position", row.position}},
                        "position" + std::to_string(row.driver));
}

Report control_report(const ControlRow& row, Micros zero_us) {
    const Micros race_us = row.time_us - zero_us;
    const std::string flag = flag_of(row);
    const bool for_all = flag != "none" && row.sector == 0 && row.driver == 0;
    json data{{"race_us", race_us},  {"about", flag == "none" ? "control" : "flag"},
              {"text", row.message}, {"from", "Race Control"},
              {"flag", flag},        {"sector", row.sector},
              {"entry", row.driver}};
    Report report;
    report.type = "message.reported";
    report.race_us = race_us;
    report.data = dump(data);
    if (for_all) report.about = flag + " flag";
    return report;
}

void pit_reports(const PitRow& row, Micros zero_us, std::vector<Report>& reports) {
    const Micros in_us = row.time_us - zero_us;
    const std::string slot = "pit" + std::to_string(row.driver);
    // Each of them counts: stops are counted by them.
    reports.push_back(entry_report(row.driver, in_us, {{"gate", "pit_in"}}, {}));
    reports.back().about = "pit " + std::to_string(row.driver);
    if (row.lane_us == 0) return;
    reports.push_back(entry_report(row.driver, in_us + row.lane_us, {{"gate", "pit_out"}}, {}));
}

Report stint_report(const StintRow& row, Micros race_us) {
    json data{{"stint", row.number}, {"tyre_age", row.age}};
    if (!row.compound.empty()) data["tyre"] = row.compound;
    return entry_report(row.driver, race_us, std::move(data),
                        "stint" + std::to_string(row.driver) + "/" + std::to_string(row.number));
}

std::vector<Report> all_reports(const Session& session) {
    std::vector<Report> reports;
    const Micros zero_us = session.zero_us;
    std::set<std::int32_t> known;
    for (const DriverRow& driver : session.drivers) known.insert(driver.driver);
    for (const PositionRow& row : session.positions) {
        reports.push_back(position_report(row, zero_us));
    }
    add_stints(session, reports);
    for (const PitRow& row : session.pits) pit_reports(row, zero_us, reports);
    for (const ControlRow& row : session.control) {
        ControlRow said = row;
        if (known.count(said.driver) == 0) said.driver = 0;
        reports.push_back(control_report(said, zero_us));
    }
    add_laps(session, reports);
    add_retirements(session, reports);
    // Nothing is told of who is not in the race.
    std::erase_if(reports, [&](const Report& r) {
        return (r.driver != 0 && known.count(r.driver) == 0) || r.race_us > kMostUs ||
               r.race_us < -kMostUs;
    });
    // What was known before the clock begins holds when it does; what comes after the end is told
    // with it.
    add_end(session, reports);
    std::stable_sort(reports.begin(), reports.end(),
                     [](const Report& a, const Report& b) { return a.race_us < b.race_us; });
    return reports;
}

}  // namespace racehub::openf1

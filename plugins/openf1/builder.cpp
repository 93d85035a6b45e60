#include "plugins/openf1/builder.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <set>

#include "plugins/openf1/instant.h"

namespace racehub::openf1 {
namespace {

using nlohmann::json;

/// Collections of a session that come in one answer, and what their absence means.
struct Kind {
    const char* name;
    const char* missing;
};
constexpr Kind kKinds[] = {
    {"drivers", "no drivers"},
    {"session_result", "no official result"},
    {"laps", "no laps"},
    {"stints", "no stints: tyres are not shown"},
    {"position", "no positions: they follow from the laps"},
    {"race_control", "no race control messages: no flags"},
    {"pit", "no pit stops"},
    {"weather", "no weather"},
    {"intervals", "no intervals: gaps are known at the line only"},
};

std::string encoded(std::string_view text) {
    std::string to;
    constexpr char kHex[] = "0123456789ABCDEF";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                           (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';
        if (plain) {
            to += c;
        } else {
            to += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
        }
    }
    return to;
}

std::string dump(const json& rows) {
    return rows.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool known(const std::vector<Section>& sections, const std::string& kind, std::int32_t driver) {
    return std::any_of(sections.begin(), sections.end(), [&](const Section& section) {
        return section.kind == kind && section.driver == driver;
    });
}

template <class Row>
std::string packed(const json& rows, std::size_t& count) {
    std::size_t unusable = 0;
    std::vector<Row> list = read_rows<Row>(rows, unusable);
    count = list.size();
    return pack(std::move(list));
}

}  // namespace

std::string text_of(const Progress& progress) {
    std::string text = std::to_string(progress.done);
    if (progress.of > 0) text += " of " + std::to_string(progress.of);
    text += " requests, " + std::to_string(progress.bytes / 1'000'000) + " MB";
    if (progress.left_s >= 0) text += ", about " + std::to_string(progress.left_s) + " s to go";
    return progress.doing.empty() ? text : text + ": " + progress.doing;
}

std::string Builder::path_of(const std::string& folder, std::int64_t session_key) {
    return folder + "/" + std::to_string(session_key) + ".openf1";
}

Builder::Builder(Api& api, std::string folder, std::function<void(const Progress&)> on_progress,
                 Micros now_us)
    : api_(api),
      folder_(std::move(folder)),
      on_progress_(std::move(on_progress)),
      now_us_(now_us) {}

void Builder::say(const std::string& doing) {
    progress_.doing = doing;
    progress_.left_s = -1;
    if (asked_ > 3 && progress_.of >= progress_.done) {
        const auto passed_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                                   std::chrono::steady_clock::now() - began_)
                                   .count();
        const auto left = static_cast<std::int64_t>(progress_.of - progress_.done);
        progress_.left_s = passed_ms * left / static_cast<std::int64_t>(asked_) / 1'000;
    }
    if (on_progress_) on_progress_(progress_);
}

bool Builder::latest(const std::string& query, json& info, std::string& problem) {
    Answer answer = api_.get("sessions", query);
    progress_.bytes += answer.bytes;
    problem = answer.problem;
    Micros newest_us = 0;
    for (const json& row : answer.rows) {
        SessionRow session;
        if (!row.is_object() || !read_row(row, session) || session.cancelled) continue;
        if (session.end_us > now_us_ || session.start_us <= newest_us) continue;
        newest_us = session.start_us;
        info = row;
    }
    return newest_us > 0;
}

bool Builder::find(const Wanted& wanted, json& info, std::string& problem) {
    if (wanted.session_key > 0) {
        Answer answer = api_.get("sessions", "session_key=" + std::to_string(wanted.session_key));
        progress_.bytes += answer.bytes;
        problem = answer.problem;
        if (answer.kind == Answer::Kind::rows && answer.rows[0].is_object()) info = answer.rows[0];
    } else {
        std::string query = "session_name=" + encoded(wanted.session);
        if (!wanted.circuit.empty()) query += "&circuit_short_name=" + encoded(wanted.circuit);
        const std::int32_t this_year = std::stoi(format_instant(now_us_).substr(0, 4));
        const std::int32_t year = wanted.year > 0 ? wanted.year : this_year;
        const bool found = latest(query + "&year=" + std::to_string(year), info, problem);
        // In winter the latest race is last year's.
        if (!found && wanted.year == 0 && problem.empty()) {
            latest(query + "&year=" + std::to_string(year - 1), info, problem);
        }
    }
    SessionRow row;
    if (info.is_object() && read_row(info, row)) return true;
    if (problem.empty()) {
        problem =
            "The API knows no such session. Check session_key, or year and circuit "
            "(such as 2024, Monte Carlo).";
    }
    return false;
}

bool Builder::add(const Section& section, std::string_view bytes) {
    if (writer_.add(section, bytes, built_.problem)) return true;
    return false;
}

bool Builder::store(const std::string& kind, std::int32_t driver, Answer answer) {
    const auto of = driver > 0 ? " of " + std::to_string(driver) : std::string();
    Section section{kind, driver, answer.rows.size(), {}};
    if (answer.kind == Answer::Kind::empty) {
        for (const Kind& each : kKinds) {
            if (each.name == kind) section.note = each.missing;
        }
        if (driver > 0) section.note = "no " + kind + of;
        answer.rows = json::array();
    }
    std::string bytes;
    if (kind == "location") {
        bytes = packed<LocationRow>(answer.rows, section.rows);
    } else if (kind == "car_data") {
        bytes = packed<CarRow>(answer.rows, section.rows);
    } else if (kind == "intervals") {
        store_intervals(answer.rows);
        section.rows = 0;  // each driver has a section of its own
    } else {
        bytes = dump(answer.rows);
    }
    return add(section, bytes);
}

void Builder::store_intervals(const json& rows) {
    std::map<std::int32_t, std::vector<IntervalRow>> by_driver;
    std::size_t unusable = 0;
    for (IntervalRow& row : read_rows<IntervalRow>(rows, unusable)) {
        by_driver[row.driver].push_back(row);
    }
    for (auto& [driver, list] : by_driver) {
        const std::size_t count = list.size();
        add(Section{"intervals", driver, count, {}}, pack(std::move(list)));
    }
}

/// False: end here, `built_.problem` says why. What merely could not be fetched is noted.
bool Builder::step(const std::string& kind, std::int32_t driver, const std::string& query) {
    const std::string what = driver > 0 ? kind + " of " + std::to_string(driver) : kind;
    if (known(known_, kind, driver)) {
        ++progress_.done;
        return true;
    }
    say(what);
    Answer answer = api_.get(kind, query);
    ++asked_;
    ++progress_.done;
    progress_.bytes += answer.bytes;
    if (kind == "laps") laps_ = answer.rows;
    if (kind == "drivers") drivers_ = answer.rows;
    if (kind == "session_result") results_ = answer.rows;
    switch (answer.kind) {
        case Answer::Kind::rows:
        case Answer::Kind::empty:
            return store(kind, driver, std::move(answer));
        case Answer::Kind::failed:
            built_.missing.push_back(answer.problem);
            return true;
        case Answer::Kind::refused:
        case Answer::Kind::stopped:
            built_.problem = answer.problem;
            return false;
    }
    return false;
}

/// The grid is kept with the qualifying that made it.
void Builder::fetch_grid(const std::string& key) {
    if (known(known_, "starting_grid", 0)) return;
    Answer answer = api_.get("starting_grid", "session_key=" + key);
    if (answer.kind == Answer::Kind::empty && info_.meeting_key > 0) {
        const Answer qualifying =
            api_.get("sessions", "meeting_key=" + std::to_string(info_.meeting_key) +
                                     "&session_name=Qualifying");
        SessionRow row;
        if (qualifying.kind == Answer::Kind::rows && qualifying.rows[0].is_object() &&
            read_row(qualifying.rows[0], row)) {
            answer = api_.get("starting_grid", "session_key=" + std::to_string(row.session_key));
        }
    }
    const bool there = answer.kind == Answer::Kind::rows || answer.kind == Answer::Kind::empty;
    if (there) store("starting_grid", 0, std::move(answer));
}

void Builder::fetch_cars() {
    std::size_t unusable = 0;
    const Micros from_us = clock_zero(info_, read_rows<LapRow>(laps_, unusable), {}) - kLeadUs;
    std::set<std::int32_t> numbers, absent;
    for (const DriverRow& row : read_rows<DriverRow>(drivers_, unusable)) {
        numbers.insert(row.driver);
    }
    for (const ResultRow& row : read_rows<ResultRow>(results_, unusable)) {
        numbers.insert(row.driver);
        if (row.dns) absent.insert(row.driver);
    }
    for (const std::int32_t driver : absent) numbers.erase(driver);
    progress_.of = progress_.done + 2 * numbers.size();
    for (const std::int32_t driver : numbers) {
        for (const char* kind : {"location", "car_data"}) {
            // The samples before the race would double the answers.
            const std::string query = "session_key=" + std::to_string(info_.session_key) +
                                      "&driver_number=" + std::to_string(driver) +
                                      "&date%3E=" + encoded(format_instant(from_us).substr(0, 26));
            if (!step(kind, driver, query)) return;
        }
    }
}

Built Builder::build(const Wanted& wanted) {
    built_ = {};
    progress_ = {};
    asked_ = 0;
    began_ = std::chrono::steady_clock::now();
    say("looking for the session");
    json info;
    if (!find(wanted, info, built_.problem)) return built_;
    read_row(info, info_);
    const std::string key = std::to_string(info_.session_key);
    const std::string path = path_of(folder_, info_.session_key);
    std::error_code failed;
    std::filesystem::create_directories(folder_, failed);
    std::string error;
    if (const auto file = SessionFile::open(path, error)) {
        known_ = file->sections();
        for (const auto& [kind, rows] :
             {std::pair("laps", &laps_), {"drivers", &drivers_}, {"session_result", &results_}}) {
            if (file->has(kind)) *rows = json::parse(file->bytes(kind), nullptr, false);
        }
    }
    if (!writer_.open(path, built_.problem)) return built_;
    built_.path = path;
    if (!known(known_, "sessions", 0)) add({"sessions", 0, 1, {}}, dump(json::array({info})));
    progress_.done = 1;
    progress_.of = 1 + std::size(kKinds) + 40;  // corrected when the drivers are known
    for (const Kind& kind : kKinds) {
        if (!step(kind.name, 0, "session_key=" + key)) return built_;
    }
    fetch_grid(key);
    fetch_cars();
    std::string sync_error;
    if (!writer_.sync(sync_error) && built_.problem.empty()) built_.problem = sync_error;
    built_.whole = built_.problem.empty() && built_.missing.empty();
    say(built_.whole ? "done" : "incomplete");
    return built_;
}

}  // namespace racehub::openf1

#include "plugins/smartrace/protocol/outbox.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plugins/smartrace/protocol/messages.h"

namespace racehub::smartrace {
namespace {

using nlohmann::json;

// Values of at most 4 kB: forty tellings and the state of eight lanes.
constexpr std::uint64_t kPerChunk = 40;
constexpr std::uint64_t kChunks = 60;
// The oldest chunk is given up as a whole when a new one is begun.
static_assert(Outbox::kMaxWaiting <= kPerChunk * (kChunks - 1));
constexpr const char* kCursorKey = "told";
// Stamps of a device that stray so far from the hub's clock are not believed.
constexpr std::int64_t kStrayUs = 2'000'000;
constexpr std::int64_t kMaxUs = 200'000'000'000'000'000;

std::string chunk_key(std::uint64_t number) {
    return "q" + std::to_string(number / kPerChunk % kChunks);
}

std::int64_t number_in(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_integer()) return 0;
    return std::clamp<std::int64_t>(found->get<std::int64_t>(), -kMaxUs, kMaxUs);
}

std::string text_in(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag_in(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_boolean() && found->get<bool>();
}

json member(const json& object, const char* key, json otherwise) {
    const auto found = object.find(key);
    return found != object.end() && found->type() == otherwise.type() ? *found : otherwise;
}

bool pit_kind(const std::string& gate, Telling::Kind& kind) {
    if (gate == "pit_in") kind = Telling::Kind::pit_enter;
    if (gate == "pit_out") kind = Telling::Kind::pit_leave;
    return gate == "pit_in" || gate == "pit_out";
}

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string Telling::text() const {
    return kind == Kind::lap ? lap_text(controller, stamp_ms)
                             : pit_text(controller, kind == Kind::pit_enter);
}

Outbox::Outbox(std::string track, int controllers, Put put)
    : track_(std::move(track)), controllers_(controllers), put_(std::move(put)) {}

void Outbox::load(const Get& get) {
    const auto cursor = json::parse(get(kCursorKey), nullptr, false);
    confirmed_ = cursor.is_number_unsigned() ? cursor.get<std::uint64_t>() : 0;
    json newest;
    for (std::uint64_t chunk = 0; chunk < kChunks; ++chunk) {
        const json saved = json::parse(get(chunk_key(chunk * kPerChunk)), nullptr, false);
        if (!saved.is_object()) continue;
        const json last = saved.value("last", json());
        if (!last.is_number_unsigned()) continue;
        if (!newest.is_object() || last.get<std::uint64_t>() > last_) {
            last_ = last.get<std::uint64_t>();
            newest = saved;
        }
        for (const json& each : member(saved, "queue", json::array())) {
            if (!each.is_array() || each.size() != 5) continue;
            if (!std::all_of(each.begin(), each.end(),
                             [](const json& part) { return part.is_number_integer(); })) {
                continue;
            }
            Telling telling{each[0].get<std::uint64_t>(),
                            static_cast<Telling::Kind>(each[1].get<int>()), each[2].get<int>(),
                            each[3].get<std::int64_t>(), each[4].get<std::int64_t>()};
            const int kind = each[1].get<int>();
            const bool good = kind >= 1 && kind <= 3 && telling.controller >= 1 &&
                              telling.controller <= kMaxController;
            if (good && telling.number > confirmed_) waiting_.push_back(std::move(telling));
        }
    }
    std::sort(waiting_.begin(), waiting_.end(),
              [](const Telling& a, const Telling& b) { return a.number < b.number; });
    while (waiting_.size() > kMaxWaiting) waiting_.pop_front();
    last_ = std::max(last_, confirmed_);
    if (!newest.is_object()) return;
    known_ = true;
    race_id_ = text_in(newest, "race");
    for (const json& each : member(newest, "lanes", json::array())) {
        if (!each.is_object()) continue;
        const auto lane = number_in(each, "lane");
        if (lane < 1 || lane > kMaxController) continue;
        Lane& of = lanes_[static_cast<int>(lane)];
        of.lap = number_in(each, "lap");
        of.pit_us = number_in(each, "pit_us");
        of.told_us = number_in(each, "told_us");
        of.crossed_us = number_in(each, "crossed_us");
        of.stamp_us = number_in(each, "stamp_us");
        of.clock = text_in(each, "clock");
    }
}

// The state goes with the tellings that made it: neither is ever there without the other.
void Outbox::save(std::uint64_t number) {
    json lanes = json::array();
    for (const auto& [lane, of] : lanes_) {
        lanes.push_back({{"lane", lane},
                         {"lap", of.lap},
                         {"pit_us", of.pit_us},
                         {"told_us", of.told_us},
                         {"crossed_us", of.crossed_us},
                         {"clock", of.clock},
                         {"stamp_us", of.stamp_us}});
    }
    json queue = json::array();
    for (auto each = waiting_.rbegin(); each != waiting_.rend(); ++each) {
        if (each->number / kPerChunk != number / kPerChunk) break;
        queue.insert(queue.begin(),
                     json::array({each->number, static_cast<int>(each->kind), each->controller,
                                  each->stamp_ms, each->crossed_us}));
    }
    put_(chunk_key(number), dump({{"last", number},
                                  {"race", race_id_},
                                  {"lanes", std::move(lanes)},
                                  {"queue", std::move(queue)}}));
}

void Outbox::begin_race(std::string_view race_id, const json& entries) {
    if (race_id != race_id_) {
        for (auto& [lane, of] : lanes_) of.lap = 0;
        race_id_ = race_id;
    }
    lanes_of_entries_.clear();
    for (const json& each : entries) {
        // In a snapshot an entry is within its state, in a fact it stands alone.
        const json entry = each.is_object() ? member(each, "entry", json::object()) : json();
        const json& names = entry.is_object() && !entry.empty() ? entry : each;
        if (!names.is_object()) continue;
        lanes_of_entries_[number_in(names, "entry")] = static_cast<int>(
            std::clamp<std::int64_t>(number_in(names, "lane"), 0, kMaxController + 1));
    }
}

int Outbox::lane_of(std::int64_t entry) const {
    const auto found = lanes_of_entries_.find(entry);
    const auto lane = found != lanes_of_entries_.end() && found->second > 0 ? found->second : entry;
    return lane >= 1 && lane <= controllers_ ? static_cast<int>(lane) : 0;
}

void Outbox::collect(const json& state, std::vector<Crossing>& missed) const {
    const int lane = lane_of(number_in(member(state, "entry", json::object()), "entry"));
    const auto known = lanes_.find(lane);
    const Lane of = known != lanes_.end() ? known->second : Lane{};
    const auto pits = [&](const json& splits) {
        for (const json& split : splits) {
            Crossing crossing{lane};
            if (!split.is_object() || !pit_kind(text_in(split, "gate"), crossing.kind)) continue;
            crossing.crossed_us = number_in(split, "crossed_us");
            if (crossing.crossed_us > of.pit_us) missed.push_back(std::move(crossing));
        }
    };
    for (const json& lap : member(state, "laps", json::array())) {
        if (!lap.is_object()) continue;
        pits(member(lap, "splits", json::array()));
        if (number_in(lap, "id") <= of.lap || flag_in(lap, "manual")) continue;
        missed.push_back({lane, Telling::Kind::lap, number_in(lap, "crossed_us"),
                          text_in(lap, "clock"), number_in(lap, "stamp_us"), number_in(lap, "id")});
    }
    pits(member(state, "open_splits", json::array()));
}

void Outbox::snapshot(std::string_view json_text) {
    const json hub = json::parse(json_text, nullptr, false);
    if (!hub.is_object()) return;
    std::vector<Crossing> missed;
    for (const json& track : member(hub, "tracks", json::array())) {
        if (!track.is_object() || text_in(track, "id") != track_) continue;
        const json race = member(track, "race", json::object());
        const json entries = member(race, "entries", json::array());
        begin_race(text_in(race, "race_id"), entries);
        for (const json& state : entries) {
            if (state.is_object()) collect(state, missed);
        }
    }
    std::stable_sort(missed.begin(), missed.end(), [](const Crossing& a, const Crossing& b) {
        return a.crossed_us < b.crossed_us;
    });
    for (const Crossing& crossing : missed) {
        if (crossing.lane == 0) continue;
        if (known_) {
            crossed(crossing);
            continue;
        }
        // From before our time: not told, and not to be told later.
        Lane& lane = lanes_[crossing.lane];
        lane.lap = std::max(lane.lap, crossing.lap);
        if (crossing.kind != Telling::Kind::lap) lane.pit_us = crossing.crossed_us;
    }
    if (!known_) save(last_);
    known_ = true;
}

void Outbox::fact(std::string_view type, std::string_view track, std::string_view race_id,
                  std::int64_t time_us, std::string_view text) {
    if (track != track_) return;
    const json data = json::parse(text, nullptr, false);
    if (!data.is_object()) return;
    if (type == "race.armed") {
        begin_race(race_id, member(data, "entries", json::array()));
    } else if (type == "entry.assigned") {
        lanes_of_entries_[number_in(data, "entry")] = static_cast<int>(
            std::clamp<std::int64_t>(number_in(data, "lane"), 0, kMaxController + 1));
    } else if (type == "lap.completed") {
        crossed({lane_of(number_in(data, "entry")), Telling::Kind::lap,
                 number_in(data, "crossed_us"), text_in(data, "clock"), number_in(data, "stamp_us"),
                 number_in(data, "lap")});
    } else if (type == "split.passed") {
        Crossing crossing{lane_of(number_in(data, "entry"))};
        crossing.crossed_us = number_in(data, "crossed_us");
        if (pit_kind(text_in(data, "gate"), crossing.kind)) crossed(crossing);
    } else if (type == "jump_start.detected") {
        Crossing crossing{lane_of(number_in(data, "entry"))};
        crossing.crossed_us = time_us;
        crossed(crossing);
    } else if (type == "crossing.ignored" && text_in(data, "reason") != "too_soon") {
        // The app runs a race of its own and has its own reasons. A bounce is none for it either.
        const auto lane = number_in(data, "lane");
        Crossing crossing{lane <= controllers_ ? static_cast<int>(lane) : 0};
        crossing.crossed_us = number_in(data, "crossed_us");
        const std::string gate = text_in(data, "gate");
        if (gate == "finish" || pit_kind(gate, crossing.kind)) crossed(crossing);
    }
}

void Outbox::crossed(const Crossing& crossing) {
    if (crossing.lane < 1) return;
    Lane& lane = lanes_[crossing.lane];
    Telling telling;
    telling.kind = crossing.kind;
    telling.controller = crossing.lane;
    telling.crossed_us = crossing.crossed_us;
    if (crossing.kind != Telling::Kind::lap) {
        lane.pit_us = std::max(lane.pit_us, crossing.crossed_us);
        return tell(std::move(telling));
    }
    // The app measures laps as differences of what we tell: where a device stamps its crossings,
    // its figure is told, and not the hub's with the network's jitter.
    std::int64_t told_us = crossing.crossed_us;
    if (!crossing.clock.empty() && crossing.clock == lane.clock && lane.told_us != 0) {
        const std::int64_t by_stamp_us = lane.told_us + crossing.stamp_us - lane.stamp_us;
        if (std::abs(by_stamp_us - crossing.crossed_us) < kStrayUs) told_us = by_stamp_us;
    }
    lane.lap = std::max(lane.lap, crossing.lap);
    if (crossing.crossed_us <= lane.crossed_us) {
        // Older than what the app knows of this car: it could only make a wrong lap of it.
        ++dropped_;
        return;
    }
    lane.crossed_us = crossing.crossed_us;
    // Where one clock follows another the new one may begin a little early.
    told_us = std::max(told_us, lane.told_us + 1000);
    lane.told_us = told_us;
    lane.clock = crossing.clock;
    lane.stamp_us = crossing.stamp_us;
    telling.stamp_ms = told_us / 1000;
    tell(std::move(telling));
}

void Outbox::tell(Telling telling) {
    telling.number = ++last_;
    if (waiting_.size() >= kMaxWaiting) {
        waiting_.pop_front();
        if (given_ > 0) --given_;
        ++dropped_;
    }
    waiting_.push_back(std::move(telling));
    save(last_);
}

std::vector<Telling> Outbox::take() {
    std::vector<Telling> result(waiting_.begin() + static_cast<std::ptrdiff_t>(given_),
                                waiting_.end());
    given_ = waiting_.size();
    return result;
}

std::size_t Outbox::confirm(std::uint64_t number) {
    if (number <= confirmed_) return 0;
    confirmed_ = number;
    std::size_t count = 0;
    while (!waiting_.empty() && waiting_.front().number <= number) {
        waiting_.pop_front();
        if (given_ > 0) --given_;
        ++count;
    }
    put_(kCursorKey, std::to_string(number));
    return count;
}

}  // namespace racehub::smartrace

#include "webui/model/heats_view.h"

#include <algorithm>

#include "webui/model/format.h"
#include "webui/model/race_view.h"
#include "webui/model/words.h"

namespace racehub {
namespace {

const Participant* find(const Session& session, std::int32_t entry) {
    const auto found =
        std::find_if(session.participants.begin(), session.participants.end(),
                     [entry](const Participant& one) { return one.entry.entry == entry; });
    return found != session.participants.end() ? &*found : nullptr;
}

HeatStage stage_of(const Track& track, const Heat& heat) {
    if (track.race && track.race->heat == heat.heat && !track.race->ended()) {
        switch (track.race->phase) {
            case Phase::armed:
                return HeatStage::armed;
            case Phase::held:
                return HeatStage::held;
            default:
                return HeatStage::running;
        }
    }
    if (heat.done) return HeatStage::done;
    const Heat* next = track.session->next();
    return next != nullptr && next->heat == heat.heat ? HeatStage::next : HeatStage::planned;
}

HeatView heat_view(const Track& track, const Heat& heat) {
    HeatView view;
    view.heat = heat.heat;
    view.stage = stage_of(track, heat);
    view.stage_text = words::heat_stage(view.stage);
    const std::vector<std::int32_t> places = heat_places(heat.results);
    for (const HeatLane& lane : heat.lanes) {
        HeatLaneView& shown = view.lanes.emplace_back();
        shown.lane = lane.lane;
        shown.entry = lane.entry;
        Entry entry{lane.entry, lane.lane, "", "", ""};
        if (const Participant* who = find(*track.session, lane.entry)) {
            entry = who->entry;
            shown.withdrawn = who->withdrawn;
        }
        shown.driver = words::participant(entry);
        shown.color = participant_color(entry);
        for (std::size_t i = 0; i < heat.results.size() && heat.done; ++i) {
            if (heat.results[i].entry != lane.entry) continue;
            shown.result = words::heat_result(heat.results[i].status, heat.results[i].time_us);
            if (places[i] > 0) shown.place = std::to_string(places[i]);
        }
    }
    std::sort(
        view.lanes.begin(), view.lanes.end(),
        [](const HeatLaneView& one, const HeatLaneView& other) { return one.lane < other.lane; });
    return view;
}

BoardRow board_row(const Session& session, const LeaderboardRow& from) {
    BoardRow row;
    row.entry = from.entry;
    row.ranked = from.runs > 0;
    row.withdrawn = from.withdrawn;
    row.place = row.ranked && !from.withdrawn ? std::to_string(from.place) : std::string(kNothing);
    if (const Participant* who = find(session, from.entry)) {
        row.driver = words::participant(who->entry);
        row.car = who->entry.car;
        row.color = participant_color(who->entry);
    }
    row.runs = std::to_string(from.runs);
    if (from.planned > 0 && !from.withdrawn)
        row.runs += " of " + std::to_string(from.runs + from.planned);
    row.best = format_lap(from.best_us);
    row.average = format_lap(from.average_us);
    row.points = row.ranked ? std::to_string(from.points) : std::string(kNothing);
    if (from.withdrawn) row.note = "withdrawn";
    if (from.dnfs > 0)
        row.note += (row.note.empty() ? "" : " · ") + std::to_string(from.dnfs) + " DNF";
    return row;
}

void fill_board(SessionView& view, const Track& track, RankBy rank_by) {
    const Session& session = *track.session;
    const auto rows = leaderboard(session, rank_by, track.settings.heat_timeout_us);
    for (const LeaderboardRow& row : rows) view.board.push_back(board_row(session, row));
    view.rank_text = words::rank_by(rank_by);
    if (view.partial || rows.empty() || rows.front().runs == 0) return;
    std::string names;
    for (std::size_t i = 0; i < rows.size() && rows[i].place == 1 && rows[i].runs > 0; ++i) {
        if (rows[i].withdrawn) break;
        names += (names.empty() ? "" : " and ") + view.board[i].driver;
    }
    const bool several = rows.size() > 1 && rows[1].place == 1 && rows[1].runs > 0;
    if (!names.empty()) view.winner = names + (several ? " share the win" : " wins");
}

}  // namespace

SessionView session_view(const HubState& state, std::string_view track_id, RankBy rank_by) {
    SessionView view;
    const Track* track = state.find(track_id);
    if (track == nullptr || !track->session) return view;
    const Session& session = *track->session;
    view.known = true;
    view.name = session.name;
    std::size_t done = 0;
    bool on_track = false;
    for (const Heat& heat : session.heats) {
        view.heats.push_back(heat_view(*track, heat));
        done += heat.done ? 1 : 0;
        const HeatView& added = view.heats.back();
        const bool active = added.stage == HeatStage::armed || added.stage == HeatStage::running ||
                            added.stage == HeatStage::held;
        if (active || (added.stage == HeatStage::next && !on_track)) {
            view.current = view.heats.size() - 1;
        }
        on_track = on_track || active;
    }
    view.partial = done < session.heats.size();
    if (!view.partial && !view.heats.empty() && !on_track) view.current = view.heats.size() - 1;
    view.progress = std::to_string(done) + " of " +
                    format_count(static_cast<std::int64_t>(session.heats.size()), "heat", "heats") +
                    " run";
    // While the next one is on the track, the one after it is what people wait for.
    for (const HeatView& heat : view.heats) {
        if (heat.stage != HeatStage::next && heat.stage != HeatStage::planned) continue;
        view.next = heat.heat;
        for (const HeatLaneView& lane : heat.lanes) {
            view.next_line_up += (view.next_line_up.empty() ? "Lane " : " · lane ") +
                                 std::to_string(lane.lane) + " " + lane.driver;
        }
        break;
    }
    fill_board(view, *track, rank_by);
    return view;
}

std::vector<OfferView> offers_view(const Track& track, TimeUs hub_now_us) {
    std::vector<OfferView> views;
    for (const Offer& offer : track.offers) {
        OfferView& view = views.emplace_back();
        view.report_id = offer.report_id;
        view.age = format_age(std::max<TimeUs>(hub_now_us - offer.time_us, 0));
        view.fault = offer.fault;
        for (const LaneTime& time : offer.results) {
            view.text += (view.text.empty() ? "Lane " : " · lane ") + std::to_string(time.lane) +
                         " " + (time.time_us > 0 ? format_lap(time.time_us) : std::string("DNF"));
        }
        if (view.text.empty()) view.text = "No lane has a time";
    }
    return views;
}

std::string plan_text(const RotationRequest& request) {
    if (request.entries.empty()) return "Nobody races yet.";
    if (request.lanes.empty()) return "Choose at least one lane.";
    const std::vector<HeatLanes> heats = plan_rotation(request);
    const Fairness fair = measure_rotation(request, heats);
    const auto times = [](std::int32_t fewest, std::int32_t most) {
        if (fewest == most) return format_count(fewest, "time", "times");
        return std::to_string(fewest) + " to " + std::to_string(most) + " times";
    };
    std::string text = format_count(fair.heats, "heat", "heats") + ". Everybody runs " +
                       times(fair.fewest_on_lane, fair.most_on_lane) + " on each lane";
    if (request.entries.size() > 1)
        text += " and meets each other " + times(fair.fewest_meetings, fair.most_meetings);
    text += ".";
    if (fair.back_to_back > 0)
        text += " Two heats in a row: " + format_count(fair.back_to_back, "time", "times") + ".";
    if (fair.empty_lanes > 0)
        text += " Lanes that stay empty: " + std::to_string(fair.empty_lanes) + ".";
    return text;
}

bool parse_participant(std::string_view text, std::int32_t next_number, Entry& entry) {
    const auto trimmed = [](std::string_view part) {
        while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
        while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
        return part;
    };
    entry = Entry{next_number, 0, "", "", ""};
    text = trimmed(text);
    std::size_t digits = 0;
    std::int32_t number = 0;
    while (digits < text.size() && digits < 4 && text[digits] >= '0' && text[digits] <= '9')
        number = number * 10 + (text[digits++] - '0');
    if (digits > 0 && digits < text.size() && text[digits] == ' ' && number > 0) {
        entry.entry = number;
        text = trimmed(text.substr(digits));
    }
    const std::size_t comma = text.find(',');
    entry.driver = trimmed(text.substr(0, comma));
    if (comma != std::string_view::npos) entry.car = trimmed(text.substr(comma + 1));
    return !entry.driver.empty() && entry.driver.size() <= kMaxName && entry.car.size() <= kMaxName;
}

}  // namespace racehub

#include "webui/model/page_json.h"

#include <nlohmann/json.hpp>

#include "webui/model/format.h"
#include "webui/model/heats_view.h"
#include "webui/model/laps_view.h"
#include "webui/model/race_view.h"
#include "webui/model/words.h"

namespace racehub {
namespace {

using nlohmann::json;

/// Laps of an entry on a plain page; more would make the page long, and the REST interface has them
/// all.
constexpr std::size_t kPageLaps = 200;
/// Heats on a plain page: the last ones run, and as many to come as somebody waits for.
constexpr std::size_t kPageHeats = 12, kPageHeatsBefore = 2;

std::string css_color(std::uint32_t color) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text = "#";
    for (int shift = 20; shift >= 0; shift -= 4) text += kDigits[(color >> shift) & 15U];
    return text;
}

json row_json(const RowView& row) {
    return {{"entry", row.entry},
            {"lane", row.lane},
            {"position", row.position},
            {"driver", row.driver},
            {"car", row.car},
            {"color", css_color(row.color)},
            {"laps", row.laps},
            {"running", row.running},
            {"last", row.last},
            {"best", row.best},
            {"gap", row.gap},
            {"interval", row.interval},
            {"last_laps", row.last_laps},
            {"status", row.status},
            {"status_long", words::status_long(row.status_code)},
            {"note", row.note},
            {"fastest", row.fastest},
            {"last_is_best", row.last_is_best},
            {"last_is_fastest", row.last_is_fastest},
            {"just_crossed", row.just_crossed},
            {"heat", name_of(row.heat)}};
}

json race_json(const RaceView& view, TimeUs hub_now_us) {
    json rows = json::array();
    for (const RowView& row : view.rows) rows.push_back(row_json(row));
    return {
        {"known", view.known},
        {"track", view.track_id},
        {"track_name", view.track_name},
        {"race_id", view.race_id},
        {"phase", name_of(view.phase)},
        {"heat", view.heat},
        {"held", view.held},
        {"hold_text", view.hold_text},
        {"phase_text", view.phase_text},
        {"hint", view.watcher_hint},
        {"flag", name_of(view.flag)},
        {"rules", view.rules},
        {"clock", view.clock},
        {"clock_label", view.clock_label},
        {"progress", view.progress},
        {"fastest", view.fastest},
        {"lights",
         {{"shown", view.lights.shown},
          {"count", view.lights.count},
          {"lit", view.lights.lit},
          {"go", view.lights.go}}},
        {"next_change_ms",
         view.next_change_us > hub_now_us ? (view.next_change_us - hub_now_us + 999) / 1000 : 0},
        {"running", view.next_change_us != 0},
        {"rows", std::move(rows)}};
}

json summary_json(const SummaryView& view) {
    json entries = json::array();
    for (const EntryLapsView& entry : view.entries) {
        json laps = json::array();
        for (const LapView& lap : entry.laps) {
            laps.push_back({{"number", lap.number},
                            {"lap", lap.lap},
                            {"status", lap.status},
                            {"best", lap.best},
                            {"fastest", lap.fastest}});
        }
        entries.push_back({{"position", entry.position},
                           {"driver", entry.driver},
                           {"car", entry.car},
                           {"color", css_color(entry.color)},
                           {"status", entry.status},
                           {"total", entry.total},
                           {"best", entry.best},
                           {"average", entry.average},
                           {"laps_text", entry.laps_text},
                           {"laps", std::move(laps)}});
    }
    return {{"winner", view.winner},
            {"fastest", view.fastest},
            {"end_reason", view.end_reason},
            {"entries", std::move(entries)}};
}

/// Leaderboard, the heats around the present one, and who is up next.
json session_json(const SessionView& view) {
    json board = json::array();
    for (const BoardRow& row : view.board) {
        board.push_back({{"place", row.place},
                         {"driver", row.driver},
                         {"car", row.car},
                         {"color", css_color(row.color)},
                         {"runs", row.runs},
                         {"best", row.best},
                         {"average", row.average},
                         {"points", row.points},
                         {"note", row.note}});
    }
    json heats = json::array();
    for (std::size_t i = 0; i < view.heats.size() && heats.size() < kPageHeats; ++i) {
        if (i + kPageHeatsBefore < view.current) continue;
        const HeatView& heat = view.heats[i];
        json lanes = json::array();
        for (const HeatLaneView& lane : heat.lanes) {
            lanes.push_back({{"lane", lane.lane},
                             {"driver", lane.driver},
                             {"color", css_color(lane.color)},
                             {"result", lane.result},
                             {"place", lane.place}});
        }
        heats.push_back({{"heat", heat.heat},
                         {"stage", name_of(heat.stage)},
                         {"stage_text", heat.stage_text},
                         {"lanes", std::move(lanes)}});
    }
    return {{"name", view.name},         {"progress", view.progress},
            {"winner", view.winner},     {"rank_text", view.rank_text},
            {"board", std::move(board)}, {"heats", std::move(heats)}};
}

}  // namespace

ConnectionView connection_view(const HubClient& client, TimeUs local_us) {
    const Connection& connection = client.connection();
    ConnectionView view;
    view.phase = connection.phase();
    view.text = words::connection(view.phase);
    const TimeUs age_us = local_us - connection.last_message_us();
    const std::string age =
        connection.ever_live() && age_us >= kSecondUs ? " for " + format_age(age_us) : "";
    switch (view.phase) {
        case ConnectionPhase::live:
            view.fresh = client.has_state();
            if (!client.storage().ok) {
                view.text = client.storage().text.empty() ? "The hub cannot store right now"
                                                          : client.storage().text;
                view.fresh = false;
            }
            break;
        case ConnectionPhase::stale:
        case ConnectionPhase::waiting:
            view.text += age;
            break;
        case ConnectionPhase::connecting:
            if (connection.ever_live()) view.text = "Reconnecting. No update" + age;
            break;
    }
    return view;
}

std::string choose_track(const HubState& state, const std::string& wanted) {
    if (state.find(wanted) != nullptr) return wanted;
    return state.tracks.empty() ? std::string() : state.tracks.front().id;
}

std::string page_json(const HubClient& client, const std::string& track, TimeUs local_us,
                      std::uint64_t after_seq, RankBy rank_by) {
    const TimeUs hub_now_us = client.hub_now_us(local_us);
    const std::string shown = choose_track(client.state(), track);
    const RaceView race = race_view(client.state(), shown, hub_now_us);
    const ConnectionView connection = connection_view(client, local_us);
    json page{{"connection", {{"text", connection.text}, {"fresh", connection.fresh}}},
              {"has_state", client.has_state()},
              {"revision", client.revision()},
              {"race", race_json(race, hub_now_us)}};
    json& tracks = page["tracks"] = json::array();
    for (const Track& candidate : client.state().tracks) {
        tracks.push_back({{"id", candidate.id},
                          {"name", candidate.name.empty() ? candidate.id : candidate.name}});
    }
    json& notices = page["notices"] = json::array();
    for (const Notice& notice : client.feed().notices()) {
        if (notice.seq <= after_seq || notice.track != shown) continue;
        notices.push_back({{"seq", notice.seq},
                           {"text", notice.text},
                           {"tone", name_of(notice.tone)},
                           {"spoken", notice.spoken}});
    }
    const SessionView session = session_view(client.state(), shown, rank_by);
    if (session.known) page["session"] = session_json(session);
    const bool ended = race.phase == Phase::finished || race.phase == Phase::aborted;
    if (ended && !race.heat)
        page["summary"] = summary_json(summary_view(client.state(), shown, kPageLaps));
    return page.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace racehub

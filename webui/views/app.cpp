#include "webui/views/app.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "webui/model/page_json.h"
#include "webui/views/board_view.h"
#include "webui/views/corrections_view.h"
#include "webui/views/heats_view.h"
#include "webui/views/history_view.h"
#include "webui/views/lanes_view.h"
#include "webui/views/race_control.h"
#include "webui/views/result_view.h"
#include "webui/views/rules_view.h"
#include "webui/views/settings_view.h"
#include "webui/views/sources_view.h"
#include "webui/views/tabs.h"
#include "webui/views/tracks_view.h"
#include "webui/views/wall_view.h"

namespace racehub::ui {
namespace {

constexpr float kBarHeight = 56;
constexpr float kNameWidth = 230, kRightWidth = 262;  ///< what the tabs leave to the others
constexpr float kMargin = 16;
constexpr ImGuiWindowFlags kPlain =
    ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
    ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoBringToFrontOnFocus;

/// The value of one part of "?view=race&track=main"; ids need no decoding.
std::string part_of(const std::string& query, const std::string& name) {
    std::size_t at = query.find(name + "=");
    while (at != std::string::npos && at > 0 && query[at - 1] != '?' && query[at - 1] != '&') {
        at = query.find(name + "=", at + 1);
    }
    if (at == std::string::npos) return {};
    at += name.size() + 1;
    return query.substr(at, query.find('&', at) - at);
}

}  // namespace

void Context::command(const Payload& data) const {
    // Once a race is over, the lanes are those of the next one.
    const bool next = std::holds_alternative<EntryAssign>(data) &&
                      (race.phase == Phase::finished || race.phase == Phase::aborted);
    client.command(local_us, data, race.track_id, next ? std::string() : race.race_id);
}

App::App(HubClient& client, Host& host, const std::string& query) : client_(client), host_(host) {
    read_query(query);
    views_[ViewId::race] = std::make_unique<RaceControl>();
    views_[ViewId::heats] = std::make_unique<HeatsView>();
    views_[ViewId::board] = std::make_unique<BoardView>();
    views_[ViewId::lanes] = std::make_unique<LanesView>();
    views_[ViewId::rules] = std::make_unique<RulesView>();
    views_[ViewId::laps] = std::make_unique<CorrectionsView>();
    views_[ViewId::result] = std::make_unique<ResultView>();
    views_[ViewId::history] = std::make_unique<HistoryView>();
    views_[ViewId::sources] = std::make_unique<SourcesView>();
    views_[ViewId::settings] = std::make_unique<SettingsView>();
    views_[ViewId::tracks] = std::make_unique<TracksView>();
    views_[ViewId::more] = std::make_unique<MoreView>();
    views_[ViewId::wall] = std::make_unique<WallView>();
}

void App::read_query(const std::string& query) {
    view_ = enum_from<ViewId>(part_of(query, "view")).value_or(ViewId::race);
    track_ = part_of(query, "track");
}

void App::show_address() {
    std::string query = "?view=" + std::string(name_of(view_));
    if (!track_.empty()) query += "&track=" + track_;
    host_.show_query(query);
}

void App::go(ViewId view) {
    log_in_shown_ = false;
    view_ = view;
    show_address();
}

void App::go_to_track(const std::string& track) {
    track_ = track;
    go(ViewId::race);
}

void App::want_history(const std::string& race_id) {
    wanted_corrections_ = "/api/races/" + race_id + "/facts";
    host_.get(wanted_corrections_);
}

void App::on_got(const std::string& path, int status, const std::string& body) {
    for (const auto& [id, view] : views_) view->on_got(path, status, body);
    if (status == 200 && path == wanted_corrections_) on_corrections(body);
    drawn_revision_ = client_.revision() - 1;  // whatever came has to be drawn
}

void App::on_sent(const std::string& method, const std::string& path, int status,
                  const std::string& body) {
    for (const auto& [id, view] : views_) view->on_sent(method, path, status, body);
    drawn_revision_ = client_.revision() - 1;
}

void App::on_corrections(const std::string& body) {
    nlohmann::json answer;
    std::string error;
    if (!parse_object(body, answer, error)) return;
    const auto log = answer.find("log_id");
    if (log == answer.end() || !log->is_string() || log->get<std::string>() != client_.log_id())
        return;
    const auto facts = answer.find("facts");
    if (facts == answer.end() || !facts->is_array()) return;
    for (const auto& item : *facts) {
        Event fact;
        if (decode_event(item, fact, error)) client_.add_history(fact);
    }
}

void App::on_session(TimeUs local_us, int status, const std::string& body) {
    session_pending_ = false;
    pin_.clear();
    if (auto field = ui_.fields.find("log-in/pin"); field != ui_.fields.end())
        field->second.value.clear();
    if (status >= 200 && status < 300) {
        log_in_shown_ = false;
        log_in_complaint_.clear();
        client_.reopen(local_us);  // the socket carries the session it was opened with
        return;
    }
    nlohmann::json answer;
    std::string error;
    log_in_complaint_ = status == 0
                            ? "The hub does not answer."
                            : "The hub refused, with status " + std::to_string(status) + ".";
    if (!parse_object(body, answer, error)) return;
    // {"error":{"message":..}} or {"message":..}
    const auto inner = answer.find("error");
    const nlohmann::json& problem = inner != answer.end() && inner->is_object() ? *inner : answer;
    const auto message = problem.find("message");
    if (message != problem.end() && message->is_string())
        log_in_complaint_ = message->get<std::string>();
}

void App::toast(TimeUs local_us, std::string text, bool bad) {
    if (toasts_.size() >= kMaxToasts) toasts_.erase(toasts_.begin());
    toasts_.push_back(Toast{std::move(text), bad, local_us});
}

float App::largest_text() const {
    if (view_ == ViewId::wall) return std::min(200.0F, ui_.height * 0.12F);
    return 60;
}

bool App::stale(TimeUs local_us) const {
    if (client_.revision() != drawn_revision_) return true;
    // An age on the screen goes on counting without any message.
    const bool ages = !connection_view(client_, local_us).fresh || !toasts_.empty();
    return ages && local_us / kSecondUs != drawn_us_ / kSecondUs;
}

/// Answers to commands become messages, new happenings are spoken, new names get their letters.
void App::collect(const Context& context) {
    for (const CommandAnswer& answer : client_.take_answers()) {
        if (answer.result != CommandAnswer::Result::accepted)
            toast(context.local_us, answer.message, true);
    }
    std::erase_if(toasts_,
                  [&](const Toast& toast) { return context.local_us - toast.since_us > kToastUs; });
    const auto& notices = client_.feed().notices();
    for (const Notice& notice : notices) {
        if (notice.seq <= spoken_seq_) continue;
        if (spoken_begun_ && notice.spoken && notice.track == context.race.track_id)
            host_.speak(notice.text);
        spoken_seq_ = notice.seq;
    }
    spoken_begun_ = true;
}

void App::draw(TimeUs local_us) {
    const TimeUs hub_now_us = client_.hub_now_us(local_us);
    const std::string shown = choose_track(client_.state(), track_);
    const RaceView race = race_view(client_.state(), shown, hub_now_us);
    Context context{client_, ui_, *this, race, client_.state().find(shown), local_us, hub_now_us};
    collect(context);
    drawn_revision_ = client_.revision();
    drawn_us_ = local_us;
    ui_.begin(local_us);
    ImGui::SetNextWindowPos(ImVec2(0, 0));
    ImGui::SetNextWindowSize(ImVec2(ui_.width, ui_.height));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::Begin("page", nullptr, kPlain);
    ImGui::PopStyleVar();
    if (view_ == ViewId::wall) {
        views_[ViewId::wall]->draw(context);
        draw_stale(context);
    } else {
        draw_bar(context);
        draw_content(context);
        draw_toasts(context);
    }
    ImGui::End();
    ui_.end();
    next_us_ = ui_.again_us();
    if (race.next_change_us > hub_now_us) {
        const TimeUs change_us = race.next_change_us - hub_now_us;
        next_us_ = next_us_ == 0 ? change_us : std::min(next_us_, change_us);
    }
}

/// The state of the line: green and small while all is well, impossible to miss otherwise.
void App::draw_line(Context& context, const Rect& area) {
    const ConnectionView line = connection_view(client_, context.local_us);
    const Face face = line.fresh ? Face::regular : Face::bold;
    const std::string text = line.fresh                                  ? line.text
                             : line.phase == ConnectionPhase::connecting ? "Connecting"
                                                                         : "Not live";
    const float w = std::min(ui_.measure(face, kSmall, text), area.w - 24);
    ui_.circle(area.right() - w - 14, area.y + area.h / 2, 5, line.fresh ? kGreen : kRed);
    ui_.text(Rect{area.right() - w, area.y, w + 1, area.h}, face, kSmall, line.fresh ? kDim : kRed,
             text);
}

void App::draw_tabs(Context& context) {
    const bool below = ui_.tabs_below();
    const Rect bar = below ? Rect{0, ui_.height - kBarHeight, ui_.width, kBarHeight}
                           : Rect{kMargin + kNameWidth, 0,
                                  ui_.width - kMargin - kNameWidth - kRightWidth, kBarHeight};
    if (const auto view = tab_bar(ui_, tabs_for(context.race), view_, bar, below)) go(*view);
}

void App::draw_bar(Context& context) {
    ui_.fill(Rect{0, 0, ui_.width, kBarHeight}, kPanel, 0);
    const bool narrow = ui_.narrow();
    ButtonStyle style;
    style.fill = kPanel;
    style.size = 18;
    style.align = Align::left;
    const Rect name{kMargin - 8, 6, narrow ? ui_.width - 246 : 222, kTarget};
    if (ui_.button(name,
                   (context.race.known ? context.race.track_name : std::string("RaceHub")) + " ▼",
                   style))
        go(ViewId::tracks);
    draw_tabs(context);
    const float right = ui_.width - kMargin;
    const Rect session{right - 112, 6, 112, kTarget};
    if (client_.director()) {
        if (ui_.button(session, "Log out", {}, !session_pending_)) {
            session_pending_ = true;
            host_.close_session();
        }
    } else if (ui_.button(session, "Log in", {}, client_.has_state())) {
        log_in_shown_ = !log_in_shown_;
        log_in_complaint_.clear();
    }
    draw_line(context, Rect{session.x - 130, 6, 118, kTarget});
}

/// A card in the middle; the race behind it is not shown, so that nobody presses through.
void App::draw_log_in() {
    const float w = std::min(ui_.left(), 420.0F);
    const float x = (ui_.width - w) / 2;
    const float top = ui_.narrow() ? 8.0F : std::max(16.0F, ui_.height * 0.1F);
    const float h = (log_in_complaint_.empty() ? 376.0F : 408.0F) + (ui_.narrow() ? 20.0F : 0.0F);
    ImGui::SetCursorPos(ImVec2(x, top));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ui_.fill(Rect{at.x, at.y, w, h}, kPanel, 12);
    ui_.frame(Rect{at.x, at.y, w, h}, kLine, 1, 12);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(24, 12));
    ImGui::BeginChild("card", ImVec2(w, h), ImGuiChildFlags_AlwaysUseWindowPadding,
                      ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoBackground);
    ImGui::PopStyleVar();
    draw_log_in_fields();
    ImGui::EndChild();
}

void App::draw_log_in_fields() {
    ui_.heading("Log in as race director");
    ui_.paragraph("The hub printed its PIN when it was started for the first time.", kDim, 15);
    ui_.text(ui_.place(0, 24), Face::regular, kSmall, kDim, "PIN");
    Field like;
    like.secret = true;
    like.figures = true;
    like.most_bytes = 32;
    ui_.field("log-in/pin", ui_.place(0, 48), "PIN", pin_, like);
    ui_.text(ui_.place(0, 24), Face::regular, kSmall, kDim,
             "Your name, for the log of corrections");
    Field name;
    name.most_bytes = 40;
    ui_.field("log-in/name", ui_.place(0, 48), "Your name", name_, name);
    bool commit = false;
    for (const char* id : {"log-in/pin", "log-in/name"}) {
        commit = std::exchange(ui_.fields[id].entered, false) || commit;
    }
    if (!log_in_complaint_.empty()) ui_.paragraph("× " + log_in_complaint_, kRed);
    ui_.space(4);
    const ButtonStyle style{kBlue, kInk, 18, ImGuiKey_None};
    const bool ready = !session_pending_ && !pin_.empty();
    commit = ui_.button(ui_.place(0, 52), "Log in as race director", style, ready) || commit;
    ButtonStyle cancel;
    cancel.fill = kPanel;
    cancel.text = kDim;
    if (ui_.button(ui_.place(0, kTarget), "Go on watching", cancel)) log_in_shown_ = false;
    if (commit && ready) {
        session_pending_ = true;
        log_in_complaint_.clear();
        host_.open_session(pin_, name_);
    }
}

void App::draw_content(Context& context) {
    draw_stale(context);
    const float top =
        kBarHeight + (connection_view(client_, context.local_us).fresh ? 0.0F : 44.0F);
    const float bottom = ui_.tabs_below() ? kBarHeight : 0.0F;
    const float side = ui_.narrow() ? 10.0F : kMargin;
    ImGui::SetCursorPos(ImVec2(0, top));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(side, 10));
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(kGap, 6));
    const std::string id = "view" + std::string(log_in_shown_ ? "log-in" : name_of(view_));
    ImGui::BeginChild(id.c_str(), ImVec2(ui_.width, ui_.height - top - bottom),
                      ImGuiChildFlags_AlwaysUseWindowPadding);
    if (log_in_shown_) {
        draw_log_in();
    } else if (!client_.has_state()) {
        ui_.heading("Waiting for the hub");
        ui_.paragraph(connection_view(client_, context.local_us).text, kDim);
    } else {
        views_[view_]->draw(context);
    }
    ui_.space(24);
    // What may be out of date looks so.
    if (!connection_view(client_, context.local_us).fresh && client_.has_state() &&
        !log_in_shown_) {
        ui_.fill(Rect{0, top, ui_.width, ui_.height - top - bottom}, rgb(0x0b0f14, 130), 0);
    }
    ImGui::EndChild();
    ImGui::PopStyleVar(2);
}

/// A picture that may be out of date says so across the whole width.
void App::draw_stale(Context& context) {
    const ConnectionView line = connection_view(client_, context.local_us);
    if (line.fresh || !client_.has_state()) return;
    const bool wall = view_ == ViewId::wall;
    const float h = wall ? ui_.height * 0.08F : 44;
    if (wall) ui_.fill(Rect{0, 0, ui_.width, ui_.height}, rgb(0x0b0f14, 150), 0);
    const Rect bar{0, wall ? ui_.height - h : kBarHeight, ui_.width, h};
    ui_.fill(bar, kRed, 0);
    ui_.text(bar.inner(kMargin, 0), Face::bold, std::max(16.0F, h * 0.42F), rgb(0x240003),
             "⚠ " + line.text, Align::center);
}

void App::draw_toasts(Context& context) {
    float bottom = ui_.height - kMargin - (ui_.tabs_below() ? kBarHeight : 0.0F);
    for (std::size_t i = toasts_.size(); i-- > 0;) {
        const Toast& toast = toasts_[i];
        const float w = std::min(ui_.width - 2 * kMargin, 560.0F);
        const float h = ui_.measure(Face::bold, 16, toast.text) > w - 40 ? 72.0F : 52.0F;
        const Rect rect{(ui_.width - w) / 2, bottom - h, w, h};
        ImDrawList* front = ImGui::GetForegroundDrawList();
        front->AddRectFilled(rect.min(), rect.max(), toast.bad ? rgb(0x8f1d22) : rgb(0x14532d),
                             kRound);
        front->AddRect(rect.min(), rect.max(), rgb(0xffffff, 90), kRound);
        ImFont* font = ui_.fonts.pick(Face::bold, 16);
        front->AddText(font, 16, ImVec2(rect.x + 18, rect.y + (h > 60 ? 14.0F : 17.0F)), kText,
                       toast.text.data(), toast.text.data() + toast.text.size(), w - 36);
        ui_.texts.push_back(toast.text);
        bottom -= h + 8;
    }
    (void)context;
}

}  // namespace racehub::ui

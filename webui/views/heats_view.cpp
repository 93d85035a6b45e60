#include "webui/views/heats_view.h"

#include <algorithm>

#include "webui/model/format.h"
#include "webui/model/words.h"

namespace racehub::ui {
namespace {

constexpr std::int32_t kMostRounds = 20;
constexpr float kCellHeight = 34;

bool busy(const Track& track) { return track.race && !track.race->ended(); }

std::int32_t next_number(const std::vector<Entry>& entries) {
    std::int32_t highest = 0;
    for (const Entry& entry : entries) highest = std::max(highest, entry.entry);
    return std::min(highest + 1, kMaxEntry);
}

ImU32 stage_color(HeatStage stage) {
    switch (stage) {
        case HeatStage::planned:
        case HeatStage::done:
            return kLine;
        case HeatStage::next:
        case HeatStage::armed:
            return kBlue;
        case HeatStage::running:
            return kGreen;
        case HeatStage::held:
            return kYellow;
    }
    return kLine;
}

void draw_cell(Ui& ui, const HeatLaneView& lane, const Rect& cell) {
    const Rect badge{cell.x, cell.y + 4, 26, cell.h - 8};
    ui.fill(badge, rgb(lane.color), 5);
    ui.text(badge, Face::bold, 15, kInk, std::to_string(lane.lane), Align::center);
    const float figures = lane.result.empty() ? 0.0F : 62.0F;
    ui.text(Rect{cell.x + 34, cell.y, cell.w - 40 - figures, cell.h}, Face::regular, 16,
            lane.withdrawn ? kDim : kText, lane.driver + (lane.withdrawn ? " (out)" : ""));
    if (lane.result.empty()) return;
    ui.text(Rect{cell.right() - figures - 6, cell.y, figures, cell.h}, Face::figures, 15,
            lane.result == "DNF" ? kRed
            : lane.place == "1"  ? kYellow
                                 : kText,
            lane.result, Align::right);
}

}  // namespace

// ---- planning ----

void HeatsView::begin_plan(Context& context) {
    const Track& track = *context.track;
    planning_ = true;
    entries_.clear();
    lanes_.clear();
    complaint_.clear();
    if (track.session) {
        for (const Participant& one : track.session->participants) entries_.push_back(one.entry);
    } else {
        for (const Entry& one : track.roster) {
            if (!one.driver.empty()) entries_.push_back(one);
        }
    }
    for (Entry& entry : entries_) entry.lane = 0;
    for (std::int32_t lane = 1; lane <= track.lanes; ++lane) lanes_.insert(lane);
}

void HeatsView::add_typed() {
    Entry entry;
    complaint_.clear();
    if (!parse_participant(typed_, next_number(entries_), entry)) {
        complaint_ = "A driver needs a name, and a name has at most 64 letters.";
    } else if (entries_.size() >= kMaxEntries) {
        complaint_ = "A session holds at most " + std::to_string(kMaxEntries) + " drivers.";
    } else if (std::any_of(entries_.begin(), entries_.end(),
                           [&](const Entry& one) { return one.entry == entry.entry; })) {
        complaint_ = "Number " + std::to_string(entry.entry) + " is taken.";
    } else {
        entries_.push_back(std::move(entry));
    }
    typed_.clear();
}

void HeatsView::draw_entries(Context& context) {
    Ui& ui = context.ui;
    ui.heading(format_count(static_cast<std::int64_t>(entries_.size()), "driver", "drivers"));
    Field like;
    like.repeat = true;
    like.most_bytes = 2 * kMaxName;
    if (ui.field("heats/add", ui.place(std::min(ui.left(), 420.0F), kTarget),
                 "Add a driver: 17 Ada, Red Baron", typed_, like) &&
        !typed_.empty()) {
        add_typed();
    }
    ui.paragraph("Number and car may be left out. Enter adds the next one.", kDim, kSmall);
    if (!complaint_.empty()) ui.paragraph(complaint_, kRed);
    std::int32_t leaving = 0;
    bool first = true;
    const float w = ui.narrow() ? ui.left() : 280.0F;
    for (const Entry& entry : entries_) {
        if (!first) ui.flow(w);
        first = false;
        ImGui::PushID(entry.entry);
        const Rect chip = ui.place(w, kTarget);
        ui.fill(chip, kPanel);
        ui.fill(Rect{chip.x, chip.y + 4, 6, chip.h - 8}, rgb(participant_color(entry)), 3);
        ui.text(Rect{chip.x + 12, chip.y, 46, chip.h}, Face::bold, kSmall, kDim,
                std::to_string(entry.entry), Align::center);
        std::string text = words::participant(entry);
        if (!entry.car.empty()) text += ", " + entry.car;
        ui.text(Rect{chip.x + 62, chip.y, chip.w - 62 - 50, chip.h}, Face::bold, 16, kText, text);
        ButtonStyle style;
        style.fill = kPanel;
        style.text = kDim;
        if (ui.button(Rect{chip.right() - kTarget, chip.y, kTarget, kTarget}, "×", style))
            leaving = entry.entry;
        ui.items.back().label = "Remove " + words::participant(entry);
        ImGui::PopID();
    }
    std::erase_if(entries_, [leaving](const Entry& one) { return one.entry == leaving; });
}

void HeatsView::draw_lanes(Context& context) {
    Ui& ui = context.ui;
    ui.text(ui.place(0, 24), Face::regular, kSmall, kDim, "Lanes in use");
    for (std::int32_t lane = 1; lane <= context.track->lanes; ++lane) {
        if (lane > 1) ui.flow(56);
        const bool used = lanes_.count(lane) != 0;
        ButtonStyle style;
        if (used) {
            style.fill = kBlue;
            style.text = kInk;
        }
        ImGui::PushID(lane);
        if (ui.button(std::to_string(lane), style, true, 56)) {
            if (!lanes_.erase(lane)) lanes_.insert(lane);
        }
        ui.items.back().label = "Use lane " + std::to_string(lane);
        ImGui::PopID();
    }
}

void HeatsView::draw_plan(Context& context) {
    Ui& ui = context.ui;
    ui.title("Plan a session of heats");
    ui.text(ui.place(0, 24), Face::regular, kSmall, kDim, "Name");
    ui.field("heats/name", ui.place(std::min(ui.left(), 420.0F), kTarget), "Name of the session",
             name_);
    draw_entries(context);
    ui.heading("Runs");
    draw_lanes(context);
    const int step = ui.stepper("Runs of each driver on each lane", std::to_string(rounds_));
    rounds_ = std::clamp(rounds_ + step, 1, kMostRounds);
    RotationRequest request;
    for (const Entry& entry : entries_) request.entries.push_back(entry.entry);
    request.lanes.assign(lanes_.begin(), lanes_.end());
    request.rounds = rounds_;
    // Planning 128 entries takes milliseconds: only when something was changed.
    std::string key = std::to_string(rounds_);
    for (const std::int32_t entry : request.entries) key += "," + std::to_string(entry);
    for (const std::int32_t lane : request.lanes) key += "/" + std::to_string(lane);
    if (key != preview_of_) {
        preview_of_ = key;
        preview_ = plan_text(request);
    }
    ui.space(4);
    ui.paragraph(preview_, kText);
    if (context.track->session)
        ui.paragraph("The session that is there ends; its races stay stored.", kYellow);
    const bool may =
        context.may_command() && !entries_.empty() && !lanes_.empty() && !name_.empty();
    if (ui.button("PLAN", {kGreen, kInk, 20, ImGuiKey_None}, may, 220, 60)) {
        RaceSettings settings = context.track->settings;
        if (settings.discipline != Discipline::heat) {
            settings.discipline = Discipline::heat;
            context.command(TrackConfigure{context.track->name, context.track->lanes, settings});
        }
        context.command(SessionPlan{name_, entries_, request.lanes, rounds_});
        planning_ = false;
    }
    if (context.track->session || !entries_.empty()) {
        ui.flow(140);
        if (ui.button("Cancel", {}, true, 140, 60)) planning_ = false;
    }
}

// ---- a planned session ----

void HeatsView::draw_heat(Context& context, const HeatView& heat) {
    Ui& ui = context.ui;
    const bool director = context.client.director();
    const float head = ui.narrow() ? 0.0F : 150.0F;
    const float tail = director && !ui.narrow() ? 96.0F : 0.0F;
    const float room = ui.left() - head - tail - 10;
    const auto columns = std::clamp<std::size_t>(static_cast<std::size_t>(room / 170), 1,
                                                 std::max<std::size_t>(heat.lanes.size(), 1));
    const std::size_t lines = (heat.lanes.size() + columns - 1) / columns;
    const float top = ui.narrow() ? kTarget : 0.0F;
    const float body = static_cast<float>(lines) * kCellHeight + 12;
    const Rect card = ui.place(0, top + std::max(body, director ? kTarget + 8 : 0.0F));
    if (!ImGui::IsRectVisible(card.min(), card.max())) return;
    const bool active = heat.stage != HeatStage::planned && heat.stage != HeatStage::done;
    ui.fill(card, kPanel);
    if (active) ui.frame(card, stage_color(heat.stage), 2);
    ui.fill(Rect{card.x, card.y, 6, card.h}, stage_color(heat.stage), 3);
    const Rect title{card.x + 16, card.y + (ui.narrow() ? 4.0F : 0.0F), 130,
                     ui.narrow() ? 40.0F : card.h};
    ui.text(Rect{title.x, title.y, 52, title.h}, Face::bold, 22,
            heat.stage == HeatStage::done ? kDim : kText, std::to_string(heat.heat));
    ui.text(Rect{title.x + 50, title.y, 90, title.h}, Face::regular, kSmall,
            active ? stage_color(heat.stage) : kDim, heat.stage_text);
    const float x = card.x + 16 + head;
    const float w = (card.right() - tail - 4 - x) / static_cast<float>(columns);
    const float first = card.y + top + (card.h - top - static_cast<float>(lines) * kCellHeight) / 2;
    for (std::size_t i = 0; i < heat.lanes.size(); ++i) {
        draw_cell(ui, heat.lanes[i],
                  Rect{x + static_cast<float>(i % columns) * w,
                       first + static_cast<float>(i / columns) * kCellHeight, w - 16, kCellHeight});
    }
    if (!director || busy(*context.track)) return;
    const bool done = heat.stage == HeatStage::done;
    ImGui::PushID(heat.heat);
    const Rect button{card.right() - 96, ui.narrow() ? card.y + 2 : card.y + (card.h - kTarget) / 2,
                      88, kTarget};
    if (ui.button(button, done ? "Again" : "Arm", {}, context.may_command())) {
        context.command(HeatArm{heat.heat});
        context.page.go(ViewId::race);
    }
    ui.items.back().label = (done ? "Run heat again " : "Arm heat ") + std::to_string(heat.heat);
    ImGui::PopID();
}

void HeatsView::draw_people(Context& context) {
    Ui& ui = context.ui;
    const Session& session = *context.track->session;
    ui.heading("Late arrivals and withdrawals");
    const bool may = context.may_command() && !busy(*context.track);
    if (busy(*context.track))
        ui.paragraph("A heat is on the track. Changes are possible when it has ended.", kYellow);
    Field reason;
    reason.most_bytes = 200;
    ui.field("heats/reason", ui.place(std::min(ui.left(), 420.0F), kTarget), "Reason", reason_,
             reason);
    std::vector<Entry> known;
    for (const Participant& one : session.participants) known.push_back(one.entry);
    Field like;
    like.repeat = true;
    like.most_bytes = 2 * kMaxName;
    if (ui.field("heats/late", ui.place(std::min(ui.left(), 420.0F), kTarget),
                 "Late arrival: name, car", typed_, like) &&
        !typed_.empty()) {
        Entry entry;
        complaint_.clear();
        if (!parse_participant(typed_, next_number(known), entry)) {
            complaint_ = "A driver needs a name, and a name has at most 64 letters.";
        } else if (may) {
            SessionChange change;
            change.add.push_back(std::move(entry));
            change.reason = reason_;
            context.command(change);
        }
        typed_.clear();
    }
    if (!complaint_.empty()) ui.paragraph(complaint_, kRed);
    const float w = ui.narrow() ? ui.left() : 400.0F;
    bool first = true;
    for (const Participant& one : session.participants) {
        if (!first) ui.flow(w);
        first = false;
        ImGui::PushID(one.entry.entry);
        const Rect chip = ui.place(w, kTarget);
        ui.fill(chip, kPanel);
        ui.fill(Rect{chip.x, chip.y + 4, 6, chip.h - 8}, rgb(participant_color(one.entry)), 3);
        const std::string name = words::participant(one.entry);
        ui.text(
            Rect{chip.x + 16, chip.y, chip.w - 16 - 140, chip.h}, Face::bold, 16,
            one.withdrawn ? kDim : kText,
            std::to_string(one.entry.entry) + "  " + name + (one.withdrawn ? " (withdrawn)" : ""));
        const Rect button{chip.right() - 128, chip.y, 128, kTarget};
        if (ui.button(button, one.withdrawn ? "Bring back" : "Withdraw", {}, may)) {
            SessionChange change;
            (one.withdrawn ? change.bring_back : change.withdraw).push_back(one.entry.entry);
            change.reason = reason_;
            context.command(change);
        }
        ui.items.back().label = (one.withdrawn ? "Bring back " : "Withdraw ") + name;
        ImGui::PopID();
    }
    ui.space();
    if (ui.button("New session", {}, may, 180, 52)) begin_plan(context);
}

void HeatsView::draw_session(Context& context, const SessionView& session) {
    Ui& ui = context.ui;
    ui.title(session.name);
    ui.paragraph(session.progress, kDim);
    if (context.client.director() && !busy(*context.track) && session.next > 0) {
        const ButtonStyle style{kBlue, kInk, 20, ImGuiKey_A};
        if (ui.button("ARM HEAT " + std::to_string(session.next), style, context.may_command(),
                      ui.narrow() ? ui.left() : 300.0F, 60)) {
            context.command(HeatArm{0});
            context.page.go(ViewId::race);
        }
    }
    ui.space(4);
    for (const HeatView& heat : session.heats) draw_heat(context, heat);
    if (context.client.director()) draw_people(context);
}

void HeatsView::draw(Context& context) {
    Ui& ui = context.ui;
    if (context.track == nullptr) return ui.paragraph("This hub has no track yet.", kDim);
    const bool director = context.client.director();
    if (planning_ && director) return draw_plan(context);
    const SessionView session =
        session_view(context.client.state(), context.race.track_id, RankBy::average);
    if (session.known) return draw_session(context, session);
    ui.heading("Heats");
    ui.paragraph(
        "In a session of heats everybody runs on every lane, and the hub sees to it that opponents "
        "mix.",
        kText);
    if (!director)
        return ui.paragraph("No session has been planned. The race director can do it.", kDim);
    if (ui.button("Plan a session", {kBlue, kInk, 20, ImGuiKey_None},
                  context.may_command() && !busy(*context.track), 260, 60))
        begin_plan(context);
}

}  // namespace racehub::ui

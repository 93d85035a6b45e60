#include "webui/views/heat_desk.h"

#include <algorithm>

#include "webui/model/format.h"
#include "webui/model/heats_view.h"

namespace racehub::ui {
namespace {

constexpr float kButtonHeight = 64;
constexpr float kLaneFigures = 356;  ///< time, field and buttons beside a lane's name
constexpr ImU32 kDanger = rgb(0xc4282d);
constexpr ImU32 kHeldGround = rgb(0x2a2410);

float button_width(const Ui& ui, float wanted) { return ui.narrow() ? ui.left() : wanted; }

}  // namespace

void HeatDesk::draw_actions(Context& context) {
    Ui& ui = context.ui;
    const RaceView& race = context.race;
    if (race.can_arm) {
        const std::string label =
            race.next_heat > 0 ? "ARM HEAT " + std::to_string(race.next_heat) : "ARM";
        const ButtonStyle style{kBlue, kInk, 20, ImGuiKey_A};
        const Rect rect = ui.place(button_width(ui, 340), kButtonHeight);
        if (ui.button(rect, label, style, context.may_command())) {
            if (race.next_heat > 0) {
                context.command(HeatArm{0});
            } else {
                context.command(RaceArm{});
            }
        }
    }
    if (race.can_abort) {
        const bool easy = race.phase == Phase::armed;
        const ButtonStyle style{easy ? kDanger : kRaised, kWhite, 20, ImGuiKey_Q};
        const Rect rect = ui.place(button_width(ui, 340), kButtonHeight);
        const bool may = context.may_command();
        if (easy ? ui.button(rect, "ABORT", style, may)
                 : ui.hold_button(rect, "Hold to ABORT", style, may))
            context.command(RaceAbort{});
    }
}

void HeatDesk::draw_reason(Context& context) {
    Ui& ui = context.ui;
    ui.text(ui.place(0, 24), Face::regular, kSmall, kDim,
            "Reason (goes into the log with your name)");
    Field like;
    like.most_bytes = 200;
    ui.field("desk/reason", ui.place(std::min(ui.left(), 560.0F), kTarget), "Reason", reason_,
             like);
}

void HeatDesk::draw_lane(Context& context, const RowView& row) {
    Ui& ui = context.ui;
    const bool may = context.may_command();
    ImGui::PushID(row.entry);
    const std::string lane = "lane " + std::to_string(row.lane);
    const bool chosen = chosen_.count(row.entry) != 0;
    ButtonStyle style;
    style.align = Align::left;
    if (chosen) {
        style.fill = kYellow;
        style.text = kInk;
    }
    const float w = ui.narrow() ? ui.left() : std::clamp(ui.left() - kLaneFigures, 120.0F, 380.0F);
    const std::string sign = chosen ? "↻ " : "";
    if (ui.button(ui.place(w, kTarget), sign + std::to_string(row.lane) + "  " + row.driver,
                  style)) {
        if (!chosen_.erase(row.entry)) chosen_.insert(row.entry);
    }
    ui.items.back().label = "Choose " + lane;
    if (!ui.narrow()) ImGui::SameLine(0, kGap);
    const bool dnf = row.heat == HeatStatus::dnf;
    ui.text(ui.place(ui.narrow() ? 70.0F : 96.0F, kTarget), Face::figures, 19, dnf ? kRed : kText,
            dnf ? "DNF" : row.last, Align::right);
    ImGui::SameLine(0, kGap);
    Field figures;
    figures.figures = true;
    figures.most_bytes = 12;
    std::string& typed = typed_[row.entry];
    ui.field("desk/time/" + std::to_string(row.entry),
             ui.place(ui.narrow() ? 84.0F : 104.0F, kTarget), "Time, " + lane, typed, figures);
    ImGui::SameLine(0, 4);
    if (ui.button("Set", {}, may && !typed.empty(), 60)) {
        TimeUs time_us = 0;
        complaint_.clear();
        if (parse_duration(typed, time_us) && time_us > 0 && time_us <= kHourUs) {
            context.command(HeatCorrect{row.entry, time_us, reason_});
            typed.clear();
        } else {
            complaint_ = "A lane time is given in seconds, like 3.123.";
        }
    }
    ImGui::SameLine(0, 4);
    if (ui.button("DNF", {}, may && !dnf, 60)) context.command(HeatCorrect{row.entry, 0, reason_});
    ImGui::PopID();
}

void HeatDesk::draw_decisions(Context& context) {
    Ui& ui = context.ui;
    const RaceView& race = context.race;
    const bool may = context.may_command();
    draw_reason(context);
    ui.space(4);
    const float half = button_width(ui, std::min((ui.left() - kGap) / 2, 300.0F));
    if (race.held) {
        const ButtonStyle accept{kGreen, kInk, 18, ImGuiKey_None};
        if (ui.hold_button(ui.place(half, 56), "Hold to ACCEPT", accept, may))
            context.command(HeatAccept{reason_});
        if (!ui.narrow()) ImGui::SameLine(0, kGap);
    }
    const ButtonStyle again{race.held ? kBlue : kRaised, race.held ? kInk : kText, 18,
                            ImGuiKey_None};
    const Rect rect = ui.place(half, 56);
    if (race.held ? ui.button(rect, "RUN AGAIN, all lanes", again, may)
                  : ui.hold_button(rect, "Hold to RUN AGAIN", again, may))
        context.command(HeatRerun{{}, reason_});
    if (!race.held && !ui.narrow()) ImGui::SameLine(0, kGap);
    const std::string label =
        chosen_.empty() ? "RUN AGAIN, chosen lanes"
                        : "RUN AGAIN, " + format_count(static_cast<std::int64_t>(chosen_.size()),
                                                       "lane", "lanes");
    if (ui.button(ui.place(race.held && !ui.narrow() ? 2 * half + kGap : half, 56), label,
                  {kRaised, kText, 18, ImGuiKey_None}, may && !chosen_.empty())) {
        context.command(HeatRerun{{chosen_.begin(), chosen_.end()}, reason_});
        chosen_.clear();
    }
    ui.paragraph(
        "Press lanes to choose them for another run, or type a time that was taken by hand.", kDim,
        kSmall);
    std::vector<RowView> rows = race.rows;
    std::sort(rows.begin(), rows.end(),
              [](const RowView& a, const RowView& b) { return a.lane < b.lane; });
    for (const RowView& row : rows) draw_lane(context, row);
    if (!complaint_.empty()) ui.paragraph(complaint_, kRed);
}

void draw_hold(Ui& ui, const RaceView& race) {
    if (!race.held) return;
    const Rect head = ui.place(0, ui.narrow() ? 76.0F : 52.0F);
    ui.fill(head, kHeldGround);
    ui.frame(head, kYellow, 2);
    ui.text(Rect{head.x + 14, head.y, 30, head.h}, Face::bold, 24, kYellow, "⚠", Align::center);
    ImGui::GetWindowDrawList()->PushClipRect(head.min(), head.max(), true);
    const float x = head.x + 56;
    ui.wrapped(Rect{x, head.y, head.right() - x - 12, head.h}, Face::bold, kBody, kYellow,
               race.hold_text);
    ImGui::GetWindowDrawList()->PopClipRect();
}

void HeatDesk::draw_result(Context& context) {
    Ui& ui = context.ui;
    const RaceView& race = context.race;
    if (race_ != race.race_id || !race.can_rerun) {
        race_ = race.race_id;
        chosen_.clear();
        typed_.clear();
        reason_.clear();
        complaint_.clear();
        open_ = false;
    }
    if (!context.client.director() || !race.can_rerun) return;
    if (!race.held) {
        if (ui.button(open_ ? "Hide corrections" : "Correct or run again")) open_ = !open_;
        if (!open_) return;
    }
    draw_decisions(context);
}

void HeatDesk::draw_offers(Context& context) {
    Ui& ui = context.ui;
    if (context.track == nullptr || context.track->offers.empty()) return;
    const std::vector<OfferView> offers = offers_view(*context.track, context.hub_now_us);
    ui.heading("Results that nobody waited for");
    ui.again_after(kSecondUs);
    const bool director = context.client.director();
    const bool waits = context.race.heat &&
                       (context.race.phase == Phase::armed || context.race.phase == Phase::running);
    for (const OfferView& offer : offers) {
        ImGui::PushID(offer.report_id.c_str());
        const float buttons = director && !ui.narrow() ? 330.0F : 0.0F;
        const Rect line = ui.place(0, 52);
        ui.fill(line, kPanel);
        ui.fill(Rect{line.x, line.y, 6, line.h}, kYellow, 3);
        std::string text = offer.text;
        if (!offer.fault.empty()) text += " · " + offer.fault;
        const Rect inside{line.x + 18, line.y, line.w - 30 - buttons, line.h};
        ui.text(Rect{inside.x, inside.y + 5, inside.w, 24}, Face::bold, 16, kText, text);
        ui.text(Rect{inside.x, inside.y + 28, inside.w, 20}, Face::regular, kSmall, kDim,
                offer.age == "now" ? "just now" : offer.age + " ago");
        if (director) {
            const Rect row = ui.narrow() ? ui.place(0, kTarget) : line;
            const float w = std::min(200.0F, row.w - 130);
            const Rect take{row.right() - 126 - w, row.y + (row.h - kTarget) / 2, w, kTarget};
            const Rect dismiss{row.right() - 118, take.y, 112, kTarget};
            if (ui.button(take, "Take it", {}, context.may_command() && waits))
                context.command(ReportTake{offer.report_id, ""});
            if (ui.button(dismiss, "Dismiss", {}, context.may_command()))
                context.command(ReportDismiss{offer.report_id, ""});
        }
        ImGui::PopID();
    }
    if (director && !waits)
        ui.paragraph("To take one, arm the heat that it belongs to.", kDim, kSmall);
}

}  // namespace racehub::ui

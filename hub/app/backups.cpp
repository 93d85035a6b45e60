#include "hub/app/backups.h"

#include "hub/store/backup.h"

namespace racehub::app {
namespace {

constexpr TimeUs kMinuteUs = 60 * kSecondUs;

}  // namespace

bool Backups::running() const {
    return copy_.valid() && copy_.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
}

void Backups::run_if_due(TimeUs now_us, std::uint64_t facts) {
    if (config_.backup_minutes == 0) return;
    if (next_us_ == 0) next_us_ = now_us + config_.backup_minutes * kMinuteUs;
    if (now_us < next_us_ || running()) return;
    next_us_ = now_us + config_.backup_minutes * kMinuteUs;
    if (facts != copied_) begin(now_us, facts, false);
}

bool Backups::finish(TimeUs now_us, std::uint64_t facts) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(kStopLimitS);
    if (copy_.valid() && copy_.wait_until(end) != std::future_status::ready) {
        log_.write(Log::Level::warning, "backup", "was not done in time and is given up");
        return false;
    }
    if (config_.backup_minutes == 0 || facts == copied_) return true;
    begin(now_us, facts, true);
    if (copy_.wait_until(end) == std::future_status::ready) return true;
    log_.write(Log::Level::warning, "backup",
               "the one at the stop takes longer than " + std::to_string(kStopLimitS) +
                   " s and is given up; the log itself is whole");
    return false;
}

void Backups::begin(TimeUs now_us, std::uint64_t facts, bool say_where) {
    copy_ = std::async(std::launch::async, [this, now_us, facts, say_where] {
        store::Backup made;
        std::string error;
        const auto keep = static_cast<std::size_t>(config_.backups_kept);
        const bool good = store::make_backup(database_, folder_, now_us, keep, made, error);
        if (good) copied_ = facts;
        if (!good) log_.write(Log::Level::error, "backup", error);
        if (good && say_where) log_.write(Log::Level::info, "backup", "made: " + made.path);
        const std::lock_guard lock(mutex_);
        problem_ = good ? "" : error;
    });
}

std::string Backups::problem() const {
    const std::lock_guard lock(mutex_);
    return problem_;
}

}  // namespace racehub::app

#include "hub/web/counters.h"

#include <algorithm>
#include <utility>

#include "hub/web/event_loop.h"
#include "hub/web/text.h"

namespace racehub::web {
namespace {

/// One line tells that somebody misbehaves; the counter tells how much. A flood must not fill the
/// disk.
constexpr std::int64_t kLogPeriodUs = 10'000'000;

}  // namespace

Refusals::Refusals(LogFunction log) : log_(std::move(log)) {}

void Refusals::count(const std::string& kind, const std::string& message, const std::string& from) {
    std::uint64_t unlogged = 0;
    {
        const std::lock_guard lock(mutex_);
        auto& entry = kinds_[kind];
        ++entry.total;
        ++entry.unlogged;
        const auto now = monotonic_us();
        if (entry.logged_us != 0 && now - entry.logged_us < kLogPeriodUs) return;
        entry.logged_us = now;
        unlogged = std::exchange(entry.unlogged, 0);
    }
    if (!log_) return;
    auto line = "refused " + kind + " from " + from + ": " + message;
    if (unlogged > 1) line += " (" + std::to_string(unlogged) + " times)";
    // Messages may name what a peer sent; a line of the log stays one line.
    std::replace_if(line.begin(), line.end(), is_control, '?');
    log_(LogLevel::warning, line);
}

void Refusals::count(const Problem& problem, const std::string& from) {
    count(problem.code, problem.message, from);
}

std::map<std::string, std::uint64_t> Refusals::totals() const {
    const std::lock_guard lock(mutex_);
    std::map<std::string, std::uint64_t> totals;
    for (const auto& [kind, entry] : kinds_) totals[kind] = entry.total;
    return totals;
}

}  // namespace racehub::web

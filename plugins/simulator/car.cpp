#include "plugins/simulator/car.h"

#include <algorithm>
#include <utility>

namespace racehub::simulator {

Car::Car(const Config& config, Driver driver, int lane, std::uint64_t seed)
    : config_(config), driver_(std::move(driver)), lane_(lane), random_(seed) {
    const int every = config_.pit_every_laps;
    if (every > 0) next_pit_lap_ = every + static_cast<int>(random_.next() % 5) - 2;
}

std::int64_t Car::scaled(double seconds) const {
    return static_cast<std::int64_t>(seconds / config_.speed * 1e6);
}

std::int64_t Car::jump_us(std::int64_t go_us) {
    const bool jumps = random_.chance(config_.jump_starts);
    const double early_s = random_.between(0.05, 0.6);
    return jumps ? go_us - scaled(early_s) : 0;
}

void Car::start(std::int64_t go_us, bool rolling) {
    driving_ = true;
    ahead_.clear();
    const std::int64_t reaction_us = scaled(random_.between(0.15, 0.6));
    if (rolling) {
        ahead_.push_back({"finish", go_us + reaction_us + scaled(random_.between(0.5, 1.5))});
    } else {
        plan_lap(go_us + reaction_us);
    }
}

void Car::go_on(std::int64_t last_us, std::int64_t now_us) {
    driving_ = true;
    ahead_.clear();
    std::int64_t next_us = last_us + lap_time_us();
    // While nobody looked it drove on: it is somewhere on a lap.
    if (next_us <= now_us) next_us = now_us + scaled(config_.lap_s * random_.between(0.05, 1));
    ahead_.push_back({"finish", next_us});
}

void Car::pause(std::int64_t at_us) {
    if (paused_us_ == 0) paused_us_ = at_us;
}

void Car::resume(std::int64_t at_us) {
    if (paused_us_ == 0) return;
    for (Passage& passage : ahead_) passage.time_us += at_us - paused_us_;
    paused_us_ = 0;
}

void Car::park() {
    driving_ = false;
    ahead_.clear();
}

std::int64_t Car::next_us() const {
    return ahead_.empty() || paused_us_ != 0 ? 0 : ahead_.front().time_us;
}

Passage Car::pass() {
    Passage passage = ahead_.front();
    ahead_.pop_front();
    if (passage.gate == "finish" && driving_) {
        ++lap_;
        broken_ = config_.automatic && random_.chance(config_.breakdowns);
        if (!broken_) plan_lap(passage.time_us);
    }
    return passage;
}

std::int64_t Car::lap_time_us() {
    double lap = driver_.pace * (1 + driver_.consistency * random_.normal());
    const bool mistake = random_.chance(driver_.mistakes);
    const double lost = random_.between(0.15, 0.6);  // back onto the track by a marshal's hand
    if (mistake) lap += lost;
    if (lap_ == 0) lap += 0.06;  // from a standing start
    return std::max<std::int64_t>(scaled(config_.lap_s * std::max(lap, 0.3)), 1);
}

void Car::plan_lap(std::int64_t from_us) {
    const std::int64_t lap_us = lap_time_us();
    for (int sector = 1; sector <= config_.sectors; ++sector) {
        ahead_.push_back({"sector_" + std::to_string(sector),
                          from_us + lap_us * sector / (config_.sectors + 1)});
    }
    std::int64_t end_us = from_us + lap_us;
    if (next_pit_lap_ > 0 && lap_ + 1 >= next_pit_lap_) {
        next_pit_lap_ =
            lap_ + 1 +
            std::max(1, config_.pit_every_laps + static_cast<int>(random_.next() % 5) - 2);
        const std::int64_t in_us = from_us + lap_us * 92 / 100;
        const std::int64_t out_us = in_us + scaled(random_.between(2.5, 5));
        ahead_.push_back({"pit_in", in_us});
        ahead_.push_back({"pit_out", out_us});
        end_us += out_us - in_us;
    }
    ahead_.push_back({"finish", end_us});
}

}  // namespace racehub::simulator

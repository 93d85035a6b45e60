#pragma once
// The hub's side in the sessions' tests: a log that stores reports after a moment, and a race
// director who orders heats. Everything runs in a World's simulated time.

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/unit/track_controller/fake_device.h"

namespace racehub::track_controller::test {

class Hub : public DeviceListener {
  public:
    explicit Hub(World& world) : world_(world) {}

    std::vector<RaceReport> log;
    std::vector<std::string> warnings;
    std::vector<std::string> started;
    std::vector<bool> gates;
    std::vector<std::pair<int, bool>> lanes;
    std::vector<std::string> sentences;
    Link link = Link::connecting;
    bool well = false;
    std::string sentence;
    int measurements = 0;
    LedgerState kept;          ///< what survives a restart
    bool log_is_down = false;  ///< reports wait

    // ---- DeviceListener
    void report_waiting() override { store_later(); }
    void heat_started(const std::string& heat, const std::string&) override {
        started.push_back(heat);
    }
    void gate_changed(bool ready) override { gates.push_back(ready); }
    void lane_changed(int lane, bool on) override { lanes.emplace_back(lane, on); }
    void measured(const std::string&) override { ++measurements; }
    void traffic(const char*, std::string_view) override {}
    void link_changed(Link now, bool is_well, const std::string& text) override {
        link = now;
        well = is_well;
        sentence = text;
        sentences.push_back(text);
    }
    void persist(const LedgerState& state) override { kept = state; }
    void log_warning(const std::string& text) override { warnings.push_back(text); }

    const RaceReport* find(const std::string& heat) const {
        for (const RaceReport& report : log)
            if (report.heat == heat) return &report;
        return nullptr;
    }
    bool said(const std::string& part) const {
        for (const std::string& text : sentences)
            if (text.find(part) != std::string::npos) return true;
        return false;
    }

    void store_later() {
        world_.after(2 * kMs, [this, life = life_] {
            if (life != life_ || !book || !book->ledger().next()) return;
            if (log_is_down) return store_later();
            log.push_back(*book->ledger().next());
            kept = book->ledger().stored();
            if (book->ledger().next()) store_later();
            poke();
        });
    }

    DeviceBook* book = nullptr;
    std::function<void()> poke;  ///< the session's on_order

  protected:
    World& world_;
    int life_ = 0;
};

/// A device, a session and a hub, connected. `wire` is 'h' or 's', protocol 1 or 2.
class Bench : public Hub {
  public:
    Bench(World& world, char wire, int protocol, ArmPolicy policy = ArmPolicy::heats)
        : Hub(world), engine(world), wire_(wire), policy_(policy) {
        if (wire == 'h') http = std::make_unique<FakeHttpDevice>(world, engine, protocol);
        if (wire == 's') serial = std::make_unique<FakeSerialDevice>(world, engine, protocol);
        start();
    }

    FakeEngine engine;
    std::unique_ptr<FakeHttpDevice> http;
    std::unique_ptr<FakeSerialDevice> serial;
    HeatOrder ordered;

    void start() {
        ++life_;
        book_ =
            std::make_unique<DeviceBook>(DeviceBook::Options{policy_, 0, "the bench"}, kept, *this);
        book = book_.get();
        if (http) {
            http_session_ = std::make_unique<HttpSession>(*book, *http, world_.random());
            http->session = http_session_.get();
            poke = [this] { http_session_->on_order(world_.now_us); };
            if (ordered.armed && !find(ordered.heat)) book->order(ordered, world_.now_us);
            http_session_->start(world_.now_us);
        } else {
            serial_session_ = std::make_unique<SerialSession>(*book, *serial, world_.random());
            serial->session = serial_session_.get();
            poke = [this] { serial_session_->on_order(world_.now_us); };
            if (ordered.armed && !find(ordered.heat)) book->order(ordered, world_.now_us);
            serial->plug_in();
        }
    }
    /// The plugin's process dies and starts again; the device does not notice.
    void restart() {
        stop();
        start();
    }
    void stop() {
        if (http) http_session_->stop();
    }
    void order(const std::string& heat, std::vector<int> heat_lanes) {
        ordered = {true, heat, std::move(heat_lanes)};
        book->order(ordered, world_.now_us);
        poke();
    }
    /// The race director has the same heat run again.
    void rerun(std::vector<int> heat_lanes) {
        ordered.lanes = std::move(heat_lanes);
        ++ordered.run;
        book->order(ordered, world_.now_us);
        poke();
    }
    void withdraw() {
        ordered = {};
        book->order(ordered, world_.now_us);
        poke();
    }
    void run_for(std::int64_t time_us) {
        const std::int64_t until_us = world_.now_us + time_us;
        while (world_.now_us < until_us) turn(until_us);
    }
    /// Until `done` or the limit passes; true if done.
    bool run_until(const std::function<bool()>& done, std::int64_t limit_us = 60 * kSecond) {
        const std::int64_t until_us = world_.now_us + limit_us;
        while (!done() && world_.now_us < until_us) turn(until_us);
        return done();
    }
    bool armed_on(const std::set<int>& heat_lanes) {
        return run_until([&] { return engine.phase == "ARMED" && engine.lanes == heat_lanes; });
    }
    /// Opens the gate, lets the cars reach the line, closes the gate. 0: does not finish.
    void race(const std::map<int, int>& times_ms) {
        engine.gate(false);
        for (const auto& [lane, ms] : times_ms) {
            if (ms == 0) continue;
            world_.after(ms * kMs, [this, lane = lane] { engine.lane(lane, true); });
            world_.after(ms * kMs + 20 * kMs, [this, lane = lane] { engine.lane(lane, false); });
        }
        world_.after(engine.race_limit_ms * 1000 + 500 * kMs, [this] { engine.gate(true); });
    }
    bool reported(const std::string& heat) {
        return run_until([&] { return find(heat) != nullptr; });
    }
    int turns = 0;

  private:
    std::int64_t deadline_us() const {
        return http ? http_session_->deadline_us() : serial_session_->deadline_us();
    }
    void turn(std::int64_t until_us) {
        ++turns;
        // A session that asks for a turn again and again at the same instant would take a whole
        // core.
        turns_now_ = world_.now_us == turned_us_ ? turns_now_ + 1 : 0;
        turned_us_ = world_.now_us;
        if (turns_now_ > 1000) throw std::runtime_error("the session spins");
        if (deadline_us() <= std::min(world_.next_us(), until_us)) {
            world_.now_us = std::max(world_.now_us, deadline_us());
            http ? http_session_->on_time(world_.now_us) : serial_session_->on_time(world_.now_us);
        } else if (!world_.step(until_us)) {
            world_.now_us = until_us;
        }
    }

    int turns_now_ = 0;
    std::int64_t turned_us_ = 0;
    char wire_;
    ArmPolicy policy_;
    std::unique_ptr<DeviceBook> book_;
    std::unique_ptr<HttpSession> http_session_;
    std::unique_ptr<SerialSession> serial_session_;
};

}  // namespace racehub::track_controller::test

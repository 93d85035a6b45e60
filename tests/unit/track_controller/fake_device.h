#pragma once
// A Track Controller in simulated time, for the sessions' tests: its engine, and both protocols
// over HTTP and serial, written from the protocol page with the habits of the real firmware (four
// wait places, dead waiters kept, one line cancels a wait, results kept until the next race).

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "plugins/track_controller/session/http_session.h"
#include "plugins/track_controller/session/serial_session.h"

namespace racehub::track_controller::test {

using nlohmann::json;

/// Simulated time and what happens in it.
class World {
  public:
    explicit World(std::uint32_t seed = 1) : random(seed) {}
    std::int64_t now_us = 1'000'000'000;
    std::mt19937 random;

    void after(std::int64_t delay_us, std::function<void()> what) {
        queue_.push({now_us + delay_us, ++order_, std::move(what)});
    }
    std::int64_t next_us() const { return queue_.empty() ? kNever : queue_.top().at_us; }
    /// The next event, if it is due by `until_us`.
    bool step(std::int64_t until_us) {
        if (queue_.empty() || queue_.top().at_us > until_us) return false;
        Due due = queue_.top();
        queue_.pop();
        now_us = std::max(now_us, due.at_us);
        due.what();
        return true;
    }
    bool chance(double probability) {
        return std::uniform_real_distribution<>(0, 1)(random) < probability;
    }
    int pick(int from, int to) { return std::uniform_int_distribution<>(from, to)(random); }

  private:
    struct Due {
        std::int64_t at_us;
        std::uint64_t order;
        std::function<void()> what;
        bool operator<(const Due& other) const {
            return std::tie(at_us, order) > std::tie(other.at_us, other.order);
        }
    };
    std::priority_queue<Due> queue_;
    std::uint64_t order_ = 0;
};

/// Gate, lanes and race of one device.
class FakeEngine {
  public:
    explicit FakeEngine(World& world) : world_(world), boot_us_(world.now_us - 60 * kSecond) {}

    std::string phase = "IDLE";
    std::string race_id;
    std::set<int> lanes;
    std::map<int, std::int64_t> times_ms;
    json last_race;
    bool gate_ready = true;
    std::map<int, bool> covered;
    std::int64_t race_limit_ms = 15'000;
    std::string lanes_refused;  ///< every arming is answered with this
    std::function<void(const json&)> on_complete;
    std::function<void(const std::string& from, const std::string& to)> on_phase;
    std::function<void()> on_gate;
    std::function<void(int lane, bool covered)> on_lane;

    std::int64_t uptime_ms() const { return ((world_.now_us - boot_us_) / 1000) % (1 << 30); }
    void set_uptime_ms(std::int64_t ms) { boot_us_ = world_.now_us - ms * 1000; }

    /// The text of the error, or empty.
    std::string check(const std::string& digits) const {
        if (!lanes_refused.empty()) return lanes_refused;
        std::set<int> seen;
        for (const char c : digits) {
            if (c < '0' || c > '9') return "invalid lanes: " + digits;
            if (c < '1' || c > '6') return std::string("lane ") + c + " out of range 1..6";
            if (!seen.insert(c - '0').second) return std::string("duplicate lane ") + c;
        }
        return {};
    }
    void arm(const std::string& digits) {
        if (phase != "IDLE") return;
        lanes.clear();
        for (const char c : digits.empty() ? std::string("123456") : digits) lanes.insert(c - '0');
        race_id = "race-" + std::to_string(world_.random()) + "-" + std::to_string(++races_);
        times_ms.clear();
        go("ARMED");
    }
    void cancel() {
        if (phase != "ARMED") return;
        race_id.clear();
        lanes.clear();
        go("IDLE");
    }
    void gate(bool ready) {
        gate_ready = ready;
        if (on_gate) on_gate();
        if (ready || phase != "ARMED") return;
        start_us_ = world_.now_us;
        go("RACING");
        world_.after(race_limit_ms * 1000, [this, id = race_id] {
            if (phase == "RACING" && race_id == id) complete();
        });
    }
    void lane(int lane, bool now_covered) {
        covered[lane] = now_covered;
        last_edge_ms_[lane] = uptime_ms();
        if (on_lane) on_lane(lane, now_covered);
        if (!now_covered || phase != "RACING" || !lanes.count(lane) || times_ms.count(lane)) return;
        times_ms[lane] = (world_.now_us - start_us_) / 1000;
        if (times_ms.size() == lanes.size()) complete();
    }
    void reboot() {
        phase = "IDLE";
        race_id.clear();
        lanes.clear();
        last_race = nullptr;
        boot_us_ = world_.now_us;
    }
    json info(const char* firmware, const char* protocol) const {
        return {{"protocol", protocol}, {"firmware", firmware}, {"lane_count", 6}};
    }
    json dbg(const char* firmware, const char* protocol) const {
        json pins = json::object();
        for (int lane = 1; lane <= 6; ++lane) {
            const auto low = covered.find(lane);
            const auto edge = last_edge_ms_.find(lane);
            pins[std::to_string(lane)] = {
                {"debounced", low != covered.end() && low->second ? 0 : 1},
                {"invert", false},
                {"last_edge_ms", edge == last_edge_ms_.end() ? 0 : edge->second}};
        }
        return {{"controller",
                 {{"protocol", protocol}, {"firmware", firmware}, {"uptime_ms", uptime_ms()}}},
                {"engine",
                 {{"phase", phase},
                  {"gate_ready", gate_ready},
                  {"race_id", race_id.empty() ? json() : json(race_id)},
                  {"active_lanes", lanes.empty() ? json() : json(lanes)}}},
                {"io", {{"debounce_ms", 10}, {"lanes", pins}}}};
    }

  private:
    void go(const std::string& to) {
        const std::string from = std::exchange(phase, to);
        if (on_phase) on_phase(from, to);
    }
    void complete() {
        json times = json::object();
        for (const auto& [lane, ms] : times_ms) times[std::to_string(lane)] = ms;
        last_race = {{"race_id", race_id}, {"times_ms", times}};
        race_id.clear();
        lanes.clear();
        const json race = last_race;
        const std::string from = std::exchange(phase, "IDLE");
        if (on_complete) on_complete(race);
        if (on_phase) on_phase(from, "IDLE");
    }

    World& world_;
    std::int64_t boot_us_;
    std::int64_t start_us_ = 0;
    std::map<int, std::int64_t> last_edge_ms_;
    int races_ = 0;
};

/// What a test may do to the connection.
struct Faults {
    double refuse = 0;   ///< no connection
    double cut = 0;      ///< done, but the answer arrives only in part
    double swallow = 0;  ///< done or not, and nothing comes back
};

/// A device at the end of an HttpPort: protocol 1.0 or 2.0.
class FakeHttpDevice : public HttpPort {
  public:
    FakeHttpDevice(World& world, FakeEngine& engine, int protocol)
        : world_(world), engine_(engine), protocol_(protocol) {
        engine_.on_complete = [this](const json& race) { completed(race); };
        engine_.on_phase = [this](const std::string& from, const std::string& to) {
            event({{"event", "phase"}, {"phase", to}, {"prev", from}});
        };
        engine_.on_gate = [this] { gate_changed(); };
        engine_.on_lane = [this](int lane, bool covered) {
            event({{"event", "state"}, {"lane", lane}, {"triggered", covered}});
        };
    }

    HttpSession* session = nullptr;
    Faults faults;
    bool reachable = true;
    bool pings = true;
    std::vector<std::string> targets;         ///< every request, for looking at
    std::vector<std::uint32_t> race_waiters;  ///< dead ones stay until a race ends
    std::vector<std::uint32_t> gate_waiters;

    std::uint32_t request(const HttpRequest& request) override {
        const std::uint32_t id = ++last_id_;
        open_.insert(id);
        targets.push_back(request.method + " " + request.target + request.body);
        world_.after(world_.pick(500, 4000), [this, id, request] { arrive(id, request); });
        return id;
    }
    void abort(std::uint32_t id) override { open_.erase(id); }

    /// Cuts the connections that wait. The device does not notice.
    void cut_waits() {
        const std::set<std::uint32_t> open = open_;
        for (const std::uint32_t id : open) fail(id, "connection reset");
        stream_ = 0;
    }
    void reboot() {
        race_waiters.clear();
        gate_waiters.clear();
        stream_ = 0;
        engine_.reboot();
        const std::set<std::uint32_t> open = open_;
        // Nothing says so; keepalive finds out.
        for (const std::uint32_t id : open)
            world_.after(20 * kSecond, [this, id] { fail(id, "no answer to keepalive"); });
    }
    void become(int protocol) { protocol_ = protocol; }
    void send_raw_event(const std::string& bytes) { stream_bytes(bytes); }
    std::size_t open_requests() const { return open_.size(); }

  private:
    void arrive(std::uint32_t id, const HttpRequest& request) {
        if (!open_.count(id)) return;
        if (!reachable || world_.chance(faults.refuse)) return fail(id, "connection refused");
        if (world_.chance(faults.swallow)) {
            if (world_.chance(0.5)) handle(id, request, false);
            world_.after(kAnswerLimitUs, [this, id] { fail(id, "no answer in 5 s"); });
            return;
        }
        handle(id, request, true);
    }
    void fail(std::uint32_t id, const std::string& why) {
        if (open_.erase(id)) session->on_failed(id, why, world_.now_us);
    }
    void answer(std::uint32_t id, int status, const json& body) {
        if (muted_) return;
        const bool cut = world_.chance(faults.cut);
        const std::string text = protocol_ == 1 ? body.dump(2) : body.dump();
        world_.after(world_.pick(300, 3000), [this, id, status, cut, text] {
            if (cut) return fail(id, "sent 12 of 80 bytes of its answer");
            if (open_.erase(id)) session->on_reply(id, {status, text}, world_.now_us);
        });
    }
    void handle(std::uint32_t id, const HttpRequest& request, bool answered) {
        muted_ = !answered;
        if (protocol_ == 1) {
            handle_v1(id, request.target);
        } else {
            handle_v2(id, request);
        }
        muted_ = false;
    }
    static std::string param(const std::string& target, const std::string& name) {
        const std::size_t at = target.find(name + "=");
        if (at == std::string::npos) return {};
        const std::size_t from = at + name.size() + 1;
        return target.substr(from, target.find('&', from) - from);
    }
    void handle_v1(std::uint32_t id, const std::string& target) {
        const std::string path = target.substr(0, target.find('?'));
        if (path == "/info") return answer(id, 200, engine_.info("0.1.0", "1.0"));
        if (path == "/state") return answer(id, 200, engine_.last_race);
        if (path == "/dbg") return answer(id, 200, engine_.dbg("0.1.0", "1.0"));
        if (path == "/gate") return answer(id, 200, {{"gate_ready", engine_.gate_ready}});
        if (path == "/wait/gate") {
            if (engine_.gate_ready) return answer(id, 200, {{"gate_ready", true}});
            if (gate_waiters.size() >= 4)
                return answer(id, 503, {{"error", "too many wait clients"}});
            gate_waiters.push_back(id);
        } else if (path == "/wait/race") {
            const std::string after = param(target, "after");
            if (!after.empty() && !engine_.last_race.is_null() &&
                engine_.last_race["race_id"] != after)
                return answer(id, 200, engine_.last_race);
            if (race_waiters.size() >= 4)
                return answer(id, 503, {{"error", "too many wait clients"}});
            const std::string lanes = param(target, "lanes");
            const std::string error = engine_.check(lanes);
            if (!error.empty()) return answer(id, 400, {{"error", error}});
            engine_.arm(lanes);
            race_waiters.push_back(id);
        } else {
            answer(id, 404, {{"error", "not found"}});
        }
    }
    void handle_v2(std::uint32_t id, const HttpRequest& request) {
        if (request.target == "/info")
            return answer(id, 200, {{"id", 1}, {"ok", engine_.info("0.2.2", "2.0")}});
        if (request.target.starts_with("/events")) {
            stream_ = id;
            ping(id);
            event({{"id", 1}, {"ok", {{"sub", 1}, {"topics", json::array()}}}});
            event({{"event", "state"}, {"gate_ready", engine_.gate_ready}});
            return;
        }
        if (request.target != "/cmd")
            return answer(id, 404, {{"err", "not found"}, {"code", "not_supported"}});
        const json frame = json::parse(request.body);
        const std::string cmd = frame["cmd"];
        const auto ok = [&](const json& value) {
            answer(id, 200, {{"id", frame["id"]}, {"ok", value}});
        };
        if (cmd == "state")
            return ok(engine_.last_race.is_null() ? json::object() : engine_.last_race);
        if (cmd == "dbg") return ok(engine_.dbg("0.2.2", "2.0"));
        if (cmd == "reset") {
            engine_.cancel();
            return ok(json::object());
        }
        const std::string after = frame.value("after", "");
        if (!after.empty() && !engine_.last_race.is_null() && engine_.last_race["race_id"] != after)
            return ok(engine_.last_race);
        const std::string error = engine_.check(frame.value("lanes", ""));
        if (!error.empty())
            return answer(id, 200, {{"err", error}, {"code", "bad_args"}, {"id", frame["id"]}});
        engine_.arm(frame.value("lanes", ""));
        answer(id, 202, {{"err", "use SSE for waits"}, {"code", "bad_state"}});
    }
    void completed(const json& race) {
        for (const std::uint32_t id : race_waiters) answer(id, 200, race);
        race_waiters.clear();
        json told = race;
        told["event"] = "completed";
        event(told);
    }
    void gate_changed() {
        event({{"event", "state"}, {"gate_ready", engine_.gate_ready}});
        if (!engine_.gate_ready) return;
        for (const std::uint32_t id : gate_waiters) answer(id, 200, {{"gate_ready", true}});
        gate_waiters.clear();
    }
    void ping(std::uint32_t id) {
        world_.after(15 * kSecond, [this, id] {
            if (!pings || stream_ != id) return;
            stream_bytes(": ping\n\n");
            ping(id);
        });
    }
    void event(json body) {
        if (protocol_ == 1 || stream_ == 0) return;
        if (!body.contains("id")) body["sub"] = 1;
        std::string bytes = "data: " + body.dump() + "\n\n";
        if (world_.chance(faults.cut)) bytes.resize(bytes.size() / 2);
        stream_bytes(bytes);
    }
    void stream_bytes(const std::string& bytes) {
        // In order, as a connection is.
        stream_free_us_ = std::max(stream_free_us_, world_.now_us + world_.pick(300, 3000));
        world_.after(stream_free_us_ - world_.now_us, [this, id = stream_, bytes] {
            if (open_.count(id)) session->on_stream(id, bytes, world_.now_us);
        });
    }

    World& world_;
    FakeEngine& engine_;
    int protocol_;
    std::uint32_t last_id_ = 0;
    std::set<std::uint32_t> open_;  // requests that the client still waits for
    std::uint32_t stream_ = 0;
    std::int64_t stream_free_us_ = 0;
    bool muted_ = false;
};

/// A device at the end of a serial line: protocol 1.0 or 2.0.
class FakeSerialDevice : public SerialLine {
  public:
    FakeSerialDevice(World& world, FakeEngine& engine, int protocol)
        : world_(world), engine_(engine), protocol_(protocol) {
        engine_.on_complete = [this](const json& race) { completed(race); };
        engine_.on_phase = [this](const std::string& from, const std::string& to) {
            event({{"event", "phase"}, {"phase", to}, {"prev", from}});
        };
        engine_.on_gate = [this] {
            event({{"event", "state"}, {"gate_ready", engine_.gate_ready}});
        };
    }

    SerialSession* session = nullptr;
    std::vector<std::string> lines;  ///< every line received
    bool answers_waits = true;       ///< firmware 0.2.1 does not
    bool mute = false;
    double cut = 0;  ///< share of what it says that arrives only in part
    bool plugged = false;

    void write(std::string_view bytes) override {
        const std::uint64_t plug = plug_;
        heard_us_ = std::max(heard_us_, world_.now_us + world_.pick(100, 1500));  // in order
        world_.after(heard_us_ - world_.now_us, [this, plug, text = std::string(bytes)] {
            if (plug != plug_) return;
            for (const char c : text) receive(c);
        });
    }
    void reopen() override { plug_out_in(200 * kMs); }

    void plug_in() {
        plugged = true;
        ++plug_;
        session->on_open(world_.now_us);
    }
    /// Without power it forgets; on a hub with its own power it does not.
    void unplug(bool loses_power) {
        plugged = false;
        ++plug_;
        buffer_.clear();
        if (loses_power) {
            engine_.reboot();
            waiting_ = false;
            pending_.clear();
            subs_.clear();
        }
        session->on_closed("The Track Controller was unplugged.", world_.now_us);
    }
    void reboot() {
        engine_.reboot();
        waiting_ = false;
        pending_.clear();
        subs_.clear();
        print("WiFi connected: 10.0.0.7 (rallylab.local)\nRallyLab Track Controller ready\n");
    }
    void print(const std::string& text) {
        std::string out;
        for (const char c : text) out += c == '\n' ? std::string("\r\n") : std::string(1, c);
        free_us_ = std::max(free_us_, world_.now_us + world_.pick(100, 2000));
        const std::uint64_t plug = plug_;
        world_.after(free_us_ - world_.now_us, [this, plug, out] {
            if (plug == plug_ && !mute) session->on_bytes(out, world_.now_us);
        });
    }

  private:
    void plug_out_in(std::int64_t pause_us) {
        ++plug_;
        plugged = false;
        world_.after(pause_us, [this] {
            if (!plugged) plug_in();
        });
    }
    void receive(char c) {
        if (c != '\n') {
            buffer_.push_back(c);
            return;
        }
        const std::string line = std::exchange(buffer_, {});
        if (line.empty()) return;
        lines.push_back(line);
        protocol_ == 1 ? command_v1(line) : command_v2(line);
    }
    void say(const json& value) {
        std::string text = (protocol_ == 1 ? value.dump(2) : value.dump()) + "\n";
        if (world_.chance(cut)) text.resize(text.size() / 2);
        print(text);
    }

    void command_v1(const std::string& line) {
        if (waiting_) {
            waiting_ = false;
            engine_.cancel();
        }
        std::map<std::string, std::string> args;
        std::istringstream words(line);
        std::string cmd, word;
        words >> cmd;
        while (words >> word)
            args[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
        if (cmd == "info") return say(engine_.info("0.1.0", "1.0"));
        if (cmd == "state") return say(engine_.last_race);
        if (cmd == "gate") return say({{"gate_ready", engine_.gate_ready}});
        if (cmd == "dbg") return say(engine_.dbg("0.1.0", "1.0"));
        if (cmd != "wait_race") return say({{"error", "unknown command: " + cmd}});
        if (!args["after"].empty() && !engine_.last_race.is_null() &&
            engine_.last_race["race_id"] != args["after"])
            return say(engine_.last_race);
        const std::string error = engine_.check(args["lanes"]);
        if (!error.empty()) return say({{"error", error}});
        engine_.arm(args["lanes"]);
        waiting_ = true;
    }
    void command_v2(const std::string& line) {
        json frame = json::parse(line, nullptr, false);
        if (frame.is_discarded()) frame = {{"id", --human_id_}, {"cmd", line}};
        const std::int64_t id = frame["id"];
        const std::string cmd = frame["cmd"];
        const auto ok = [&](const json& value) { say({{"id", id}, {"ok", value}}); };
        if (cmd == "info") return ok(engine_.info("0.2.2", "2.0"));
        if (cmd == "state")
            return ok(engine_.last_race.is_null() ? json::object() : engine_.last_race);
        if (cmd == "dbg") return ok(engine_.dbg("0.2.2", "2.0"));
        if (cmd == "subscribe") {
            if (subs_.count(id))
                return say({{"err", "id already in use"}, {"code", "bad_state"}, {"id", id}});
            subs_.insert(id);
            ok({{"sub", id}, {"topics", frame["topics"]}});
            say({{"sub", id}, {"event", "state"}, {"gate_ready", engine_.gate_ready}});
        } else if (cmd == "reset") {
            for (const std::int64_t other : pending_)
                say({{"err", "session reset"}, {"code", "cancelled"}, {"id", other}});
            pending_.clear();
            subs_.clear();
            engine_.cancel();
            ok(json::object());
        } else if (cmd == "cancel") {
            const std::int64_t target = frame["target"];
            if (!pending_.erase(target))
                return say({{"err", "no pending request"}, {"code", "bad_args"}, {"id", id}});
            if (pending_.empty()) engine_.cancel();
            say({{"code", "cancelled"}, {"err", "cancelled by host"}, {"id", target}});
            ok(json::object());
        } else if (cmd == "wait_race") {
            const std::string after = frame.value("after", "");
            if (!after.empty() && !engine_.last_race.is_null() &&
                engine_.last_race["race_id"] != after)
                return ok(engine_.last_race);
            const std::string error = engine_.check(frame.value("lanes", ""));
            if (!error.empty()) return say({{"err", error}, {"code", "bad_args"}, {"id", id}});
            engine_.arm(frame.value("lanes", ""));
            pending_.insert(id);
        }
    }
    void completed(const json& race) {
        if (protocol_ == 1) {
            if (std::exchange(waiting_, false)) say(race);
            return;
        }
        if (answers_waits) {
            for (const std::int64_t id : pending_) say({{"id", id}, {"ok", race}});
            pending_.clear();
        }
        json told = race;
        told["event"] = "completed";
        event(told);
    }
    void event(json body) {
        if (protocol_ == 1) return;
        for (const std::int64_t sub : subs_) {
            body["sub"] = sub;
            say(body);
        }
    }

    World& world_;
    FakeEngine& engine_;
    int protocol_;
    std::uint64_t plug_ = 0;  // bytes of an earlier plugging are lost
    std::int64_t free_us_ = 0;
    std::int64_t heard_us_ = 0;
    std::string buffer_;
    bool waiting_ = false;
    std::set<std::int64_t> pending_;
    std::set<std::int64_t> subs_;
    std::int64_t human_id_ = 0;
};

}  // namespace racehub::track_controller::test

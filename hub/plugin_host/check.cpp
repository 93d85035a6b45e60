#include "hub/plugin_host/check.h"

#include <racehub/plugin.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

#include "hub/plugin_host/config_schema.h"
#include "hub/plugin_host/event_loop.h"
#include "hub/plugin_host/instance_host.h"
#include "hub/plugin_host/plugin_file.h"
#include "hub/plugin_host/probe.h"
#include "hub/plugin_host/source.h"

namespace racehub::plugin_host {
namespace {

using nlohmann::json;

constexpr int kCycles = 100;
constexpr int kFloodFacts = 20'000;
constexpr std::int64_t kStartLimitUs = 3'500'000;
constexpr std::int64_t kWatchUs = 500'000;  // how long each situation is watched
constexpr std::int64_t kFloodLimitUs = 20'000'000;
constexpr const char* kTrack = "check";

// Answers at once, always the same.
class StandInHub final : public HubPort {
  public:
    Answer answer = Answer::logged;
    std::uint64_t seq = 0;
    std::uint64_t inputs = 0;

    void submit(Input, std::function<void(const Receipt&)> done) override {
        ++inputs;
        Receipt receipt;
        receipt.answer = answer;
        receipt.message =
            answer == Answer::logged ? "" : "this hub is busy, to see what the plugin does";
        done(receipt);
    }
    void publish_sample(Input) override { ++inputs; }
    HubSnapshot snapshot() override {
        return {seq, std::make_shared<const std::string>(R"({"seq":0,"tracks":[]})")};
    }
    FactsTaken take_facts(const std::function<bool(std::string_view)>&) override { return {}; }
    void set_wake(std::function<void()>) override {}
    std::int64_t clock_offset_us() const override { return 1'700'000'000'000'000; }
    std::map<std::string, std::string> kv_load(const std::string&) override { return kv_; }
    void kv_put(const std::string&, const std::string& key, const std::string& value) override {
        kv_[key] = value;
    }

  private:
    std::map<std::string, std::string> kv_;
};

// One instance in a child, driven on this thread.
class Bench {
  public:
    Bench(const PluginInfo& info, json config, const std::string& host_program)
        : context_{
              hub, timings(), host_program, [](int, const std::string&, const std::string&) {},
              [this](Completion completion) { completions_.push_back(std::move(completion)); }},
          source_(0, settings(info, std::move(config)), info, "", context_),
          buffer_(std::make_unique<char[]>(kMaxMessageBytes + 1)) {
        source_.start(monotonic_us());
    }
    ~Bench() { stop(); }

    /// Runs until the condition holds; false: the limit passed first, or the instance ended.
    template <class Condition>
    bool run(std::int64_t limit_us, Condition&& condition) {
        const std::int64_t until_us = monotonic_us() + limit_us;
        while (!condition()) {
            if (monotonic_us() >= until_us) return false;
            turn(until_us);
        }
        return true;
    }
    /// True: it started. False: `why`.
    bool started(std::string& why) {
        run(kStartLimitUs, [&] { return source_.is_started() || ended(); });
        why = source_.status().text;
        return source_.is_started();
    }
    /// It crashed or hung.
    bool broken() const { return source_.status().counters.crashes > 0; }
    bool ended() const { return broken() || source_.status().state == SourceState::failed; }
    std::string text() const { return source_.status().text; }
    const SourceCounters& counters() const { return source_.status().counters; }

    void offer(const std::string& type) {
        Fact fact;
        fact.seq = ++hub.seq;
        fact.type = type;
        fact.track = kTrack;
        fact.data = "{}";
        Message message;
        message.type = MessageType::event;
        message.code = RH_KIND_FACT;
        message.version = 1;
        message.seq = fact.seq;
        message.name = fact.type;
        message.track = fact.track;
        message.data = fact.data;
        source_.offer(fact, std::make_shared<const std::string>(encode(message)));
    }
    void watch() {
        run(kWatchUs, [&] { return ended(); });
    }
    /// False: it had to be killed.
    bool stop() {
        source_.stop(monotonic_us());
        run(2 * kStartLimitUs, [&] { return source_.is_off(); });
        return text() == "stopped";
    }

    StandInHub hub;

  private:
    static Timings timings() {
        Timings timings;
        timings.restart.quarantine_crashes = 1;  // one is enough to know
        return timings;
    }
    static SourceConfig settings(const PluginInfo& info, json config) {
        SourceConfig source;
        source.id = "check";
        source.library = info.file;
        source.track = kTrack;
        source.may_command = true;
        source.config = std::move(config);
        return source;
    }
    void turn(std::int64_t until_us) {
        std::vector<pollfd> polled;
        source_.add_polled(polled);
        const std::int64_t next_us = std::min(until_us, source_.next_us());
        const std::int64_t left_us = std::max<std::int64_t>(0, next_us - monotonic_us());
        const timespec limit{static_cast<time_t>(left_us / 1'000'000),
                             static_cast<long>(left_us % 1'000'000) * 1000};
        ::ppoll(polled.data(), polled.size(), &limit, nullptr);
        const std::int64_t now_us = monotonic_us();
        source_.receive(buffer_.get(), now_us);
        std::vector<Completion> completions;
        completions.swap(completions_);
        for (const auto& completion : completions) source_.answer(completion);
        source_.send(hub.seq, now_us);
        source_.tick(buffer_.get(), now_us);
    }

    SourceContext context_;
    std::vector<Completion> completions_;
    Source source_;
    const std::unique_ptr<char[]> buffer_;
};

class Check {
  public:
    Check(const PluginInfo& info, json config, const std::string& host_program, std::ostream& out)
        : info_(info), config_(std::move(config)), host_program_(host_program), out_(out) {}

    int run() {
        out_ << info_.name << " " << info_.version << " (" << info_.id << ")\n";
        settings();
        if (!start_and_stop()) return failures_;
        flood();
        stop_while_busy();
        busy_hub();
        wrong_settings();
        return failures_;
    }

  private:
    void ok(const std::string& what) { out_ << "  ok    " << what << "\n"; }
    void note(const std::string& what) { out_ << "  note  " << what << "\n"; }
    void fail(const std::string& what) {
        out_ << "  FAIL  " << what << "\n";
        ++failures_;
    }
    void judge(bool good, const std::string& what, const std::string& why) {
        if (good) {
            ok(what);
        } else {
            fail(what + ": " + why);
        }
    }

    void settings() {
        std::vector<std::string> problems;
        apply_schema(info_.config_schema, config_, "config", problems);
        for (const auto& problem : problems) note(problem);
        if (info_.config_schema.value("additionalProperties", true)) {
            note(
                "the schema does not say \"additionalProperties\": false, so mistyped keys go "
                "unnoticed");
        }
        if (info_.publishes.empty() && info_.subscribes.empty()) {
            note("the descriptor neither publishes nor subscribes");
        }
    }

    bool start_and_stop() {
        Bench bench(info_, config_, host_program_);
        std::string why;
        if (!bench.started(why)) {
            judge(!bench.broken(), "start without its devices", why);
            note("it did not start: " + why + " (give settings to check the rest)");
            return false;
        }
        bench.watch();
        judge(!bench.ended(), "starts without its devices", bench.text());
        out_ << "        says: " << bench.text() << "; published " << bench.counters().published
             << ", refused " << bench.counters().refused << "\n";
        judge(bench.stop(), "stops", bench.text());
        return true;
    }

    std::string some_type(int number) const {
        if (info_.subscribes.empty() || info_.wants("lap.completed")) return "lap.completed";
        const auto size = static_cast<int>(info_.subscribes.size());
        return *std::next(info_.subscribes.begin(), number % size);
    }

    void flood() {
        if (info_.subscribes.empty()) return note("subscribes to nothing: no flood");
        Bench bench(info_, config_, host_program_);
        std::string why;
        if (!bench.started(why)) return fail("starts again: " + why);
        int sent = 0;
        // In portions that fit the queue, as a busy race would give them.
        bench.run(kFloodLimitUs, [&] {
            for (int i = 0; i < 50 && sent < kFloodFacts; ++i) bench.offer(some_type(sent++));
            return sent >= kFloodFacts || bench.ended();
        });
        bench.watch();
        judge(!bench.ended(), "survives " + std::to_string(sent) + " facts with empty data",
              bench.text());
        if (bench.counters().dropped > 0) {
            note(std::to_string(bench.counters().dropped) +
                 " of them were too fast for it and came as a snapshot");
        }
        judge(bench.stop(), "stops after the flood", bench.text());
    }

    void stop_while_busy() {
        Bench bench(info_, config_, host_program_);
        std::string why;
        if (!bench.started(why)) return fail("starts again: " + why);
        for (int i = 0; i < 500; ++i) bench.offer(some_type(i));
        judge(bench.stop(), "stops while it is busy", bench.text());
    }

    void busy_hub() {
        Bench bench(info_, config_, host_program_);
        bench.hub.answer = Answer::full;
        std::string why;
        if (!bench.started(why)) return fail("starts on a busy hub: " + why);
        bench.watch();
        judge(!bench.broken(), "bears a hub that takes nothing", bench.text());
        bench.stop();
    }

    // The hub never hands over what the schema refuses; a plugin that crashes on it relies on too
    // much all the same.
    void wrong_settings() {
        const json nonsense[] = {
            json::object(), {{"unexpected", json::array({1, 2})}}, wrong_types()};
        for (const json& config : nonsense) {
            Bench bench(info_, config, host_program_);
            std::string why;
            const bool started = bench.started(why);
            if (started) bench.watch();
            judge(!bench.broken(), "survives the settings " + shown(config, 50), bench.text());
        }
    }
    json wrong_types() const {
        json config = json::object();
        if (!info_.config_schema.contains("properties")) return config;
        for (const auto& [key, schema] : info_.config_schema["properties"].items()) {
            config[key] = schema["type"] == "string" ? json(17) : json("seventeen");
        }
        return config;
    }

    const PluginInfo& info_;
    json config_;
    const std::string host_program_;
    std::ostream& out_;
    int failures_ = 0;
};

// Runs `cycle` in a child; empty: well, else what happened.
std::string cycle_in_child(const std::string& host_program, const std::string& file) {
    const std::array<std::string, 3> words{host_program, "cycle", file};
    std::array<char*, words.size() + 1> arguments{};
    for (std::size_t i = 0; i < words.size(); ++i) {
        arguments[i] = const_cast<char*>(words[i].c_str());
    }
    pid_t pid = 0;
    if (::posix_spawn(&pid, host_program.c_str(), nullptr, nullptr, arguments.data(), environ) !=
        0) {
        return host_program + " cannot be started";
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (WIFSIGNALED(status)) return std::string("crashed (") + ::strsignal(WTERMSIG(status)) + ")";
    return WEXITSTATUS(status) == 0 ? "" : "create gave no instance, or too little of one";
}

}  // namespace

int cycle_plugin(const std::string& file) {
    constexpr unsigned kLimitSeconds = 20;
    ::alarm(kLimitSeconds);
    PluginFile library;
    std::string error;
    Fd ours;
    Fd theirs;
    if (!library.open(file, error) || !socket_pair(ours, theirs)) return 1;
    EventLoop loop(theirs.get());
    InstanceHost host(theirs.get(), loop);
    Message hello;
    hello.name = "check";
    hello.seq = hello.cause = 1;
    host.configure(hello);
    for (std::uint32_t index = 0; index < library.count(); ++index) {
        for (int i = 0; i < kCycles; ++i) {
            const rh_plugin* plugin = library.create(index, host.table(), error);
            if (!plugin) return 1;
            plugin->destroy(plugin->self);
        }
    }
    return 0;
}

int check_plugin(const std::string& file, const std::string& config_json,
                 const std::string& host_program, std::ostream& out) {
    Prober prober(host_program);
    const json answer = json::parse(prober.probe(file), nullptr, false);
    if (!answer.value("ok", false)) {
        out << "  FAIL  " << answer.value("error", "no answer") << "\n";
        return 1;
    }
    json config;
    std::string error;
    if (!config_json.empty() && !parse_json(config_json, kMaxConfigBytes, config, error)) {
        out << "  FAIL  the given settings: " << error << "\n";
        return 1;
    }
    int failures = 0;
    const std::string cycled = cycle_in_child(host_program, file);
    out << (cycled.empty() ? "  ok    " : "  FAIL  ") << "creates and destroys " << kCycles
        << " times" << (cycled.empty() ? "" : ": " + cycled) << "\n";
    failures += cycled.empty() ? 0 : 1;
    for (const auto& plugin : answer["plugins"]) {
        const PluginInfo info = read_info(plugin, file);
        const json settings = config_json.empty() ? example_value(info.config_schema) : config;
        failures += Check(info, settings, host_program, out).run();
    }
    out << (failures == 0 ? "All well.\n" : std::to_string(failures) + " findings.\n");
    return failures;
}

}  // namespace racehub::plugin_host

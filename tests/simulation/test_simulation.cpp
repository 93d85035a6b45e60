// Hundreds of seeded race evenings. A failure prints the seed and all options; RACEHUB_SIM_FIRST
// and RACEHUB_SIM_SEEDS run that seed alone, or a night full of them.

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>

#include "tests/simulation/checks.h"
#include "tests/simulation/world.h"

using namespace racehub;
using namespace racehub::test;

namespace {

constexpr std::uint64_t kSeeds = 200;
constexpr int kStepsPerSnapshot = 40;  // a snapshot costs as much as a hundred events

/// Seeds that once found something; they stay.
constexpr std::uint64_t kRegressions[] = {1};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// These evenings are circuit races; heats are timed by a device that reports them whole, other
/// races by others (test_reported.cpp).
bool of_others(std::string_view type) {
    static constexpr std::string_view kReported[] = {
        "race.clocked", "entry.updated", "message.posted", "race.classified", "track.mapped"};
    if (std::find(std::begin(kReported), std::end(kReported), type) != std::end(kReported)) {
        return true;
    }
    return type.starts_with("session.") || type.starts_with("heat.") ||
           type.starts_with("report") || type == "race.held";
}

/// What a canary breaks.
struct Sabotage {
    std::function<void(std::vector<Event>&)> log;         ///< facts as they are folded
    std::function<bool(HubDriver&, const Event&)> input;  ///< true: it has sent the input itself
    bool forget_entropy = false;                          ///< of the logged inputs
};

/// How many facts of each type there were.
using Seen = std::map<std::string_view, std::uint64_t>;

/// What went wrong, or nothing.
std::string run(const Options& options, Seen& seen, const Sabotage& sabotage = {}) {
    HubDriver hub{options.settings, options.lanes};
    hub.spoil_log = sabotage.log;
    World world(options);
    Checks checks;
    try {
        for (std::int32_t step = 0; step < options.steps; ++step) {
            const Event input = world.next(hub.state);
            // Half of the deadlines are taken by their timer, half by the input that comes after.
            if (step % 2 == 0) hub.run_to(input.recv_us);
            hub.now_us = input.recv_us;
            if (!sabotage.input || !sabotage.input(hub, input)) hub.send(input);
            std::string wrong = checks.after(input, hub.outcome, hub.last, hub.state);
            if (wrong.empty() && step % kStepsPerSnapshot == 0)
                wrong = survives_snapshot(hub.state);
            if (!wrong.empty()) {
                return "step " + std::to_string(step) + ": " + wrong + "\n" + encode_event(input);
            }
        }
    } catch (const std::exception& error) {
        return error.what();
    }
    for (const Event& fact : hub.facts) seen[type_of(fact.data)] += 1;
    if (sabotage.forget_entropy) {
        for (Event& input : hub.inputs) input.entropy = 0;
    }
    const std::string wrong = survives_snapshot(hub.state);
    return wrong.empty() ? decides_the_same(hub.inputs, hub.facts) : wrong;
}

/// The first complaint among some seeds, or nothing: a canary may need the right moment.
std::string first_complaint(const Sabotage& sabotage) {
    Seen facts;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const std::string wrong = run(options_of(seed), facts, sabotage);
        if (!wrong.empty()) return wrong;
    }
    return {};
}

}  // namespace

TEST_CASE("Simulated race evenings keep the invariants", "[simulation]") {
    const std::uint64_t first = number_from("RACEHUB_SIM_FIRST", 1);
    const std::uint64_t count = number_from("RACEHUB_SIM_SEEDS", kSeeds);
    std::vector<std::uint64_t> seeds(std::begin(kRegressions), std::end(kRegressions));
    for (std::uint64_t seed = first; seed < first + count; ++seed) seeds.push_back(seed);
    Seen seen;
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint64_t seed : seeds) {
        const Options options = options_of(seed);
        const std::string wrong = run(options, seen);
        if (!wrong.empty()) {
            FAIL_CHECK(describe(options) << "\n"
                                         << wrong << "\nagain: RACEHUB_SIM_FIRST=" << seed
                                         << " RACEHUB_SIM_SEEDS=1 tests/simulation");
        }
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    WARN(seeds.size() << " seeds, " << took.count() << " s");
    if (seeds.size() < kSeeds) return;
    // Evenings on which something never happens do not test it.
    for (std::string_view type : payload_types(Kind::fact)) {
        if (of_others(type)) continue;
        INFO(std::string(type) << ": " << seen[type]);
        CHECK(seen[type] > 20);
        if (std::getenv("RACEHUB_SIM_COUNTS") != nullptr)
            WARN(std::string(type) << ": " << seen[type]);
    }
}

TEST_CASE("Canary: a fact that is folded otherwise than it was decided is seen", "[simulation]") {
    Sabotage sabotage;
    sabotage.log = [](std::vector<Event>& facts) {
        for (Event& fact : facts) {
            if (auto* lap = std::get_if<LapCompleted>(&fact.data)) lap->crossed_us += 1;
        }
    };
    CHECK(first_complaint(sabotage).find("fold") != std::string::npos);
}

TEST_CASE("Canary: a fact that is lost on its way into the log is seen", "[simulation]") {
    Sabotage sabotage;
    sabotage.log = [](std::vector<Event>& facts) {
        if (facts.size() > 1) facts.erase(facts.begin());
    };
    CHECK(first_complaint(sabotage).find("gapless") != std::string::npos);
}

TEST_CASE("Canary: a crossing that is counted twice is seen", "[simulation]") {
    Sabotage sabotage;
    sabotage.input = [](HubDriver& hub, const Event& input) {
        if (!std::holds_alternative<GateCrossed>(input.data)) return false;
        hub.send(input);
        std::vector<Event> first = hub.last;
        hub.send(input);
        hub.last.insert(hub.last.begin(), first.begin(), first.end());
        return true;
    };
    CHECK(first_complaint(sabotage).find("answered 2 times") != std::string::npos);
}

TEST_CASE("Canary: a decision that does not follow from its input is seen", "[simulation]") {
    Sabotage sabotage;
    sabotage.forget_entropy = true;
    CHECK(first_complaint(sabotage).find("deciding again") != std::string::npos);
}

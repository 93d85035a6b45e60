// Figures, not judgements; hidden, run by name:  unit_plugin_host "[measure]" -s
#include <cstdio>
#include <numeric>

#include "tests/unit/plugin_host/rig.h"

using namespace racehub::plugin_host;

namespace {

void print(const char* what, std::vector<std::int64_t> times_us) {
    std::sort(times_us.begin(), times_us.end());
    const auto at = [&](double part) {
        return static_cast<long long>(
            times_us[static_cast<std::size_t>(part * static_cast<double>(times_us.size() - 1))]);
    };
    std::printf("%-46s p50 %lld us, p99 %lld us, worst %lld us\n", what, at(0.5), at(0.99), at(1));
}

}  // namespace

TEST_CASE("round trip, throughput and restart", "[.][measure]") {
    const auto isolation = GENERATE(Isolation::child, Isolation::in_process);
    const char* where = isolation == Isolation::child ? "child" : "in the hub";
    Rig rig;
    rig.options.timings.restart.quarantine_crashes = 1'000;
    rig.options.timings.restart.step_us = 1;
    SourceConfig config = source("puppet");
    config.isolation = isolation;
    config.rate = config.burst = 100'000;
    rig.run({config});
    REQUIRE(rig.ready());
    REQUIRE(rig.said("\"started\""));

    std::vector<std::int64_t> times_us;
    for (int i = 0; i < 3'000; ++i) {
        const std::int64_t start_us = monotonic_us();
        rig.hub.tell("lap.completed", "{}");
        REQUIRE(rig.hub.saw("test.told"));
        times_us.push_back(monotonic_us() - start_us);
    }
    std::printf("%s\n", where);
    print("  fact to plugin, observation back", times_us);

    constexpr int kEvents = 50'000;
    const std::int64_t start_us = monotonic_us();
    for (int sent = 0; sent < kEvents;) {
        for (int i = 0; i < 500; ++i, ++sent) rig.hub.tell("lap.completed", "{}");
        for (int i = 0; i < 500; ++i) REQUIRE(rig.hub.saw("test.told"));
    }
    const double seconds = static_cast<double>(monotonic_us() - start_us) / 1e6;
    std::printf("  facts and answers, 500 at a time: %.0f/s\n", kEvents / seconds);

    if (isolation == Isolation::in_process) return;
    times_us.clear();
    for (int i = 0; i < 50; ++i) {
        const std::int64_t crash_us = monotonic_us();
        rig.hub.order("segv");
        REQUIRE(rig.ready());
        times_us.push_back(monotonic_us() - crash_us);
    }
    print("  segfault to replacement's first snapshot", times_us);
}

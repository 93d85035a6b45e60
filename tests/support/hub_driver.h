#pragma once
// Drives the core as the race thread does, on a clock that the test moves, and checks after every
// input what must hold of any race: gapless seq, the fold of the facts is the live state, legal
// phase edges, a reason with every refusal.

#include <functional>

#include "hub/core/codec.h"
#include "hub/core/decide.h"
#include "tests/support/digest.h"

namespace racehub::test {

/// An ordinary day; no test may depend on which.
inline constexpr TimeUs kMorningUs = 1'700'000'000 * kSecondUs;

constexpr TimeUs operator""_s(unsigned long long seconds) {
    return static_cast<TimeUs>(seconds) * kSecondUs;
}
constexpr TimeUs operator""_ms(unsigned long long milliseconds) {
    return static_cast<TimeUs>(milliseconds) * 1'000;
}

/// True when a race may go from one phase to the other within one fact.
bool legal_edge(Phase from, Phase to, Discipline discipline);
/// True when a new race may be armed where the last one is in that phase.
bool may_begin_race(Phase last);

/// What must hold of a fact just decided, or why not. Empty: all is well.
std::string check_facts(const HubState& live, const std::vector<Event>& facts, HubState& fold);

class HubDriver {
  public:
    /// Knows no track yet.
    HubDriver() = default;
    /// A track "main" with drivers on all its lanes.
    explicit HubDriver(const RaceSettings& settings, std::int32_t lanes = 4);

    // Time. Deadlines that fall into the step are decided at their instant, as the race thread
    // does.
    TimeUs now_us = kMorningUs;
    void run_to(TimeUs at_us);
    void run_for(TimeUs step_us) { run_to(now_us + step_us); }

    // Inputs, all at `now_us` unless said otherwise.
    Outcome send(Event input);
    Outcome command(Payload data, const std::string& track = "main",
                    const std::string& race_id = {});
    /// The car on the lane crosses at that instant of the hub's clock; time runs there first.
    void cross_at(TimeUs at_us, std::int32_t lane, Gate gate = Gate::finish);
    /// The crossing happened at `at_us` and is heard of now.
    void cross_late(TimeUs at_us, std::int32_t lane, Gate gate = Gate::finish);
    /// Stamped by a device clock; heard of at `at_us`, which jitters.
    void cross_stamped(TimeUs at_us, std::int32_t lane, const std::string& clock, TimeUs stamp_us);

    /// Starts a race and runs to lights out; answers the instant of lights out.
    TimeUs start_race();
    /// Runs the lane's laps: crossings at `from_us` plus the running sum of `laps_us`.
    void drive(std::int32_t lane, TimeUs from_us, const std::vector<TimeUs>& laps_us);

    // What came of it.
    HubState state;
    std::vector<Event> inputs;  ///< as decided, with the timers
    std::vector<Event> facts;
    std::vector<Event> last;  ///< facts of the last input
    Outcome outcome;          ///< of the last input
    std::uint32_t entropy = 12'345;

    const Race& race(const std::string& track = "main") const;
    const EntryState& entry(std::int32_t number, const std::string& track = "main") const;
    Phase phase(const std::string& track = "main") const;
    std::vector<TimeUs> laps_us(std::int32_t number) const;  ///< of the counted laps
    std::vector<std::int32_t> order() const;                 ///< entries by position
    Standing standing(std::int32_t number) const;

    template <class P>
    int count() const {
        return count_in<P>(facts);
    }
    template <class P>
    int count_last() const {
        return count_in<P>(last);
    }
    template <class P>
    const P* newest() const {
        for (auto fact = facts.rbegin(); fact != facts.rend(); ++fact) {
            if (const P* data = std::get_if<P>(&fact->data)) return data;
        }
        return nullptr;
    }
    template <class P>
    const Event* newest_event() const {
        for (auto fact = facts.rbegin(); fact != facts.rend(); ++fact) {
            if (std::holds_alternative<P>(fact->data)) return &*fact;
        }
        return nullptr;
    }

    /// For canaries: spoils the facts on their way into the log that is folded and checked.
    std::function<void(std::vector<Event>&)> spoil_log;

  private:
    template <class P>
    static int count_in(const std::vector<Event>& list) {
        int n = 0;
        for (const Event& fact : list) n += std::holds_alternative<P>(fact.data) ? 1 : 0;
        return n;
    }

    HubState fold_;
    std::uint64_t next_key_ = 1;
};

}  // namespace racehub::test

#pragma once
// What sources observe.

#include "hub/core/types.h"

namespace racehub {

/// One detection at a gate. `time_us` of the envelope is when it happened, on the hub's clock.
/// Where the device stamps its detections, `stamp_us` is the device's own figure and `clock` names
/// the clock that made it (device and boot): lap times between two crossings of one clock are
/// differences of stamps, so that network jitter cannot change them.
struct GateCrossed {
    static constexpr std::string_view kType = "gate.crossed";
    Gate gate = Gate::finish;
    std::int32_t lane = 0;
    std::string clock;    ///< empty: time of arrival
    TimeUs stamp_us = 0;  ///< meaningful with `clock` only
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("gate", d.gate);
        v("lane", d.lane, 1, kMaxLanes);
        v.optional("clock", d.clock, kMaxName);
        v.optional("stamp_us", d.stamp_us);
    }
};

/// A numbered gate skipped numbers: that many detections never arrived.
struct GateMissed {
    static constexpr std::string_view kType = "gate.missed";
    Gate gate = Gate::finish;
    std::int32_t lane = 0;
    std::int32_t count = 1;
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("gate", d.gate);
        v("lane", d.lane, 1, kMaxLanes);
        v("count", d.count, 1, 1'000'000);
    }
};

/// A lane's time as a timing device reports it, from the opening of the start gate.
struct LaneTime {
    std::int32_t lane = 0;
    TimeUs time_us = 0;
    template <class Self, class V>
    static void fields(Self& t, V& v) {
        v("lane", t.lane, 1, kMaxLanes);
        v("time_us", t.time_us, -kHourUs, kHourUs);  // negative: a device at fault, to be held
    }
};

/// The start gate of a heat opened.
struct HeatStarted {
    static constexpr std::string_view kType = "heat.started";
    template <class Self, class V>
    static void fields(Self&, V&) {}
};

/// A whole heat as a timing device measured it. An armed lane without a time did not finish; a lane
/// that was not armed was not used. The event's key should be the report's id: a report that is
/// read again then counts once.
struct HeatReported {
    static constexpr std::string_view kType = "heat.reported";
    std::string report_id;
    std::vector<LaneTime> results;
    std::vector<std::int32_t> armed_lanes;  ///< empty: the device did not say
    std::string fault;            ///< what the device's driver found wrong; empty: nothing
    bool missed_reports = false;  ///< reports before this one may be lost
    template <class Self, class V>
    static void fields(Self& d, V& v) {
        v("report_id", d.report_id, kMaxName);
        v("results", d.results, kMaxLanes);
        v.optional("armed_lanes", d.armed_lanes, kMaxLanes);
        v.optional("fault", d.fault, kMaxText);
        v.optional("missed_reports", d.missed_reports);
    }
};

/// The race thread's own clock reached a deadline (source "hub"). Logged, so that deciding again
/// gives the same facts.
struct TimerElapsed {
    static constexpr std::string_view kType = "timer.elapsed";
    template <class Self, class V>
    static void fields(Self&, V&) {}
};

}  // namespace racehub

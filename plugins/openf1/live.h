#pragma once
// A session while it is on: documents of OpenF1's stream become what a replay of them would tell.
// No sockets: topics and texts come in.

#include "plugins/openf1/replay.h"

namespace racehub::openf1 {

class LiveSession {
  public:
    static constexpr std::size_t kMaxDrivers = 128;  ///< as many as a race of the hub has

    /// The session that the documents belong to, when it is known beforehand (from REST).
    void set_session(const SessionRow& info, const std::vector<DriverRow>& drivers);
    /// One message: topic "v1/laps", one document. What is no document of a known collection is
    /// counted. `now_us` is the hub's clock.
    void take(std::string_view topic, std::string_view text, Micros now_us, Listener& listener);
    /// Samples of what is newest. Call it ten times a second.
    void tick(Micros now_us, Listener& listener);

    const SessionRow& info() const { return info_; }
    std::uint64_t documents() const { return documents_; }
    std::uint64_t unusable() const { return unusable_; }
    std::size_t drivers() const { return drivers_.size(); }

  private:
    struct Newest {
        std::optional<LocationRow> place;
        std::optional<CarRow> figures;
        std::optional<IntervalRow> gap;
    };
    bool take_row(std::string_view collection, const nlohmann::json& row, Listener& listener);
    void begin(const SessionRow& info);
    void open_if_changed(Micros now_us, Listener& listener);
    Micros race_us(Micros now_us) const;
    void tell(const std::vector<Report>& reports, Listener& listener);
    Newest* newest(std::int32_t driver);

    SessionRow info_;
    std::map<std::int32_t, DriverRow> drivers_;
    std::optional<LapBook> laps_;
    std::map<std::int32_t, Newest> newest_;
    std::map<std::pair<std::int32_t, std::int32_t>, Micros> lap_starts_;
    std::vector<StintRow> stints_;
    std::optional<WeatherRow> weather_;
    std::set<std::string> told_;  ///< documents without a key of their own
    bool changed_ = false;        ///< who takes part changed since it was told
    bool places_ = false, figures_ = false, gaps_ = false,
         sky_ = false;  ///< new since the last tick
    Micros measured_us_ = 0;
    std::uint64_t documents_ = 0, unusable_ = 0, keys_ = 0;
};

}  // namespace racehub::openf1

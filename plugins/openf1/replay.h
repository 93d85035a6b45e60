#pragma once
// A session told again: one clock for all that is on a screen. Pure: instants of the hub's clock
// come in, observations and samples go out.

#include <functional>
#include <set>

#include "plugins/openf1/reports.h"
#include "plugins/openf1/samples.h"

namespace racehub::openf1 {

/// Takes what a replay tells. `key` is unique for each observation that is not a repetition.
class Listener {
  public:
    virtual ~Listener() = default;
    virtual void observe(const char* type, const std::string& data, const std::string& key) = 0;
    virtual void sample(const char* type, const std::string& data) = 0;
};

struct ReplayStatus {
    Micros race_us = 0, end_us = 0;
    std::int32_t rate = 0;  ///< as set; thousandths
    bool playing = false;
    bool finished = false;
    bool loop = false;
};

class Replay {
  public:
    static constexpr std::int32_t kSlowest = 250, kFastest = 64'000;
    static constexpr Micros kLocatedEveryUs = 100'000;  ///< of the hub's clock, as the others
    static constexpr Micros kMeasuredEveryUs = 200'000;
    static constexpr Micros kGapsEveryUs = 1'000'000;
    static constexpr Micros kWeatherEveryUs = 5'000'000;  ///< newcomers get none of the past

    /// `run` must differ from that of every replay of this session by this source before it: it
    /// makes the keys of what is told again after going back. `listener` outlives this.
    Replay(std::shared_ptr<const Session> session, std::int64_t run, Listener& listener);

    /// Opens the race at that instant of its clock; it stands still until play(). Again: when it
    /// was taken off the track.
    void open(Micros now_us, Micros race_us);
    void play(Micros now_us);
    void pause(Micros now_us);
    /// Thousandths, kSlowest to kFastest; others are brought into that range.
    void set_rate(Micros now_us, std::int32_t rate);
    void set_loop(bool loop) { loop_ = loop; }
    void seek(Micros now_us, Micros race_us);
    /// To the end of the leader's lap with that number. False: there is no such lap.
    bool seek_lap(Micros now_us, std::int32_t lap);
    /// To the next (or previous) event whose name contains `what`. False: there is none.
    bool seek_event(Micros now_us, const std::string& what, bool forward);
    /// Tells what has happened by now. Call it at least ten times a second.
    void tick(Micros now_us);

    Micros race_us(Micros now_us) const;
    ReplayStatus status(Micros now_us) const;
    /// Changes whenever something was told from an earlier place again.
    std::int64_t run() const { return run_; }

  private:
    void tell(std::size_t index);
    void tell_until(Micros race_us);
    /// After a jump: of what is told in between only what still counts at its end.
    void tell_what_counts(std::size_t from, std::size_t to);
    void restate(Micros race_us);
    void set_clock(Micros now_us, Micros race_us, bool rewind);
    void sample(Micros now_us, Micros race_us);
    Micros begin_us() const { return -kLeadUs; }
    Micros end_us() const { return session_->end_us - session_->zero_us; }
    std::int32_t pace() const { return playing_ ? rate_ : 0; }
    std::size_t index_after(Micros race_us) const;

    const std::shared_ptr<const Session> session_;
    const std::vector<Report> reports_;
    Sampler sampler_;
    Listener& listener_;
    std::int64_t run_;
    std::size_t next_ = 0;  ///< of reports_: the first that has not been told
    Micros anchor_us_ = 0, anchor_race_us_ = 0;
    std::int32_t rate_ = 1'000;
    bool playing_ = false, loop_ = false;
    std::uint64_t clocks_ = 0;  ///< settings of the clock told in this run
    Micros located_us_ = 0, measured_us_ = 0, gaps_us_ = 0, weather_us_ = 0;  ///< told last
};

}  // namespace racehub::openf1

#pragma once
// Where the cars are and what they do, as samples: newest wins, nothing is kept in the log. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugins/emperor/protocol/message.h"

namespace racehub::emperor {

class Session;

/// A sample as the SDK takes it.
struct Sample {
    std::string type, data;
};

class Cars {
  public:
    void take(const CarUpdate& update, std::int64_t now_us);
    void take(const Snapshot& snapshot, const Session& session, std::int64_t now_us);
    void take_weather(const SessionInfo& info);
    /// Another session: the places are of no use.
    void forget();

    /// What has changed since the last call: at most one sample of a type.
    std::vector<Sample> changed(const Session& session, std::int64_t now_us);

  private:
    struct Car {
        Place place;
        bool placed = false, driven = false;  // driven: the rest is known, too
        int speed_kmh = 0, gear = 0, rpm = 0;
        std::optional<bool> drs;
        std::int64_t updated_us = 0;
    };
    std::map<int, Car> cars_;  // by CarID; it is a byte
    bool moved_ = false;
    bool measured_ = false;
    std::optional<SessionInfo> weather_;
    std::string shown_weather_;
};

}  // namespace racehub::emperor

#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/web/address.h"

namespace racehub::web {

/// One logged-in race director, as shown in the list.
struct Session {
    std::string id;    ///< public handle, for revoking
    std::string name;  ///< who; goes into the log with each command
    std::string address;
    std::int64_t created_us = 0;
    std::int64_t expires_us = 0;
    std::string token_hash;  ///< SHA-256 of the token, never the token
};

/// The race directors' sessions. Tokens are 256 random bits; only their SHA-256 is kept, in
/// `<state>/sessions.json` (mode 0600), so that a restart of the hub in the middle of a race logs
/// nobody out. [any thread]
class Sessions {
  public:
    static constexpr std::int64_t kLifetimeUs = 12LL * 3600 * 1'000'000;  ///< a race day
    /// More directors than a club has; the oldest session makes room.
    static constexpr std::size_t kMaxSessions = 64;

    /// `now_us` is wall-clock time.
    Sessions(std::filesystem::path state_directory, std::function<std::int64_t()> now_us);

    /// Returns the new session's token, in clear for the only time.
    std::string open(const std::string& name, const std::string& address);
    static std::string hash_of(std::string_view token);
    /// The session of that token hash, if it is known and not expired. Constant-time comparison.
    std::optional<Session> find(std::string_view token_hash) const;
    std::vector<Session> list() const;
    /// False when there is none of that id.
    bool revoke(std::string_view id);
    void revoke_all();

  private:
    void drop_expired();  // with mutex_ held
    void save() const;    // with mutex_ held
    void load();

    const std::filesystem::path file_;
    const std::function<std::int64_t()> now_us_;
    mutable std::mutex mutex_;
    std::vector<Session> sessions_;  // guarded by mutex_; oldest first
};

/// How often a PIN may be tried: 5 times a minute from one address, 20 times a minute in all. [any
/// thread]
class LoginLimits {
  public:
    static constexpr std::size_t kPerAddress = 5;
    static constexpr std::size_t kInAll = 20;
    static constexpr std::int64_t kWindowUs = 60'000'000;

    /// Counts a try. False: one too many, and the PIN must not even be looked at.
    bool take(const Address& address, std::int64_t now_us);
    /// The right PIN: the tries of that address no longer count.
    void forgive(const Address& address);

  private:
    std::mutex mutex_;
    std::deque<std::pair<std::int64_t, Address>> tries_;  // guarded by mutex_; at most kInAll
};

}  // namespace racehub::web

#pragma once
// Serves hand-helds on a port of its own: three files over HTTP, and a frame every 100 ms over a
// websocket. One thread, one epoll; everything is answered from memory.

#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "plugins/openf1/cardputer.h"

namespace racehub::openf1 {

struct HandHeldOptions {
    std::string address = "0.0.0.0";
    int port = 8'000;            ///< the firmware knows no other; 0: any
    std::int64_t alias = 9'523;  ///< the firmware asks for no other session
    /// Instant to show (milliseconds since the replay's beginning), for all alike. Empty: each
    /// hand-held has a replay of its own from the beginning. Called on the server's thread.
    std::function<std::int64_t()> shared_ms;
};

struct HandHeldCounts {
    std::atomic<std::uint64_t> connected{0}, served{0}, frames{0}, skipped{0}, refused{0};
};

class HandHeldServer {
  public:
    static constexpr int kTickMs = 100;
    static constexpr std::size_t kMaxConnections = 2'000;  ///< of a club evening, with room
    static constexpr std::size_t kMaxHead = 4'096;         ///< bytes; theirs has about 300
    static constexpr int kDeadlineMs = 5'000;  ///< for a request; they give up then, too

    HandHeldServer() = default;
    ~HandHeldServer() { stop(); }
    HandHeldServer(const HandHeldServer&) = delete;
    HandHeldServer& operator=(const HandHeldServer&) = delete;

    /// False: `error` says why.
    bool start(const HandHeldOptions& options, std::string& error);
    void stop();
    /// [any thread] From now on this session is shown, under its key and the alias.
    void show(std::shared_ptr<const Session> session);
    int port() const { return port_; }
    const HandHeldCounts& counts() const { return counts_; }

  private:
    /// What is shown now; replaced as a whole.
    struct Shown {
        explicit Shown(std::shared_ptr<const Session> given) : session(given), files(*given) {}
        std::shared_ptr<const Session> session;
        HandHeldFiles files;
    };
    struct Client {
        std::string in, out;
        bool websocket = false, closing = false;
        std::int64_t deadline_ms = 0;  ///< of the request; of the next byte taken, when stuck
        std::int64_t ticks = 0;        ///< frames since its replay began
        std::shared_ptr<const Shown> shown;
        std::unique_ptr<FrameMaker> frames;
    };

    void run();
    void accept_all();
    void read(int fd, Client& client);
    void answer(Client& client);
    void take_frames(Client& client);
    void tick();
    void shared_frame(const std::shared_ptr<const Shown>& shown);
    bool flush(int fd, Client& client);
    void drop(int fd);
    void drop_late();

    HandHeldOptions options_;
    HandHeldCounts counts_;
    int listener_ = -1, epoll_ = -1, timer_ = -1, wake_ = -1, port_ = 0;
    std::thread thread_;
    std::atomic<bool> stopping_{false};
    std::map<int, Client> clients_;  // server's thread, as the next two
    std::unique_ptr<FrameMaker> shared_frames_;
    std::shared_ptr<const Shown> shared_shown_;
    std::string shared_text_;
    std::mutex mutex_;
    std::shared_ptr<const Shown> shown_;  // mutex_
};

}  // namespace racehub::openf1

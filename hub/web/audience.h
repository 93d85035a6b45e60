#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/web/counters.h"
#include "hub/web/event_loop.h"
#include "hub/web/front.h"
#include "hub/web/websocket.h"

namespace racehub::web {

/// The newest frames of one kind, shared by all spectators. Each spectator only keeps how far it
/// has got, so that a thousand slow ones cost no more memory than a thousand fast ones.
class Channel {
  public:
    explicit Channel(std::size_t kept) : frames_(kept) {}
    void push(Frame frame) { frames_[end_++ % frames_.size()] = std::move(frame); }
    std::uint64_t begin() const { return end_ < frames_.size() ? 0 : end_ - frames_.size(); }
    std::uint64_t end() const { return end_; }
    const Frame& at(std::uint64_t index) const { return frames_[index % frames_.size()]; }

  private:
    std::vector<Frame> frames_;
    std::uint64_t end_ = 0;
};

/// Channels of an audience, in order of precedence. Facts must arrive without holes: who falls
/// behind by more than is kept gets a fresh snapshot instead. Of all others only the newest matter.
enum class Topic : std::uint8_t { facts, sources, storage, samples, tick };
inline constexpr std::size_t kTopics = 5;

/// Facts frames kept for spectators that fall behind.
inline constexpr std::size_t kFactsKept = 256;
/// A slow spectator sees the newest sample and the one before it.
inline constexpr std::size_t kSamplesKept = 2;

class Audience;

/// One open websocket. Loop thread only; owned by its audience.
class Spectator final : public Watcher, private WebSocketEvents {
  public:
    Spectator(Audience& audience, std::uint64_t id, Upgrade upgrade);
    ~Spectator();

    std::uint64_t id() const { return id_; }
    std::string address() const { return slot_.address().text(); }
    /// The session that the handshake showed (a token's hash), or empty; whether it still counts is
    /// asked at each command.
    const std::string& session() const { return session_; }
    void set_session(std::string session) { session_ = std::move(session); }

    /// Queues a frame for this spectator alone, ahead of all channels.
    void send(Frame frame);
    /// From here on the channel's next frames.
    void follow(Topic topic, std::uint64_t from);
    /// Sends what there is, as far as the socket takes it.
    void flush();
    /// Says goodbye with a code and closes once that is out.
    void close(CloseCode code, std::string_view reason);
    bool blocked() const { return blocked_; }
    bool closing() const { return closing_; }

    void on_ready(std::uint32_t events) override;
    void sweep(std::int64_t now_us);

  private:
    struct Gathered;

    bool on_text(std::string_view message) override;
    bool on_ping(std::string_view payload) override;
    void on_close(std::optional<std::uint16_t> code) override;
    void on_violation(CloseCode code, std::string_view reason) override;
    bool on_begin() override;

    void read();
    void say_goodbye(Frame frame);
    void catch_up();
    void gather(Gathered& gathered);
    ssize_t write(const Gathered& gathered) const;
    bool advance(const Gathered& gathered, std::size_t written);
    void set_blocked(bool blocked);
    void after_goodbye();
    void gone();

    // What every broadcast touches comes first, in two cache lines: with thousands of spectators
    // the memory is cold each time.
    Audience& audience_;
    std::array<std::uint64_t, kTopics> next_{};  // per topic: the channel index it gets next
    std::vector<Frame> own_;                     // frames for this spectator alone
    Frame partial_;                              // written in part
    std::size_t partial_done_ = 0;
    Fd socket_;
    bool blocked_ = false;
    bool closing_ = false;
    bool shut_ = false;
    bool gone_ = false;
    std::int64_t stuck_since_us_ = 0;  // while blocked: since when the peer has taken nothing

    const std::uint64_t id_;
    AddressSlot slot_;
    std::string session_;
    std::unique_ptr<WebSocketReader> reader_;  // only while a message of the peer is unfinished
    std::int64_t reader_since_us_ = 0;
    std::int64_t tokens_us_;  // rate limit: time in hand, see on_begin()
    std::int64_t tokens_at_us_;
    std::int64_t close_deadline_us_ = 0;
};

/// What a kind of websocket says and understands. Loop thread only.
class AudienceHandler {
  public:
    virtual ~AudienceHandler() = default;
    /// A spectator has come: send it what it needs to begin with, and let it follow the channels.
    virtual void on_join(Spectator& spectator, const RequestHead& head) = 0;
    virtual void on_text(Spectator& spectator, std::string_view message) = 0;
    /// The spectator has lost facts: send it a fresh beginning.
    virtual void on_overrun(Spectator& spectator) = 0;
};

/// All spectators of one kind of websocket: broadcasting, backlog, limits. Loop thread only.
class Audience final : public UpgradeTarget {
  public:
    Audience(EventLoop& loop, AudienceHandler& handler, WebCounters& counters, Refusals& refusals);
    ~Audience() override;

    void adopt(Upgrade upgrade) override;
    /// Puts a frame into a channel; flush() sends.
    void push(Topic topic, Frame frame);
    void flush();
    const Channel& channel(Topic topic) const { return channels_[static_cast<std::size_t>(topic)]; }
    /// Null when it has left.
    Spectator* find(std::uint64_t id) const;
    std::size_t size() const { return everybody_.size(); }
    /// Closes all with "going away".
    void shut();

  private:
    friend class Spectator;
    void leave(Spectator& spectator);
    void sweep();

    EventLoop& loop_;
    AudienceHandler& handler_;
    WebCounters& counters_;
    Refusals& refusals_;
    std::array<Channel, kTopics> channels_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Spectator>> by_id_;
    std::vector<Spectator*> everybody_;  // the same, for broadcasting; null: left during a round
    bool in_round_ = false;
    std::uint64_t next_id_ = 1;
    std::unique_ptr<WebSocketReader> spare_reader_;
};

}  // namespace racehub::web

#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hub/engine/engine.h"
#include "hub/web/audience.h"
#include "hub/web/commander.h"

namespace racehub::web {

/// What the hub says about itself in the first message.
struct HubIdentity {
    std::string name;
    std::string version;
    std::string log_id;
};

/// Version of the messages in schema/asyncapi.yaml.
inline constexpr int kLiveProtocol = 1;
/// Facts that a returning spectator can be given instead of a snapshot.
inline constexpr std::size_t kFactsRemembered = 4096;
/// A snapshot serves newcomers until this many facts have followed it: a storm of newcomers costs
/// one encoding.
inline constexpr std::uint64_t kSnapshotAge = 256;

/// The live socket, `/live`: hello, snapshot, facts after it, samples, commands with outcome.
/// Messages: schema/asyncapi.yaml.
///
/// It folds the facts itself, as every browser does, so that a snapshot and the facts sent after it
/// can never disagree. Loop thread only.
class LiveSocket final : public AudienceHandler {
  public:
    LiveSocket(std::shared_ptr<EventLoop> loop, const Engine& engine, Commander& commander,
               const Sessions& sessions, HubIdentity identity, WebCounters& counters,
               Refusals& refusals);

    UpgradeTarget& target() { return audience_; }
    const HubState& state() const { return state_; }

    /// Before the loop runs: what the facts to come are added to.
    void begin_with(HubState state) { state_ = std::move(state); }
    /// Folds one fact of the batch and keeps it for publish().
    void add_fact(const std::shared_ptr<const Batch>& batch, std::size_t index);
    /// Sends the facts added since the last call, in one message for all.
    void publish();
    /// `sources`: a JSON array.
    void set_sources(std::string sources);
    void set_storage(const StorageStatus& storage);
    /// `sample`: one JSON object.
    void add_sample(const std::string& sample);
    void shut() { audience_.shut(); }

    void on_join(Spectator& spectator, const RequestHead& head) override;
    void on_text(Spectator& spectator, std::string_view message) override;
    void on_overrun(Spectator& spectator) override;

  private:
    struct Remembered {
        std::shared_ptr<const Batch> batch;
        std::size_t index;
        const std::string& json() const { return batch->json[index]; }
        std::uint64_t seq() const { return batch->facts[index].seq; }
    };

    Frame hello(bool director) const;
    void tick();
    void send_snapshot(Spectator& spectator);
    /// Frames with all facts after `seq`, which must be remembered still. Made once for all who ask
    /// before the next fact.
    const std::vector<Frame>& facts_after(std::uint64_t seq);
    bool remembers(std::uint64_t after) const;
    void command(Spectator& spectator, const nlohmann::json& message);
    void error(Spectator& spectator, const Problem& problem);

    const std::shared_ptr<EventLoop> loop_;
    const Engine& engine_;
    Commander& commander_;
    const Sessions& sessions_;
    const HubIdentity identity_;
    Refusals& refusals_;
    Audience audience_;
    HubState state_;
    std::deque<Remembered> facts_;
    std::size_t published_ = 0;  // facts_ from here on have not been sent
    Frame snapshot_;
    std::uint64_t snapshot_seq_ = 0;
    std::map<std::uint64_t, std::vector<Frame>> after_;  // answers of facts_after()
    Frame sources_;
    Frame storage_;  // null: storage is fine
};

}  // namespace racehub::web

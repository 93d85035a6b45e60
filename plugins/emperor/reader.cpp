#include "plugins/emperor/reader.h"

#include <csignal>
#include <random>

#include "plugins/emperor/backoff.h"

namespace racehub::emperor {
namespace {

constexpr std::chrono::seconds kConnectTime{10};
constexpr std::chrono::seconds kWriteTime{5};
// What is wrong for good changes only when somebody changes something: asked for now and then.
constexpr std::int64_t kForGoodMs = 60'000;
constexpr std::size_t kMaxUnknown = 32;  // kinds of event; what comes beyond is bad, not new

bool counts_as_life(const WsMessage& message) { return message.opcode != 8; }

}  // namespace

Reader::Reader(sdk::Host host, const Config& config, Committer& committer, MapFetcher& maps,
               std::function<void()> changed)
    : host_(host),
      config_(config),
      committer_(committer),
      maps_(maps),
      changed_(std::move(changed)),
      follower_(config.teams) {}

void Reader::load() {
    follower_.load([this](const std::string& name) { return host_.kv_get(name); });
}

ReaderStatus Reader::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

void Reader::try_again() {
    const std::lock_guard lock(mutex_);
    try_again_ = true;
}

void Reader::give_up(const std::string& report_id) {
    const std::lock_guard lock(mutex_);
    given_up_ = report_id;
}

void Reader::run(sdk::StopToken& token) {
    // A TLS connection that broke is an error to be read, not a signal to die of.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::random_device random;
    Backoff backoff;
    while (!token.stopping()) {
        Link link(interrupter_);
        if (converse(link, token)) backoff.reset();
        if (token.stopping()) return;
        std::int64_t wait_ms = backoff.next_ms(random());
        {
            const std::lock_guard lock(mutex_);
            status_.connected = false;
            if (status_.for_good) wait_ms = kForGoodMs;
            status_.next_try_us = host_.now_us() + wait_ms * 1'000;
        }
        changed_();
        if (token.wait_for(std::chrono::milliseconds(wait_ms))) return;
    }
}

// True if the connection was open: the next try may come soon.
bool Reader::converse(Link& link, sdk::StopToken& token) {
    std::string problem, bytes;
    bool for_good = false;
    if (!link.open(config_.server, config_.ca_file, config_.tls_insecure,
                   Clock::now() + kConnectTime, problem) ||
        !upgrade(link, bytes, problem, for_good)) {
        set_problem(problem, for_good);
        return false;
    }
    follower_.connected();
    set_problem({}, false);
    host_.info("Connected to " + config_.server.text() + ".");
    Websocket socket(kMaxFrameBytes);
    const auto tick = std::chrono::milliseconds(1'000 / config_.samples_hz);
    const auto silence = std::chrono::seconds(config_.silence_s);
    auto heard = Clock::now();
    auto next_tick = heard + tick;
    bool pinged = false;
    while (!token.stopping()) {
        for (const WsMessage& message : socket.read(bytes)) {
            if (counts_as_life(message)) heard = Clock::now();
            if (message.opcode == 1) take(message.payload);
        }
        bytes.clear();
        if (!socket.output().empty()) {
            if (!link.write(socket.output(), Clock::now() + kWriteTime, problem)) break;
            socket.output().clear();
        }
        if (socket.ended()) {
            problem = socket.problem();
            break;
        }
        const auto now = Clock::now();
        if (now >= next_tick) {
            next_tick = now + tick;
            take_requests();
            publish_samples();
            if (config_.map) publish_map();
        }
        if (now - heard > silence) {
            problem = "The server said nothing for " + std::to_string(config_.silence_s) + " s.";
            break;
        }
        // A server that reads nothing does not answer it; a dead network shows up by it.
        if (!pinged && now - heard > silence / 2) socket.ping();
        pinged = now - heard > silence / 2;
        const Link::Read got = link.read(bytes, next_tick, problem);
        if (got == Link::Read::ended) problem = "The server closed the connection.";
        if (got == Link::Read::ended || got == Link::Read::failed) break;
    }
    set_problem(problem, false);
    return true;
}

bool Reader::upgrade(Link& link, std::string& rest, std::string& problem, bool& for_good) {
    const std::string key = websocket_key();
    const auto deadline = Clock::now() + kConnectTime;
    if (!link.write(upgrade_request(config_, key), deadline, problem)) return false;
    std::string bytes;
    while (!head_end(bytes)) {
        const Link::Read got = link.read(bytes, deadline, problem);
        if (got == Link::Read::data && bytes.size() <= kMaxHeadBytes) continue;
        if (got == Link::Read::data) problem = "What answers is no web server.";
        if (got == Link::Read::nothing) problem = "The server does not answer the request.";
        if (got == Link::Read::ended) problem = "The server closed the connection without a word.";
        return false;
    }
    const std::size_t end = *head_end(bytes);
    problem =
        upgrade_problem(read_head(std::string_view(bytes).substr(0, end)), key, config_, for_good);
    rest = bytes.substr(end);
    return problem.empty();
}

// ---- frames ----

void Reader::take(const std::string& text) {
    const std::int64_t now_us = host_.now_us();
    const Frame frame = read_frame(text);
    note(frame, text);
    const std::string before = follower_.report_id();
    std::vector<Observation> told = follower_.take(frame, now_us);
    if (is_given_up(before)) {
        // Nobody wants the result of a race that was aborted.
        std::erase_if(told, [](const Observation& o) { return o.type == "result.reported"; });
    }
    hand_on(std::move(told));
    const std::lock_guard lock(mutex_);
    status_.heard_us = now_us;
    if (frame.is(EventType::snapshot)) ++status_.snapshots;
}

bool Reader::is_given_up(const std::string& report_id) const {
    const std::lock_guard lock(mutex_);
    return !report_id.empty() && report_id == given_up_;
}

void Reader::hand_on(std::vector<Observation> told) {
    if (told.empty() || is_given_up(follower_.report_id())) return;
    std::uint64_t laps = 0;
    for (const Observation& each : told) laps += each.type == "lap.reported" ? 1 : 0;
    committer_.push(std::move(told), follower_.changed_pieces());
    const std::lock_guard lock(mutex_);
    status_.laps += laps;
}

void Reader::take_requests() {
    bool again = false;
    {
        const std::lock_guard lock(mutex_);
        again = std::exchange(try_again_, false);
    }
    if (again && committer_.shut() && follower_.session() && follower_.session()->opened()) {
        hand_on(follower_.tell_all(host_.now_us()));
    }
    show();
}

void Reader::publish_samples() {
    if (committer_.shut() || is_given_up(follower_.report_id())) return;
    for (const Sample& sample : follower_.samples(host_.now_us())) {
        host_.publish_sample({sample.type, sample.data});
    }
}

void Reader::publish_map() {
    const Snapshot* latest = follower_.latest();
    if (!latest || !follower_.session()->opened()) return;
    const std::string folder = track_folder(latest->session);
    if (folder != map_folder_) {
        map_folder_ = folder;
        map_image_.reset();
        line_told_ = false;
        if (!folder.empty()) maps_.fetch(folder, latest->map);
    }
    std::optional<MapImage> image = maps_.take();
    const bool line = !follower_.line().points().empty();
    if (!image && line == line_told_) return;
    if (image) map_image_ = std::move(image);
    const std::string& name =
        latest->track_name.empty() ? latest->session.track : latest->track_name;
    const std::string data = map_report(name, follower_.line().points(), map_image_);
    // The hub keeps a map: it is not told one that knows less after a reconnect.
    if (data.empty() || host_.publish({"map.reported", data}) != RH_OK) return;
    line_told_ = line;
}

// ---- what people see ----

void Reader::note(const Frame& frame, const std::string& text) {
    const bool bad = !frame.problem.empty();
    const bool unknown = frame.type != 0 && !frame.known();
    if (bad || unknown) {
        const std::lock_guard lock(mutex_);
        if (unknown && (unknown_.contains(frame.type) || unknown_.size() < kMaxUnknown)) {
            ++unknown_[frame.type];
            status_.unknown = unknown_;
        } else {
            ++status_.bad;
        }
    }
    if (bad) {
        host_.logged("note", "The next message was not used: " + frame.problem + ".");
    }
    if (unknown) {
        host_.logged(
            "note", "Event type " + std::to_string(frame.type) + " is not known; it was not used.");
    }
    // Twenty places of each car a second would push everything else out of the log.
    if (!config_.log_messages || frame.is(EventType::car_update)) {
        if (!bad && !unknown) return;
    }
    host_.logged("in",
                 text.empty() ? "(an empty frame: the server has nothing to show yet)" : text);
}

void Reader::set_problem(const std::string& problem, bool for_good) {
    {
        const std::lock_guard lock(mutex_);
        status_.connected = problem.empty();
        status_.for_good = for_good;
        status_.problem = problem;
        status_.next_try_us = 0;
    }
    if (!problem.empty()) host_.logged("note", problem);
    changed_();
}

void Reader::show() {
    std::string about;
    int drivers = 0;
    const Snapshot* latest = follower_.latest();
    if (latest) {
        about = latest->session.server;
        const std::string& track =
            latest->track_name.empty() ? latest->session.track : latest->track_name;
        if (!track.empty()) about += (about.empty() ? "" : ", ") + track;
        if (!latest->session.name.empty()) about += ", " + latest->session.name;
        for (const Driver& driver : latest->drivers) drivers += driver.connected ? 1 : 0;
    }
    const std::lock_guard lock(mutex_);
    status_.about = about;
    status_.drivers = drivers;
    status_.stale = follower_.stale();
}

}  // namespace racehub::emperor

#include "plugins/openf1/live_stream.h"

#include <mosquitto.h>

#include <algorithm>

namespace racehub::openf1 {
namespace {

constexpr int kStepMs = 200;  // how long a stop may have to wait
constexpr std::chrono::seconds kFirstPause{1}, kLongestPause{60};
constexpr const char* kTopics[] = {"sessions", "drivers",      "laps",   "position",
                                   "stints",   "race_control", "pit",    "location",
                                   "car_data", "intervals",    "weather"};

struct Library {
    Library() { mosquitto_lib_init(); }
    ~Library() { mosquitto_lib_cleanup(); }
};

struct Closer {
    void operator()(mosquitto* client) const { mosquitto_destroy(client); }
};

}  // namespace

LiveStream::LiveStream(const Config& config, sdk::Host host)
    : config_(config), host_(host), worker_(host) {
    worker_.start([this](sdk::StopToken& token) { run(token); });
}

LiveStream::~LiveStream() { worker_.stop(); }

void LiveStream::tick(Micros now_us, Listener& listener) {
    std::deque<Document> documents;
    std::optional<SessionRow> info;
    std::vector<DriverRow> drivers;
    {
        const std::lock_guard lock(mutex_);
        documents.swap(waiting_);
        info = std::exchange(known_session_, std::nullopt);
        drivers.swap(known_drivers_);
    }
    if (info) session_.set_session(*info, drivers);
    for (const Document& document : documents) {
        session_.take(document.topic, document.text, now_us, listener);
    }
    session_.tick(now_us, listener);
}

rh_health LiveStream::health() const {
    const std::lock_guard lock(mutex_);
    return health_;
}

std::string LiveStream::status_text() const {
    std::string text;
    {
        const std::lock_guard lock(mutex_);
        text = status_;
        if (lost_ > 0) text += " " + std::to_string(lost_) + " documents were lost.";
    }
    if (session_.info().session_key > 0) {
        openf1::Session named;
        named.info = session_.info();
        text += " " + named.title() + ": " + std::to_string(session_.drivers()) + " drivers, " +
                std::to_string(session_.documents()) + " documents.";
    }
    if (session_.unusable() > 0) {
        text += " Not understood: " + std::to_string(session_.unusable()) + ".";
    }
    return text;
}

void LiveStream::set_status(rh_health health, std::string text) {
    const std::lock_guard lock(mutex_);
    health_ = health;
    status_ = std::move(text);
}

void LiveStream::run(sdk::StopToken& token) {
    static const Library library;
    std::chrono::milliseconds pause = kFirstPause;
    while (!token.stopping()) {
        std::string password, problem;
        if (!config_.api.username.empty() && !log_in(password, problem)) {
            set_status(RH_HEALTH_DEGRADED, problem);
        } else {
            know_the_session(token);
            const auto began = std::chrono::steady_clock::now();
            serve(token, password);
            // A connection that held was a good one: try again soon.
            if (std::chrono::steady_clock::now() - began > kLongestPause) pause = kFirstPause;
        }
        if (token.wait_for(pause)) return;
        pause = std::min<std::chrono::milliseconds>(pause * 2, kLongestPause);
    }
}

bool LiveStream::log_in(std::string& token, std::string& problem) {
    int valid_s = 0;
    return fetch_token(config_.api, token, valid_s, problem);
}

/// Who drives in which session: the stream tells that only when it changes.
void LiveStream::know_the_session(sdk::StopToken& token) {
    const auto wait = [&](int ms) { return !token.wait_for(std::chrono::milliseconds(ms)); };
    ApiOptions options = config_.api;
    options.most_tries = 2;
    options.timeout_s = 2;  // a stop waits for it
    const auto api = make_http_api(options, wait, [](const std::string&) {});
    const std::string key =
        config_.wanted.session_key > 0 ? std::to_string(config_.wanted.session_key) : "latest";
    std::size_t unusable = 0;
    const auto infos =
        read_rows<SessionRow>(api->get("sessions", "session_key=" + key).rows, unusable);
    if (infos.empty()) return;
    const std::string found = std::to_string(infos.back().session_key);
    const auto drivers =
        read_rows<DriverRow>(api->get("drivers", "session_key=" + found).rows, unusable);
    const std::lock_guard lock(mutex_);
    known_session_ = infos.back();
    known_drivers_ = drivers;
}

void LiveStream::take(const mosquitto_message& message) {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMostWaiting || message.payloadlen > 65'536) {
        ++lost_;
        return;
    }
    waiting_.push_back({message.topic, std::string(static_cast<const char*>(message.payload),
                                                   static_cast<std::size_t>(message.payloadlen))});
}

void LiveStream::serve(sdk::StopToken& token, const std::string& password) {
    const std::unique_ptr<mosquitto, Closer> client(mosquitto_new(nullptr, true, this));
    if (!client) return set_status(RH_HEALTH_DEGRADED, "No memory for a connection.");
    const std::string where = config_.mqtt_host + ":" + std::to_string(config_.mqtt_port);
    mosquitto_message_callback_set(client.get(),
                                   [](mosquitto*, void* self, const mosquitto_message* message) {
                                       static_cast<LiveStream*>(self)->take(*message);
                                   });
    mosquitto_connect_callback_set(client.get(), [](mosquitto* self, void*, int code) {
        if (code != 0) return;
        for (const char* topic : kTopics) {
            mosquitto_subscribe(self, nullptr, (std::string("v1/") + topic).c_str(), 0);
        }
    });
    if (!password.empty()) {
        mosquitto_username_pw_set(client.get(), config_.api.username.c_str(), password.c_str());
    }
    if (config_.mqtt_tls) {
        const bool own = !config_.api.ca_file.empty();
        mosquitto_tls_set(client.get(), own ? config_.api.ca_file.c_str() : nullptr,
                          own ? nullptr : "/etc/ssl/certs", nullptr, nullptr, nullptr);
    }
    int result = mosquitto_connect(client.get(), config_.mqtt_host.c_str(), config_.mqtt_port, 30);
    const auto until = std::chrono::steady_clock::now() + kReconnectAfter;
    if (result == MOSQ_ERR_SUCCESS) set_status(RH_HEALTH_OK, "Connected to " + where + ".");
    while (result == MOSQ_ERR_SUCCESS && !token.stopping()) {
        result = mosquitto_loop(client.get(), kStepMs, 1);
        if (!password.empty() && std::chrono::steady_clock::now() > until) break;
    }
    if (token.stopping() || result == MOSQ_ERR_SUCCESS) return;
    set_status(RH_HEALTH_DEGRADED, "No stream from " + where + ": " + mosquitto_strerror(result) +
                                       ". Trying again by itself.");
}

}  // namespace racehub::openf1

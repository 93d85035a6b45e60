#include "plugins/mqtt_gates/broker.h"

#include <fcntl.h>
#include <mosquitto.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>

namespace racehub::mqtt {
namespace {

constexpr int kTickMs = 250;              // keepalive and late signals are looked after so often
constexpr std::int64_t kReachMs = 5'000;  // for the TCP connection to one address
constexpr std::int64_t kConnackUs = 10'000'000;   // for TLS and the broker's answer
constexpr std::int64_t kShortLifeUs = 3'000'000;  // a connection that ends sooner has a rival
constexpr int kMaxAtOnce = 64;                    // packets read before they are looked at
constexpr std::size_t kMaxSignals = 16;           // start signals waiting at once; one race has one
constexpr const char* kSystemAuthorities = "/etc/ssl/certs";

// A descriptor that closes itself.
struct Descriptor {
    int fd = -1;
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
};

// Waits for the non-blocking connect of `fd`; 0 or the error.
int wait_connected(int fd, sdk::StopToken& token) {
    for (std::int64_t waited_ms = 0; waited_ms < kReachMs; waited_ms += kTickMs) {
        pollfd watched{fd, POLLOUT, 0};
        if (::poll(&watched, 1, kTickMs) > 0) {
            int error = 0;
            socklen_t size = sizeof error;
            ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
            return error;
        }
        if (token.stopping()) return ECANCELED;
    }
    return ETIMEDOUT;
}

bool readable(const std::string& file) { return ::access(file.c_str(), R_OK) == 0; }

// The part of OpenSSL's "error:0A000086:SSL routines::certificate verify failed" that people
// understand.
std::string last_part(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == text.npos || colon + 1 >= text.size()) return text;
    const auto first = text.find_first_not_of(' ', colon + 1);
    return first == text.npos ? text : text.substr(first);
}

}  // namespace

Broker::Broker(const Config& config, std::string client_id, std::string presence_topic,
               sdk::Host host, BrokerListener& listener)
    : config_(config),
      client_id_(std::move(client_id)),
      presence_topic_(std::move(presence_topic)),
      where_(config.host + ":" + std::to_string(config.port)),
      host_(host),
      listener_(listener),
      wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    // Never the counterpart mosquitto_lib_cleanup: other instances may live in this process.
    static std::once_flag once;
    std::call_once(once, [] { mosquitto_lib_init(); });
    status_.text = "Connecting to " + where_ + ".";
}

Broker::~Broker() {
    close();
    if (wake_fd_ >= 0) ::close(wake_fd_);
}

void Broker::wake() {
    const std::uint64_t one = 1;
    // It can only fail if it is set already.
    if (::write(wake_fd_, &one, sizeof one) < 0) return;
}

void Broker::drain_wakes() {
    std::uint64_t count = 0;
    while (::read(wake_fd_, &count, sizeof count) > 0) {
    }
}

BrokerStatus Broker::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

void Broker::set_status(rh_health health, bool connected, std::string text) {
    {
        const std::lock_guard lock(mutex_);
        if (connected != status_.connected || status_.since_us == 0) {
            status_.since_us = host_.now_us();
        }
        if (connected && !status_.connected) ++status_.connects;
        status_.health = health;
        status_.connected = connected;
        status_.text = std::move(text);
        status_.next_try_us = 0;
    }
    listener_.on_status();
}

// ---- What is to be published ----

void Broker::retain(const std::string& topic, const std::string& payload) {
    {
        const std::lock_guard lock(mutex_);
        Retained& entry = retained_[topic];
        if (entry.payload == payload) return;
        entry = {payload, false};
    }
    wake();
}

void Broker::signal(const std::string& topic, const std::string& payload, std::int64_t until_us) {
    {
        const std::lock_guard lock(mutex_);
        if (signals_.size() >= kMaxSignals) signals_.pop_front();
        signals_.push_back({topic, payload, until_us});
    }
    wake();
}

void Broker::publish_waiting() {
    const std::lock_guard lock(mutex_);
    const std::int64_t now_us = host_.now_us();
    // QoS 0 on a live connection: once or not at all. A start signal that comes twice, or late,
    // does harm.
    const auto publish = [this](const std::string& topic, const std::string& payload, bool keep) {
        return mosquitto_publish(client_, nullptr, topic.c_str(), static_cast<int>(payload.size()),
                                 payload.data(), 0, keep) == MOSQ_ERR_SUCCESS;
    };
    for (const Signal& each : signals_) {
        if (now_us <= each.until_us && publish(each.topic, each.payload, false)) continue;
        host_.warn("The start signal was not sent: the connection was not ready in time.");
    }
    signals_.clear();
    for (auto& [topic, entry] : retained_) {
        if (!entry.told) entry.told = publish(topic, entry.payload, true);
    }
}

void Broker::drop_late_signals(bool all) {
    const std::lock_guard lock(mutex_);
    const std::int64_t now_us = host_.now_us();
    const std::size_t before = signals_.size();
    std::erase_if(signals_, [&](const Signal& each) { return all || now_us > each.until_us; });
    if (signals_.size() != before) {
        host_.warn("The start signal was not sent: there is no connection to " + where_ + ".");
    }
}

void Broker::forget_told() {
    const std::lock_guard lock(mutex_);
    for (auto& [topic, entry] : retained_) entry.told = false;
}

// ---- Connecting ----

void Broker::run(sdk::StopToken& token) {
    std::minstd_rand random(std::random_device{}());
    while (!token.stopping()) {
        std::string problem;
        if (reach(token, problem) && open(problem)) serve(token);
        if (token.stopping()) break;
        if (!problem.empty()) failed(problem);
        const std::int64_t wait_ms = backoff_.next_ms(static_cast<std::uint32_t>(random()));
        {
            const std::lock_guard lock(mutex_);
            status_.next_try_us = host_.now_us() + wait_ms * 1000;
        }
        listener_.on_status();
        for (std::int64_t waited_ms = 0; waited_ms < wait_ms; waited_ms += kTickMs) {
            if (token.wait_for(std::chrono::milliseconds(
                    std::min<std::int64_t>(kTickMs, wait_ms - waited_ms)))) {
                break;
            }
            drop_late_signals(false);
        }
    }
    close();
}

void Broker::failed(const std::string& problem) {
    host_.warn(problem);
    const bool ours = !refusal_.empty() || problem.starts_with("TLS");
    set_status(ours ? RH_HEALTH_FAILED : RH_HEALTH_DEGRADED, false, problem);
}

// libmosquitto's own connect blocks for minutes where nobody answers, and its asynchronous one
// tries the first of several addresses only. So the way is tried first, with a deadline and an ear
// for the stop.
bool Broker::reach(sdk::StopToken& token, std::string& problem) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(config_.port);
    if (const int error = ::getaddrinfo(config_.host.c_str(), port.c_str(), &hints, &found)) {
        problem = "The broker's name \"" + config_.host + "\" is not known (" +
                  ::gai_strerror(error) + "): check host, or give its IP address.";
        return false;
    }
    int error = 0;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        const Descriptor probe{
            ::socket(each->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        error = ::connect(probe.fd, each->ai_addr, each->ai_addrlen) == 0 ? 0 : errno;
        if (error == EINPROGRESS) error = wait_connected(probe.fd, token);
        if (error == 0 || error == ECANCELED) break;
    }
    ::freeaddrinfo(found);
    if (error == 0) return true;
    problem = "No connection to the broker " + where_ + " (" + std::strerror(error) +
              "): is it running, and are host and port right?";
    return false;
}

bool Broker::configure(std::string& problem) {
    mosquitto_threaded_set(client_, true);
    mosquitto_connect_with_flags_callback_set(
        client_, [](mosquitto*, void* self, int code, int flags) {
            static_cast<Broker*>(self)->on_connack(code, flags);
        });
    mosquitto_message_callback_set(client_, [](mosquitto*, void* self, const mosquitto_message* m) {
        const auto size = static_cast<std::size_t>(m->payloadlen);
        const std::string_view payload(static_cast<const char*>(m->payload), size);
        static_cast<Broker*>(self)->on_message(m->mid, m->topic, payload, m->qos, m->retain);
    });
    mosquitto_subscribe_callback_set(
        client_, [](mosquitto*, void* self, int mid, int count, const int* granted) {
            const bool permitted = count > 0 && granted[0] < 0x80;
            if (!permitted) static_cast<Broker*>(self)->on_forbidden(mid);
        });
    mosquitto_log_callback_set(client_, [](mosquitto*, void* self, int level, const char* text) {
        static_cast<Broker*>(self)->on_log(level, text);
    });
    if (!config_.username.empty()) {
        mosquitto_username_pw_set(client_, config_.username.c_str(), config_.password.c_str());
    }
    if (!presence_topic_.empty()) {
        mosquitto_will_set(client_, presence_topic_.c_str(), 7, "offline", 0, true);
    }
    if (!config_.tls) return true;
    for (const auto& [key, file] : {std::pair{"tls_ca_file", &config_.tls_ca_file},
                                    std::pair{"tls_cert_file", &config_.tls_cert_file},
                                    std::pair{"tls_key_file", &config_.tls_key_file}}) {
        if (file->empty() || readable(*file)) continue;
        problem = std::string("TLS: ") + key + " " + *file + " cannot be read (" +
                  std::strerror(errno) + "): check its name and its permissions.";
        return false;
    }
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? nullptr : text.c_str();
    };
    const int error = mosquitto_tls_set(client_, text_or_null(config_.tls_ca_file),
                                        config_.tls_ca_file.empty() ? kSystemAuthorities : nullptr,
                                        text_or_null(config_.tls_cert_file),
                                        text_or_null(config_.tls_key_file), nullptr);
    mosquitto_tls_insecure_set(client_, config_.tls_insecure);
    if (error != MOSQ_ERR_SUCCESS) problem = std::string("TLS: ") + mosquitto_strerror(error) + ".";
    return error == MOSQ_ERR_SUCCESS;
}

bool Broker::open(std::string& problem) {
    close();
    acknowledged_ = false;
    refusal_.clear();
    last_error_.clear();
    client_ = mosquitto_new(client_id_.c_str(), config_.clean_session, this);
    if (client_ == nullptr) {
        problem = "No memory for a connection to " + where_ + ".";
        return false;
    }
    if (!configure(problem)) return false;
    const int error =
        mosquitto_connect(client_, config_.host.c_str(), config_.port, config_.keepalive_s);
    if (error == MOSQ_ERR_SUCCESS) return true;
    const int reason = errno;
    const std::string detail =
        error == MOSQ_ERR_ERRNO ? std::strerror(reason) : mosquitto_strerror(error);
    problem = (error == MOSQ_ERR_TLS ? "TLS: " : "No connection to ") + where_ + ": " + detail +
              " " + last_part(last_error_);
    return false;
}

void Broker::close() {
    if (client_ != nullptr) mosquitto_destroy(client_);
    client_ = nullptr;
}

// ---- Connected ----

int Broker::step(int socket) {
    const bool reads = !listener_.crowded();
    const bool writes = listener_.settled() && mosquitto_want_write(client_);
    const auto wanted = static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
    // A closed socket would make a poll that wants nothing return at once, again and again.
    pollfd watched[2] = {{wanted != 0 ? socket : -1, wanted, 0}, {wake_fd_, POLLIN, 0}};
    ::poll(watched, 2, kTickMs);
    drain_wakes();
    int error = MOSQ_ERR_SUCCESS;
    if (reads && watched[0].revents != 0) error = read_all(socket);
    // Asked again: what has just been read may be a crossing that is not stored yet.
    if (error == MOSQ_ERR_SUCCESS && listener_.settled()) {
        if (acknowledged_) publish_waiting();
        error = mosquitto_loop_write(client_, 1);
    }
    return error == MOSQ_ERR_SUCCESS ? mosquitto_loop_misc(client_) : error;
}

int Broker::read_all(int socket) {
    int error = MOSQ_ERR_SUCCESS;
    pollfd watched{socket, POLLIN, 0};
    for (int i = 0; i < kMaxAtOnce && error == MOSQ_ERR_SUCCESS; ++i) {
        error = mosquitto_loop_read(client_, 1);
        if (mosquitto_socket(client_) < 0 || ::poll(&watched, 1, 0) <= 0) break;
    }
    listener_.on_all_read();
    return error;
}

void Broker::serve(sdk::StopToken& token) {
    const std::int64_t deadline_us = host_.now_us() + kConnackUs;
    int error = MOSQ_ERR_SUCCESS;
    while (!token.stopping() && error == MOSQ_ERR_SUCCESS) {
        const int socket = mosquitto_socket(client_);
        if (socket < 0) break;
        error = step(socket);
        if (!acknowledged_ && host_.now_us() > deadline_us) {
            last_error_ = "no answer to the MQTT greeting";
            break;
        }
        // libmosquitto takes a handshake that the other side cut for one that is going on, and
        // would spin here.
        if (!acknowledged_ && config_.tls) token.wait_for(std::chrono::milliseconds(5));
    }
    if (token.stopping()) {
        if (acknowledged_ && listener_.settled()) {
            if (!presence_topic_.empty()) {
                mosquitto_publish(client_, nullptr, presence_topic_.c_str(), 7, "offline", 0, true);
            }
            mosquitto_disconnect(client_);
            mosquitto_loop_write(client_, 1);
        }
        return;  // not settled: the broker keeps what was not acknowledged
    }
    const bool was_connected = acknowledged_;
    forget_told();
    close();
    if (!refusal_.empty()) return failed(refusal_);
    if (!was_connected) {
        return failed((config_.tls ? "TLS: " : "") + where_ + " closed the connection (" +
                      last_part(last_error_.empty() ? mosquitto_strerror(error) : last_error_) +
                      "): " +
                      (config_.tls ? "the broker's certificate must name " + config_.host +
                                         " and be signed by the authority in tls_ca_file."
                                   : "is this an MQTT port without TLS?"));
    }
    short_lives_ = host_.now_us() - connected_us_ < kShortLifeUs ? short_lives_ + 1 : 0;
    if (short_lives_ == 0) backoff_.reset();
    failed(short_lives_ >= 2
               ? "The connection to " + where_ + " is lost again and again: probably " +
                     "another client uses the client id \"" + client_id_ + "\"."
               : "The connection to the broker " + where_ + " was lost.");
}

void Broker::on_connack(int code, int flags) {
    if (code == 0) {
        acknowledged_ = true;
        connected_us_ = host_.now_us();
        subscribe();
        const bool session_present = (flags & 1) != 0;
        if (short_lives_ == 0) backoff_.reset();
        listener_.on_connected(session_present);
        const std::string insecure =
            config_.tls && config_.tls_insecure ? ", its name not checked (tls_insecure)" : "";
        set_status(insecure.empty() ? RH_HEALTH_OK : RH_HEALTH_DEGRADED, true,
                   "Connected to " + where_ + (config_.tls ? " by TLS" : "") + insecure + " as " +
                       client_id_ + ".");
        return;
    }
    if (code == 4 || code == 5) {
        refusal_ = "The broker " + where_ + " refused " +
                   (config_.username.empty() ? "a client without user name"
                                             : "user \"" + config_.username + "\"") +
                   ": correct username and password.";
    } else {
        refusal_ = "The broker " + where_ + " refused the connection (" +
                   mosquitto_connack_string(code) + ").";
    }
}

void Broker::subscribe() {
    subscriptions_.clear();
    for (const GateRule& rule : config_.gates) {
        const auto same = [&rule](const auto& each) { return each.second == rule.topic; };
        if (std::any_of(subscriptions_.begin(), subscriptions_.end(), same)) continue;
        int packet_id = 0;
        mosquitto_subscribe(client_, &packet_id, rule.topic.c_str(), config_.qos);
        subscriptions_[packet_id] = rule.topic;
    }
}

void Broker::on_forbidden(int packet_id) {
    const std::string text = "The broker " + where_ + " does not let " + client_id_ +
                             " read the topic " + subscriptions_[packet_id] +
                             ": permit it in the broker's access list.";
    host_.warn(text);
    set_status(RH_HEALTH_DEGRADED, true, text);
}

void Broker::on_message(int packet_id, const char* topic, std::string_view payload, int qos,
                        bool retained) {
    Message message;
    message.arrived_us = host_.now_us();  // first of all: this is the lap time of a plain gate
    message.topic = topic;
    message.payload = payload;
    message.packet_id = qos > 0 ? packet_id : 0;
    message.retained = retained;
    message.repeated = repeated_;
    listener_.on_message(message, qos);
}

// libmosquitto tells the DUP flag nowhere but in this line, just before it delivers the message. If
// its words change, a message that was delivered twice counts as two.
void Broker::on_log(int level, const char* text) {
    if (level == MOSQ_LOG_DEBUG) {
        if (const char* found = std::strstr(text, "received PUBLISH (d"))
            repeated_ = found[19] == '1';
        return;
    }
    if (level == MOSQ_LOG_ERR) last_error_ = text;
}

}  // namespace racehub::mqtt

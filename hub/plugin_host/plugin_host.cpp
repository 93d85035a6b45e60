#include "hub/plugin_host/plugin_host.h"

#include <racehub/plugin.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "hub/plugin_host/config_schema.h"

namespace racehub::plugin_host {
namespace {

using nlohmann::json;

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += (text.empty() ? "" : "; ") + line;
    return text;
}

std::string path_of(const SourceConfig& config) { return "plugins[" + config.id + "]"; }

// Places in the list, removed sources included, and files in the plugin folders: far more than a
// club has.
constexpr std::size_t kMaxPlaces = 256;

// Which plugin of the file: the named one, or the only one. Null: `error`.
const json* choose(const json& plugins, const std::string& id, std::string& error) {
    std::string known;
    for (const auto& plugin : plugins) {
        if (plugin["id"] == id || (id.empty() && plugins.size() == 1)) return &plugin;
        known += (known.empty() ? "" : ", ") + plugin.value("id", "");
    }
    error = id.empty() ? "is missing: the file has several plugins: " + known
                       : "is not in the file, which has: " + known;
    return nullptr;
}

}  // namespace

PluginHost::PluginHost(Options options, HubPort& port)
    : options_(std::move(options)),
      port_(port),
      prober_(options_.host_program),
      mail_(std::make_shared<Mail>()),
      context_{port, options_.timings, options_.host_program,
               [this](int level, const std::string& source, const std::string& text) {
                   if (options_.log) options_.log(level, source, text);
               },
               [mail = mail_](Completion completion) {
                   {
                       const std::lock_guard lock(mail->mutex);
                       mail->completions.push_back(std::move(completion));
                   }
                   mail->wake();
               }} {
    mail_->wake_fd.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

PluginHost::~PluginHost() { stop(); }

// ---- Configuration -----------------------------------------------------------------------------

std::string PluginHost::find_file(const std::string& library) const {
    namespace fs = std::filesystem;
    const bool is_path = library.find('/') != std::string::npos;
    if (is_path || fs::path(library).extension() == ".so") return library;
    std::error_code ignored;
    for (const auto& folder : options_.plugin_folders) {
        const fs::path candidate = fs::path(folder) / (library + ".so");
        if (fs::exists(candidate, ignored)) return candidate.string();
    }
    return {};
}

bool PluginHost::look_up(const SourceConfig& config, PluginInfo& info,
                         std::vector<std::string>& own) const {
    const std::string path = path_of(config);
    const std::string file = find_file(config.library);
    if (file.empty()) {
        std::string folders;
        for (const auto& folder : options_.plugin_folders) folders += " " + folder;
        own.push_back(path + ".library: there is no \"" + config.library + ".so\" in" +
                      (folders.empty() ? " any plugin folder (none is configured)" : folders));
        return false;
    }
    const json answer = json::parse(prober_.probe(file), nullptr, false);
    if (!answer.value("ok", false)) {
        own.push_back(path + ".library: " + answer.value("error", "cannot be looked at"));
        return false;
    }
    std::string error;
    const json* plugin = choose(answer["plugins"], config.plugin_id, error);
    if (!plugin) return own.push_back(path + ".plugin_id: " + error), false;
    info = read_info(*plugin, file);
    return true;
}

PluginHost::Inspected PluginHost::inspect(SourceConfig config,
                                          std::vector<std::string>& problems) const {
    Inspected result{std::move(config), {}, {}, {}};
    result.given = result.config.config;
    const std::string path = path_of(result.config);
    std::vector<std::string> own;
    if (!SourceConfig::is_id(result.config.id)) {
        own.push_back(path + ".id: must be of letters, digits, '_', '-', '.', and not \"hub\"");
    }
    if (look_up(result.config, result.info, own)) {
        apply_schema(result.info.config_schema, result.config.config, path + ".config", own);
        if (result.config.config.dump().size() > kMaxConfigBytes) {
            own.push_back(path + ".config: is larger than " + std::to_string(kMaxConfigBytes) +
                          " bytes");
        }
    }
    result.problem = joined(own);
    problems.insert(problems.end(), own.begin(), own.end());
    return result;
}

std::string PluginHost::conflict_with(const std::vector<Shown>& others, const Inspected& source) {
    std::size_t count = 0;
    for (const Shown& other : others) count += other.removed ? 0 : 1;
    if (count >= kMaxSources) {
        return ": a hub runs at most " + std::to_string(kMaxSources) + " plugins";
    }
    for (const Shown& other : others) {
        if (other.removed) continue;
        if (other.source.config.id == source.config.id) {
            return ".id: is used twice; each plugin instance needs its own";
        }
        if (source.info.singleton && other.source.info.id == source.info.id) {
            return ".library: " + source.info.name + " can run only once in a hub";
        }
    }
    return {};
}

std::vector<std::string> PluginHost::configure(std::vector<SourceConfig> sources) {
    std::vector<std::string> problems;
    std::vector<Shown> shown;
    sources_.clear();
    for (SourceConfig& config : sources) {
        Inspected source = inspect(std::move(config), problems);
        const std::string conflict = conflict_with(shown, source);
        if (!conflict.empty()) {
            source.problem = path_of(source.config) + conflict;
            problems.push_back(source.problem);
        }
        sources_.push_back(std::make_unique<Source>(sources_.size(), source.config, source.info,
                                                    source.problem, context_));
        shown.push_back(
            {std::move(source), sources_.back()->status(), sources_.back()->log(), false});
    }
    const std::lock_guard lock(mutex_);
    shown_ = std::move(shown);
    return problems;
}

std::size_t PluginHost::number_of(const std::string& id, bool removed) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(shown_.begin(), shown_.end(), [&](const Shown& shown) {
        return shown.source.config.id == id && (removed || !shown.removed);
    });
    return found == shown_.end() ? std::string::npos
                                 : static_cast<std::size_t>(found - shown_.begin());
}

bool PluginHost::restart(const std::string& id) {
    const std::lock_guard changing(change_mutex_);
    const std::size_t number = number_of(id);
    if (number == std::string::npos) return false;
    SourceConfig config;
    {
        const std::lock_guard lock(mutex_);
        config = shown_[number].source.config;
        config.config = shown_[number].source.given;
        config.enabled = true;
    }
    // The file may be another one by now; the settings are those of the configuration.
    std::vector<std::string> problems;
    auto inspected = std::make_shared<Inspected>(inspect(std::move(config), problems));
    {
        const std::lock_guard lock(mutex_);
        shown_[number].source = *inspected;
    }
    request({number, Request::Kind::restart, std::move(inspected), {}, {}, nullptr});
    return true;
}

std::vector<std::string> PluginHost::put(SourceConfig config) {
    const std::lock_guard changing(change_mutex_);
    std::vector<std::string> problems;
    auto inspected = std::make_shared<Inspected>(inspect(std::move(config), problems));
    const std::size_t number = number_of(inspected->config.id, true);
    const bool known = number != std::string::npos;
    std::unique_lock lock(mutex_);
    std::vector<Shown> others = shown_;
    if (known) others.erase(others.begin() + static_cast<std::ptrdiff_t>(number));
    const std::string conflict = conflict_with(others, *inspected);
    if (!conflict.empty()) problems.push_back(path_of(inspected->config) + conflict);
    if (!known && shown_.size() >= kMaxPlaces) {
        problems.push_back(path_of(inspected->config) +
                           ": too many plugins were added and removed; restart the hub");
    }
    if (!problems.empty()) return problems;
    if (known) {
        shown_[number].source = *inspected;
        shown_[number].removed = false;
        lock.unlock();
        request({number, Request::Kind::restart, std::move(inspected), {}, {}, nullptr});
        return {};
    }
    const std::size_t place = shown_.size();
    auto added = std::make_unique<Source>(place, inspected->config, inspected->info, "", context_);
    shown_.push_back({*inspected, added->status(), added->log(), false});
    lock.unlock();
    request({place, Request::Kind::add, nullptr, {}, {}, std::move(added)});
    return {};
}

bool PluginHost::remove(const std::string& id) {
    const std::lock_guard changing(change_mutex_);
    const std::size_t number = number_of(id);
    if (number == std::string::npos) return false;
    {
        const std::lock_guard lock(mutex_);
        shown_[number].removed = true;
    }
    request({number, Request::Kind::stop, nullptr, {}, {}, nullptr});
    if (options_.on_change) options_.on_change();
    return true;
}

std::optional<PluginHost::Inspected> PluginHost::inspected(const std::string& id) const {
    const std::size_t number = number_of(id);
    if (number == std::string::npos) return std::nullopt;
    const std::lock_guard lock(mutex_);
    return shown_[number].source;
}

json PluginHost::plugins() const {
    namespace fs = std::filesystem;
    std::set<std::string> libraries;
    for (const auto& folder : options_.plugin_folders) {
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(folder, ignored)) {
            const bool library = entry.path().extension() == ".so";
            if (library && libraries.size() < kMaxPlaces) {
                libraries.insert(entry.path().stem().string());
            }
        }
    }
    json list = json::array();
    for (const std::string& library : libraries) {
        const json answer = json::parse(prober_.probe(find_file(library)), nullptr, false);
        if (!answer.value("ok", false)) {
            list.push_back({{"library", library}, {"problem", answer.value("error", "")}});
            continue;
        }
        for (json plugin : answer["plugins"]) {
            plugin["library"] = library;
            list.push_back(std::move(plugin));
        }
    }
    return list;
}

bool PluginHost::stop_source(const std::string& id) {
    const std::size_t number = number_of(id);
    if (number == std::string::npos) return false;
    request({number, Request::Kind::stop, nullptr, {}, {}, nullptr});
    return true;
}

void PluginHost::request(Request request) {
    {
        const std::lock_guard lock(mail_->mutex);
        mail_->requests.push_back(std::move(request));
    }
    mail_->wake();
}

json PluginHost::examine(const std::string& what, SourceConfig candidate) const {
    const auto refusal = [](const std::string& text) {
        return json{{"ok", false}, {"text", text}};
    };
    PluginInfo info;
    std::vector<std::string> problems;
    if (!look_up(candidate, info, problems)) return refusal(joined(problems));
    const bool can = (what == "test" && info.tests) || (what == "discover" && info.discovers);
    if (!can) return refusal(info.name + " has no \"" + what + "\".");
    // Whoever looks for devices cannot know their address yet.
    const json schema =
        what == "discover" ? without_required(info.config_schema) : info.config_schema;
    apply_schema(schema, candidate.config, "config", problems);
    if (problems.empty() && candidate.config.dump().size() > kMaxConfigBytes) {
        problems.push_back("config: is larger than " + std::to_string(kMaxConfigBytes) + " bytes");
    }
    if (!problems.empty()) {
        json answer = refusal("These settings are not valid: " + problems.front());
        answer["problems"] = problems;
        return answer;
    }
    return plugin_host::examine({options_.host_program, info.file, info.index, what,
                                 options_.examine_limit_ms, &examinations_over_},
                                candidate.config);
}

PluginHost::Asked PluginHost::ask(const std::string& id, const std::string& what,
                                  const std::string& args_json) {
    const std::size_t number = number_of(id);
    if (number == std::string::npos) return Asked::unknown;
    if (what.size() > RH_MAX_NAME_BYTES || args_json.size() > RH_MAX_DATA_BYTES / 2) {
        return Asked::too_large;
    }
    {
        const std::lock_guard lock(mutex_);
        if (!shown_[number].status.running) return Asked::not_running;
    }
    request({number, Request::Kind::ask, nullptr, what, args_json, nullptr});
    return Asked::done;
}

std::optional<std::string> PluginHost::log_lines(const std::string& id, std::uint64_t after) const {
    const std::size_t number = number_of(id);
    if (number == std::string::npos) return std::nullopt;
    std::shared_ptr<const SourceLog> log;
    {
        const std::lock_guard lock(mutex_);
        log = shown_[number].log;
    }
    return log->json_lines(after);
}

// ---- The supervisor thread ---------------------------------------------------------------------

void PluginHost::Mail::wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_fd.get(), &one, sizeof(one));
}

void PluginHost::start() {
    if (thread_.joinable()) return;
    stopping_ = false;
    port_.set_wake([mail = mail_] { mail->wake(); });
    // Signals are for the main thread; children begin with a clean mask anyway.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void PluginHost::stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    examinations_over_ = true;
    mail_->wake();
    thread_.join();
    port_.set_wake({});
}

void PluginHost::run() {
    const auto buffer = std::make_unique<char[]>(kMaxMessageBytes + 1);
    std::vector<pollfd> polled;
    bool told_to_stop = false;
    for (auto& source : sources_) source->start(monotonic_us());
    for (;;) {
        publish_status();
        if (told_to_stop && all_off()) return;
        wait(polled);
        const std::int64_t now_us = monotonic_us();
        if (stopping_ && !told_to_stop) {
            for (auto& source : sources_) source->stop(now_us);
            told_to_stop = true;
        }
        if (!told_to_stop) take_requests(now_us);
        for (auto& source : sources_) source->receive(buffer.get(), now_us);
        std::vector<Completion> completions;
        {
            const std::lock_guard lock(mail_->mutex);
            completions.swap(mail_->completions);
        }
        for (const auto& completion : completions) sources_[completion.source]->answer(completion);
        take_facts();
        for (auto& source : sources_) {
            source->send(last_seq_, now_us);
            source->tick(buffer.get(), now_us);
        }
    }
}

void PluginHost::wait(std::vector<pollfd>& polled) {
    polled.clear();
    polled.push_back({mail_->wake_fd.get(), POLLIN, 0});
    std::int64_t until_us = std::numeric_limits<std::int64_t>::max();
    for (const auto& source : sources_) {
        source->add_polled(polled);
        until_us = std::min(until_us, source->next_us());
    }
    const std::int64_t left_us = std::max<std::int64_t>(0, until_us - monotonic_us());
    const timespec limit{static_cast<time_t>(left_us / 1'000'000),
                         static_cast<long>(left_us % 1'000'000) * 1000};
    ::ppoll(polled.data(), polled.size(), &limit, nullptr);
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(mail_->wake_fd.get(), &count, sizeof(count));
}

void PluginHost::take_requests(std::int64_t now_us) {
    std::vector<Request> requests;
    {
        const std::lock_guard lock(mail_->mutex);
        requests.swap(mail_->requests);
    }
    for (auto& request : requests) {
        if (request.kind == Request::Kind::add) {
            sources_.push_back(std::move(request.added));
            sources_.back()->start(now_us);
            continue;
        }
        Source& source = *sources_[request.source];
        if (request.kind == Request::Kind::stop) {
            source.stop(now_us);
            continue;
        }
        if (request.kind == Request::Kind::ask) {
            source.ask(request.what, request.args_json);
            continue;
        }
        Inspected& given = *request.restart;
        source.replace(std::move(given.config), std::move(given.info), std::move(given.problem));
        if (source.config().enabled) {
            source.restart(now_us);
        } else {
            source.stop(now_us);
        }
    }
}

void PluginHost::take_facts() {
    const FactsTaken taken = port_.take_facts([&](std::string_view type) {
        return std::any_of(sources_.begin(), sources_.end(),
                           [&](const auto& source) { return source->info().wants(type); });
    });
    if (taken.gap) {
        for (auto& source : sources_) source->lost_facts();
    }
    for (const Fact& fact : taken.facts) {
        Message message;
        message.type = MessageType::event;
        message.code = RH_KIND_FACT;
        message.version = 1;
        message.seq = fact.seq;
        message.cause = fact.cause;
        message.time_us = fact.time_us;
        message.recv_us = fact.recv_us;
        message.name = fact.type;
        message.track = fact.track;
        message.race_id = fact.race_id;
        message.data = fact.data;
        // Larger than any fact of today; should one appear, the state is told instead.
        if (!fits(message)) {
            for (auto& source : sources_) source->lost_facts();
            continue;
        }
        const auto bytes = std::make_shared<const std::string>(encode(message));
        for (auto& source : sources_) source->offer(fact, bytes);
    }
    last_seq_ = std::max(last_seq_, taken.last_seq);
}

bool PluginHost::all_off() const {
    return std::all_of(sources_.begin(), sources_.end(),
                       [](const auto& source) { return source->is_off(); });
}

// ---- What people see ---------------------------------------------------------------------------

void PluginHost::publish_status() {
    bool any_visible = false;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
        Source& source = *sources_[i];
        bool visible = false;
        if (!source.take_changed(visible)) continue;
        any_visible = any_visible || visible;
        if (source.left_behind()) left_behind_ = true;
        const std::lock_guard lock(mutex_);
        shown_[i].status = source.status();
    }
    if (any_visible && options_.on_change) options_.on_change();
}

std::string PluginHost::sources_json() const {
    const std::int64_t now_us = monotonic_us() + port_.clock_offset_us();
    json list = json::array();
    const std::lock_guard lock(mutex_);
    for (const auto& [inspected, status, log, removed] : shown_) {
        if (removed) continue;
        const SourceConfig& config = inspected.config;
        const PluginInfo& info = inspected.info;
        const bool stale = status.state == SourceState::ok && info.heartbeat_ms > 0 &&
                           now_us - status.last_heard_us > std::int64_t{info.heartbeat_ms} * 1000;
        const SourceCounters& c = status.counters;
        json source = {{"id", config.id},
                       {"plugin", info.id},
                       {"name", info.name},
                       {"version", info.version},
                       {"file", info.file.empty() ? config.library : info.file},
                       {"isolation", config.isolation == Isolation::child ? "child" : "in-process"},
                       {"track", config.track},
                       {"tracks", config.tracks},
                       {"may_command", config.may_command},
                       {"enabled", config.enabled},
                       {"state", name_of(status.state)},
                       {"text", status.text},
                       {"stale", stale},
                       {"running", status.running},
                       {"pid", status.pid},
                       {"since_us", status.since_us},
                       {"last_heard_us", status.last_heard_us},
                       {"last_publish_us", status.last_publish_us},
                       {"next_try_us", status.next_try_us},
                       {"counters",
                        {{"published", c.published},
                         {"refused", c.refused},
                         {"dropped", c.dropped},
                         {"restarts", c.restarts},
                         {"crashes", c.crashes}}}};
        source["tests"] = info.tests;
        source["discovers"] = info.discovers;
        if (!status.sensed.empty()) source["sensed"] = json::parse(status.sensed);
        // What is not valid may hold a secret under a mistyped key.
        if (inspected.problem.empty())
            source["config"] = without_secrets(info.config_schema, config.config);
        if (inspected.problem.empty()) source["config_schema"] = info.config_schema;
        list.push_back(std::move(source));
    }
    return json{{"sources", std::move(list)}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace racehub::plugin_host

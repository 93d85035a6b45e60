#include <nlohmann/json.hpp>

#include "hub/web/api.h"

namespace racehub::web {

using nlohmann::json;

namespace {

json storage_json(const StorageStatus& storage) {
    json body = {{"ok", storage.ok}};
    if (!storage.ok) {
        body["waiting_since_us"] = storage.waiting_since_us;
        body["message"] = storage.message;
    }
    return body;
}

std::uint64_t seq_of(const Engine& engine) {
    std::uint64_t seq = 0;
    engine.read_state([&seq](const HubState& state) { seq = state.seq; });
    return seq;
}

/// Of all that a source says, what a monitor needs; /api/sources has the rest.
json short_sources(SourcesView& view) {
    const json all = json::parse(view.sources_json(), nullptr, false);
    json list = json::array();
    if (!all.is_array()) return list;
    for (const json& source : all) {
        json shown;
        for (const char* key : {"id", "plugin", "state", "text", "stale", "enabled"}) {
            if (source.contains(key)) shown[key] = source[key];
        }
        list.push_back(std::move(shown));
    }
    return list;
}

/// Why the hub is not all it should be, though it works on.
json problems_of(const ApiContext& context, const json& sources) {
    json problems = json::array();
    bool tracks = false;
    context.engine.read_state([&](const HubState& state) { tracks = !state.tracks.empty(); });
    if (!tracks) problems.push_back("There is no track: name one in the configuration file.");
    for (const json& source : sources) {
        const std::string state = source.value("state", "");
        if (!source.value("enabled", true) || (state != "failed" && state != "quarantined"))
            continue;
        problems.push_back("Source " + source.value("id", "unknown") + " has state " + state +
                           ": " + source.value("text", ""));
    }
    for (const auto& part : context.problems) {
        for (std::string& problem : part()) problems.push_back(std::move(problem));
    }
    return problems;
}

void show_health(ApiContext& context, const Reply& reply) {
    const auto storage = context.engine.storage();
    json sources = short_sources(context.sources);
    json problems = problems_of(context, sources);
    const char* status = !storage.ok ? "storage_waiting" : !problems.empty() ? "degraded" : "ok";
    const json body = {{"status", status},
                       {"hub", context.identity.name},
                       {"version", context.identity.version},
                       {"log_id", context.identity.log_id},
                       {"seq", seq_of(context.engine)},
                       {"time_us", context.engine.clock().now_us()},
                       {"storage", storage_json(storage)},
                       {"problems", std::move(problems)},
                       {"sources", std::move(sources)}};
    // A monitor that only looks at the status should see it too.
    reply.send(json_answer(body, storage.ok ? 200 : 503));
}

void add_engine_metrics(MetricsText& text, const Engine& engine) {
    const auto counters = engine.counters();
    text.counter("inputs_total", "Observations and commands decided.", counters.inputs);
    text.counter("commands_total", "Commands decided.", counters.commands);
    text.counter("commands_refused_total", "Commands that the rules of racing refused.",
                 counters.commands_refused);
    text.counter("duplicates_total", "Inputs known already by their key.", counters.duplicates);
    text.counter("facts_total", "Facts stored and published since the start.", counters.facts);
    text.counter("commits_total", "Group commits of the log.", counters.commits);
    text.counter("inbox_refused_total", "Inputs refused because the inbox was full.",
                 counters.inbox_refused);
    text.counter("storage_retries_total", "Failed tries to write the log.",
                 counters.storage_retries);
    text.gauge("inbox_depth", "Inputs waiting to be decided.",
               static_cast<double>(counters.inbox_depth));
    text.gauge("last_commit_seconds", "Duration of the last group commit.",
               static_cast<double>(counters.last_commit_us) / 1e6);
    text.gauge("storage_ok", "1: the log is being written.", engine.storage().ok ? 1 : 0);
    text.gauge("seq", "Number of the last fact.", static_cast<double>(seq_of(engine)));
}

void add_web_metrics(MetricsText& text, const WebCounters& counters, const Refusals& refusals) {
    text.counter("web_connections_total", "Connections accepted.", counters.connections);
    text.counter("web_requests_total", "Requests handed to a worker.", counters.requests);
    text.counter("web_upgrades_total", "Websockets opened.", counters.upgrades);
    text.counter("web_frames_sent_total", "Websocket frames sent.", counters.frames_sent);
    text.counter("web_messages_received_total", "Websocket messages received.",
                 counters.messages_in);
    text.counter("web_frames_skipped_total", "Frames replaced by newer ones for slow spectators.",
                 counters.skipped);
    text.counter("web_resyncs_total", "Snapshots sent in place of a slow spectator's backlog.",
                 counters.resyncs);
    text.counter("web_stalled_total", "Spectators closed because they took nothing.",
                 counters.stalled);
    text.gauge("web_sockets", "Open sockets.", static_cast<double>(counters.sockets.load()));
    text.gauge("web_spectators", "Open websockets.",
               static_cast<double>(counters.spectators.load()));
    text.counters("web_refused_total", "Requests, messages and connections refused.", "reason",
                  refusals.totals());
}

/// From the same JSON as everybody sees, so that metrics and screens cannot disagree.
void add_source_metrics(MetricsText& text, const std::string& sources) {
    const auto list = json::parse(sources, nullptr, false);
    std::map<std::string, double> ok;
    std::map<std::string, std::map<std::string, std::uint64_t>> counters;
    if (list.is_array()) {
        for (const auto& source : list) {
            if (!source.is_object()) continue;
            const auto id = source.value("id", "unknown");
            ok[id] = source.value("state", "") == "ok" && !source.value("stale", false) ? 1 : 0;
            const json counted = source.value("counters", json::object());
            for (const auto& [name, value] : counted.items()) {
                if (value.is_number_unsigned()) counters[name][id] = value;
            }
        }
    }
    text.gauges("source_ok", "1: the source says that it is well, and said so in time.", "source",
                ok);
    for (const auto& [name, values] : counters) {
        text.counters("source_" + name + "_total", "Counted for each source: " + name + ".",
                      "source", values);
    }
}

void show_metrics(ApiContext& context, const Reply& reply) {
    MetricsText text;
    add_engine_metrics(text, context.engine);
    add_web_metrics(text, context.counters, context.refusals);
    add_source_metrics(text, context.sources.sources_json());
    for (const auto& source : context.metrics) source(text);
    Response response = json_response(200, text.text());
    response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
    reply.send(std::move(response));
}

std::string label_text(const std::string& value) {
    std::string out;
    for (const char c : value) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out;
}

std::string number_text(double value) {
    const auto text = json(value).dump();
    return text.size() > 2 && text.substr(text.size() - 2) == ".0" ? text.substr(0, text.size() - 2)
                                                                   : text;
}

}  // namespace

void MetricsText::head(const std::string& name, const std::string& help, const char* type) {
    text_ += "# HELP racehub_" + name + " " + help + "\n# TYPE racehub_" + name + " " + type + "\n";
}

void MetricsText::counter(const std::string& name, const std::string& help, std::uint64_t value) {
    head(name, help, "counter");
    text_ += "racehub_" + name + " " + std::to_string(value) + "\n";
}

void MetricsText::gauge(const std::string& name, const std::string& help, double value) {
    head(name, help, "gauge");
    text_ += "racehub_" + name + " " + number_text(value) + "\n";
}

void MetricsText::counters(const std::string& name, const std::string& help,
                           const std::string& label,
                           const std::map<std::string, std::uint64_t>& values) {
    head(name, help, "counter");
    for (const auto& [word, value] : values) {
        text_ += "racehub_" + name + "{" + label + "=\"" + label_text(word) + "\"} " +
                 std::to_string(value) + "\n";
    }
}

void MetricsText::gauges(const std::string& name, const std::string& help, const std::string& label,
                         const std::map<std::string, double>& values) {
    head(name, help, "gauge");
    for (const auto& [word, value] : values) {
        text_ += "racehub_" + name + "{" + label + "=\"" + label_text(word) + "\"} " +
                 number_text(value) + "\n";
    }
}

void add_status_routes(Router& router, ApiContext& context) {
    router.add({"GET", "/health", Access::everybody,
                [&context](const Call&, const Reply& reply) { show_health(context, reply); }});
    router.add({"GET", "/metrics", Access::everybody,
                [&context](const Call&, const Reply& reply) { show_metrics(context, reply); }});
    router.add(
        {"GET", "/api", Access::everybody, [&router](const Call&, const Reply& reply) {
             json list = json::array();
             for (const auto& route : router.routes()) {
                 list.push_back(
                     {{"method", route.method},
                      {"path", route.path},
                      {"access", route.access == Access::director ? "director" : "everybody"}});
             }
             reply.send(json_answer({{"routes", std::move(list)}}));
         }});
}

}  // namespace racehub::web

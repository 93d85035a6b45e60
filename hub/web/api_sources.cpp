#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "hub/web/api.h"
#include "hub/web/query.h"

namespace racehub::web {

using nlohmann::json;

namespace {

const Problem kNoSource{404, "no_source",
                        "This hub has no such source; GET /api/sources lists them.", "source"};

void enable_source(ApiContext& context, const Call& call, const Reply& reply) {
    std::string message;
    switch (context.sources.enable(call.parameters[0], message)) {
        case SourcesView::Enabled::done:
            return reply.send(json_answer({{"enabled", true}}));
        case SourcesView::Enabled::unknown:
            return reply.send(problem_response(kNoSource));
        case SourcesView::Enabled::refused:
            return reply.send(problem_response({409, "not_enabled", message, "source"}));
    }
}

void ask_source(ApiContext& context, const Call& call, const Reply& reply) {
    const auto refuse = [&](const Problem& problem) {
        context.refusals.count(problem, call.request.client.text());
        reply.send(problem_response(problem));
    };
    json object;
    std::string error;
    if (!parse_object(call.request.body, object, error)) {
        return refuse({400, "not_json", "The body is one JSON object.", "body"});
    }
    const auto found = object.find("what");
    const auto* what = found == object.end() ? nullptr : found->get_ptr<const std::string*>();
    const json args = object.value("args", json::object());
    if (what == nullptr || what->empty()) {
        return refuse({400, "bad_what", "\"what\" is a word of the source's own.", "what"});
    }
    if (!args.is_object()) return refuse({400, "bad_args", "\"args\" is an object.", "args"});
    switch (context.sources.ask(call.parameters[0], *what, args.dump())) {
        case SourcesView::Asked::done:
            return reply.send(json_answer({{"asked", true}}));
        case SourcesView::Asked::unknown:
            return refuse(kNoSource);
        case SourcesView::Asked::not_running:
            return refuse({409, "not_running", "The source does not run.", "source"});
        case SourcesView::Asked::too_large:
            return refuse({400, "too_large", "\"what\" or \"args\" is too long.", "what"});
    }
}

/// A source that is found has an id of letters, digits, '_', '-' and '.': a file's name as it is.
void show_log(ApiContext& context, const Call& call, const Reply& reply) {
    const auto& query = call.request.head.query;
    const bool has_after = query_value(query, "after").has_value();
    const auto after = query_number(query, "after");
    if (has_after && !after) {
        return reply.send(problem_response(
            {400, "bad_after", "\"after\" is the number n of the last line you have.", "after"}));
    }
    auto lines = context.sources.log_lines(call.parameters[0], after.value_or(0));
    if (!lines) return reply.send(problem_response(kNoSource));
    Response response = json_response(200, std::move(*lines));
    response.headers = {{"Content-Type", "application/x-ndjson"}};
    if (query_value(query, "download")) {
        response.headers.emplace_back("Content-Disposition",
                                      "attachment; filename=\"" + call.parameters[0] + ".jsonl\"");
    }
    reply.send(std::move(response));
}

}  // namespace

void add_source_routes(Router& router, ApiContext& context) {
    router.add(
        {"GET", "/api/sources", Access::everybody, [&context](const Call&, const Reply& reply) {
             reply.send(
                 json_response(200, R"({"sources":)" + context.sources.sources_json() + "}"));
         }});
    router.add({"POST", "/api/sources/{source}/enable", Access::director,
                [&context](const Call& call, const Reply& reply) {
                    enable_source(context, call, reply);
                }});
    router.add(
        {"POST", "/api/sources/{source}/ask", Access::director,
         [&context](const Call& call, const Reply& reply) { ask_source(context, call, reply); }});
    // The protocol with a device may hold what is not for everybody.
    router.add(
        {"GET", "/api/sources/{source}/log", Access::director,
         [&context](const Call& call, const Reply& reply) { show_log(context, call, reply); }});
}

}  // namespace racehub::web

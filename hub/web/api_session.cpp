#include <nlohmann/json.hpp>

#include "hub/core/codec.h"
#include "hub/web/api.h"
#include "hub/web/director.h"
#include "hub/web/event_loop.h"
#include "hub/web/text.h"

namespace racehub::web {

using nlohmann::json;

namespace {

/// Verifying a PIN is 60 ms of work by design. One at a time, and only one more may wait for it:
/// the workers are for everybody.
class HashingTurn {
  public:
    explicit HashingTurn(std::atomic<int>& waiting) : waiting_(waiting) {
        granted_ = waiting_.fetch_add(1) < 2;
    }
    ~HashingTurn() { waiting_.fetch_sub(1); }
    HashingTurn(const HashingTurn&) = delete;
    HashingTurn& operator=(const HashingTurn&) = delete;
    bool granted() const { return granted_; }

  private:
    std::atomic<int>& waiting_;
    bool granted_ = false;
};

std::string cookie(const std::string& value, std::int64_t seconds, bool secure) {
    return std::string(kSessionCookie) + "=" + value +
           "; HttpOnly; SameSite=Strict; Path=/; Max-Age=" + std::to_string(seconds) +
           (secure ? "; Secure" : "");
}

/// The director's name as it goes into the log: short, and without control characters.
std::optional<std::string> name_from(const json& object) {
    const auto found = object.find("name");
    if (found == object.end()) return "director";
    const auto* name = found->get_ptr<const std::string*>();
    // "director:" stands before it in the source of each command.
    if (name == nullptr || name->empty() || name->size() > kMaxName - 16) return std::nullopt;
    for (const char c : *name) {
        if (is_control(c)) return std::nullopt;
    }
    return *name;
}

void open_session(ApiContext& context, const Call& call, const Reply& reply) {
    const auto refuse = [&](const Problem& problem) {
        context.refusals.count(problem, call.request.client.text());
        auto response = problem_response(problem);
        if (problem.status == 429) response.headers.emplace_back("Retry-After", "60");
        reply.send(std::move(response));
    };
    json object;
    std::string error;
    if (!parse_object(call.request.body, object, error)) {
        return refuse({400, "not_json", "The body is one JSON object.", "body"});
    }
    const auto found = object.find("pin");
    const auto* pin = found == object.end() ? nullptr : found->get_ptr<const std::string*>();
    const auto name = name_from(object);
    if (pin == nullptr) return refuse({400, "bad_pin", "\"pin\" is a text of digits.", "pin"});
    if (!name) return refuse({400, "bad_name", "\"name\" is a text of 1 to 48 bytes.", "name"});
    if (!context.login_limits.take(call.request.client, monotonic_us())) {
        return refuse({429, "too_many_tries", "Too many tries; wait a minute.", "pin"});
    }
    const HashingTurn turn(context.hash_waiting);
    if (!turn.granted()) {
        return refuse({503, "busy", "Somebody else is logging in; try again in a moment.", "pin"});
    }
    bool matches = false;
    {
        const std::lock_guard lock(context.hashing);
        matches = context.pin.matches(*pin);
    }
    if (!matches) return refuse({401, "wrong_pin", "This is not the race director's PIN.", "pin"});
    context.login_limits.forgive(call.request.client);
    const auto token = context.sessions.open(*name, call.request.client.text());
    auto response = json_answer({{"director", true}, {"name", *name}, {"token", token}}, 201);
    response.headers.emplace_back(
        "Set-Cookie", cookie(token, Sessions::kLifetimeUs / 1'000'000, call.request.secure));
    reply.send(std::move(response));
}

void show_session(const Call& call, const Reply& reply) {
    json body = {{"director", call.session.has_value()}};
    if (call.session) {
        body["name"] = call.session->name;
        body["expires_us"] = call.session->expires_us;
    }
    reply.send(json_answer(body));
}

void close_session(ApiContext& context, const Call& call, const Reply& reply) {
    context.sessions.revoke(call.session->id);
    auto response = json_answer({{"director", false}});
    response.headers.emplace_back("Set-Cookie", cookie("", 0, call.request.secure));
    reply.send(std::move(response));
}

void list_sessions(ApiContext& context, const Call& call, const Reply& reply) {
    json list = json::array();
    for (const auto& session : context.sessions.list()) {
        list.push_back({{"id", session.id},
                        {"name", session.name},
                        {"address", session.address},
                        {"created_us", session.created_us},
                        {"expires_us", session.expires_us},
                        {"own", session.id == call.session->id}});
    }
    reply.send(json_answer({{"sessions", std::move(list)}}));
}

void revoke_session(ApiContext& context, const Call& call, const Reply& reply) {
    if (!context.sessions.revoke(call.parameters[0])) {
        return reply.send(
            problem_response({404, "no_session", "There is no such session.", "session"}));
    }
    reply.send(json_answer({{"revoked", true}}));
}

}  // namespace

void add_session_routes(Router& router, ApiContext& context) {
    router.add(
        {"POST", "/api/session", Access::everybody,
         [&context](const Call& call, const Reply& reply) { open_session(context, call, reply); }});
    router.add({"GET", "/api/session", Access::everybody, show_session});
    router.add({"DELETE", "/api/session", Access::director,
                [&context](const Call& call, const Reply& reply) {
                    close_session(context, call, reply);
                }});
    router.add({"GET", "/api/sessions", Access::director,
                [&context](const Call& call, const Reply& reply) {
                    list_sessions(context, call, reply);
                }});
    router.add(
        {"DELETE", "/api/sessions", Access::director, [&context](const Call&, const Reply& reply) {
             context.sessions.revoke_all();
             reply.send(json_answer({{"revoked", true}}));
         }});
    router.add({"DELETE", "/api/sessions/{session}", Access::director,
                [&context](const Call& call, const Reply& reply) {
                    revoke_session(context, call, reply);
                }});
}

}  // namespace racehub::web

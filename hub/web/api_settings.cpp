#include "hub/web/api.h"
#include "hub/web/settings_view.h"

namespace racehub::web {
namespace {

std::string who(const Call& call) {
    return call.session->name + " (" + call.request.client.text() + ")";
}

void send(const Reply& reply, SettingsAnswer answer) {
    reply.send(json_response(answer.status, std::move(answer.json)));
}

}  // namespace

void add_settings_routes(Router& router, SettingsView& settings) {
    const auto add = [&router](const char* method, const char* path, RouteHandler handler) {
        router.add({method, path, Access::director, std::move(handler)});
    };
    add("GET", "/api/plugins",
        [&settings](const Call&, const Reply& reply) { send(reply, settings.plugins()); });
    add("POST", "/api/plugins/examine", [&settings](const Call& call, const Reply& reply) {
        settings.examine(call.request.body,
                         [reply](SettingsAnswer answer) { send(reply, std::move(answer)); });
    });
    add("GET", "/api/sources/{source}/settings", [&settings](const Call& call, const Reply& reply) {
        send(reply, settings.show(call.parameters[0]));
    });
    add("POST", "/api/sources/{source}/settings",
        [&settings](const Call& call, const Reply& reply) {
            send(reply, settings.save(call.parameters[0], call.request.body, who(call)));
        });
    add("DELETE", "/api/sources/{source}", [&settings](const Call& call, const Reply& reply) {
        send(reply, settings.remove(call.parameters[0], who(call)));
    });
}

}  // namespace racehub::web

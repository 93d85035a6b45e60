// The plain pages' module: the model behind four exported functions. phone.js calls them and shows
// what comes back.

#include <emscripten/emscripten.h>

#include "webui/model/page_json.h"
#include "webui/platform/browser.h"

namespace racehub {
namespace {

platform::BrowserSocket g_socket;
HubClient* g_client = nullptr;  // lives as long as the page
std::string g_json;             // the last answer of rh_page_json

}  // namespace

extern "C" {

EMSCRIPTEN_KEEPALIVE void rh_start() {
    g_client = new HubClient(g_socket, rh_random());
    g_client->start(platform::local_us());
}

EMSCRIPTEN_KEEPALIVE void rh_on_text(const char* text) {
    g_client->on_text(platform::local_us(), text);
}

EMSCRIPTEN_KEEPALIVE void rh_on_closed() { g_client->on_closed(platform::local_us()); }

/// Returns a number that changes whenever something visible did.
EMSCRIPTEN_KEEPALIVE std::uint32_t rh_tick() {
    g_client->tick(platform::local_us());
    return g_client->revision();
}

EMSCRIPTEN_KEEPALIVE void rh_retry_now() { g_client->retry_now(platform::local_us()); }

/// Valid until the next call. `after_seq` is a double because JavaScript has no other number;
/// `rank_by` is a RankBy, or anything else for the usual order.
EMSCRIPTEN_KEEPALIVE const char* rh_page_json(const char* track, double after_seq, int rank_by) {
    const RankBy order = rank_by == 2   ? RankBy::best
                         : rank_by == 3 ? RankBy::points
                                        : RankBy::average;
    g_json = page_json(*g_client, track, platform::local_us(),
                       static_cast<std::uint64_t>(after_seq), order);
    return g_json.c_str();
}

}  // extern "C"

}  // namespace racehub

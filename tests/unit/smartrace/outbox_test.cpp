#include "plugins/smartrace/protocol/outbox.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "plugins/smartrace/protocol/delivery.h"
#include "plugins/smartrace/protocol/names.h"

using namespace racehub::smartrace;
using nlohmann::json;

namespace {

constexpr std::int64_t kBaseUs = 1'700'000'000'000'000;

// A hub with one race on two lanes, and what a plugin keeps.
struct Hub {
    std::map<std::string, std::string> kept;
    json laps = json::object();  // by lane: the race's laps, as in a snapshot
    std::string race = "7";

    Outbox outbox() {
        Outbox made("main", 8, [this](std::string_view key, std::string_view value) {
            CHECK(value.size() <= 4'096);
            kept[std::string(key)] = value;
            CHECK(kept.size() <= 62);
        });
        made.load([this](std::string_view key) {
            const auto found = kept.find(std::string(key));
            return found == kept.end() ? std::string() : found->second;
        });
        return made;
    }
    std::string snapshot() const {
        json entries = json::array();
        for (const int lane : {1, 2}) {
            entries.push_back({{"entry", {{"entry", lane}, {"lane", lane}}},
                               {"laps", laps.value(std::to_string(lane), json::array())}});
        }
        return json({{"tracks",
                      {{{"id", "main"},
                        {"race",
                         {{"race_id", race}, {"phase", "running"}, {"entries", entries}}}}}}})
            .dump();
    }
    json lap(int lane, std::int64_t at_ms, const std::string& clock = "",
             std::int64_t stamp_ms = 0) {
        json& list = laps[std::to_string(lane)];
        json data = {{"lap", list.size() + 1},
                     {"id", list.size() + 1},
                     {"entry", lane},
                     {"crossed_us", kBaseUs + at_ms * 1000},
                     {"stamp_us", stamp_ms * 1000},
                     {"clock", clock}};
        list.push_back(data);
        return data;
    }
    // Also tells the outbox.
    void lap(Outbox& to, int lane, std::int64_t at_ms, const std::string& clock = "",
             std::int64_t stamp_ms = 0) {
        to.fact("lap.completed", "main", race, 0, lap(lane, at_ms, clock, stamp_ms).dump());
    }
};

std::vector<std::int64_t> stamps(const std::vector<Telling>& tellings) {
    std::vector<std::int64_t> result;
    for (const Telling& each : tellings) result.push_back(each.stamp_ms - kBaseUs / 1000);
    return result;
}

using Stamps = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("laps are told by the device's figures where it has some", "[outbox]") {
    Hub hub;
    Outbox outbox = hub.outbox();
    outbox.snapshot(hub.snapshot());
    hub.lap(outbox, 1, 1'000, "a", 50'000);
    hub.lap(outbox, 1, 6'200, "a", 55'000);  // 200 ms late
    hub.lap(outbox, 1, 11'050, "a", 60'000);
    hub.lap(outbox, 2, 11'100);
    hub.lap(outbox, 1, 16'000, "b", 3'000);   // another clock
    hub.lap(outbox, 1, 21'000, "b", 90'000);  // strays
    const auto told = outbox.take();
    CHECK(stamps(told) == Stamps{1'000, 6'000, 11'000, 11'100, 16'000, 21'000});
    CHECK(told[3].text() ==
          R"({"type":"analog_lap","data":{"timestamp":1700000011100,"controller_id":2}})");
    CHECK(outbox.take().empty());
}

TEST_CASE("pits, jump starts and what the hub did not count are crossings too", "[outbox]") {
    Hub hub;
    Outbox outbox = hub.outbox();
    outbox.snapshot(hub.snapshot());
    const auto fact = [&](const char* type, const json& data) {
        outbox.fact(type, "main", "7", kBaseUs, data.dump());
    };
    fact("jump_start.detected", {{"entry", 2}});
    fact("split.passed", {{"entry", 1}, {"gate", "pit_in"}, {"crossed_us", kBaseUs + 1}});
    fact("split.passed", {{"entry", 1}, {"gate", "sector_1"}, {"crossed_us", kBaseUs + 2}});
    fact("split.passed", {{"entry", 1}, {"gate", "pit_out"}, {"crossed_us", kBaseUs + 3}});
    const auto ignored = [&](const char* gate, int lane, const char* reason, int at_s) {
        fact("crossing.ignored", {{"gate", gate},
                                  {"lane", lane},
                                  {"reason", reason},
                                  {"crossed_us", kBaseUs + at_s * 1'000'000}});
    };
    ignored("finish", 3, "no_race", 1);
    ignored("finish", 3, "too_soon", 2);
    ignored("start", 3, "no_race", 3);
    ignored("finish", 9, "no_race", 4);
    ignored("pit_in", 3, "no_race", 5);
    outbox.fact("lap.completed", "other", "8", kBaseUs, R"({"entry":1,"crossed_us":5})");
    std::string all;
    for (const Telling& each : outbox.take()) {
        all += std::to_string(each.controller) + (each.kind == Telling::Kind::lap         ? "L "
                                                  : each.kind == Telling::Kind::pit_enter ? "E "
                                                                                          : "X ");
    }
    CHECK(all == "2L 1E 1X 3L 3E ");
}

TEST_CASE("nothing of before our time is told", "[outbox]") {
    Hub hub;
    hub.lap(1, 1'000);
    Outbox outbox = hub.outbox();
    outbox.snapshot(hub.snapshot());
    CHECK(outbox.take().empty());
    hub.lap(outbox, 1, 6'000);
    CHECK(stamps(outbox.take()) == Stamps{6'000});
}

TEST_CASE("what the plugin missed while it was away is told once", "[outbox]") {
    Hub hub;
    const bool told_before = GENERATE(true, false);
    {
        Outbox outbox = hub.outbox();
        outbox.snapshot(hub.snapshot());
        if (told_before) hub.lap(outbox, 1, 1'000);
        for (const Telling& each : outbox.take()) outbox.confirm(each.number);
        hub.lap(outbox, 2, 1'500);  // waits
    }
    if (!told_before) hub.lap(1, 1'000);
    hub.lap(2, 5'000);
    hub.lap(1, 6'000);
    Outbox outbox = hub.outbox();
    outbox.snapshot(hub.snapshot());
    const Stamps expected =
        told_before ? Stamps{1'500, 5'000, 6'000} : Stamps{1'500, 1'000, 5'000, 6'000};
    const auto told = outbox.take();
    CHECK(stamps(told) == expected);
    CHECK(told.back().number == expected.size() + (told_before ? 1 : 0));
    outbox.snapshot(hub.snapshot());  // after a gap in which nothing happened
    CHECK(outbox.take().empty());
    hub.race = "8";
    hub.laps.clear();
    hub.lap(1, 20'000);
    outbox.snapshot(hub.snapshot());
    CHECK(stamps(outbox.take()) == Stamps{20'000});
}

TEST_CASE("a crossing heard of too late makes no wrong lap in the app", "[outbox]") {
    Hub hub;
    Outbox outbox = hub.outbox();
    outbox.snapshot(hub.snapshot());
    hub.lap(outbox, 1, 6'000);
    hub.lap(outbox, 1, 3'000);
    CHECK(stamps(outbox.take()) == Stamps{6'000});
    CHECK(outbox.dropped() == 1);
}

TEST_CASE("an app that is away for long is told the newest", "[outbox]") {
    Hub hub;
    {
        Outbox outbox = hub.outbox();
        outbox.snapshot(hub.snapshot());
        for (int i = 0; i < 3'000; ++i) hub.lap(outbox, 1, i * 1'000);
        CHECK(outbox.dropped() == 3'000 - Outbox::kMaxWaiting);
    }
    hub.laps.clear();
    Outbox outbox = hub.outbox();
    const auto told = outbox.take();
    REQUIRE(told.size() == Outbox::kMaxWaiting);
    CHECK(told.front().number == 3'001 - Outbox::kMaxWaiting);
    CHECK(told.back().number == 3'000);
}

TEST_CASE("bad state is as good as none", "[outbox]") {
    Hub hub;
    for (const char* text :
         {"", "[", "7", R"({"queue":7,"last":-1})", R"({"last":3,"queue":[7,[1],["a",1,1,1,1]]})",
          R"({"last":3,"queue":[[3,9,1,1,1],[3,1,99,1,1]],"lanes":[7,{"lane":-1}]})"}) {
        for (const char* key : {"q0", "told"}) hub.kept[key] = text;
        Outbox outbox = hub.outbox();
        CHECK(outbox.take().empty());
        outbox.snapshot(text);
        outbox.fact("lap.completed", "main", "7", 0, text);
        CHECK(outbox.take().empty());
    }
}

// ---- Delivery ----

namespace {

struct Wire {
    Delivery delivery;
    std::vector<std::string> sent;

    void post(std::uint64_t id, const std::string& text, bool alone = false) {
        REQUIRE(delivery.post({id, Opcode::text, text, alone, 0}, 100));
        go();
    }
    void go() {
        while (const Delivery::Item* item = delivery.next()) {
            sent.push_back(item->payload);
            delivery.sent();
        }
    }
    std::vector<std::string> flush() {
        go();
        return std::exchange(sent, {});
    }
    void confirm(std::uint64_t id) {
        delivery.confirm(id);
        go();
    }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("laps follow each other, pits wait and are waited for", "[delivery]") {
    Wire wire;
    wire.post(1, "a");
    wire.post(2, "b");
    wire.post(3, "P", true);
    wire.post(4, "c");
    wire.post(5, "Q", true);
    CHECK(wire.flush() == Texts{"a", "b"});
    wire.confirm(1);
    CHECK(wire.flush().empty());
    wire.confirm(2);
    CHECK(wire.flush() == Texts{"P"});
    wire.confirm(3);
    CHECK(wire.flush() == Texts{"c"});
    wire.delivery.confirm(4);
    wire.delivery.confirm(5);  // not under way: no confirmation of it
    CHECK(wire.delivery.waiting() == 1);
    CHECK(wire.flush() == Texts{"Q"});
    wire.confirm(5);
    CHECK(wire.delivery.waiting() == 0);
}

TEST_CASE("what was not confirmed is sent again", "[delivery]") {
    Wire wire;
    for (std::uint64_t id = 1; id <= 4; ++id) wire.post(id, std::to_string(id));
    wire.flush();
    wire.confirm(2);
    wire.delivery.reconnected();
    CHECK(wire.flush() == Texts{"3", "4"});
    wire.delivery.confirm_sent();
    CHECK(wire.delivery.waiting() == 0);
}

TEST_CASE("only so much is under way, waits, and stays", "[delivery]") {
    Wire wire;
    for (std::uint64_t id = 1; id <= 100; ++id) wire.post(id, "x");
    CHECK(wire.flush().size() == Delivery::kWindow);
    CHECK_FALSE(wire.delivery.post({101, Opcode::text, "x", false, 0}, 100));
    CHECK(wire.delivery.expire(1) == 100 - Delivery::kWindow);
    CHECK(wire.delivery.waiting() == Delivery::kWindow);
    wire.delivery.remove(1);
    wire.delivery.remove(999);
    CHECK(wire.delivery.under_way() == Delivery::kWindow - 1);
}

// ---- Names ----

TEST_CASE("only what changes in the app is taken over", "[names]") {
    Names names;
    const std::vector<Slot> told = {{1, true, "Gigi", "BMW", "#112233"}, {2, false, "", "", ""}};
    auto orders = names.take(told, {}, 4);
    REQUIRE(orders.size() == 1);
    CHECK(orders[0].type == "entry.assign");
    CHECK(
        json::parse(orders[0].data) ==
        json(
            {{"entry", 1}, {"lane", 1}, {"driver", "Gigi"}, {"car", "BMW"}, {"color", "#112233"}}));
    // Said again at the next connection, after the race director put it right.
    CHECK(names.take(told, {{1, true, "Luigi", "BMW", "#112233"}}, 4).empty());
    Names after;
    after.load(names.save());
    CHECK(after.take(told, {}, 4).empty());
    // Nobody's now: only what came from the app is cleared.
    orders = after.take({{1, false, "", "", ""}, {2, false, "", "", ""}},
                        {{1, true, "Gigi", "", ""}, {2, true, "Own", "", ""}}, 4);
    REQUIRE(orders.size() == 1);
    CHECK(orders[0].type == "entry.clear");
}

TEST_CASE("names fit the hub", "[names]") {
    Names names;
    std::string longer(63, 'x');
    longer += "ë";  // its two bytes do not fit
    const auto orders =
        names.take({{1, true, longer, "", ""}, {5, true, "No lane", "", ""}}, {}, 4);
    REQUIRE(orders.size() == 1);
    CHECK(json::parse(orders[0].data)["driver"] == std::string(63, 'x'));
    CHECK(Names().take({{1, true, "A", "", "#0"}}, {{1, true, "A", "", "#0"}}, 4).empty());
    Names bad;
    for (const char* text : {"", "{}", "[7]", R"([{"controller":99,"assigned":true}])"})
        bad.load(text);
    CHECK(bad.save() == "[]");
}

// Maps, the learned line, live gaps, samples.

#include <catch2/catch.hpp>
#include <cmath>

#include "plugins/emperor/fold/track_map.h"
#include "tests/unit/emperor/frames.h"

using namespace racehub::emperor;
using namespace racehub::emperor::test;

namespace {

CarUpdate update(int car_id, double spline) {
    CarUpdate found;
    found.car_id = car_id;
    found.spline = spline;
    found.place = {100 * std::cos(spline * 6.283), 1, 50 * std::sin(spline * 6.283)};
    return found;
}

std::string frame(const World& world, int car_id, double spline) {
    return world.event(53, {{"CarID", car_id},
                            {"Pos", {{"X", 100 * spline}, {"Y", 1}, {"Z", -2.5}}},
                            {"Velocity", {{"X", 30}, {"Y", 99}, {"Z", 40}}},
                            {"Gear", 0},
                            {"EngineRPM", 6'000},
                            {"NormalisedSplinePos", spline}});
}

json sample(Listener& hub, const std::string& type, std::int64_t now_us) {
    for (const Sample& each : hub.follower.samples(now_us)) {
        if (each.type == type) return json::parse(each.data);
    }
    return {};
}

}  // namespace

TEST_CASE("A line is learned from the first whole lap", "[emperor]") {
    TrackLine line;
    const auto drive = [&](double from, double to, double step) {
        bool learned = false;
        for (double at = from; at < to; at += step) {
            learned = line.take(update(1, at - std::floor(at))) || learned;
        }
        return learned;
    };
    SECTION("whole") {
        CHECK_FALSE(drive(0.7, 1.99, 0.004));
        CHECK(drive(1.99, 2.02, 0.004));
        CHECK(line.points().size() > 200);
        CHECK(line.points().size() <= TrackLine::kMaxPoints);
        CHECK(line.points().front().x_mm > 99'000);
        CHECK_FALSE(drive(2.02, 4, 0.004));  // once is enough
    }
    SECTION("not with a hole") {
        drive(0.9, 1.5, 0.004);
        drive(1.7, 2.1, 0.004);
        CHECK(line.points().empty());
        CHECK(drive(2.1, 3.1, 0.004));
    }
    SECTION("not of a car that says too seldom where it is") {
        drive(0.9, 5, 0.06);
        CHECK(line.points().empty());
    }
    SECTION("a car that stands adds nothing") {
        drive(0.99, 1.5, 0.004);
        for (int i = 0; i < 5'000; ++i) line.take(update(1, 0.5));
        CHECK(drive(1.5, 2.1, 0.004));
        CHECK(line.points().size() <= TrackLine::kMaxPoints);
    }
}

TEST_CASE("The server's map is understood", "[emperor]") {
    const auto map = read_map_ini(
        "[PARAMETERS]\r\nWIDTH=1000\r\nHEIGHT = 600\nMARGIN=20\n"
        "SCALE_FACTOR=1.25\nX_OFFSET=480.5\nZ_OFFSET=-310.25\n");
    REQUIRE(map);
    CHECK(map->scale == 1.25);
    CHECK(map->offset_x == 480.5);
    CHECK(map->offset_z == -310.25);
    CHECK_FALSE(read_map_ini("<html>SCALE_FACTOR=0</html>"));
    CHECK_FALSE(read_map_ini(""));
    const std::string png("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\x03\xE8\0\0\x02\x58", 24);
    REQUIRE(png_size(png));
    CHECK(png_size(png)->width_px == 1'000);
    CHECK(png_size(png)->height_px == 600);
    CHECK_FALSE(png_size("GIF89a and so on, and so on, and so on"));
    SessionInfo info;
    info.track = "ks_red_bull_ring";
    CHECK(track_folder(info) == "/content/tracks/ks_red_bull_ring");
    info.layout = "layout_national";
    CHECK(track_folder(info) == "/content/tracks/ks_red_bull_ring/layout_national");
    info.layout = "../../secret";
    CHECK(track_folder(info).empty());
    const json report = json::parse(
        map_report("Ring", {{1, 2}}, MapImage{"http://x/map.png", *png_size(png), *map}));
    CHECK(report["image"]["um_per_px"] == 1'250'000);
    CHECK(report["image"]["offset_y_mm"] == -310'250);
    CHECK(report["path"] == json::parse(R"([{"x_mm":1,"y_mm":2}])"));
    CHECK(map_report("Ring", {}, std::nullopt).empty());
}

TEST_CASE("Cars are told where they are, by entry", "[emperor]") {
    World world;
    world.join("A", "Ada", 4);
    Listener hub;
    hub.hear(world);
    CHECK(hub.follower.samples(world.now_us()).size() == 1);  // the weather
    hub.hear(frame(world, 4, 0.25), world.now_us());
    hub.hear(frame(world, 9, 0.25), world.now_us());  // nobody drives it
    const auto samples = hub.follower.samples(world.now_us());
    REQUIRE(samples.size() == 2);
    CHECK(json::parse(samples[0].data)["cars"] ==
          json::parse(R"([{"entry":5,"x_mm":25000,"y_mm":-2500,"z_mm":1000}])"));
    CHECK(json::parse(samples[1].data)["cars"] ==
          json::parse(R"([{"entry":5,"speed_kmh":180,"gear":-1,"rpm":6000}])"));
    CHECK(hub.follower.samples(world.now_us()).empty());  // nothing moved
}

TEST_CASE("Gaps are what drivers feel, also across the line", "[emperor]") {
    World world;
    Listener hub;
    world.join("A", "Ada", 0);
    world.join("Z", "Zoe", 1);
    world.join("G", "Grace", 2);
    world.now_s = 5;
    world.session(3, 1);
    hub.hear(world);
    // From the grid on: Zoe is 2 s behind Ada, Grace goes at a third of their pace.
    double next_a = 20, next_z = 22;
    bool compared = false;
    for (int i = 0; i < 900; ++i) {
        world.now_s += 0.1;
        const double t = i * 0.1;
        const auto spot = [](double progress) { return progress - std::floor(progress); };
        hub.hear(frame(world, 0, spot(t / 20 - 0.01)), world.now_us());
        hub.hear(frame(world, 1, spot((t - 2) / 20 - 0.01)), world.now_us());
        hub.hear(frame(world, 2, spot(t / 60 - 0.02)), world.now_us());
        // The server counts a lap half a second after the car was at the line.
        if (t >= next_a + 0.7) world.lap("A", 20), next_a += 20, hub.hear(world);
        if (t >= next_z + 0.7) world.lap("Z", 20), next_z += 20, hub.hear(world);
        if (i == 615) world.lap("G", 60), hub.hear(world);
        const json told = sample(hub, "gap.measured", world.now_us());
        if (told.is_null() || t < 5 || (t > 55 && t < 65)) continue;
        compared = true;
        INFO("after " << t << " s: " << told.dump());
        REQUIRE(told["gaps"].size() == 3);
        CHECK(told["gaps"][0] == json::parse(R"({"entry":1,"gap_us":0})"));
        CHECK(told["gaps"][1]["entry"] == 2);
        CHECK(std::abs(told["gaps"][1]["gap_us"].get<std::int64_t>() - 2'000'000) < 110'000);
        CHECK(told["gaps"][1]["interval_us"] == told["gaps"][1]["gap_us"]);
        CHECK(told["gaps"][2]["entry"] == 3);
        if (t > 40)
            CHECK(told["gaps"][2]["laps_behind"] == static_cast<int>(t / 20 - t / 60 + 0.0101));
    }
    CHECK(compared);
}

TEST_CASE("The newest weather is told when it changes", "[emperor]") {
    World world;
    world.join("A", "Ada");
    Listener hub;
    hub.hear(world);
    CHECK(sample(hub, "weather.measured", world.now_us())["track_dc"] == 300);
    hub.hear(world);
    CHECK(sample(hub, "weather.measured", world.now_us()).is_null());
    json info = world.info;
    info["RoadTemp"] = 31;
    hub.hear(world.event(59, info), world.now_us());
    CHECK(sample(hub, "weather.measured", world.now_us())["track_dc"] == 310);
}

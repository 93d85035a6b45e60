// link: racehub::openf1_net
// A made-up Grand Prix of 20 cars and two hours in a file: loading it, frames for hand-helds, jumps
// and ticks of a replay. Beside it, the smallest program that could load it: reading all its bytes
// and adding them up.
//
//   build/tests/bench/bench_openf1 [FOLDER]     FOLDER keeps the file, for racehub-openf1 serve

#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>

#include "plugins/openf1/instant.h"
#include "plugins/openf1/replay.h"

namespace {

using racehub::openf1::CarRow;
using racehub::openf1::IntervalRow;
using racehub::openf1::LocationRow;
using racehub::openf1::Micros;
using racehub::openf1::Section;
using Clock = std::chrono::steady_clock;
using nlohmann::json;

constexpr int kCars = 20, kLaps = 78;
constexpr Micros kStartUs = 1'716'730'000'000'000, kLapUs = 92'300'000;

class Counting final : public racehub::openf1::Listener {
  public:
    void observe(const char*, const std::string& data, const std::string&) override {
        ++observations;
        bytes += data.size();
    }
    void sample(const char*, const std::string& data) override {
        ++samples;
        bytes += data.size();
    }
    std::size_t observations = 0, samples = 0, bytes = 0;
};

double seconds_since(Clock::time_point began) {
    return std::chrono::duration<double>(Clock::now() - began).count();
}

double cpu_s() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto s = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return s(usage.ru_utime) + s(usage.ru_stime);
}

long rss_kb() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
    }
    return 0;
}

std::string date(Micros since_us) { return racehub::openf1::format_instant(kStartUs + since_us); }

void write_cars(racehub::openf1::SessionWriter& writer, int driver, std::string& error) {
    std::mt19937 random(static_cast<unsigned>(driver));
    std::vector<LocationRow> places;
    std::vector<CarRow> figures;
    std::vector<IntervalRow> intervals;
    for (Micros at_us = -20'000'000; at_us < kLaps * (kLapUs + driver * 50'000);
         at_us += 190'000 + random() % 160'000) {
        const double angle = 6.283 * static_cast<double>(at_us) / static_cast<double>(kLapUs);
        places.push_back({kStartUs + at_us, driver, static_cast<int>(5'000 * std::cos(angle)),
                          static_cast<int>(2'500 * std::sin(angle)), 12});
        figures.push_back({kStartUs + at_us + 40'000, driver,
                           200 + static_cast<int>(random() % 100), 11'000, 7, 100, 0, 12});
        if (random() % 15 == 0) {
            intervals.push_back({kStartUs + at_us, driver, driver * 1'500, 1'500});
        }
    }
    const auto count = places.size();
    writer.add({"location", driver, count, {}}, pack(std::move(places)), error);
    writer.add({"car_data", driver, count, {}}, pack(std::move(figures)), error);
    writer.add({"intervals", driver, intervals.size(), {}}, pack(std::move(intervals)), error);
}

std::string write_race(const std::string& folder) {
    const std::string path = folder + "/9523.openf1";
    std::string error;
    racehub::openf1::SessionWriter writer;
    if (!writer.open(path, error)) return {};
    json sessions{{{"session_key", 9'523}, {"session_type", "Race"}, {"date_start", date(0)}}};
    json drivers = json::array(), laps = json::array(), positions = json::array(),
         results = json::array();
    for (int driver = 1; driver <= kCars; ++driver) {
        drivers.push_back({{"driver_number", driver}, {"name_acronym", "DRV"}});
        positions.push_back(
            {{"driver_number", driver}, {"position", driver}, {"date", date(-60'000'000)}});
        results.push_back(
            {{"driver_number", driver}, {"position", driver}, {"number_of_laps", kLaps}});
        for (int lap = 0; lap < kLaps; ++lap) {
            const double lap_s = static_cast<double>(kLapUs + driver * 50'000) / 1e6;
            laps.push_back({{"driver_number", driver},
                            {"lap_number", lap + 1},
                            {"date_start", date(lap * (kLapUs + driver * 50'000))},
                            {"lap_duration", lap_s},
                            {"duration_sector_1", lap_s / 3},
                            {"duration_sector_2", lap_s / 3},
                            {"duration_sector_3", lap_s / 3},
                            {"segments_sector_1", {2'049, 2'049, 2'051, 2'048, 2'064, 0}},
                            {"i1_speed", 280},
                            {"is_pit_out_lap", false}});
        }
    }
    for (const auto& [kind, rows] : {std::pair("sessions", &sessions),
                                     {"drivers", &drivers},
                                     {"laps", &laps},
                                     {"position", &positions},
                                     {"session_result", &results}}) {
        writer.add({kind, 0, rows->size(), {}}, rows->dump(), error);
    }
    for (int driver = 1; driver <= kCars; ++driver) write_cars(writer, driver, error);
    return path;
}

void smallest(const std::string& path) {
    const auto began = Clock::now();
    std::ifstream file(path, std::ios::binary);
    std::string bytes(std::filesystem::file_size(path), '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    const auto sum = racehub::openf1::checksum(bytes);
    std::printf("read and add up   %7.1f ms   %.1f MB (%llx)\n", seconds_since(began) * 1e3,
                static_cast<double>(bytes.size()) / 1e6, static_cast<unsigned long long>(sum));
}

}  // namespace

int main(int argc, char** argv) {
    const std::string folder =
        argc > 1 ? argv[1] : std::filesystem::temp_directory_path().string() + "/bench-openf1";
    std::filesystem::create_directories(folder);
    std::filesystem::remove(folder + "/9523.openf1");
    const std::string path = write_race(folder);
    for (int i = 0; i < 2; ++i) smallest(path);
    std::string error;
    std::shared_ptr<const racehub::openf1::Session> session;
    for (int i = 0; i < 3; ++i) {
        session.reset();
        const long before_kb = rss_kb();
        const double cpu = cpu_s();
        const auto began = Clock::now();
        session = racehub::openf1::load_session(path, error);
        std::printf("load              %7.1f ms   cpu %.1f ms   resident +%.1f MB, file included\n",
                    seconds_since(began) * 1e3, (cpu_s() - cpu) * 1e3,
                    static_cast<double>(rss_kb() - before_kb) / 1e3);
    }
    racehub::openf1::FrameMaker frames(session);
    std::string text;
    auto began = Clock::now();
    std::size_t made = 0, bytes = 0;
    for (int round = 0; round < 5; ++round) {
        for (std::int64_t t_ms = 0; t_ms < frames.end_ms(); t_ms += 100, ++made) {
            text.clear();
            frames.frame(t_ms, text);
            bytes += text.size();
        }
    }
    const double took = seconds_since(began);
    std::printf("frames            %7.0f /s   %zu bytes each\n", static_cast<double>(made) / took,
                bytes / made);
    Counting told;
    racehub::openf1::Replay replay(session, 1, told);
    Micros now_us = kStartUs;
    replay.open(now_us, 0);
    std::mt19937 random(1);
    double longest = 0, sum = 0;
    for (int i = 0; i < 200; ++i) {
        began = Clock::now();
        replay.seek(now_us, static_cast<Micros>(random() % 7'200) * 1'000'000);
        const double one = seconds_since(began);
        longest = std::max(longest, one);
        sum += one;
    }
    std::printf("seek              %7.2f ms   longest %.2f ms\n", sum / 200 * 1e3, longest * 1e3);
    replay.seek(now_us, 0);
    replay.play(now_us);
    const std::size_t before = told.bytes;
    const double cpu = cpu_s();
    for (int i = 0; i < 6'000; ++i) replay.tick(now_us += 100'000);
    std::printf("10 minutes at 1x  %7.1f ms of cpu, %.1f MB of samples and observations\n",
                (cpu_s() - cpu) * 1e3, static_cast<double>(told.bytes - before) / 1e6);
    if (argc < 2) std::filesystem::remove_all(folder);
    return 0;
}

// link: racehub::openf1_net
// Whatever an API, a stream, a file or a hand-held says, OpenF1's readers live. The first byte says
// which of them reads the rest.

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "hub/core/codec.h"
#include "plugins/openf1/cardputer.h"
#include "plugins/openf1/instant.h"
#include "plugins/openf1/live.h"
#include "tests/fuzz/fuzz.h"

namespace {

using racehub::openf1::HandHeldRequest;
using racehub::openf1::Listener;

/// What is told must be what the hub takes.
class Checked final : public Listener {
  public:
    void observe(const char* type, const std::string& data, const std::string&) override {
        racehub::Payload payload;
        std::string error;
        RH_ASSERT(racehub::decode_payload(type, std::string_view(data), payload, error));
    }
    void sample(const char* type, const std::string& data) override {
        racehub::Sample sample;
        std::string error;
        const auto object = nlohmann::json::parse(data, nullptr, false);
        RH_ASSERT(racehub::decode_sample(type, object, sample, error));
    }
};

void as_stream(std::string_view text) {
    racehub::openf1::LiveSession session;
    Checked checked;
    constexpr std::int64_t kNowUs = 1'716'736'824'000'000;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        const std::size_t blank = std::min(line.find(' '), line.size());
        session.take(line.substr(0, blank), line.substr(std::min(blank + 1, line.size())), kNowUs,
                     checked);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    session.tick(kNowUs, checked);
}

void as_file(std::string_view text) {
    static const std::string path =
        (std::filesystem::temp_directory_path() / ("fuzz-openf1-" + std::to_string(::getpid())))
            .string();
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    std::string error;
    const auto session = racehub::openf1::load_session(path, error);
    std::remove(path.c_str());
    if (!session) return;
    Checked checked;
    racehub::openf1::Replay replay(session, 1, checked);
    replay.open(1, 0);
    replay.set_rate(1, 64'000);
    replay.play(2);
    replay.tick(60'000'000);
    replay.seek(60'000'001, 0);
    std::string frame;
    racehub::openf1::FrameMaker(session).frame(1'000, frame);
    racehub::openf1::HandHeldFiles files(*session);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] == 's') as_stream(text);
    if (data[0] == 'f') as_file(text);
    if (data[0] == 'r') {
        HandHeldRequest request;
        if (racehub::openf1::read_request(text, request)) {
            racehub::openf1::read_path(request.path);
        }
        racehub::openf1::read_path(text);
        racehub::openf1::parse_instant(text);
    }
    return 0;
}

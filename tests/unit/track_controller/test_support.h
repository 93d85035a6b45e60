#pragma once
// What the tests of the Track Controller share: the recordings, and cutting input into pieces.

#include <cstdint>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace racehub::track_controller::test {

/// Recordings of a real device stand beside the project, not in it; empty when they do not.
inline std::string recording(const std::string& name) {
    for (const char* place : {"../shared/", "../../shared/"}) {
        std::ifstream file(place + std::string("data/track-controller/") + name, std::ios::binary);
        if (file) return {std::istreambuf_iterator<char>(file), {}};
    }
    return {};
}

/// The bytes of one Python literal b'…' that begins at `at`; moves `at` behind it.
inline std::string python_bytes(const std::string& text, std::size_t& at) {
    std::string out;
    const char quote = text[at + 1];
    at += 2;
    while (at < text.size() && text[at] != quote) {
        if (text[at] != '\\') {
            out.push_back(text[at++]);
            continue;
        }
        const char kind = text[at + 1];
        at += 2;
        if (kind == 'x') {
            out.push_back(static_cast<char>(std::stoi(text.substr(at, 2), nullptr, 16)));
            at += 2;
        } else {
            out.push_back(kind == 'n' ? '\n' : kind == 'r' ? '\r' : kind == 't' ? '\t' : kind);
        }
    }
    ++at;
    return out;
}

/// Everything that the device wrote in a serial recording, in order.
inline std::string serial_output(const std::string& recorded) {
    std::string out;
    for (std::size_t at = recorded.find("b'"); at != std::string::npos;
         at = recorded.find("b'", at))
        out += python_bytes(recorded, at);
    return out;
}

/// Calls `feed` with the text in pieces of random length, the same for the same seed.
inline void in_pieces(std::string_view text, std::uint32_t seed,
                      const std::function<void(std::string_view)>& feed) {
    std::mt19937 random(seed);
    while (!text.empty()) {
        const std::size_t size = std::min<std::size_t>(1 + random() % 40, text.size());
        feed(text.substr(0, size));
        text.remove_prefix(size);
    }
}

}  // namespace racehub::track_controller::test

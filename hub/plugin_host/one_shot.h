#pragma once
// One question to a plugin's library, in a process of its own that is ended afterwards: a library
// that crashes or hangs meanwhile cannot take the hub with it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace racehub::plugin_host {

struct OneShot {
    bool started = false;   ///< false: the program or its pipe could not be made; `text` says why
    bool complete = false;  ///< it said all it had to say within limits of time and size
    int signal = 0;         ///< of its crash; 0: none
    std::string text;       ///< what it said
};

/// Runs racehub-plugin-host with `words` and the bytes `input` as its standard input, and reads
/// what it writes to descriptor 3. Afterwards it and all it started are killed. Blocks at most
/// `limit_ms`, and not much longer than until `over` becomes true (null: it never does).
/// [any-thread; the child dies with the thread that called this]
OneShot ask_once(const std::string& host_program, std::vector<std::string> words,
                 std::string_view input, std::int64_t limit_ms, std::size_t max_bytes,
                 const std::atomic<bool>* over = nullptr);

/// "(signal 11, Segmentation fault)"
std::string crash_text(int signal);

}  // namespace racehub::plugin_host

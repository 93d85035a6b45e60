// racehub-plugin-host: the process around one plugin, and the tool that looks at plugin files.
//
//   racehub-plugin-host run <file> <index> <parent> <memory MB>
//       (by the hub; speaks on descriptor 3)
//   racehub-plugin-host probe <file> [<parent>]
//       prints what the file contains, as JSON
//   racehub-plugin-host examine <file> <index> <what> [<parent>]
//       "test" or "discover" with the settings on standard input; prints the plugin's answer
//   racehub-plugin-host check <file> [<config JSON>]
//       tries whether the plugin keeps the rules
//   racehub-plugin-host cycle <file>
//       (by check)

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "hub/plugin_host/carrier.h"
#include "hub/plugin_host/check.h"
#include "hub/plugin_host/config_schema.h"
#include "hub/plugin_host/examine.h"
#include "hub/plugin_host/instance.h"
#include "hub/plugin_host/plugin_file.h"

namespace {

namespace host = racehub::plugin_host;

constexpr int kSocket = 3;
constexpr std::uint32_t kProbeMemoryMb = 256;
constexpr unsigned kProbeLimitSeconds = 30;  // if whoever asked is gone

// Static destructors and exit handlers of plugins are not run: a plugin has been destroyed before,
// or it crashed.
[[noreturn]] void leave(int status) {
    std::fflush(nullptr);
    ::_exit(status);
}

// 0, or 1 if it cannot be written.
int say(int out, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t written = ::write(out, text.data() + done, text.size() - done);
        if (written <= 0) return 1;
        done += static_cast<std::size_t>(written);
    }
    return 0;
}

int run(const std::vector<std::string>& words) {
    const auto parent = static_cast<pid_t>(std::strtol(words[3].c_str(), nullptr, 10));
    const auto memory_mb = static_cast<std::uint32_t>(std::strtoul(words[4].c_str(), nullptr, 10));
    if (!host::confine_child(parent, memory_mb)) return 0;
    ::fcntl(kSocket, F_SETFD, FD_CLOEXEC);
    const auto index = static_cast<std::uint32_t>(std::strtoul(words[2].c_str(), nullptr, 10));
    return static_cast<int>(host::run_instance(kSocket, words[1], index));
}

int probe(const std::vector<std::string>& words) {
    const bool asked_by_hub = words.size() > 2;
    ::alarm(kProbeLimitSeconds);
    if (asked_by_hub) host::confine_child(0, kProbeMemoryMb);
    return say(asked_by_hub ? kSocket : STDOUT_FILENO, host::describe_file(words[1]) + "\n");
}

// Settings as they are on standard input; more than any plugin may have is cut, and then no JSON.
std::string read_settings() {
    std::string text;
    char part[4096];
    while (text.size() <= host::kMaxConfigBytes) {
        const ssize_t got = ::read(STDIN_FILENO, part, sizeof(part));
        if (got <= 0) break;
        text.append(part, static_cast<std::size_t>(got));
    }
    return text;
}

int examine(const std::vector<std::string>& words) {
    const bool asked_by_hub = words.size() > 4;
    if (asked_by_hub) {
        host::confine_child(0, kProbeMemoryMb);
        ::fcntl(kSocket, F_SETFD, FD_CLOEXEC);
    }
    const std::string settings = read_settings();
    const auto index = static_cast<std::uint32_t>(std::strtoul(words[2].c_str(), nullptr, 10));
    return say(asked_by_hub ? kSocket : STDOUT_FILENO,
               host::examine_here(words[1], index, words[3], settings) + "\n");
}

int check(const std::vector<std::string>& words) {
    std::ostringstream findings;
    const std::string config = words.size() > 2 ? words[2] : "";
    const int failures = host::check_plugin(words[1], config, host::find_host_program(), findings);
    say(STDOUT_FILENO, findings.str());
    return failures == 0 ? 0 : 1;
}

int usage() {
    say(STDERR_FILENO,
        "usage: racehub-plugin-host probe FILE.so\n"
        "       racehub-plugin-host examine FILE.so INDEX test|discover < SETTINGS.json\n"
        "       racehub-plugin-host check FILE.so [CONFIG-JSON]\n");
    return 64;
}

}  // namespace

int main(int count, char** arguments) {
    const std::vector<std::string> words(arguments + 1, arguments + count);
    const std::string verb = words.empty() ? "" : words[0];
    const bool two_or_three = words.size() == 2 || words.size() == 3;
    if (verb == "run" && words.size() == 5) leave(run(words));
    if (verb == "probe" && two_or_three) leave(probe(words));
    if (verb == "examine" && (words.size() == 4 || words.size() == 5)) leave(examine(words));
    if (verb == "cycle" && words.size() == 2) leave(host::cycle_plugin(words[1]));
    if (verb == "check" && two_or_three) leave(check(words));
    return usage();
}

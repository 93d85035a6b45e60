#include "hub/app/options.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>

namespace racehub::app {
namespace {

constexpr std::array kCommands{"serve",   "probe",  "check",   "verify",
                               "rebuild", "backup", "version", "help"};

bool parse_port(const std::string& text, int& port) {
    if (text.empty() || text.size() > 5 ||
        !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        return false;
    }
    port = std::stoi(text);
    return port >= 1 && port <= 65535;
}

}  // namespace

std::string usage() {
    return R"(racehub: the race hub at the track

  racehub serve [options]           runs the hub until it is interrupted
      --config FILE                 tracks, plugins and settings (JSON; see deploy/README.md)
      --state DIR                   where races, PIN and backups are kept (default: state)
      --port N                      web port instead of the configuration's
      --new-pin                     draws a new PIN for the race director
      --local                       answers this machine only
      --safe-mode                   loads no plugins
      --plugins DIR  --webui DIR  --plugin-host FILE    parts that are not beside the program
  racehub probe FILE.so             says what a plugin is, without loading it into the hub
  racehub check FILE.so             tries a plugin hard and says what it does wrong
  racehub verify  [--state DIR]     decides the whole log again and compares every fact
  racehub rebuild [--state DIR]     makes the result tables anew from the log
  racehub backup FOLDER [--state DIR]   copies the database, also while the hub runs
  racehub version | help
)";
}

bool parse_options(const std::vector<std::string>& arguments, Options& options,
                   std::string& error) {
    const std::map<std::string, std::string*> texts{{"--config", &options.config},
                                                    {"--state", &options.state},
                                                    {"--plugins", &options.plugins},
                                                    {"--webui", &options.webui},
                                                    {"--plugin-host", &options.plugin_host}};
    const std::map<std::string, bool*> flags{{"--new-pin", &options.new_pin},
                                             {"--safe-mode", &options.safe_mode},
                                             {"--local", &options.local}};
    std::size_t i = 0;
    if (!arguments.empty() && arguments[0].rfind("--", 0) != 0) {
        options.command = arguments[i++];
        if (std::find(kCommands.begin(), kCommands.end(), options.command) == kCommands.end()) {
            error = "\"" + options.command + "\" is not a command of racehub; try: racehub help";
            return false;
        }
    }
    for (; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (word == "--help") {
            options.command = "help";
        } else if (const auto flag = flags.find(word); flag != flags.end()) {
            *flag->second = true;
        } else if (texts.count(word) != 0 || word == "--port") {
            if (i + 1 == arguments.size()) {
                error = word + " needs a value behind it; try: racehub help";
                return false;
            }
            const std::string& value = arguments[++i];
            if (word != "--port") {
                *texts.at(word) = value;
            } else if (!parse_port(value, options.port)) {
                error = "--port must be a number from 1 to 65535, not \"" + value + "\"";
                return false;
            }
        } else if (word.rfind("--", 0) == 0) {
            error = "\"" + word + "\" is not an option of racehub; try: racehub help";
            return false;
        } else {
            options.files.push_back(word);
        }
    }
    const bool takes_files =
        options.command == "probe" || options.command == "check" || options.command == "backup";
    if (takes_files && options.files.empty()) {
        error =
            "racehub " + options.command + " needs a file or folder behind it; try: racehub help";
        return false;
    }
    if (!takes_files && !options.files.empty()) {
        error = "\"" + options.files[0] +
                "\" is not expected here; a configuration is given with --config FILE";
        return false;
    }
    return true;
}

}  // namespace racehub::app

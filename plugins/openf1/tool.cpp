// racehub-openf1: builds, shows and serves sessions without a hub.

#include <charconv>
#include <chrono>
#include <csignal>
#include <iostream>
#include <map>
#include <thread>

#include "plugins/openf1/config.h"
#include "plugins/openf1/hand_held_server.h"

namespace racehub::openf1 {
namespace {

constexpr const char* kUsage = R"(Usage:
  racehub-openf1 build [--session KEY | --year YEAR --circuit NAME | --latest] [--kind Race]
                       [--cache FOLDER] [--url URL] [--rate REQUESTS_PER_SECOND] [--ca FILE]
  racehub-openf1 info FILE             what a built session holds, and what it lacks
  racehub-openf1 serve FILE [--port PORT] [--address ADDRESS] [--alias KEY]
                                       serves Pocket Pitwall hand-helds, each from the beginning
Ctrl-C ends it; a build goes on where it was when it is started again.
)";

volatile std::sig_atomic_t ended = 0;

struct Arguments {
    std::map<std::string, std::string> options;
    std::vector<std::string> words;
    std::string wrong;

    std::string text(const std::string& name, const std::string& otherwise) const {
        const auto found = options.find(name);
        return found == options.end() ? otherwise : found->second;
    }
    std::int64_t number(const std::string& name, std::int64_t otherwise) {
        const std::string given = text(name, "");
        if (given.empty()) return otherwise;
        std::int64_t value = 0;
        const auto [end, failed] =
            std::from_chars(given.data(), given.data() + given.size(), value);
        if (failed != std::errc() || end != given.data() + given.size() || value < 0) {
            wrong = "--" + name + " needs a number, not \"" + given + "\".";
        }
        return value;
    }
};

Arguments read(int argc, char** argv) {
    Arguments arguments;
    for (int i = 2; i < argc; ++i) {
        const std::string word = argv[i];
        if (!word.starts_with("--")) {
            arguments.words.push_back(word);
        } else if (word == "--latest") {
            arguments.options["latest"] = "yes";
        } else if (i + 1 < argc) {
            arguments.options[word.substr(2)] = argv[++i];
        } else {
            arguments.wrong = word + " needs a value.";
        }
    }
    for (const auto& [name, value] : arguments.options) {
        static const std::string kKnown =
            " session year circuit latest kind cache url rate ca port address alias ";
        if (kKnown.find(" " + name + " ") == std::string::npos) {
            arguments.wrong = "There is no option --" + name + ".";
        }
    }
    return arguments;
}

bool wait(int milliseconds) {
    for (; milliseconds > 0 && ended == 0; milliseconds -= 50) {
        std::this_thread::sleep_for(std::chrono::milliseconds(std::min(50, milliseconds)));
    }
    return ended == 0;
}

/// For "the latest race": the day is enough.
Micros now_us() {
    // tidy-allow(wall-clock): a command line has no hub whose clock it could take
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

int fail(const std::string& text) {
    std::cerr << text << "\n";
    return 1;
}

int info(const std::string& path) {
    std::string error;
    const auto session = load_session(path, error);
    if (!session) return fail(error);
    std::cout << session->title() << ", session " << session->info.session_key << "\n";
    for (const Section& section : session->file->sections()) {
        if (section.driver == 0) {
            std::cout << "  " << section.kind << ": " << section.rows << " rows\n";
        }
    }
    for (const char* kind : {"location", "car_data", "intervals"}) {
        std::size_t rows = 0;
        const auto drivers = session->file->drivers(kind);
        for (const Section& section : session->file->sections()) {
            if (section.kind == kind && section.driver > 0) rows += section.rows;
        }
        std::cout << "  " << kind << ": " << rows << " rows of " << drivers.size() << " drivers\n";
    }
    for (const std::string& note : session->notes) std::cout << "  missing: " << note << "\n";
    if (session->unusable > 0) {
        std::cout << "  " << session->unusable << " rows say nothing and were left out\n";
    }
    return 0;
}

int build(Arguments arguments) {
    Wanted wanted{arguments.number("session", 0),
                  static_cast<std::int32_t>(arguments.number("year", 0)),
                  arguments.text("circuit", ""), arguments.text("kind", "Race")};
    ApiOptions options;
    options.base_url = arguments.text("url", options.base_url);
    options.ca_file = arguments.text("ca", "");
    options.requests_per_second = static_cast<double>(arguments.number("rate", 2));
    if (!arguments.wrong.empty()) return fail(arguments.wrong);
    const bool which = wanted.session_key > 0 || wanted.year > 0 || !wanted.circuit.empty();
    if (!which && arguments.text("latest", "").empty()) return fail(kUsage);
    const auto say = [](const std::string& text) { std::cerr << "  " << text << "\n"; };
    try {
        const auto api = make_http_api(options, wait, say);
        Builder builder(
            *api, arguments.text("cache", default_cache()),
            [&](const Progress& progress) { say(text_of(progress)); }, now_us());
        const Built built = builder.build(wanted);
        for (const std::string& missing : built.missing) say(missing);
        if (!built.path.empty()) std::cout << built.path << "\n";
        if (!built.problem.empty()) return fail(built.problem);
        return built.whole ? info(built.path) : fail("Not whole: run it again.");
    } catch (const std::exception& error) {
        return fail(error.what());
    }
}

int serve(Arguments arguments) {
    HandHeldOptions options;
    options.address = arguments.text("address", options.address);
    options.port =
        static_cast<int>(std::min<std::int64_t>(65'535, arguments.number("port", 8'000)));
    options.alias = arguments.number("alias", options.alias);
    if (!arguments.wrong.empty()) return fail(arguments.wrong);
    std::string error;
    auto session = load_session(arguments.words.at(0), error);
    if (!session) return fail(error);
    HandHeldServer server;
    server.show(session);
    if (!server.start(options, error)) return fail(error);
    std::cout << session->title() << " on port " << server.port() << std::endl;
    while (wait(1'000)) {
    }
    server.stop();
    return 0;
}

int run(int argc, char** argv) {
    std::signal(SIGINT, [](int) { ended = 1; });
    std::signal(SIGTERM, [](int) { ended = 1; });
    const std::string verb = argc > 1 ? argv[1] : "";
    const Arguments arguments = read(argc, argv);
    if (!arguments.wrong.empty()) return fail(arguments.wrong);
    if (verb == "build" && arguments.words.empty()) return build(arguments);
    if (verb == "info" && arguments.words.size() == 1) return info(arguments.words[0]);
    if (verb == "serve" && arguments.words.size() == 1) return serve(arguments);
    std::cerr << kUsage;
    return 2;
}

}  // namespace
}  // namespace racehub::openf1

int main(int argc, char** argv) { return racehub::openf1::run(argc, argv); }

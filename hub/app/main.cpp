#include <cstdio>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "hub/app/hub.h"
#include "hub/app/version.h"
#include "hub/plugin_host/check.h"
#include "hub/plugin_host/plugin_host.h"
#include "hub/store/backup.h"
#include "hub/store/store.h"
#include "hub/store/verify.h"

namespace racehub::app {
namespace {

int fail(const std::string& sentence) {
    std::cerr << "racehub: " << sentence << "\n";
    return 1;
}

std::string database(const Options& options) { return options.state + "/racehub.db"; }

std::string host_program(const Options& options) {
    return options.plugin_host.empty() ? plugin_host::find_host_program() : options.plugin_host;
}

store::Progress progress(const char* what) {
    return [what](std::uint64_t done, std::uint64_t total) {
        std::cerr << "\r" << what << ": " << done << " of " << total << std::flush;
        if (done >= total) std::cerr << "\n";
    };
}

int serve(const Options& options) {
    HubConfig config;
    std::string error;
    if (!options.config.empty() && !load_config(options.config, config, error)) {
        return fail(error);
    }
    return racehub::app::serve(options, config);
}

int probe(const Options& options) {
    plugin_host::Prober prober(host_program(options));
    bool good = true;
    for (const std::string& file : options.files) {
        const std::string answer = prober.probe(file);
        good &= nlohmann::json::parse(answer, nullptr, false).value("ok", false);
        std::cout << answer << "\n";
    }
    return good ? 0 : 1;
}

int check(const Options& options) {
    int failures = 0;
    for (const std::string& file : options.files) {
        failures += plugin_host::check_plugin(file, "", host_program(options), std::cout);
    }
    return failures == 0 ? 0 : 1;
}

int verify(const Options& options) {
    store::VerifyReport report;
    std::string error;
    if (!store::verify(database(options), progress("verifying"), report, error)) {
        return fail(report.difference.empty() ? error : report.difference);
    }
    std::cout << "The log is whole: " << report.inputs << " inputs decided again gave the same "
              << report.facts << " facts of " << report.races << " races.\n";
    return 0;
}

int rebuild(const Options& options) {
    store::StoreOptions store_options;
    store_options.existing_only = true;
    store::OpenReport report;
    std::string error;
    const auto store = store::Store::open(database(options), store_options, report, error);
    if (!store || !store->rebuild(progress("rebuilding"), error)) return fail(error);
    std::cout << "The result tables are made anew from the log.\n";
    return 0;
}

int backup(const Options& options) {
    constexpr std::size_t kKeepAll = 1'000'000;  // a folder that somebody names is theirs to tidy
    store::Backup made;
    std::string error;
    const TimeUs now_us = static_cast<TimeUs>(std::time(nullptr)) * kSecondUs;
    if (!store::make_backup(database(options), options.files[0], now_us, kKeepAll, made, error)) {
        return fail(error);
    }
    std::cout << made.path << " (" << made.bytes << " bytes, facts up to " << made.seq << ")\n";
    return 0;
}

int run(const Options& options) {
    if (options.command == "serve") return serve(options);
    if (options.command == "probe") return probe(options);
    if (options.command == "check") return check(options);
    if (options.command == "verify") return verify(options);
    if (options.command == "rebuild") return rebuild(options);
    if (options.command == "backup") return backup(options);
    if (options.command == "version") {
        std::cout << "RaceHub " << kVersion << "\n";
    } else {
        std::cout << usage();
    }
    return 0;
}

}  // namespace
}  // namespace racehub::app

int main(int count, char** arguments) {
    racehub::app::Options options;
    std::string error;
    if (!racehub::app::parse_options({arguments + 1, arguments + count}, options, error)) {
        return racehub::app::fail(error);
    }
    try {
        return racehub::app::run(options);
    } catch (const std::exception& wrong) {
        return racehub::app::fail(wrong.what());
    }
}

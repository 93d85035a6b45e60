// The plugin host around a stand-in hub, as a process that a test can kill. Prints sources_json()
// at each change; a line on standard input is an order to the puppet; the end of input stops it.
//   plugin_mini_hub <host program> <plugin file>...
#include <cstdio>
#include <iostream>
#include <string>

#include "hub/plugin_host/plugin_host.h"
#include "tests/unit/plugin_host/fake_hub.h"

int main(int count, char** arguments) {
    using racehub::plugin_host::FakeHub;
    using racehub::plugin_host::PluginHost;
    FakeHub hub;
    PluginHost* running = nullptr;
    PluginHost::Options options;
    options.host_program = arguments[1];
    options.on_change = [&] {
        const std::string line = running->sources_json() + "\n";
        std::fwrite(line.data(), 1, line.size(), stdout);
        std::fflush(stdout);
    };
    PluginHost host(options, hub);
    running = &host;
    std::vector<racehub::plugin_host::SourceConfig> sources;
    for (int i = 2; i < count; ++i) {
        racehub::plugin_host::SourceConfig source;
        source.id = "source" + std::to_string(i - 1);
        source.library = arguments[i];
        source.track = "main";
        sources.push_back(source);
    }
    for (const auto& problem : host.configure(sources))
        std::fprintf(stderr, "%s\n", problem.c_str());
    host.start();
    for (std::string line; std::getline(std::cin, line);) hub.order(line);
    host.stop();
    return 0;
}

#include "hub/plugin_host/plugin_file.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "hub/plugin_host/config_schema.h"
#include "hub/plugin_host/socket.h"
#include "hub/plugin_host/wire.h"

namespace racehub::plugin_host {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxDescriptorText = 400;
constexpr std::size_t kMaxTypes = 256;  // more than there are event types

// What version 1.0 had; whoever writes less was not built with this header.
constexpr std::size_t kEntrySize =
    offsetof(rh_plugin_entry, create) + sizeof(rh_plugin_entry::create);
constexpr std::size_t kDescriptorSize =
    offsetof(rh_plugin_descriptor, subscribes) + sizeof(rh_plugin_descriptor::subscribes);
constexpr std::size_t kPluginSize = offsetof(rh_plugin, destroy) + sizeof(rh_plugin::destroy);

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#elif defined(__arm__)
constexpr unsigned kMachine = EM_ARM;
#else
constexpr unsigned kMachine = EM_NONE;  // not checked here; the loader will
#endif

// The loader's own words for these ("invalid ELF header", "file too short") help nobody.
bool looks_loadable(const std::string& path, std::string& error) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0) {
        return error = std::string("cannot be opened: ") + std::strerror(errno), false;
    }
    if (!S_ISREG(info.st_mode)) return error = "is not a file", false;
    Elf64_Ehdr header{};
    const ssize_t got = ::pread(file.get(), &header, sizeof(header), 0);
    if (got < EI_NIDENT || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
        return error = "is not a shared library (it does not begin like one)", false;
    }
    const bool short_file = got < static_cast<ssize_t>(sizeof(header));
    if (short_file || (kMachine != EM_NONE && header.e_machine != kMachine)) {
        return error = "was built for another kind of processor", false;
    }
    if (header.e_type != ET_DYN)
        return error = "is not a shared library but another ELF file", false;
    return true;
}

std::string text_of(const char* text, std::size_t limit = kMaxDescriptorText) {
    return text ? clean_text(std::string_view(text, ::strnlen(text, limit)), limit) : std::string();
}

json list_of(const char* const* list) {
    json names = json::array();
    for (std::size_t i = 0; list && i < kMaxTypes && list[i]; ++i)
        names.push_back(text_of(list[i]));
    return names;
}

}  // namespace

bool PluginFile::open(const std::string& path, std::string& error) {
    if (!looks_loadable(path, error)) return false;
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) return error = "cannot be loaded: " + clean_text(::dlerror(), 500), false;
    using Entry = const rh_plugin_entry* (*)();
    const auto entry = reinterpret_cast<Entry>(::dlsym(library, "racehub_plugin_entry_v1"));
    if (!entry) {
        const bool newer = ::dlsym(library, "racehub_plugin_entry_v2") != nullptr;
        error = newer ? "was built for version 2 of the plugin interface, this hub knows version 1"
                      : "is not a RaceHub plugin: it has no function racehub_plugin_entry_v1";
        return false;
    }
    entry_ = entry();
    if (!entry_) return error = "gave no entry", false;
    if (entry_->struct_size < kEntrySize) return error = "gave an entry that is too short", false;
    if (entry_->abi_major != RH_ABI_MAJOR) {
        error = "was built for version " + std::to_string(entry_->abi_major) +
                " of the plugin interface, this hub knows version " + std::to_string(RH_ABI_MAJOR);
        return false;
    }
    if (entry_->plugin_count == 0 || entry_->plugin_count > kMaxPluginsInFile) {
        error = "says it has " + std::to_string(entry_->plugin_count) + " plugins; 1 to " +
                std::to_string(kMaxPluginsInFile) + " are possible";
        return false;
    }
    if (!entry_->describe || !entry_->create) return error = "lacks describe or create", false;
    return true;
}

const rh_plugin* PluginFile::create(std::uint32_t index, const rh_host* host,
                                    std::string& error) const {
    const rh_plugin* plugin = entry_->create(index, host);
    if (!plugin) return error = "create gave no instance", nullptr;
    if (plugin->struct_size < kPluginSize || !plugin->start || !plugin->stop || !plugin->destroy) {
        return error = "its table lacks start, stop or destroy", nullptr;
    }
    return plugin;
}

bool PluginFile::examine(std::uint32_t index, std::string_view what, std::string_view config_json,
                         std::string& answer, std::string& error) const {
    if (!can_examine()) return error = "has no examine", false;
    struct Sink {
        std::string& answer;
        bool called = false;
    } sink{answer};
    const auto take = [](void* to, rh_str text) {
        Sink& taken = *static_cast<Sink*>(to);
        // One byte more than may be: who reads it sees that it is too long.
        taken.answer.assign(text.data, std::min<std::size_t>(text.size, kMaxConfigBytes + 1));
        taken.called = true;
    };
    const rh_status status =
        entry_->examine(index, rh_str{what.data(), what.size()},
                        rh_str{config_json.data(), config_json.size()}, take, &sink);
    if (status == RH_OK && sink.called) return true;
    error = status == RH_OK ? "gave no answer" : "gave status " + std::to_string(status);
    return false;
}

bool PluginFile::describe(std::uint32_t index, json& description, std::string& error) const {
    const rh_plugin_descriptor* d = entry_->describe(index);
    const std::string which = "descriptor " + std::to_string(index);
    if (!d) return error = "gave no " + which, false;
    if (d->struct_size < kDescriptorSize) return error = which + " is too short", false;
    if (!d->id || !*d->id || !d->name || !*d->name || !d->version || !*d->version) {
        return error = which + " lacks id, name or version", false;
    }
    json schema = json::object({{"type", "object"}, {"additionalProperties", false}});
    if (d->config_schema) {
        const std::string_view text(d->config_schema,
                                    ::strnlen(d->config_schema, kMaxConfigBytes + 1));
        if (!parse_json(text, kMaxConfigBytes, schema, error) || !check_schema(schema, error)) {
            return error = which + " has a bad config_schema: " + error, false;
        }
    }
    const bool tests = (d->flags & RH_PLUGIN_TESTS) != 0;
    const bool discovers = (d->flags & RH_PLUGIN_DISCOVERS) != 0;
    if ((tests || discovers) && !can_examine()) {
        return error = which + " says that it tests or discovers, but there is no examine", false;
    }
    description = {{"index", index},
                   {"id", text_of(d->id)},
                   {"name", text_of(d->name)},
                   {"version", text_of(d->version)},
                   {"vendor", text_of(d->vendor)},
                   {"description", text_of(d->description)},
                   {"singleton", (d->flags & RH_PLUGIN_SINGLETON) != 0},
                   {"tests", tests},
                   {"discovers", discovers},
                   {"heartbeat_ms", d->heartbeat_ms},
                   {"config_schema", std::move(schema)},
                   {"publishes", list_of(d->publishes)},
                   {"subscribes", list_of(d->subscribes)}};
    return true;
}

std::string describe_file(const std::string& path) {
    PluginFile file;
    std::string error;
    json plugins = json::array();
    bool ok = file.open(path, error);
    for (std::uint32_t i = 0; ok && i < file.count(); ++i) {
        json description;
        ok = file.describe(i, description, error);
        plugins.push_back(std::move(description));
    }
    const json answer = ok ? json{{"ok", true}, {"plugins", std::move(plugins)}}
                           : json{{"ok", false}, {"error", error}};
    return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace racehub::plugin_host

#include "hub/web/sessions.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "hub/web/pin.h"
#include "hub/web/text.h"

namespace racehub::web {

using nlohmann::json;

Sessions::Sessions(std::filesystem::path state_directory, std::function<std::int64_t()> now_us)
    : file_(std::move(state_directory) / "sessions.json"), now_us_(std::move(now_us)) {
    load();
}

std::string Sessions::hash_of(std::string_view token) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
    return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string Sessions::open(const std::string& name, const std::string& address) {
    const auto token = to_hex(random_bytes(32));
    const auto now = now_us_();
    const std::lock_guard lock(mutex_);
    drop_expired();
    if (sessions_.size() >= kMaxSessions) sessions_.erase(sessions_.begin());
    sessions_.push_back(
        {to_hex(random_bytes(8)), name, address, now, now + kLifetimeUs, hash_of(token)});
    save();
    return token;
}

std::optional<Session> Sessions::find(std::string_view token_hash) const {
    if (token_hash.empty()) return std::nullopt;
    const auto now = now_us_();
    const std::lock_guard lock(mutex_);
    std::optional<Session> found;
    for (const auto& session : sessions_) {
        if (same_secret(session.token_hash, token_hash) && session.expires_us > now) {
            found = session;
        }
    }
    return found;
}

std::vector<Session> Sessions::list() const {
    const auto now = now_us_();
    const std::lock_guard lock(mutex_);
    std::vector<Session> living;
    for (const auto& session : sessions_) {
        if (session.expires_us > now) living.push_back(session);
    }
    return living;
}

bool Sessions::revoke(std::string_view id) {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                    [id](const Session& session) { return session.id == id; });
    if (found == sessions_.end()) return false;
    sessions_.erase(found);
    save();
    return true;
}

void Sessions::revoke_all() {
    const std::lock_guard lock(mutex_);
    sessions_.clear();
    save();
}

void Sessions::drop_expired() {
    const auto now = now_us_();
    std::erase_if(sessions_, [now](const Session& session) { return session.expires_us <= now; });
}

void Sessions::save() const {
    json list = json::array();
    for (const auto& session : sessions_) {
        list.push_back({{"id", session.id},
                        {"name", session.name},
                        {"address", session.address},
                        {"created_us", session.created_us},
                        {"expires_us", session.expires_us},
                        {"token_hash", session.token_hash}});
    }
    write_private_file(file_, list.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

void Sessions::load() {
    std::ifstream in(file_);
    if (!in) return;
    std::ostringstream text;
    text << in.rdbuf();
    const auto list = json::parse(text.str(), nullptr, false);
    if (!list.is_array()) return;  // damaged: everybody logs in again
    for (const auto& item : list) {
        if (!item.is_object() || sessions_.size() >= kMaxSessions) continue;
        try {
            sessions_.push_back({item.at("id"), item.at("name"), item.at("address"),
                                 item.at("created_us"), item.at("expires_us"),
                                 item.at("token_hash")});
        } catch (const json::exception&) {
            continue;
        }
    }
}

bool LoginLimits::take(const Address& address, std::int64_t now_us) {
    const std::lock_guard lock(mutex_);
    while (!tries_.empty() && now_us - tries_.front().first >= kWindowUs) tries_.pop_front();
    const auto who = address.counted();
    const auto mine = std::count_if(tries_.begin(), tries_.end(),
                                    [&who](const auto& one) { return one.second == who; });
    if (tries_.size() >= kInAll || static_cast<std::size_t>(mine) >= kPerAddress) return false;
    tries_.emplace_back(now_us, who);
    return true;
}

void LoginLimits::forgive(const Address& address) {
    const std::lock_guard lock(mutex_);
    const auto who = address.counted();
    std::erase_if(tries_, [&who](const auto& one) { return one.second == who; });
}

}  // namespace racehub::web

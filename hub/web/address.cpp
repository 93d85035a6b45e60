#include "hub/web/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace racehub::web {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_ipv4(const Address& address) {
    return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
}

Address mapped(const in_addr& ipv4) {
    Address address;
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
    std::memcpy(address.bytes.data() + kMappedPrefix.size(), &ipv4, sizeof ipv4);
    return address;
}

}  // namespace

Address Address::counted() const {
    if (is_ipv4(*this)) return *this;
    Address network;
    std::copy_n(bytes.begin(), 8, network.bytes.begin());
    return network;
}

std::string Address::text() const {
    char out[INET6_ADDRSTRLEN] = {};
    if (is_ipv4(*this)) {
        inet_ntop(AF_INET, bytes.data() + kMappedPrefix.size(), out, sizeof out);
    } else {
        inet_ntop(AF_INET6, bytes.data(), out, sizeof out);
    }
    return out;
}

Address Address::of(const sockaddr_storage& socket_address) {
    if (socket_address.ss_family == AF_INET) {
        return mapped(reinterpret_cast<const sockaddr_in&>(socket_address).sin_addr);
    }
    Address address;
    if (socket_address.ss_family == AF_INET6) {
        std::memcpy(address.bytes.data(),
                    &reinterpret_cast<const sockaddr_in6&>(socket_address).sin6_addr, 16);
    }
    return address;
}

std::optional<Address> Address::parse(std::string_view text) {
    const std::string copy(text);
    in_addr ipv4{};
    if (inet_pton(AF_INET, copy.c_str(), &ipv4) == 1) return mapped(ipv4);
    Address address;
    if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
    return std::nullopt;
}

AddressSlot::AddressSlot(AddressSlot&& other) noexcept
    : ledger_(std::exchange(other.ledger_, nullptr)), address_(other.address_) {}

AddressSlot& AddressSlot::operator=(AddressSlot&& other) noexcept {
    std::swap(ledger_, other.ledger_);
    std::swap(address_, other.address_);
    return *this;
}

AddressSlot::~AddressSlot() {
    if (ledger_ != nullptr) ledger_->give_back(address_);
}

AddressLedger::AddressLedger(std::size_t max_total, std::size_t max_per_address,
                             std::vector<Address> exempt)
    : max_total_(max_total), max_per_address_(max_per_address), exempt_(std::move(exempt)) {}

std::optional<AddressSlot> AddressLedger::take(const Address& address, Refusal& refusal) {
    if (total_ >= max_total_) {
        refusal = Refusal::too_many;
        return std::nullopt;
    }
    const bool exempt = std::find(exempt_.begin(), exempt_.end(), address) != exempt_.end();
    auto& count = counts_[address.counted()];
    if (!exempt && count >= max_per_address_) {
        refusal = Refusal::too_many_from_address;
        return std::nullopt;
    }
    ++count;
    ++total_;
    AddressSlot slot;
    slot.ledger_ = this;
    slot.address_ = address;
    return slot;
}

void AddressLedger::give_back(const Address& address) {
    --total_;
    const auto found = counts_.find(address.counted());
    if (--found->second == 0) counts_.erase(found);
}

}  // namespace racehub::web

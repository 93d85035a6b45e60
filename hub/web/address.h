#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sockaddr_storage;

namespace racehub::web {

/// An IPv4 or IPv6 address without a port; IPv4 is kept in its mapped form.
struct Address {
    std::array<std::uint8_t, 16> bytes{};
    auto operator<=>(const Address&) const = default;

    /// Whom limits count: an IPv4 address, or the /64 network that one IPv6 host usually owns.
    Address counted() const;
    std::string text() const;
    static Address of(const sockaddr_storage& socket_address);
    static std::optional<Address> parse(std::string_view text);
};

class AddressLedger;

/// One counted socket; gives its place back when destroyed.
class AddressSlot {
  public:
    AddressSlot() = default;
    AddressSlot(AddressSlot&& other) noexcept;
    AddressSlot& operator=(AddressSlot&& other) noexcept;
    ~AddressSlot();
    const Address& address() const { return address_; }

  private:
    friend class AddressLedger;
    AddressLedger* ledger_ = nullptr;
    Address address_;
};

/// Counts sockets in all and by address. Loop thread only; outlives its slots.
class AddressLedger {
  public:
    enum class Refusal { too_many, too_many_from_address };
    /// Reverse proxies speak for many people: `exempt` addresses have no limit of their own.
    AddressLedger(std::size_t max_total, std::size_t max_per_address, std::vector<Address> exempt);

    /// Nothing when a limit is reached; `refusal` says which.
    std::optional<AddressSlot> take(const Address& address, Refusal& refusal);
    std::size_t total() const { return total_; }

  private:
    friend class AddressSlot;
    void give_back(const Address& address);

    std::size_t max_total_;
    std::size_t max_per_address_;
    std::vector<Address> exempt_;
    std::size_t total_ = 0;
    std::map<Address, std::size_t> counts_;
};

}  // namespace racehub::web

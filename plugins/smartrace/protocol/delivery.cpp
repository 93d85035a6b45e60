#include "plugins/smartrace/protocol/delivery.h"

namespace racehub::smartrace {

bool Delivery::post(Item item, std::size_t limit) {
    if (items_.size() >= limit) return false;
    items_.push_back(std::move(item));
    return true;
}

const Delivery::Item* Delivery::next() const {
    if (sent_ >= items_.size() || sent_ >= kWindow) return nullptr;
    const Item& item = items_[sent_];
    if (sent_ > 0 && (item.alone || items_[sent_ - 1].alone)) return nullptr;
    return &item;
}

void Delivery::confirm(std::uint64_t id) {
    while (sent_ > 0 && items_.front().id <= id) {
        items_.pop_front();
        --sent_;
    }
}

void Delivery::confirm_sent() {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(sent_));
    sent_ = 0;
}

void Delivery::remove(std::uint64_t id) {
    for (std::size_t at = 0; at < items_.size(); ++at) {
        if (items_[at].id != id) continue;
        items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(at));
        if (at < sent_) --sent_;
        return;
    }
}

std::size_t Delivery::expire(std::int64_t before_us) {
    std::size_t count = 0;
    while (items_.size() > sent_ && items_[sent_].since_us < before_us) {
        items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(sent_));
        ++count;
    }
    return count;
}

}  // namespace racehub::smartrace

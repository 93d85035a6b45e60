#include "hub/app/addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

namespace racehub::app {

std::vector<std::string> web_addresses(std::uint16_t port, bool local_only) {
    const std::string end = ":" + std::to_string(port) + "/";
    std::vector<std::string> found;
    if (!local_only) {
        char name[256] = {};
        if (gethostname(name, sizeof name - 1) == 0 && name[0] != '\0') {
            found.push_back(std::string("http://") + name + end);
        }
        ifaddrs* all = nullptr;
        if (getifaddrs(&all) == 0) {
            for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
                const bool usable = one->ifa_addr != nullptr && (one->ifa_flags & IFF_UP) != 0 &&
                                    (one->ifa_flags & IFF_LOOPBACK) == 0;
                if (!usable || one->ifa_addr->sa_family != AF_INET) continue;
                char text[INET_ADDRSTRLEN] = {};
                const auto* address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
                inet_ntop(AF_INET, &address->sin_addr, text, sizeof text);
                found.push_back(std::string("http://") + text + end);
            }
            freeifaddrs(all);
        }
    }
    found.push_back("http://localhost" + end);
    return found;
}

}  // namespace racehub::app

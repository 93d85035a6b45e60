#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace racehub::web {

/// Which names of ours a request may use, and which pages may talk to us.
///
/// A Host that is an IP address is always ours: rebinding a foreign page's *name* to our address
/// cannot make one, and the hub cannot know all its addresses (containers, port forwarding). Names
/// must be known: `localhost`, the machine's own name (also with `.local`), and those of the
/// configuration.
class HostRules {
  public:
    /// `names`: host names without port. `origins`: whole origins besides our own, such as
    /// `https://club.example`.
    HostRules(const std::vector<std::string>& names, const std::vector<std::string>& origins);

    /// False: the request is for somebody else (421), or malformed.
    bool host_allowed(std::string_view host_header) const;
    /// True for our own pages (the origin's host and port are those of the Host header) and for the
    /// configured ones; never for "null".
    bool origin_allowed(std::string_view origin, std::string_view host_header) const;

    /// Whether the configuration may name this: a host name or IP address without a port; a whole
    /// origin as browsers send it.
    static bool is_name(std::string_view text);
    static bool is_origin(std::string_view text);

  private:
    std::vector<std::string> names_;
    std::vector<std::string> origins_;
};

}  // namespace racehub::web

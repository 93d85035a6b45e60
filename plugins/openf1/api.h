#pragma once
// The OpenF1 API over HTTPS: one request at a time, no faster than allowed, patient with refusals.

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace racehub::openf1 {

struct Answer {
    enum class Kind : std::uint8_t {
        rows = 1,
        empty,    ///< the API has nothing of that
        refused,  ///< it wants a token, or will not say at the moment
        failed,   ///< no answer that makes sense, also not after some tries
        stopped   ///< we were asked to stop
    };
    Kind kind = Kind::failed;
    nlohmann::json rows;    ///< an array
    std::size_t bytes = 0;  ///< as received
    std::string problem;    ///< refused and failed: what, and what to do
};

class Api {
  public:
    virtual ~Api() = default;
    /// `query` is percent-encoded: "session_key=9523&driver_number=1".
    virtual Answer get(const std::string& collection, const std::string& query) = 0;
    /// [any thread] Ends a request that is under way; it fails.
    virtual void abort() {}
};

struct ApiOptions {
    std::string base_url = "https://api.openf1.org/v1";
    double requests_per_second = 2;  ///< the public service allows about three
    std::string username, password;  ///< of a paid account; empty: none
    std::string ca_file;             ///< empty: the machine's authorities
    int timeout_s = 30;
    int most_tries = 6;            ///< of one request, for 5xx and lost connections
    int first_wait_ms = 2'000;     ///< before the second try; doubled each time
    int refused_wait_ms = 10'000;  ///< after a 429 that does not say how long
};

/// Waits that long; false: stop, now.
using Wait = std::function<bool(int milliseconds)>;
/// What is going on, for people: "too many requests, going on in 10 s".
using Say = std::function<void(const std::string&)>;

/// Throws std::invalid_argument for a base URL that is none. Own thread.
std::unique_ptr<Api> make_http_api(const ApiOptions& options, Wait wait, Say say);

/// A token for the stream and for what is live. False: `problem` says why.
bool fetch_token(const ApiOptions& options, std::string& token, int& valid_s, std::string& problem);

/// How long an answer asks us to wait, from "Retry-After"; -1: it does not say.
int retry_after_ms(const std::string& header);

}  // namespace racehub::openf1

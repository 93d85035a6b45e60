#include "plugins/openf1/api.h"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/NetSSL.h>
#include <Poco/URI.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <istream>
#include <mutex>
#include <stdexcept>

namespace racehub::openf1 {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxBody = 64 * 1024 * 1024;  // ten times the largest answer there is
constexpr int kLongestWaitMs = 160'000;

struct Reply {
    int status = 0;  ///< 0: none came
    std::string type, body, retry_after, problem;
};

/// One connection, kept open between requests.
class Connection {
  public:
    explicit Connection(const ApiOptions& options) : url_(parsed(options.base_url)) {
        // Once in a process, and never undone: other connections may live.
        static std::once_flag once;
        std::call_once(once, [] { Poco::Net::initializeSSL(); });
        if (url_.getScheme() == "https") {
            const Poco::Net::Context::Ptr context = new Poco::Net::Context(
                Poco::Net::Context::TLS_CLIENT_USE, "", "", options.ca_file,
                Poco::Net::Context::VERIFY_STRICT, 9, options.ca_file.empty());
            session_ = std::make_unique<Poco::Net::HTTPSClientSession>(url_.getHost(),
                                                                       url_.getPort(), context);
        } else {
            session_ =
                std::make_unique<Poco::Net::HTTPClientSession>(url_.getHost(), url_.getPort());
        }
        session_->setTimeout(Poco::Timespan(options.timeout_s, 0));
        session_->setKeepAlive(true);
    }

    Reply send(const std::string& method, const std::string& path, const std::string& token,
               const std::string& form = {}) {
        Reply reply;
        try {
            Poco::Net::HTTPRequest request(method, path, Poco::Net::HTTPMessage::HTTP_1_1);
            request.set("Accept", "application/json");
            request.set("User-Agent", "RaceHub");
            if (!token.empty()) request.set("Authorization", "Bearer " + token);
            if (!form.empty()) request.setContentType("application/x-www-form-urlencoded");
            if (!form.empty()) request.setContentLength(static_cast<std::streamsize>(form.size()));
            session_->sendRequest(request) << form;
            Poco::Net::HTTPResponse response;
            std::istream& body = session_->receiveResponse(response);
            reply.type = response.getContentType();
            reply.retry_after = response.get("Retry-After", "");
            char part[65'536];
            while (body.read(part, sizeof part) || body.gcount() > 0) {
                reply.body.append(part, static_cast<std::size_t>(body.gcount()));
                if (reply.body.size() > kMaxBody)
                    throw std::length_error("the answer is too large");
            }
            const std::streamsize told = response.getContentLength64();
            if (told >= 0 && static_cast<std::size_t>(told) != reply.body.size()) {
                throw std::runtime_error("the answer was cut off");
            }
            reply.status = response.getStatus();
        } catch (const Poco::Exception& error) {
            session_->reset();
            reply.problem = error.displayText();
        } catch (const std::exception& error) {
            session_->reset();
            reply.problem = error.what();
        }
        return reply;
    }

    void abort() {
        try {
            session_->abort();
        } catch (const Poco::Exception&) {
            // There was no request.
        }
    }
    const Poco::URI& url() const { return url_; }

  private:
    static Poco::URI parsed(const std::string& text) {
        try {
            Poco::URI url(text);
            const bool web = url.getScheme() == "http" || url.getScheme() == "https";
            if (web && !url.getHost().empty()) return url;
        } catch (const Poco::Exception&) {
            // Said below.
        }
        throw std::invalid_argument("base_url: \"" + text +
                                    "\" is not a URL such as https://api.openf1.org/v1");
    }

    const Poco::URI url_;
    std::unique_ptr<Poco::Net::HTTPClientSession> session_;
};

bool is_json(const std::string& type) { return type.find("json") != std::string::npos; }

class HttpApi final : public Api {
  public:
    HttpApi(const ApiOptions& options, Wait wait, Say say)
        : options_(options), wait_(std::move(wait)), say_(std::move(say)), connection_(options) {}

    Answer get(const std::string& collection, const std::string& query) override {
        int wait_ms = options_.first_wait_ms, refused_ms = options_.refused_wait_ms;
        std::string problem;
        for (int tries = 0; tries < options_.most_tries; ++tries) {
            if (!take_turn()) return stopped();
            const Reply reply = connection_.send(
                "GET", connection_.url().getPath() + "/" + collection + "?" + query, token());
            int pause_ms = wait_ms;
            Answer answer;
            if (reply.status == 429) {
                const int told_ms = retry_after_ms(reply.retry_after);
                pause_ms = told_ms >= 0 ? std::min(told_ms, kLongestWaitMs) : refused_ms;
                refused_ms = std::min(refused_ms * 2, kLongestWaitMs);
                problem = "too many requests";
                --tries;  // it answers, and will again: no reason to give up
                if (++refusals_ > kMostRefusals) break;
            } else if (understood(reply, answer)) {
                return answer;
            } else {
                problem = reply.status == 0 ? reply.problem
                                            : "the server answered " + std::to_string(reply.status);
                wait_ms = std::min(wait_ms * 2, kLongestWaitMs);
            }
            say_(collection + ": " + problem + "; next try in " +
                 std::to_string((pause_ms + 999) / 1'000) + " s");
            if (!wait_(pause_ms)) return stopped();
        }
        Answer answer;
        answer.problem = collection + ": " + problem + ". Try again later; what is there is kept.";
        return answer;
    }

    void abort() override { connection_.abort(); }

  private:
    static constexpr int kMostRefusals = 1'000;  // of one build: then something else is wrong

    static Answer stopped() {
        Answer answer;
        answer.kind = Answer::Kind::stopped;
        answer.problem = "stopped";
        return answer;
    }

    bool take_turn() {
        const auto apart = std::chrono::microseconds(
            static_cast<std::int64_t>(1e6 / std::max(0.01, options_.requests_per_second)));
        const auto now = Clock::now();
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next_turn_ - now);
        if (wait.count() > 0 && !wait_(static_cast<int>(wait.count()))) return false;
        next_turn_ = std::max(next_turn_, now) + apart;
        return true;
    }

    /// True when there is no sense in asking again.
    static bool understood(const Reply& reply, Answer& answer) {
        answer.bytes = reply.body.size();
        if (reply.status == 401 || reply.status == 403) {
            answer.kind = Answer::Kind::refused;
            answer.problem =
                "The API wants a token (it does while a session is live): give "
                "username and password, or try again after the session.";
            return true;
        }
        if (reply.status == 404) {
            answer.kind = is_json(reply.type) ? Answer::Kind::empty : Answer::Kind::failed;
            if (answer.kind == Answer::Kind::failed) {
                answer.problem = "There is no API at base_url: the server answered 404.";
            }
            return true;
        }
        if (reply.status != 200 || !is_json(reply.type)) return false;
        answer.rows = json::parse(reply.body, nullptr, false);
        if (!answer.rows.is_array()) return false;
        answer.kind = answer.rows.empty() ? Answer::Kind::empty : Answer::Kind::rows;
        return true;
    }

    const std::string& token() {
        if (options_.username.empty() || Clock::now() < token_until_) return token_;
        int valid_s = 0;
        std::string problem;
        if (!fetch_token(options_, token_, valid_s, problem)) say_(problem);
        token_until_ = Clock::now() + std::chrono::seconds(std::max(10, valid_s - 300));
        return token_;
    }

    const ApiOptions options_;
    const Wait wait_;
    const Say say_;
    Connection connection_;
    Clock::time_point next_turn_{}, token_until_{};
    std::string token_;
    int refusals_ = 0;
};

}  // namespace

std::unique_ptr<Api> make_http_api(const ApiOptions& options, Wait wait, Say say) {
    return std::make_unique<HttpApi>(options, std::move(wait), std::move(say));
}

int retry_after_ms(const std::string& header) {
    int seconds = -1;
    const auto [end, failed] =
        std::from_chars(header.data(), header.data() + header.size(), seconds);
    const bool whole = failed == std::errc() && end == header.data() + header.size();
    return whole && seconds >= 0 && seconds < 86'400 ? seconds * 1'000 : -1;
}

bool fetch_token(const ApiOptions& options, std::string& token, int& valid_s,
                 std::string& problem) {
    Connection connection(options);
    const auto encoded = [](const std::string& text) {
        std::string to;
        Poco::URI::encode(text, "!#$&'()*+,/:;=?@[]", to);
        return to;
    };
    const Reply reply = connection.send(
        "POST", "/token", {},
        "username=" + encoded(options.username) + "&password=" + encoded(options.password));
    const json answer = json::parse(reply.body, nullptr, false);
    if (reply.status != 200 || !answer.is_object() || !answer.contains("access_token") ||
        !answer["access_token"].is_string()) {
        problem = "No token: " +
                  (reply.status == 0 ? reply.problem
                                     : "the server answered " + std::to_string(reply.status)) +
                  ". Check username and password.";
        return false;
    }
    token = answer["access_token"].get<std::string>();
    // A number, or a text with one.
    const json& told = answer.value("expires_in", json(3'600));
    valid_s = told.is_number() ? static_cast<int>(told.get<double>()) : 3'600;
    if (told.is_string()) valid_s = std::max(0, retry_after_ms(told.get<std::string>()) / 1'000);
    return true;
}

}  // namespace racehub::openf1

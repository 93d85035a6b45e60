#include "plugins/emperor/net/link.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace racehub::emperor {
namespace {

constexpr std::size_t kReadBytes = 65'536;

std::string place_of(const Address& address) {
    return address.host + ":" + std::to_string(address.port);
}

bool is_ip(const std::string& host) {
    unsigned char buffer[sizeof(in6_addr)];
    return inet_pton(AF_INET, host.c_str(), buffer) == 1 ||
           inet_pton(AF_INET6, host.c_str(), buffer) == 1;
}

std::string openssl_text() {
    const unsigned long code = ERR_peek_last_error();
    const char* text = ERR_reason_error_string(code);
    return text ? text : "it ended the handshake";
}

}  // namespace

Interrupter::Interrupter() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::runtime_error("no file descriptor is left");
}

Interrupter::~Interrupter() { ::close(fd_); }

void Interrupter::interrupt() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof(one));
}

Link::Waited Link::wait(short events, Clock::time_point until) const {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        pollfd fds[2] = {{interrupter_.fd(), POLLIN, 0}, {fd_, events, 0}};
        const int timeout_ms =
            static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
        const int ready = ::poll(fds, 2, timeout_ms);
        if (ready < 0 && errno == EINTR) continue;
        if (fds[0].revents != 0) return Waited::interrupted;
        if (ready > 0) return Waited::ready;
        return Waited::late;
    }
}

bool Link::open(const Address& address, const std::string& ca_file, bool insecure,
                Clock::time_point deadline, std::string& problem) {
    close();
    problem.clear();
    if (!connect(address, deadline, problem)) return false;
    return !address.tls || secure(address, ca_file, insecure, deadline, problem);
}

bool Link::connect(const Address& address, Clock::time_point deadline, std::string& problem) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failed =
        getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
    if (failed != 0) {
        problem = "The name " + address.host + " cannot be found (" + gai_strerror(failed) +
                  "): check its spelling and the network.";
        return false;
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, freeaddrinfo);
    for (const addrinfo* each = found; each; each = each->ai_next) {
        fd_ = socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd_ < 0) continue;
        int error = 0;
        if (::connect(fd_, each->ai_addr, each->ai_addrlen) != 0 && errno != EINPROGRESS) {
            error = errno;
        } else if (const Waited waited = wait(POLLOUT, deadline); waited != Waited::ready) {
            if (waited == Waited::interrupted) return false;
            error = ETIMEDOUT;
        } else {
            socklen_t size = sizeof(error);
            getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
        }
        if (error == 0) {
            const int one = 1;
            setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
            return true;
        }
        ::close(fd_);
        fd_ = -1;
        problem = error == ECONNREFUSED
                      ? "Nobody listens at " + place_of(address) +
                            ": is the server manager running, and is this its port?"
                  : error == ETIMEDOUT
                      ? "Nobody answers at " + place_of(address) + ": check address and network."
                      : "No connection to " + place_of(address) + ": " + std::strerror(error) + ".";
    }
    if (problem.empty()) problem = "No connection to " + place_of(address) + ".";
    return false;
}

bool Link::secure(const Address& address, const std::string& ca_file, bool insecure,
                  Clock::time_point deadline, std::string& problem) {
    ERR_clear_error();
    context_.reset(SSL_CTX_new(TLS_client_method()));
    if (!context_) throw std::bad_alloc();
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    if (ca_file.empty()) {
        SSL_CTX_set_default_verify_paths(context_.get());
    } else if (SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr) != 1) {
        problem = "ca_file " + ca_file + " cannot be read as a PEM certificate.";
        return false;
    }
    SSL_CTX_set_verify(context_.get(), insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
    session_.reset(SSL_new(context_.get()));
    if (!session_) throw std::bad_alloc();
    X509_VERIFY_PARAM* const rules = SSL_get0_param(session_.get());
    if (is_ip(address.host)) {
        X509_VERIFY_PARAM_set1_ip_asc(rules, address.host.c_str());
    } else {
        X509_VERIFY_PARAM_set1_host(rules, address.host.c_str(), 0);
        SSL_set_tlsext_host_name(session_.get(), address.host.c_str());
    }
    SSL_set_fd(session_.get(), fd_);
    for (;;) {
        const int result = SSL_connect(session_.get());
        if (result == 1) return true;
        const int wants = SSL_get_error(session_.get(), result);
        if (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE) {
            problem = tls_problem(address, wants);
            return false;
        }
        const Waited waited = wait(wants == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline);
        if (waited == Waited::interrupted) return false;
        if (waited == Waited::late) {
            problem =
                place_of(address) + " does not answer in TLS: is it ws:// rather than wss://?";
            return false;
        }
    }
}

std::string Link::tls_problem(const Address& address, int) const {
    const long verdict = SSL_get_verify_result(session_.get());
    if (verdict == X509_V_OK) {
        return place_of(address) + " does not speak TLS (" + openssl_text() +
               "): is it ws:// rather than wss://?";
    }
    std::string text = "The certificate of " + place_of(address) + " is not accepted (" +
                       X509_verify_cert_error_string(verdict) + ")";
    switch (verdict) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return text + ": the server's owner must renew it; check this machine's clock, too.";
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return text + ": use the name that it was made for.";
        default:
            return text + ": if the authority is your own, name its certificate as ca_file.";
    }
}

bool Link::write(std::string_view bytes, Clock::time_point deadline, std::string& problem) {
    while (!bytes.empty()) {
        short wants = POLLOUT;
        if (session_) {
            ERR_clear_error();
            const int size = static_cast<int>(std::min<std::size_t>(bytes.size(), 16'384));
            const int done = SSL_write(session_.get(), bytes.data(), size);
            if (done > 0) {
                bytes.remove_prefix(static_cast<std::size_t>(done));
                continue;
            }
            const int error = SSL_get_error(session_.get(), done);
            if (error == SSL_ERROR_WANT_READ) wants = POLLIN;
            if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
                problem = "The connection broke.";
                return false;
            }
        } else {
            const ssize_t done = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (done > 0) {
                bytes.remove_prefix(static_cast<std::size_t>(done));
                continue;
            }
            if (errno != EAGAIN && errno != EINTR) {
                problem = std::string("The connection broke: ") + std::strerror(errno) + ".";
                return false;
            }
        }
        const Waited waited = wait(wants, deadline);
        if (waited == Waited::interrupted) return false;
        if (waited == Waited::late) {
            problem = "The server does not read.";
            return false;
        }
    }
    return true;
}

Link::Read Link::read(std::string& bytes, Clock::time_point until, std::string& problem) {
    char buffer[kReadBytes];
    for (;;) {
        short wants = POLLIN;
        if (session_) {
            ERR_clear_error();
            const int got = SSL_read(session_.get(), buffer, sizeof(buffer));
            if (got > 0) {
                bytes.append(buffer, static_cast<std::size_t>(got));
                return Read::data;
            }
            const int error = SSL_get_error(session_.get(), got);
            if (error == SSL_ERROR_ZERO_RETURN) return Read::ended;
            if (error == SSL_ERROR_WANT_WRITE) wants = POLLOUT;
            if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
                problem = "The connection broke.";
                return Read::failed;
            }
        } else {
            const ssize_t got = ::recv(fd_, buffer, sizeof(buffer), 0);
            if (got > 0) {
                bytes.append(buffer, static_cast<std::size_t>(got));
                return Read::data;
            }
            if (got == 0) return Read::ended;
            if (errno != EAGAIN && errno != EINTR) {
                problem = std::string("The connection broke: ") + std::strerror(errno) + ".";
                return Read::failed;
            }
        }
        if (wait(wants, until) != Waited::ready) return Read::nothing;
    }
}

void Link::close() {
    session_.reset();
    context_.reset();
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

}  // namespace racehub::emperor

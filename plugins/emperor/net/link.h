#pragma once
// A TCP connection to a server, with TLS if wanted, whose waiting can be ended at any moment.
// One thread uses it; interrupt() may be called from any.

#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "plugins/emperor/config.h"

namespace racehub::emperor {

/// Ends the waiting of a Link, for good.
class Interrupter {
  public:
    Interrupter();
    ~Interrupter();
    Interrupter(const Interrupter&) = delete;
    Interrupter& operator=(const Interrupter&) = delete;
    void interrupt();  ///< [any-thread]
    int fd() const { return fd_; }

  private:
    int fd_ = -1;
};

class Link {
  public:
    using Clock = std::chrono::steady_clock;

    explicit Link(const Interrupter& interrupter) : interrupter_(interrupter) {}
    ~Link() { close(); }
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    /// False: `problem` says in words what is wrong; empty if it was interrupted.
    bool open(const Address& address, const std::string& ca_file, bool insecure,
              Clock::time_point deadline, std::string& problem);
    /// Writes all. False: as above.
    bool write(std::string_view bytes, Clock::time_point deadline, std::string& problem);

    enum class Read { data, nothing, ended, failed };
    /// Waits until something can be read or `until`; appends it to `bytes`. nothing: neither came,
    /// or it was interrupted. ended: the other side is done. failed: `problem` says why.
    Read read(std::string& bytes, Clock::time_point until, std::string& problem);

    void close();

  private:
    enum class Waited { ready, late, interrupted };
    Waited wait(short events, Clock::time_point until) const;
    bool connect(const Address& address, Clock::time_point deadline, std::string& problem);
    bool secure(const Address& address, const std::string& ca_file, bool insecure,
                Clock::time_point deadline, std::string& problem);
    std::string tls_problem(const Address& address, int result) const;

    struct FreeContext {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };
    struct FreeSession {
        void operator()(SSL* session) const { SSL_free(session); }
    };
    const Interrupter& interrupter_;
    int fd_ = -1;
    std::unique_ptr<SSL_CTX, FreeContext> context_;
    std::unique_ptr<SSL, FreeSession> session_;  // before its context is freed
};

}  // namespace racehub::emperor

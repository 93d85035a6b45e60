#include "hub/web/workers.h"

#include <Poco/AutoPtr.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServerConnection.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/StreamSocketImpl.h>
#include <fcntl.h>

namespace racehub::web {
namespace {

using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;

/// A socket that POCO may use but not close: the front still needs it for the answer.
class LentSocket : public Poco::Net::StreamSocketImpl {
  public:
    explicit LentSocket(int fd) : StreamSocketImpl(fd) {}
    void close() override {}
    void give_back() { reset(); }

  protected:
    ~LentSocket() override { give_back(); }
};

class Handler : public Poco::Net::HTTPRequestHandler {
  public:
    Handler(const RequestHandler& handler, WorkerPool::Job& job) : handler_(handler), job_(job) {}

    void handleRequest(HTTPServerRequest& request, HTTPServerResponse&) override {
        Request ours;
        // Two readers of one head must agree, or one of them was tricked.
        if (request.getMethod() != job_.head.method || request.getURI() != job_.head.target) {
            job_.reply.send(problem_response(
                {400, "ambiguous_head", "The request head can be read in two ways.", "head"}));
            return;
        }
        ours.body.resize(job_.head.body_bytes);
        if (!ours.body.empty()) {
            request.stream().read(ours.body.data(), static_cast<std::streamsize>(ours.body.size()));
            ours.body.resize(static_cast<std::size_t>(request.stream().gcount()));
        }
        ours.head = std::move(job_.head);
        ours.client = job_.client;
        ours.secure = job_.secure;
        try {
            handler_(ours, job_.reply);
        } catch (const std::exception&) {
            // Answered with 500 by the end of the reply. POCO must not see it: it would write to
            // the socket itself.
        }
    }

  private:
    const RequestHandler& handler_;
    WorkerPool::Job& job_;
};

class Factory : public Poco::Net::HTTPRequestHandlerFactory {
  public:
    Factory(const RequestHandler& handler, WorkerPool::Job& job) : handler_(handler), job_(job) {}
    Poco::Net::HTTPRequestHandler* createRequestHandler(const HTTPServerRequest&) override {
        return new Handler(handler_, job_);
    }

  private:
    const RequestHandler& handler_;
    WorkerPool::Job& job_;
};

Poco::Net::HTTPServerParams::Ptr one_request() {
    Poco::Net::HTTPServerParams::Ptr params = new Poco::Net::HTTPServerParams;
    params->setKeepAlive(false);
    params->setTimeout(Poco::Timespan(2, 0));
    return params;
}

}  // namespace

WorkerPool::WorkerPool(int threads, RequestHandler handler) : handler_(std::move(handler)) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

WorkerPool::~WorkerPool() { stop(); }

bool WorkerPool::submit(Job& job) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || jobs_.size() >= kMaxQueued) return false;
        jobs_.push_back(std::move(job));
    }
    filled_.notify_one();
    return true;
}

void WorkerPool::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    filled_.notify_all();
    for (auto& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
    jobs_.clear();
}

void WorkerPool::run() {
    for (;;) {
        std::unique_lock lock(mutex_);
        filled_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (stopping_) return;
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        serve(job);
    }
}

void WorkerPool::serve(Job& job) {
    // POCO 1.11 reads from blocking sockets only; all it will read is in the kernel's buffer
    // already.
    const int flags = fcntl(job.fd, F_GETFL);
    fcntl(job.fd, F_SETFL, flags & ~O_NONBLOCK);
    try {
        Poco::AutoPtr<LentSocket> lent(new LentSocket(job.fd));
        lent->duplicate();  // StreamSocket takes over one reference
        Poco::Net::HTTPServerConnection connection(Poco::Net::StreamSocket(lent.get()),
                                                   one_request(), new Factory(handler_, job));
        connection.run();
    } catch (const std::exception&) {
        // Answered by the end of job.reply.
    }
    fcntl(job.fd, F_SETFL, flags);
    job.done();
}

}  // namespace racehub::web

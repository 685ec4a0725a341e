// kycd's own transport and nothing else: uploads and polls without hashing, gate, ledger or disk, for scripts/bench.
#include "async/task_group.hpp"
#include "net/http_client.hpp"
#include "net/multipart.hpp"
#include "transport_plan.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace kyc;

class load {
  public:
    load(net::http_client& client, const bench::transport_plan& of)
        : client_(client), left_(of.cases), image_(of.image_bytes) {
        bench::fill(image_);
    }

    async::awaitable<void> work() {
        while (left_ > 0) {
            --left_;
            co_await one_case();
        }
    }

    [[nodiscard]] std::size_t failures() const { return failures_; }

  private:
    async::awaitable<void> one_case() {
        if (!image_.empty()) co_await one_upload();
        const net::http_request poll("GET", "/api/v3/services/task/?id=1");
        co_await expect(poll);
    }

    async::awaitable<void> one_upload() {
        net::multipart_form form(net::random_boundary());
        for (std::size_t i = 0; i < bench::images_per_case; ++i)
            form.add_file("image" + std::to_string(i), "image.jpg", "image/jpeg", image_);
        net::http_request upload("POST", "/api/v3/services/kyc_card/");
        upload.headers.emplace_back("Content-Type", form.content_type());
        upload.body = form.buffers();
        co_await expect(upload);
    }

    async::awaitable<void> expect(const net::http_request& request) {
        const auto reply = co_await client_.send(request);
        if (reply && reply->status / 100 == 2) co_return;
        if (failures_++ == 0)
            std::cerr << request.method << ": "
                      << (reply ? "HTTP " + std::to_string(reply->status) : reply.error().message) << '\n';
    }

    net::http_client& client_;
    std::size_t left_;
    std::vector<std::byte> image_;
    std::size_t failures_ = 0;
};

/// What the thread that did most has had of the processor, in milliseconds.
double busiest_thread() {
    double most = 0;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        double nanoseconds = 0;
        std::ifstream(thread.path() / "schedstat") >> nanoseconds;
        most = std::max(most, nanoseconds / 1e6);
    }
    return most;
}

int run(const bench::transport_plan& of) {
    boost::asio::io_context loop;
    net::http_client_settings settings;
    settings.host = "localhost";
    settings.port = of.port;
    settings.ca_file = of.ca_file;
    settings.user_agent = "kycd-transport";
    settings.max_connections = of.at_a_time;
    settings.threads = of.threads;
    auto client = net::make_https_client(loop.get_executor(), std::move(settings));
    if (!client) {
        std::cerr << client.error() << '\n';
        return 1;
    }
    load work(**client, of);
    async::task_group group(loop.get_executor(), [](const std::exception_ptr&) { std::terminate(); });
    for (std::size_t i = 0; i < of.at_a_time; ++i)
        group.spawn(work.work());
    loop.run();
    const auto counted = (*client)->statistics();
    std::cout << R"({"handshakes": )" << counted.handshakes << R"(, "resumed": )" << counted.resumed
              << R"(, "failures": )" << work.failures() << R"(, "busiest_thread_ms": )" << busiest_thread() << "}\n";
    return work.failures() == 0 ? 0 : 1;
}

} // namespace

int main(int count, char** arguments) {
    const auto plan = kyc::bench::read_plan(count, arguments);
    return plan ? run(*plan) : 64;
}

#pragma once
// An API without a network: each request is answered by a function of the test, and remembered.

#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "net/http_client.hpp"
#include "progeny/https_api.hpp"

#include <boost/asio/io_context.hpp>

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace kyc::test {

using came = result<net::http_response, transport_error>;

inline net::http_response reply(int status, std::string body = "{}") {
    net::http_response made;
    made.status = status;
    made.content_type = "application/json";
    made.body = std::move(body);
    return made;
}

struct seen_request {
    std::string method, target, content_type, authorization, body;
};

class scripted_client : public net::http_client {
  public:
    explicit scripted_client(const boost::asio::any_io_executor& executor) : released(executor) {}

    async::awaitable<came> send(const net::http_request& request) override {
        seen_request noted;
        noted.method = request.method;
        noted.target = request.target;
        for (const auto& [name, value] : request.headers) {
            if (name == "Content-Type") noted.content_type = value;
            if (name == "Authorization") noted.authorization = value;
        }
        for (const auto& part : request.body)
            noted.body.append(static_cast<const char*>(part.data()), part.size());
        seen.push_back(noted);
        const bool token = noted.target.find("/token/") != std::string::npos;
        if (token && hold_tokens) {
            while (hold_tokens)
                co_await released.wait();
        }
        while (!held.empty() && noted.target.find(held) != std::string::npos)
            co_await released.wait();
        // A turn of the loop, as a network would take.
        co_await async::sleep_for(std::chrono::milliseconds(0));
        if (noted.target.find("/obtain/") != std::string::npos) co_return on_obtain(noted);
        if (noted.target.find("/refresh/") != std::string::npos) co_return on_refresh(noted);
        co_return on_call(noted);
    }

    net::http_statistics statistics() const override { return {}; }

    result<void, std::string> reconfigure(net::http_client_settings) override { return {}; }

    void stop_opening() override {}

    void close_idle() override {}

    void release() {
        held.clear();
        released.notify_all();
    }

    std::size_t count(std::string_view part) const {
        std::size_t number = 0;
        for (const auto& one : seen)
            number += one.target.find(part) != std::string::npos ? 1u : 0u;
        return number;
    }

    came fresh_pair() {
        ++pairs;
        return reply(200, R"({"access": "access-)" + std::to_string(pairs) + R"(", "refresh": "refresh-)" +
                              std::to_string(pairs) + R"("})");
    }

    std::function<came(const seen_request&)> on_obtain = [this](const seen_request&) { return fresh_pair(); };
    std::function<came(const seen_request&)> on_refresh = [this](const seen_request&) { return fresh_pair(); };
    std::function<came(const seen_request&)> on_call = [](const seen_request&) { return came(reply(200)); };
    std::vector<seen_request> seen;
    int pairs = 0;
    bool hold_tokens = false;
    std::string held; ///< calls whose target holds this wait until it is empty
    async::signal released;
};

} // namespace kyc::test

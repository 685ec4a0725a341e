#pragma once
// The API client on a scripted network, with waits of milliseconds.

#include "scripted_client.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <memory>

namespace kyc::test {

using namespace progeny;
using namespace std::chrono_literals;

inline const std::string receipt = R"({"id": "08bc1c34-7a3b-4d6e-9f2a-0123456789ab"})";
inline constexpr std::string_view the_password = "hunter2-very-secret";

/// The api on a scripted client, with waits of milliseconds.
struct api_bench {
    boost::asio::io_context loop;
    scripted_client client{loop.get_executor()};
    std::vector<notice> notices;
    std::unique_ptr<https_api> api;
    service_table services;
    std::string image_bytes = "\x89PNG-not-really";

    api_bench() {
        api_options options;
        options.retry.base = 4ms;
        options.retry.max = 8ms;
        options.random = [] { return 0.5; };
        options.read_credentials = []() -> result<credentials, std::string> {
            return credentials{secret("operator"), secret(std::string(the_password))};
        };
        options.notify = [this](const notice& said) { notices.push_back(said); };
        options.login.first = 4ms;
        options.login.longest = 16ms;
        options.service_probe = 4ms;
        options.service_probe_max = 16ms;
        api = make_https_api(loop.get_executor(), client, std::move(options));
    }

    submission card(std::string id = "case-1") const {
        submission made;
        made.target = services.find("ocr_card");
        made.request_id = std::move(id);
        for (const std::string field : {"back_id", "front_id"}) {
            image_part part;
            part.field = field;
            part.filename = field + ".png";
            part.content_type = "image/png";
            part.bytes = std::as_bytes(std::span(image_bytes));
            made.images.push_back(part);
        }
        return made;
    }

    /// Runs the coroutine to its end, then stops the api.
    void run(std::function<async::awaitable<void>()> body) {
        auto whole = [](api_bench& self, std::function<async::awaitable<void>()> inner) -> async::awaitable<void> {
            co_await inner();
            co_await self.api->stop();
        };
        boost::asio::co_spawn(loop, whole(*this, std::move(body)), [](const std::exception_ptr& thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
        loop.run();
    }

    async::awaitable<api_reply> submit(std::string id = "case-1") {
        const auto what = card(std::move(id));
        auto leave = co_await api->admit(caller(what.target, false));
        auto reply = co_await api->submit(what, std::move(leave));
        co_return reply;
    }

    async::awaitable<api_reply> poll(std::chrono::milliseconds age = 90s) {
        auto leave = co_await api->admit(caller(nullptr, false));
        poll_question what;
        what.task_id = "a b/1";
        what.age = age;
        auto reply = co_await api->poll(std::move(what), std::move(leave));
        co_return reply;
    }

    std::ptrdiff_t said(progeny::notice::kind what) const {
        return std::count_if(notices.begin(), notices.end(), [&](const notice& n) { return n.what == what; });
    }
};

} // namespace kyc::test

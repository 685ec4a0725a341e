// The yardstick: the same uploads and polls as kycd-transport makes, by libcurl's multi interface as its manual has it.
#include "transport_plan.hpp"

#include <array>
#include <curl/curl.h>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using kyc::bench::images_per_case;

/// How far a part's image is read.
struct reading {
    const std::string* from = nullptr;
    std::size_t at = 0;
};

struct one_line {
    CURL* easy = nullptr;
    curl_mime* form = nullptr;
    std::array<reading, images_per_case> parts;
    bool polling = false;
};

class load {
  public:
    load(std::string base, std::string ca_file, std::size_t cases, std::size_t image_bytes)
        : base_(std::move(base)), ca_file_(std::move(ca_file)), left_(cases), image_(image_bytes, '\0') {
        kyc::bench::fill(image_);
    }

    int run(std::size_t at_a_time) {
        multi_ = curl_multi_init();
        curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(at_a_time));
        lines_.resize(at_a_time);
        for (auto& line : lines_)
            begin(line);
        int running = 1;
        while (running > 0) {
            curl_multi_perform(multi_, &running);
            int queued = 0;
            while (auto* message = curl_multi_info_read(multi_, &queued)) {
                if (message->msg != CURLMSG_DONE) continue;
                long status = 0;
                curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
                if (message->data.result != CURLE_OK || status / 100 != 2) {
                    if (failures_++ == 0)
                        std::cerr << curl_easy_strerror(message->data.result) << ' ' << status << '\n';
                }
                for (auto& line : lines_)
                    if (line.easy == message->easy_handle) next(line);
                running = 1;
            }
            if (running > 0) curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
            if (lines_done_ == lines_.size()) break;
        }
        curl_multi_cleanup(multi_);
        std::cout << R"({"failures": )" << failures_ << "}\n";
        return failures_ == 0 ? 0 : 1;
    }

  private:
    static std::size_t ignore(char*, std::size_t size, std::size_t count, void*) { return size * count; }

    void begin(one_line& line) {
        line.easy = curl_easy_init();
        curl_easy_setopt(line.easy, CURLOPT_CAINFO, ca_file_.c_str());
        curl_easy_setopt(line.easy, CURLOPT_WRITEFUNCTION, ignore);
        curl_easy_setopt(line.easy, CURLOPT_UPLOAD_BUFFERSIZE, 64L * 1024);
        curl_easy_setopt(line.easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
        upload(line);
    }

    void upload(one_line& line) {
        if (left_ == 0) {
            ++lines_done_;
            curl_easy_cleanup(line.easy);
            line.easy = nullptr;
            return;
        }
        --left_;
        if (image_.empty()) return poll(line);
        line.polling = false;
        line.form = curl_mime_init(line.easy);
        for (std::size_t i = 0; i < images_per_case; ++i) {
            line.parts[i] = {&image_, 0};
            auto* part = curl_mime_addpart(line.form);
            curl_mime_name(part, ("image" + std::to_string(i)).c_str());
            curl_mime_filename(part, "image.jpg");
            curl_mime_type(part, "image/jpeg");
            curl_mime_data_cb(part, static_cast<curl_off_t>(image_.size()), read, seek, nullptr, &line.parts[i]);
        }
        const auto url = base_ + "/api/v3/services/kyc_card/";
        curl_easy_setopt(line.easy, CURLOPT_MIMEPOST, line.form);
        curl_easy_setopt(line.easy, CURLOPT_URL, url.c_str());
        curl_multi_add_handle(multi_, line.easy);
    }

    void next(one_line& line) {
        curl_multi_remove_handle(multi_, line.easy);
        if (line.polling) return upload(line);
        curl_mime_free(line.form);
        poll(line);
    }

    void poll(one_line& line) {
        line.polling = true;
        const auto url = base_ + "/api/v3/services/task/?id=1";
        curl_easy_setopt(line.easy, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(line.easy, CURLOPT_URL, url.c_str());
        curl_multi_add_handle(multi_, line.easy);
    }

    static std::size_t read(char* into, std::size_t size, std::size_t count, void* argument) {
        auto& from = *static_cast<reading*>(argument);
        const auto taken = from.from->copy(into, size * count, from.at);
        from.at += taken;
        return taken;
    }

    static int seek(void* argument, curl_off_t offset, int) {
        static_cast<reading*>(argument)->at = static_cast<std::size_t>(offset);
        return CURL_SEEKFUNC_OK;
    }

    std::string base_, ca_file_;
    std::size_t left_;
    std::string image_;
    CURLM* multi_ = nullptr;
    std::vector<one_line> lines_;
    std::size_t lines_done_ = 0;
    std::size_t failures_ = 0;
};

} // namespace

int main(int count, char** arguments) {
    const auto plan = kyc::bench::read_plan(count, arguments);
    if (!plan) return 64;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    load work("https://localhost:" + std::to_string(plan->port), plan->ca_file, plan->cases, plan->image_bytes);
    const int code = work.run(plan->at_a_time);
    curl_global_cleanup();
    return code;
}

#include "image/jpeg_scan_codes.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace kyc::image {

struct known_scan_codes::scan_codes {
    scan_definition from;
    std::array<std::unique_ptr<code_table>, std::tuple_size_v<scan_definition::tables>> dc; ///< null: not used
    std::array<std::unique_ptr<code_table>, std::tuple_size_v<scan_definition::tables>> ac;
    unit_codes units;

    explicit scan_codes(const scan_definition& from_) : from(from_) {}

    scan_codes(const scan_codes&) = delete; // units points into this
    scan_codes& operator=(const scan_codes&) = delete;
    ~scan_codes() = default;

    [[nodiscard]] bool build() {
        if (from.blocks.empty() || !build(from.dc, dc, code_table::kind::dc) ||
            !build(from.ac, ac, code_table::kind::ac))
            return false;
        for (const auto& each : from.blocks)
            if (!units.add_block(*dc.at(each.dc), *ac.at(each.ac))) return false;
        units.join();
        return true;
    }

  private:
    template<class Tables>
    [[nodiscard]] static bool build(const scan_definition::tables& wanted, Tables& made, code_table::kind of) {
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (!wanted[i]) continue;
            made[i] = std::make_unique<code_table>();
            if (!made[i]->build(wanted[i]->lengths, wanted[i]->symbols, of)) return false;
        }
        return true;
    }
};

known_scan_codes::known_scan_codes() = default;
known_scan_codes::~known_scan_codes() = default;

const unit_codes* known_scan_codes::find_or_make(const scan_definition& wanted) {
    auto found = std::ranges::find_if(kept_, [&wanted](const auto& each) { return each->from == wanted; });
    if (found == kept_.end()) {
        auto made = std::make_unique<scan_codes>(wanted);
        if (!made->build()) return nullptr;
        if (kept_.size() == most_kept) kept_.pop_back();
        found = kept_.insert(kept_.end(), std::move(made));
    }
    std::rotate(kept_.begin(), found, found + 1);
    return &kept_.front()->units;
}

} // namespace kyc::image

#pragma once
// The parts of the status document, each written where its key stands. Private to live_status().

#include "core/json_members.hpp"
#include "core/json_writer.hpp"
#include "figures/disk_watch.hpp"
#include "life/case_world.hpp"
#include "life/intake.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kyc::status {

/// In whole seconds, rounded up; null without a value.
void write_seconds(json_writer& out, std::string_view name, const std::optional<std::chrono::milliseconds>& value);

// What holds work up (trouble_parts.cpp).

void write_faults(json_writer& out, const fault_pause& faults);
void write_api(json_writer& out, const progeny::api_health& health);
void write_paused(json_writer& out, const std::vector<progeny::paused_service>& services);
void write_held_back(json_writer& out, const case_world& world);

// Where cases are (case_parts.cpp).

/// What is in hand, by service, and how far it is. The steps are read from the permits, so they are of all services.
void write_in_hand(json_writer& out, const case_world& world);

/// The inbox by folder; what lies in folders of no service is told as one, for a producer named those.
void write_inbox(json_writer& out, const case_world& world, const intake& taking);
void write_counters(json_writer& out, const tally& count);
void write_states(json_writer& out, const census& stands, std::chrono::system_clock::time_point now);
void write_age_bounds(json_writer& out);

// What was done lately (day_parts.cpp).

void write_ended(json_writer& out, const day_book& day, std::chrono::system_clock::time_point now);
void write_latency(json_writer& out, const day_book& day, std::chrono::system_clock::time_point now);
void write_failures(json_writer& out, day_book& day, std::chrono::system_clock::time_point now, bool case_names);
void write_disk(json_writer& out, const disk_readings& disk);

/// Seconds until what has not ended is done at the rate of the last hour, or since the start if that is less; null when
/// nothing ended in that time.
void write_forecast(json_writer& out, const day_book& day, std::chrono::system_clock::time_point now);

} // namespace kyc::status

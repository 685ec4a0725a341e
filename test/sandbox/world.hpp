#pragma once
// Everything the sandbox remembers, in one place that sessions share. One thread.

#include "sandbox/bill.hpp"
#include "sandbox/scenario.hpp"
#include "sandbox/settings.hpp"
#include "sandbox/statistics.hpp"
#include "sandbox/tasks.hpp"
#include "sandbox/tokens.hpp"

#include <filesystem>
#include <string>

namespace kyc::sandbox {

struct world {
    world(settings start, std::string username_, std::string password_, const std::filesystem::path& bill_file,
          std::string token_key)
        : defaults(start), rules(std::move(start)), username(std::move(username_)), password(std::move(password_)),
          invoices(bill_file), tokens(std::move(token_key)) {}

    settings defaults; ///< what a reset goes back to
    settings rules;
    std::string username;
    std::string password;
    bill invoices;
    token_mint tokens;
    task_store tasks;
    statistics numbers;
    scenario script;
};

} // namespace kyc::sandbox

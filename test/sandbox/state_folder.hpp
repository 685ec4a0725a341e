#pragma once
// The sandbox's folder: its certificate authority, the server's certificate, and the file that says "listening".

#include <cstdint>
#include <filesystem>
#include <string>

namespace kyc::sandbox {

class state_folder {
  public:
    /// Makes the folder, and an authority in it, when missing; a new server certificate each time. Throws with a
    /// sentence.
    explicit state_folder(std::filesystem::path folder);

    [[nodiscard]] std::filesystem::path ca_file() const { return folder_ / "ca.pem"; }

    [[nodiscard]] std::filesystem::path bill_file() const { return folder_ / "bill.jsonl"; }

    [[nodiscard]] std::filesystem::path tasks_file() const { return folder_ / "tasks.jsonl"; }

    [[nodiscard]] const std::string& certificate_pem() const { return certificate_pem_; }

    [[nodiscard]] const std::string& key_pem() const { return key_pem_; }

    /// What tokens are signed with: the same as long as the authority is, so that they outlive a restart as real ones
    /// do.
    [[nodiscard]] const std::string& token_key() const { return token_key_; }

    /// ready.json, whole or not at all.
    void announce(std::uint16_t port) const;

    /// Takes ready.json away.
    void withdraw() const;

  private:
    std::filesystem::path folder_;
    std::string certificate_pem_;
    std::string key_pem_;
    std::string token_key_;
};

} // namespace kyc::sandbox

#pragma once
// Fetches secrets from where the settings say they are kept.

#include "core/secret.hpp"

#include <boost/system/result.hpp>

#include <string>

namespace kyc {

/// Reads the secret now; call again on a reload. Blocks on the disk.
///
/// file: a regular file (or a link to one) that neither group nor others may read, write or execute, at most 64 KiB.
/// credential: such a file in $CREDENTIALS_DIRECTORY, where systemd puts it; that folder is private, so its mode is not
/// judged. env: the variable's value. inline_value: the value itself. One trailing newline is dropped, since editors
/// and `echo` add it. An empty secret is an error.
///
/// The error is a sentence for people that names the source and what to do; it never holds any of the secret, nor the
/// name of a credential or variable that does not exist: somebody may have written the secret in its place.
[[nodiscard]] boost::system::result<secret, std::string> read_secret(const secret_ref& from);

} // namespace kyc

#pragma once

// Who goes first where several wait for the same.

namespace kyc::async {

enum class urgency {
    first,  ///< in the order of coming
    behind, ///< in the order of coming, while nobody of `first` waits
};

} // namespace kyc::async

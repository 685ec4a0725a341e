// jemalloc instead of the system's allocator. Coroutine frames are of one to four kilobytes, which glibc looks for in
// its free lists each time: a quarter of what a poll cost. And what a burst of uploads leaves free between the cases
// that wait goes back to the system by itself.

/// Read by jemalloc before main (its manual, "TUNING"). One arena: one thread does nearly everything, and what the pool
/// reads the loop frees; a second one cost 8 MB under load and no time. Free pages are given back when they have lain
/// unused for a moment, by a thread of its own, so also when nothing happens any more: what each case needs again is
/// used again within that, and what a gust has left does not add to the next.
extern "C" const char* malloc_conf; // NOLINT(readability-redundant-declaration): -Wmissing-declarations wants it
const char* malloc_conf = "narenas:1,dirty_decay_ms:200,muzzy_decay_ms:0,background_thread:true";

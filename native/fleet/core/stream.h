// The yardstick of the benchmark: how fast this machine copies memory.

#ifndef FLEET_STREAM_H_
#define FLEET_STREAM_H_

#include <cstddef>

namespace fleet {

/** Best of `rounds` copies of `octets` octets by `threads` threads, in octets read and written a second, as STREAM counts. */
double CopyOctetsPerSec(size_t octets, unsigned threads, unsigned rounds);

}  // namespace fleet

#endif

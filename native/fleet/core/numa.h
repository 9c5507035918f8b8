// Binding of threads to NUMA nodes, with libnuma if the machine has it (looked up when asked for; nothing is linked).

#ifndef FLEET_NUMA_H_
#define FLEET_NUMA_H_

namespace fleet {

/** Nodes of this machine; 1 if it has no more or libnuma is missing. */
unsigned NumaNodes();

/** Keeps the calling thread, and what it touches first from now on, on one node. */
void RunOnNode(unsigned node);

}  // namespace fleet

#endif

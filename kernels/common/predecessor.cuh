// Programmatic dependent launch: on compute capability 9.0 a kernel of a pass may start while the kernel before it is still at work, so that
// its launch, and the first weights of a product, hide behind the other's end. The rules, for every kernel:
//
// - Every thread calls await_predecessor(), before any return. A kernel waits only for the one before it; that the ones before that have ended
//   too follows from each having waited. A block that returned early could let its grid end first, and a third kernel overtake the first.
// - Before it, a kernel reads weights and the pass block, and writes no global memory. Copies bring these to the device before the pass, and a
//   copy is a full dependency: the first kernel of the pass starts after it, and the others after the first.
// - What another kernel of the pass writes is never read by ldg16, before or after.
//
// The trigger, which lets the next kernel start, is no memory barrier and need be none: whatever this kernel writes, the next one waits for its
// end. So it comes as early as is of use, right behind the wait. Before the wait it would let a third kernel hold shared memory and registers
// while the first is still at work. It cannot take the place of this kernel's own blocks: blocks that have not started have not triggered.
#pragma once
#include "device.cuh"

CS_DEVICE void await_predecessor()
{
    griddep_wait();
    griddep_launch_dependents();
}

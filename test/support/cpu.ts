// What something costs a thread, whatever else the machine does meanwhile. For work that must not grow with the square of its
// input: bounds are some ten times what it takes, and a tenth of what the square would. Speed itself is measured in bench/.

/** Milliseconds of this thread's CPU time. */
export function cpuMsOf(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

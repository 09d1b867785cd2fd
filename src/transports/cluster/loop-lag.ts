// How late the thread of the links is: a node that is busy hears others late, and should doubt itself before it doubts them.
// Refuses to know what follows from that. Obeys spec/hp-peer.md, section "Members".

import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Tells now and then by how much 99 of 100 turns of the loop were late at most; does not keep the process alive. */
export function watchLag(tell: (p99Ms: number) => void, everyMs = EVERY_MS): { end: () => void } {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const timer = setInterval(() => {
    // What is measured is the time between two timers, of which the resolution is no delay.
    const p99Ms = Math.max(0, Math.round(delays.percentile(99) / 1e6 - RESOLUTION_MS));
    delays.reset();
    tell(p99Ms);
  }, everyMs);
  timer.unref();
  return {
    end() {
      clearInterval(timer);
      delays.disable();
    },
  };
}

const RESOLUTION_MS = 10;
/** Some hundred turns of an idle loop. */
const EVERY_MS = 5_000;

// Carries log lines from the actors of a shard to whoever writes them, and keeps a flood out: of one event so many
// lines a second, then a line that says how many were left out. The main thread puts the same dam before its own
// writer, since shards add up. Refuses to know the line's form and where it ends up.

import type { Log } from '../actors/runtime/edges.ts';
import { nowUs } from './process/clock.ts';

/** Lines of one event within one window. */
const LINES_MAX = 100;
const WINDOW_US = 1_000_000;
/** Events are named in the code, so there are few; if not, counting begins anew. */
const EVENTS_MAX = 1_000;

interface Flow {
  readonly beganAt: number;
  lines: number;
  suppressed: number;
}

/** `write` gets the lines that pass, and a `log.suppressed` for those of an event that did not. */
export function createLogEdge<E extends Log = Log>(
  write: (entry: E | Log) => void,
): (entry: E) => void {
  const flows = new Map<string, Flow>();
  let sweeping: NodeJS.Timeout | undefined;

  const settle = (event: string, flow: Flow): void => {
    flows.delete(event);
    if (flow.suppressed === 0) return;
    const fields = { suppressed: event, lines: flow.suppressed };
    write({ type: 'log', level: 'warn', event: 'log.suppressed', fields });
  };
  const sweep = (): void => {
    sweeping = undefined;
    for (const [event, flow] of [...flows]) settle(event, flow);
  };

  return (entry) => {
    let flow = flows.get(entry.event);
    // In the middle of a flood nobody looks at the clock: the sweep ends it.
    if (flow !== undefined && flow.suppressed > 0 && sweeping !== undefined) {
      flow.suppressed += 1;
      return;
    }
    const now = nowUs();
    if (flow !== undefined && now - flow.beganAt >= WINDOW_US) {
      settle(entry.event, flow);
      flow = undefined;
    }
    if (flow === undefined) {
      if (flows.size >= EVENTS_MAX) sweep();
      flow = { beganAt: now, lines: 0, suppressed: 0 };
      flows.set(entry.event, flow);
    }
    // [PROC-LOG-2] What clients can cause, they can cause a million times.
    if (flow.lines < LINES_MAX) {
      flow.lines += 1;
      write(entry);
      return;
    }
    flow.suppressed += 1;
    sweeping ??= setTimeout(sweep, WINDOW_US / 1_000).unref();
  };
}

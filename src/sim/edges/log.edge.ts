// The understudy of transports/log.edge.ts: counts log lines by level and forgets them.
// Refuses to know where production writes them.

import type { Log } from '../../actors/runtime/edges.ts';

export class LogEdge {
  readonly counts = new Map<Log['level'], number>();

  obey({ level }: Log): void {
    this.counts.set(level, (this.counts.get(level) ?? 0) + 1);
  }
}

// Rounds in a process of its own, run one at a time when they are asked for: contestants take turns, and none warms or
// clutters the heap of another. Counts what the kernel accounts to the whole process, its collector included.

import { fork } from 'node:child_process';
import { once } from 'node:events';

import { withSites } from '../../src/sim/search/with-sites.ts';

export interface Round {
  readonly units: number;
  readonly cpuSeconds: number;
}

export interface Contestant {
  round(): Promise<Round>;
  stop(): Promise<void>;
}

/** Starts a script that calls `serveRounds`. */
export function startContestant(script: string, args: readonly string[]): Contestant {
  const child = fork(script, args, { execArgv: [...withSites] });
  return {
    async round() {
      child.send('round');
      const [round] = (await Promise.race([
        once(child, 'message'),
        once(child, 'exit').then(([code]) => {
          throw new Error(`${script} ended with ${String(code)}`);
        }),
      ])) as [Round];
      return round;
    },
    async stop() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

/** The contestant's part: `work` does one round and tells how many units it came to. */
export function serveRounds(work: () => number | Promise<number>): void {
  process.on('message', () => void answer(work));
}

async function answer(work: () => number | Promise<number>): Promise<void> {
  const before = process.cpuUsage();
  const units = await work();
  const { user, system } = process.cpuUsage(before);
  process.send?.({ units, cpuSeconds: (user + system) / 1e6 } satisfies Round);
}

// What a case of the gateway dialect is. Knows no test runner and no address: a case fails by throwing.

import assert from 'node:assert/strict';

import type { Gateway } from './gateway.ts';
import type { GripSite } from './site.ts';

export interface GripOptions {
  /** How long it may take, where timers of the gateway are waited for; 20 without. */
  readonly seconds?: number;
  /** Disturbs others: floods, commands for everybody, files. */
  readonly isAlone?: boolean;
  /** The configuration that it is about: `plain` is as Pushpin ships it, `full` has everything turned on. */
  readonly configuration?: 'plain' | 'full';
  readonly needs?: readonly Need[];
  /** Pushpin would not survive it, as a listed difference says. */
  readonly endsPushpin?: boolean;
}

/** What not everybody tells the suite. */
export type Need =
  | 'zmqPull'
  | 'zmqSub'
  | 'zmqRep'
  | 'stats'
  | 'secureTarget'
  | 'routesFile'
  | 'prometheus';

export interface GripCase extends Required<GripOptions> {
  /** Requirements and, where Pushpin 1.36 does something else, the difference. */
  readonly ids: readonly string[];
  /** Differences from Pushpin among the ids. */
  readonly differences: readonly string[];
  readonly title: string;
  readonly group: string;
  run(gateway: Gateway): Promise<void>;
}

export type GripRow = readonly [
  title: string,
  run: (gateway: Gateway) => Promise<void>,
  options?: GripOptions,
];

/** The cases of one group. A title begins with ids in brackets. */
export function gripCases(group: string, rows: readonly GripRow[]): GripCase[] {
  return rows.map(([title, run, options = {}]) => {
    const head = /^(?:\[[^\]]*\] )+/.exec(title)?.[0] ?? '';
    const all = [...head.matchAll(/\[([A-Z0-9]+(?:-[A-Z0-9]+)+)\]/g)].flatMap(([, id]) => id ?? []);
    const differences = all.filter((id) => id.startsWith('DIFF-'));
    assert.ok(all.length > differences.length, `a case without a requirement: ${title}`);
    return {
      ...{ ids: all, differences, title, group, run },
      ...{ seconds: 20, isAlone: false, configuration: 'plain', needs: [], endsPushpin: false },
      ...options,
    };
  });
}

/** Why the case cannot be run here; undefined when it can. */
export function reasonNotToRun(one: GripCase, site: GripSite): string | undefined {
  if (one.configuration !== site.configuration) return `needs --configuration ${one.configuration}`;
  const missing = one.needs.filter((need) => site[need] === undefined).map((need) => flags[need]);
  return missing.length === 0 ? undefined : `needs ${missing.join(' and ')}`;
}

const flags: Readonly<Record<Need, string>> = {
  zmqPull: '--zmq-pull',
  zmqSub: '--zmq-sub',
  zmqRep: '--zmq-rep',
  stats: '--stats',
  secureTarget: '--secure-target',
  routesFile: '--routes',
  prometheus: '--prometheus',
};

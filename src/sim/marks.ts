// What a run has met, counted from its plan and trace: a fault that never bites, or an answer that never comes,
// means that the workload is too tame. Refuses to judge.

import { faultKinds } from './faults/faults.ts';
import type { Plan } from './plan.ts';
import { clusterSiteNames } from './plan/casting/sites.ts';
import { gatewaySiteNames } from './plan/gateway.ts';
import { siteNames } from './plan/settings.ts';
import { chatMarks, chatWatcher, clusterMarks } from './records/chat-marks.ts';
import { gatewayMarks, gatewayWatcher } from './records/gateway-marks.ts';
import type { EventOf, Watcher } from './trace.ts';

const serverCodes: ReadonlySet<number> = new Set([
  1001, 1002, 1006, 1007, 1008, 1009, 1011, 1012, 1013, 4401,
]);
const CLOSE_ECHOED = 'closed by server, as its client did';
/** Too many fragments, and closes with codes of the client's own, are bytes: the object lane has neither. */
export const marksOfBytes: readonly string[] = ['closed by server 1008', CLOSE_ECHOED];

/** Every mark that some run must reach. */
export const registeredMarks: readonly string[] = [
  ...faultKinds.map((kind) => `fault ${kind}`),
  ...['connected by ws', 'connected by sse'],
  ...['closed by client 1000', 'closed by network 1006'],
  ...Array.from(serverCodes, (code) => `closed by server ${code}`),
  CLOSE_ECHOED,
  ...['subscribed', 'subscribed, recovered true', 'subscribed, recovered false', 'unsubscribed'],
  ...['turned away 401', 'turned away 403', 'turned away 429', 'turned away 503'],
  ...['subscribe', 'unsubscribe', 'publish', 'list', 'info'].map((asked) => `refused ${asked}`),
  ...['publish forbidden', 'publish limited'],
  ...['published', 'published, duplicate', 'publish refused', 'publish unknown'],
  ...['gap slow', 'gap conflated', 'gap restarted'],
  ...['message', 'message, bare'],
  ...['welcomed', 'not welcomed', 'mistake answered', 'request answered', 'broken framing'],
  ...['shardCrashed', 'shardStarted', 'actorFailed'],
  ...siteNames.map((site) => `site ${site}`),
];

/** A server may close with any code, if its client did so first. */
function closedMark(by: EventOf<'closed'>['by'], code: number): string {
  return by === 'server' && !serverCodes.has(code) ? CLOSE_ECHOED : `closed by ${by} ${code}`;
}

/** Counts what it is shown. */
export class Marks {
  readonly #counts = new Map(registeredMarks.map((name) => [name, 0]));
  /** The two that come by far most often. */
  #messages = 0;
  #bare = 0;
  readonly watcher: Watcher = {
    ...gatewayWatcher((name) => this.reach(name)),
    ...chatWatcher((name) => this.reach(name)),
    connected: ({ transport }) => this.reach(`connected by ${transport}`),
    closed: ({ by, code }) => this.reach(closedMark(by, code)),
    subscribed: ({ recovered }) =>
      this.reach(recovered === undefined ? 'subscribed' : `subscribed, recovered ${recovered}`),
    turnedAway: ({ status }) => this.reach(`turned away ${status}`),
    refused: ({ asked }) => this.reach(`refused ${asked}`),
    unsubscribed: () => this.reach('unsubscribed'),
    published: ({ isDuplicate }) => this.reach(isDuplicate ? 'published, duplicate' : 'published'),
    publishFailed: ({ why }) => this.reach(`publish ${why}`),
    gap: ({ reason }) => this.reach(`gap ${reason}`),
    message: ({ position }) => {
      if (position === undefined) this.#bare += 1;
      else this.#messages += 1;
    },
    greeted: ({ isWelcome }) => this.reach(isWelcome ? 'welcomed' : 'not welcomed'),
    answered: ({ door }) => this.reach(door === 'ws' ? 'mistake answered' : 'request answered'),
    brokenSent: () => this.reach('broken framing'),
    shardCrashed: () => this.reach('shardCrashed'),
    shardStarted: () => this.reach('shardStarted'),
    unexpected: () => this.reach('unexpected'),
    actorFailed: () => this.reach('actorFailed'),
  };

  reach(name: string, times = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  /** How often each mark was reached; 0 for those that are registered and were not. */
  counts({ lane, faults, gateway, chat }: Plan): ReadonlyMap<string, number> {
    const counts = new Map(this.#counts);
    if (lane === 'object')
      for (const name of marksOfBytes) if (counts.get(name) === 0) counts.delete(name);
    // A cluster of gateways meets what it meets.
    const isBoth = gateway !== undefined && chat !== undefined;
    if (gateway !== undefined && !isBoth)
      for (const name of [...gatewayMarks, ...gatewaySiteNames.map((site) => `site ${site}`)])
        counts.set(name, counts.get(name) ?? 0);
    if (chat !== undefined && !isBoth)
      for (const name of chat.cluster === undefined ? chatMarks : allMarks)
        counts.set(name, counts.get(name) ?? 0);
    counts.set('message', this.#messages);
    counts.set('message, bare', this.#bare);
    for (const { kind } of faults)
      counts.set(`fault ${kind}`, (counts.get(`fault ${kind}`) ?? 0) + 1);
    return counts;
  }
}

const allMarks: readonly string[] = [
  ...[...chatMarks, ...clusterMarks],
  ...clusterSiteNames.map((site) => `site ${site}`),
];

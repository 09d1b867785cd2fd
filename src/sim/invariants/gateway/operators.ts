// Whoever runs a node is told the truth: each client comes once and goes once, an item goes to as many as follow its
// channel, and the log has a line for what became of each request. What a dead thread knew nobody is told.
// Refuses to know who listens.

import { crowdOf } from '../../records/errands/all.ts';
import type { SceneLimits } from '../../records/scenes/scene-records.ts';
import { hostOf, type Place, searchOf, bodyOf } from '../../records/scenes/texts.ts';
import type { Scene } from '../../records/scenes/scene.ts';
import { addressOf } from '../../records/addresses.ts';
import type { EventOf, TraceEvent } from '../../trace.ts';
import type { Invariant, Report } from '../invariant.ts';
import { errorOf, statusOf } from './scenes/answering.ts';

export const clientsTold: Invariant = {
  property: 'clients-told',
  requirements: ['GRIP-STATS-3'],
  judge(report) {
    /** Those who are there, by thread and id. */
    const there = new Map<string, Map<string, EventOf<'clientTold'>>>();
    return {
      clientTold(event) {
        const { node, shard, id, route, isThere } = event;
        const thread = `${node}.${shard}`;
        const ids = there.get(thread) ?? new Map<string, EventOf<'clientTold'>>();
        there.set(thread, ids);
        const known = ids.get(id);
        if (isThere) {
          if (known !== undefined) report(event, `client ${id} comes to ${thread} again`);
          ids.set(id, event);
          return;
        }
        ids.delete(id);
        if (known === undefined)
          report(event, `client ${id} is gone from ${thread}, and was not there`);
        else if (known.route !== route)
          report(event, `client ${id} came by route ${known.route}, and goes by ${route}`);
      },
      shardCrashed: ({ node, shard }) => there.delete(`${node}.${shard}`),
      quiet(event) {
        for (const [thread, ids] of there)
          for (const { id, at } of ids.values())
            if (event.at - at > LAST_US)
              report(event, `client ${id} is there on ${thread} for its operator, and has left`);
      },
    };
  },
};

export const routesFollowed: Invariant = {
  property: 'routes-followed',
  requirements: ['PROC-GATE-3', 'PROC-HUP-1'],
  judge(report) {
    /** By node. */
    const editions = new Map<number, number>();
    let settledAt = Number.POSITIVE_INFINITY;
    return {
      healed: ({ at }) => {
        settledAt = at + SETTLED_US;
      },
      routesWritten: ({ node, edition }) => editions.set(node, edition),
      clientTold(event) {
        const { node, id, route, isThere, at } = event;
        const [, name, its = '0'] = WRITTEN.exec(route ?? '') ?? [];
        if (!isThere || name === undefined) return;
        const edition = editions.get(node) ?? 0;
        if (Number(its) > edition || (Number(its) < edition && at > settledAt))
          report(
            event,
            `client ${id} comes by route ${route}, and the routes were written ${edition} times`,
          );
      },
    };
  },
};

export const sendingsTold: Invariant = {
  property: 'sendings-told',
  requirements: ['GRIP-STATS-2'],
  judge(report) {
    const what = new Map<number, EventOf<'holdAsked'>['what']>();
    /** Of these, origins tell streams what they missed. */
    const toldByOrigins = new Set<string>();
    /** Of which somebody was told, by node, way and channel. */
    const told = new Set<string>();
    /** Who has ever asked for it, by node, way and channel. */
    const askers = new Map<string, Set<number>>();
    let settledAt = Number.POSITIVE_INFINITY;
    return {
      healed: ({ at }) => {
        settledAt = at + SETTLED_US;
      },
      gatewayBegan: ({ channels }) => {
        for (const { channel, hasIds } of channels) if (hasIds) toldByOrigins.add(channel);
      },
      sendingTold(event) {
        const { node, channel, transport, receivers } = event;
        const name = `${node} ${transport} ${channel}`;
        told.add(name);
        // Channels of scenes and errands are followed by one, but for those of crowds.
        const others = askers.get(name)?.size;
        const most = Math.max(1, others ?? crowdOf(channel));
        const isSettled = others === undefined || event.at > settledAt;
        if (receivers > most && isSettled)
          report(event, `an item of ${channel} goes to ${receivers}, and ${most} follow it`);
      },
      holdAsked(event) {
        const { node, client, connection, channels } = event;
        what.set(connection, event.what);
        for (const channel of channels) {
          const name = `${node} ${WAYS[event.what]} ${channel}`;
          const clients = askers.get(name) ?? new Set<number>();
          askers.set(name, clients);
          clients.add(client);
        }
      },
      holdHeard(event) {
        const { node, connection, channel } = event;
        const isSocket = what.get(connection) === 'ws';
        if (!isSocket && toldByOrigins.has(channel)) return;
        if (!told.has(`${node} ${isSocket ? 'ws-message' : 'http-stream'} ${channel}`))
          report(
            event,
            `an item of ${channel} is heard on node ${node}, and its operator knows of none`,
          );
      },
    };
  },
};

export const requestsLogged: Invariant = {
  property: 'requests-logged',
  requirements: ['GRIP-LOG-1'],
  judge(report) {
    const judge = new LogJudge(report);
    return {
      stageSet: ({ limits }) => {
        judge.limits = limits;
      },
      sceneBegan: (event) => judge.began(event),
      requestLogged: (event) => judge.logged(event),
      shardCrashed: ({ node }) => judge.crashed(node),
      quiet: (event) => judge.rest(event),
    };
  },
};

interface Owed {
  readonly began: EventOf<'sceneBegan'>;
  readonly words: string;
  lines: number;
}

class LogJudge {
  limits: SceneLimits | undefined = undefined;
  readonly #report: Report;
  readonly #owed = new Map<string, Owed>();

  constructor(report: Report) {
    this.#report = report;
  }

  began(event: EventOf<'sceneBegan'>): void {
    const { client, number, scene } = event;
    // A page's session has several requests, and one line.
    if (this.limits?.isLogged !== true || scene.via !== undefined) return;
    const words = lineOf(scene, { client, number }, this.limits);
    this.#owed.set(`${client} ${number}`, { began: event, words, lines: 0 });
  }

  logged(event: EventOf<'requestLogged'>): void {
    const { client, number, words, isRetry } = event;
    const owed = this.#owed.get(`${client} ${number}`);
    if (owed === undefined) return;
    owed.lines += 1;
    const isAgain = owed.lines > 1;
    const said = `the log says of client ${client}, scene ${number}, '${words}'`;
    if (isAgain !== isRetry)
      this.#report(
        event,
        `${said}, ${isRetry ? '' : 'not '}as asked again, for the ${owed.lines}th time`,
      );
    else if (!isAgain && words !== owed.words)
      this.#report(event, `${said}, and not '${owed.words}'`);
    else if (isAgain && owed.began.scene.shape !== 'poll')
      this.#report(event, `${said}, which is no poll, again`);
  }

  crashed(node: number): void {
    for (const [key, { began }] of this.#owed) if (began.node === node) this.#owed.delete(key);
  }

  rest(event: TraceEvent): void {
    for (const { began, lines } of this.#owed.values())
      if (lines === 0)
        this.#report(
          event,
          `the log says nothing of client ${began.client}, scene ${began.number}`,
        );
  }
}

function lineOf(scene: Scene, place: Place, limits: SceneLimits): string {
  const { shape, asked } = scene;
  const isSocket = shape === 'socket';
  const method = !isSocket && asked.bodyBytes > 0 ? 'POST' : isSocket ? 'GET' : asked.method;
  const scheme = isSocket ? 'ws' : 'http';
  return [
    `method=${method}`,
    `url=${scheme}://${hostOf(scene, place)}/scene${searchOf(place)}`,
    `target=origin-x:80${isSocket ? '[http]' : ''}`,
    `route=${routeOf(scene)}`,
    outcomeOf(scene, limits),
    ...(limits.isFromLogged === true ? [`from=${addressOf(place.client)}`] : []),
    ...lineWith('referer', scene),
    ...(limits.isAgentLogged === true ? lineWith('user-agent', scene) : []),
  ].join(' ');
}

function lineWith(header: keyof typeof LOGGED_AS, { asked }: Scene): readonly string[] {
  const [, value] = asked.headers.find(([name]) => name.toLowerCase() === header) ?? [];
  return value === undefined ? [] : [`${LOGGED_AS[header]}=${value}`];
}

const LOGGED_AS = { referer: 'referer', 'user-agent': 'agent' } as const;

function outcomeOf(scene: Scene, { keptBytesMax }: SceneLimits): string {
  if (scene.shape === 'socket') return 'code=101';
  const error = errorOf(scene, keptBytesMax);
  if (error !== undefined) {
    const [, code = ''] = /^answer (\d+) /.exec(error) ?? [];
    const body = error.slice(error.indexOf(' || ') + 4);
    return `code=${code} bytes=${body.length} error`;
  }
  if (scene.shape !== 'plain') return 'isHeld=true';
  return `code=${statusOf(scene.said).status} bytes=${bodyOf(scene.said).length}`;
}

function routeOf({ shape, route, isRound }: Scene): string {
  const kind = shape === 'socket' ? 'xws' : 'x';
  if (route === 'rewriting') return 'xr';
  if (route === 'crossOrigin') return 'xa';
  if (route === 'following') return `${kind}sub`;
  return isRound === true ? `${kind}d` : kind;
}

/** Routes whose names say when they were written. */
const WRITTEN = /^(one|two|ws|one-by-one|direct)(?:\.(\d+))?$/;
const WAYS: Readonly<Record<EventOf<'holdAsked'>['what'], string>> = {
  poll: 'http-response',
  stream: 'http-stream',
  ws: 'ws-message',
  plain: 'none',
};
/** Those who fell silent are known to be gone. */
const SETTLED_US = 4_000_000;
/** Whoever came just before the end. */
const LAST_US = 1_000_000;

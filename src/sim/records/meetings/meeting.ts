// A meeting: other nodes at the door of one node, who come, prove themselves, speak, hear and go in turn, and clients of its
// chat beside them. What each of them has to hear is part of it, line by line. Refuses to know who plays them, and to judge.

import type { House } from '../plays/house.ts';
import type { Step } from '../plays/play.ts';

export type MeetingStep =
  | Step
  /** A node comes to the door for nodes, from a network address. */
  | { readonly does: 'calls'; readonly by: string; readonly from: string }
  /** What stands behind an @ is put in when it is said. */
  | { readonly does: 'tells'; readonly by: string; readonly lines: readonly string[] }
  /** Waits for these, in whatever order they come: different parts of a node say them. */
  | { readonly does: 'gets'; readonly by: string; readonly lines: readonly string[] }
  /** Of what comes by the way, all the time: waits until this has come. */
  | { readonly does: 'notices'; readonly by: string; readonly lines: readonly string[] }
  /** Like that, but it has to come from now on. */
  | { readonly does: 'awaits'; readonly by: string; readonly lines: readonly string[] }
  /** Waits, and hears nothing at all. */
  | {
      readonly does: 'hushes';
      readonly by: string;
      readonly ms: number;
      readonly lines: readonly string[];
    }
  /** Whoever is called there is this one from now on; nobody where the name is empty, and nobody answers where it is `-`. */
  | { readonly does: 'listens'; readonly by: string; readonly address: string }
  /** Says nothing of its own accord any more, not even that it lives; or does again. */
  | {
      readonly does: 'keeps';
      readonly by: string;
      readonly isQuiet: boolean;
      readonly acks: boolean;
    }
  /** An operator asks what the node sees. */
  | { readonly does: 'asks'; readonly by: 'operator' }
  /** By how much these have grown since the meeting began. */
  | { readonly does: 'counts'; readonly by: 'operator'; readonly lines: readonly string[] };

export interface Meeting {
  readonly name: string;
  readonly steps: readonly MeetingStep[];
}

/** Whom these names stand for, beside nodes and clients: what a node logs, and whom it calls. */
export const LOG = 'log';
export const CALLS = 'calls';
export const OPERATOR = 'operator';

/** Where it stands for one who listens, nobody answers. */
export const NOBODY = '-';

/** How a node is set where others meet it. */
export const meetingHouse: Omit<House, 'shards'> = {
  ...{ proof: 'none', isStrict: false, isLenient: false, isPlain: true, isSlow: false },
  ...{ policy: 'multi', isNarrow: false, isAmongOthers: true },
};

export function meeting(name: string, steps: readonly MeetingStep[]): Meeting {
  return { name, steps };
}

export function calls(by: string, from = '10.2.0.1'): MeetingStep {
  return { does: 'calls', by, from };
}

export function tells(by: string, ...lines: readonly string[]): MeetingStep {
  return { does: 'tells', by, lines };
}

export function notices(by: string, line: string): MeetingStep {
  return { does: 'notices', by, lines: [line] };
}

export function awaits(by: string, line: string): MeetingStep {
  return { does: 'awaits', by, lines: [line] };
}

export function hushes(by: string, ms: number): MeetingStep {
  return { does: 'hushes', by, ms, lines: [] };
}

export function listens(by: string, address: string): MeetingStep {
  return { does: 'listens', by, address };
}

export function keepsQuiet(by: string): MeetingStep {
  return { does: 'keeps', by, isQuiet: true, acks: false };
}

export function speaksAgain(by: string): MeetingStep {
  return { does: 'keeps', by, isQuiet: false, acks: true };
}

/** It lives, and says of nothing that it has it. */
export function acksNothing(by: string): MeetingStep {
  return { does: 'keeps', by, isQuiet: false, acks: false };
}

export const asks: MeetingStep = { does: 'asks', by: OPERATOR };

export function counts(...lines: readonly string[]): MeetingStep {
  return { does: 'counts', by: OPERATOR, lines };
}

/** One line between nodes. */
export function word(type: string, payload: object, more: object = {}): string {
  const around = { version: '1.0', type, id: 'w1', timestamp: '@now', source: 'server' };
  return `${JSON.stringify({ ...around, payload, ...more })}\n`;
}

export interface Self {
  readonly node: string;
  readonly incarnation?: number;
  readonly versions?: readonly string[];
  readonly caps?: readonly string[];
  readonly advertise?: string;
}

export const CAPS: readonly string[] = [
  ...['presence', 'interest', 'forward', 'synced', 'columns', 'detour'],
];

export function hello({ node, ...more }: Self, other: object = {}): string {
  return word('SERVER_HELLO', {
    ...{ cluster: 'sim', node, incarnation: more.incarnation ?? 10 },
    ...{ versions: more.versions ?? ['1.1', '1.0'], caps: more.caps ?? CAPS, nonce: '@nonce' },
    ...{ key: 'k1', advertise: more.advertise ?? '', ...other },
  });
}

export function challenged(by: string, version = '1.1', life = 'own'): MeetingStep {
  const who = `node=n1 incarnation=${life} cluster=sim`;
  const line = `SERVER_CHALLENGE ${who} version=${version} caps=${listed(CAPS)} nonce=fresh key=k1`;
  return hears(by, `${line} proof=right advertise=n1:7501`);
}

export function hears(by: string, ...lines: readonly string[]): MeetingStep {
  return { does: 'hears', by, lines };
}

export function gets(by: string, ...lines: readonly string[]): MeetingStep {
  return { does: 'gets', by, lines };
}

export function listed(all: readonly string[]): string {
  return JSON.stringify(all);
}

/** What everybody says who is let in, and nothing in it but that. */
export function ready(members: readonly object[] = [], clients?: string): readonly string[] {
  return [
    word('SERVER_READY', { members, heartbeat_ms: 1_000, clients }),
    word('FORWARD_ACK', { n: 0 }),
    word('INTEREST', { whole: 'ended', data: { add: [], remove: [] } }),
  ];
}

export function member(node: string, state = 'up', addr = '', incarnation: number | string = 10) {
  return { node, incarnation, addr, state };
}

/** As it is told of those of the meeting. */
export function toldMembers(...all: readonly string[]): string {
  return `members=${listed(all)}`;
}

/** Comes, proves itself and is let in; `others` are those of the meeting that it is told of. */
export function links(
  by: string,
  self: Self,
  others: readonly string[] = [],
): readonly MeetingStep[] {
  return [...proves(by, self), ...isLetIn(by, self, others)];
}

export function proves(by: string, self: Self, version = '1.1'): readonly MeetingStep[] {
  return [
    ...[calls(by), tells(by, hello(self)), challenged(by, version)],
    tells(by, word('SERVER_AUTH', { proof: '@proof' })),
  ];
}

export function isLetIn(
  by: string,
  { node, incarnation = 10, caps = CAPS }: Self,
  others: readonly string[] = [],
): readonly MeetingStep[] {
  const has = (cap: string): boolean => caps.includes(cap);
  return [
    gets(
      by,
      `SERVER_WELCOME ${toldMembers(...others)} heartbeat_ms=1000 clients=n1.chat:7502`,
      ...(has('interest') ? ['INTEREST whole=ended data={"add":[],"remove":[]}'] : []),
      ...(has('presence')
        ? [`PRESENCE_SYNC_REQUEST node=${node} incarnation=${incarnation} have=0`]
        : []),
    ),
    tells(by, ...ready(), ...(has('presence') ? synced(node, incarnation) : [])),
  ];
}

/** Nothing is owned there. */
export function synced(node: string, incarnation = 10, ver = 0): readonly string[] {
  return [word('SYNC_DONE', { node, incarnation, ver })];
}

/** Says that it goes, and is sent away. */
export function leaves(by: string, lingerMs = 0): readonly MeetingStep[] {
  return [
    tells(by, word('LEAVE', { reason: 'drain', linger_ms: lingerMs })),
    hears(by, 'ERROR LEFT', 'end'),
  ];
}

export function nodesIn(steps: readonly MeetingStep[]): readonly string[] {
  return namesIn(steps, /"node":"(\w+)"/g);
}

export function roomsIn(steps: readonly MeetingStep[]): readonly string[] {
  return namesIn(steps, /"room":"([\w.]+)"/g);
}

/** In what is said. */
function namesIn(steps: readonly MeetingStep[], form: RegExp): readonly string[] {
  const said = steps.flatMap((step) => {
    if (step.does === 'tells') return step.lines;
    return step.does === 'says' ? [step.text] : [];
  });
  const names = said.flatMap((text) => [...text.matchAll(form)].map(([, name = '']) => name));
  return [...new Set(names)];
}

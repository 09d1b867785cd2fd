// What a keeper of users makes of a session whose actor has given it up for another node, when another session takes its place
// just then: nothing of it is left anywhere, and what waited for it waits for the user.

import { expect, test } from 'vitest';

import type { ChatContext } from '../../../src/actors/chat/chat-context.ts';
import { type ChatOptions, chatDefaults } from '../../../src/actors/chat/chat-options.ts';
import type { RoomsMessage } from '../../../src/actors/chat/rooms/room-messages.ts';
import { usersActor } from '../../../src/actors/chat/users/users.actor.ts';
import type {
  Luggage,
  UserNotice,
  UserReply,
  UsersMessage,
} from '../../../src/actors/chat/users/user-messages.ts';
import type { RelayRequest } from '../../../src/actors/routing/relay/relay-seam.ts';
import { addressOf } from '../../../src/actors/runtime/actor.ts';
import { System } from '../../../src/actors/runtime/system.ts';

const session = addressOf<UserNotice>(0, 'session');
const asker = addressOf<UserReply>(0, 'asker');
const rooms = addressOf<RoomsMessage>(0, 'rooms');
const others = addressOf<UsersMessage>(0, 'others');

const message = {
  ...{ id: 'm1', timestamp: 0, from: 'bob', to: 'ann', session: 's9' },
  ...{ body: 'hi', dataText: undefined },
};
const luggage: Luggage = {
  ...{ user: 'ann', session: 's1', secret: 'x', caps: [], status: 'online', note: undefined },
  rooms: [{ room: 'r', epoch: 1, seq: 1 }],
  watched: [{ user: 'bob', told: '' }],
  untold: [{ message, isSent: false }],
};

function keeper(options: Partial<ChatOptions>) {
  const told: UserReply[] = [];
  const asked: (RoomsMessage | UsersMessage)[] = [];
  const system = new System({
    ...{ shard: 0, seed: 1, crossing: () => {} },
    onFailure: (_, error) => {
      throw error;
    },
    onCollapse: () => {},
  });
  system.bind(asker, (reply) => told.push(reply));
  system.bind(rooms, (word) => asked.push(word));
  system.bind(others, (word) => asked.push(word));
  const quiet = addressOf<never>(0, 'quiet');
  system.bind(quiet, () => {});
  const relay = addressOf<RelayRequest>(0, 'relay');
  const carried: unknown[] = [];
  system.bind(relay, (word) => carried.push(word.type === 'forward' ? word.body : word));
  const heard: UserNotice[] = [];
  system.bind(session, (notice) => heard.push(notice));
  const users = system.spawn(
    usersActor,
    {
      ...{
        options: { ...chatDefaults, ...options },
        shard: 0,
        shards: 1,
        life: 0,
      },
      seam: { node: 'n1', relay, locations: quiet },
      ...{ edges: { log: quiet }, home: quiet },
      ...{ roomsOfShard: () => rooms, usersOfShard: () => others },
    } as unknown as ChatContext,
    'users',
  );
  let now = 0;
  const deliver = (word: UsersMessage): void => {
    system.deliver(users, word);
    system.run(now, 1_000);
  };
  const pass = (ms: number): void => {
    const until = now + ms * 1_000;
    for (; now < until; now += 10_000) system.run(now, 1_000);
  };
  const register = (name: string): void => {
    const entry = {
      ...{ session: name, shard: 0, address: session, status: 'online' as const },
      ...{ note: undefined, secret: 'x', isDetached: true },
    };
    const around = { user: 'ann', ref: 1, replyTo: asker, isAgain: false };
    deliver({ type: 'register', entry, ...around });
  };
  const nodes = { nodes: ['n1', 'n2'], size: 2, down: 0, isServing: true, isJoined: true };
  deliver({ type: 'nodesChanged', ...nodes });
  register('s1');
  const body = { say: 'resume', ref: 1, session: 's1', secret: 'x' };
  deliver({ type: 'peerSaid', node: 'n2', key: 'ann', body });
  const left = (): readonly string[] => asked.map((word) => word.type).toSorted();
  return { deliver, register, told, heard, carried, left, pass };
}

test('[HP-SESS-3] [HP-DM-6] before the keeper has what it had', () => {
  const { deliver, register, heard, left } = keeper({ sessionPolicy: 'replace' });
  register('s2');
  deliver({ type: 'handedOver', ref: 1, luggage });
  expect(left()).toEqual(['leave']);
  expect(heard.at(-1)).toMatchObject({ type: 'directArrived', message: { id: 'm1' } });
});

test.each([
  ['[HP-SESS-3]', { sessionPolicy: 'replace' }],
  ['[HP-SESS-4]', { sessionsPerUserMax: 1 }],
] as const)('%s [HP-DM-6] [HP-RES-12] while the keeper keeps it', (_, options) => {
  const { deliver, register, told, left } = keeper(options);
  deliver({ type: 'handedOver', ref: 1, luggage });
  expect(left()).toEqual(['memberMoved']);
  deliver({ type: 'nodeDown', node: 'n2' });
  register('s2');
  expect(left()).toEqual(['leave', 'memberMoved']);
  expect(told.at(-1)).toMatchObject({ type: 'registered', offline: [{ id: 'm1' }] });
});

test('[HP-RES-9] a session of a node whose name begins with this node’s own is waited for, as any other', () => {
  const { deliver, told, pass } = keeper({});
  const ask = { user: 'ann', session: 'n1-b-0123456789', secret: 'x', isProved: true, caps: [] };
  deliver({ type: 'resume', ...ask, shard: 0, ref: 7, replyTo: asker });
  pass(400);
  expect(told.filter(({ type }) => type === 'userRefused')).toEqual([]);
  pass(200);
  expect(told.at(-1)).toMatchObject({ type: 'userRefused', mistake: { code: 'SESSION_EXPIRED' } });
});

/** Another node has told everybody that it has the session. */
const there: UsersMessage = {
  ...{ type: 'located', node: 'n2', down: [] },
  up: [{ session: 's1', user: 'ann', status: 'online', lamport: 9 }],
};

test('[HP-DM-8] [HP-RELAY-12] what the user has sent from elsewhere while its session moves follows it, too', () => {
  const { deliver, carried } = keeper({});
  deliver({ type: 'handedOver', ref: 1, luggage });
  deliver({ type: 'carbon', user: 'ann', message: { ...message, from: 'ann', to: 'bob' } });
  deliver(there);
  expect(carried.at(-1)).toMatchObject({ say: 'late', session: 's1', isSent: true });
});

test('[HP-DM-4] what has waited for a user, and then for its session that moves, is told as what has waited', () => {
  const { deliver, register, carried, heard } = keeper({});
  deliver({ type: 'handedOver', ref: 1, luggage });
  const body = { say: 'direct', message, isDelayed: true };
  deliver({ type: 'peerSaid', node: 'n3', key: 'ann', body });
  deliver(there);
  const late = carried.find((word) => (word as { say?: string }).say === 'late');
  expect(late).toMatchObject({ message: { id: 'm1' }, isDelayed: true });
  register('s1');
  deliver({ type: 'peerSaid', node: 'n2', key: 'ann', body: late });
  expect(heard.at(-1)).toMatchObject({ type: 'directArrived', isDelayed: true });
});

test('[HP-RES-10] [HP-DM-6] a session that begins anew elsewhere while it changes its connection here is told what came meanwhile', () => {
  const { deliver, register, carried } = keeper({});
  register('s2');
  const asked = { user: 'ann', session: 's2', secret: 'x', isProved: true, caps: [], shard: 0 };
  deliver({ type: 'resume', ...asked, ref: 7, replyTo: asker });
  const direct = { user: 'ann', message, isKnown: undefined, ref: 1, replyTo: asker };
  deliver({ type: 'direct', ...direct });
  const up = [{ session: 's2', user: 'ann', status: 'online' as const, lamport: 9 }];
  deliver({ ...there, up });
  expect(carried.at(-1)).toMatchObject({ say: 'late', session: 's2', message: { id: 'm1' } });
});

test.each([
  ['last', ['accepted', 'noSession']],
  ['first', ['noSession', 'accepted']],
])('[HP-DM-2] a node on which nobody is any more and that says so %s holds up nobody', (_, all) => {
  const { deliver, told } = keeper({});
  const up = [{ session: 's7', user: 'kim', status: 'online' as const, lamport: 1 }];
  for (const node of ['n2', 'n3']) deliver({ type: 'located', node, up, down: [] });
  const direct = { user: 'kim', message: { ...message, to: 'kim' }, isKnown: undefined, ref: 1 };
  deliver({ type: 'direct', ...direct, replyTo: asker });
  for (const [at, status] of all.entries()) {
    const body = { say: 'outcome', from: 'bob', id: 'm1', status };
    deliver({ type: 'peerSaid', node: `n${at + 2}`, key: 'kim', body });
  }
  expect(told.at(-1)).toMatchObject({ type: 'directAnswered', status: 'accepted' });
});

test('[HP-DM-2] [HP-RES-10] what the former node of a session tells a minute later has been heard', () => {
  const { deliver, heard, pass } = keeper({});
  const told = { user: 'ann', status: 'online', note: undefined, lamport: 5, since: 0 } as const;
  deliver({ type: 'located', node: 'n2', up: [{ ...told, session: 's2' }], down: [] });
  deliver({ type: 'nodeDown', node: 'n2' });
  const proved = { session: 's2', secret: 'y', isProved: true, caps: [], shard: 0 };
  const around = { user: 'ann', ref: 2, replyTo: asker };
  deliver({ type: 'resume', ...around, ...proved });
  const entry = {
    ...{ session: 's2', shard: 0, address: session, status: 'online' as const },
    ...{ note: undefined, secret: 'y', isDetached: false },
  };
  deliver({ type: 'moved', user: 'ann', entry });
  deliver({ type: 'direct', ...around, message, isKnown: undefined });
  const hears = (): number => heard.filter(({ type }) => type === 'directArrived').length;
  const before = hears();
  expect(before).toBeGreaterThan(0);
  pass(65_000);
  const body = { say: 'late', session: 's2', message, isSent: false };
  deliver({ type: 'peerSaid', node: 'n2', key: 'ann', body });
  expect(hears()).toBe(before);
});

test('[HP-PRES-1] who watches from another actor now is told, though the one before says late that it is over', () => {
  const { deliver, heard, pass } = keeper({});
  const former = addressOf<UserNotice>(0, 'former');
  const watch = (address: typeof session): void =>
    deliver({
      ...{ type: 'askPresence', user: 'ann', ref: 0, replyTo: asker },
      watcher: { session: 's7', shard: 0, address },
    });
  const over = (address: typeof session): void =>
    deliver({ type: 'unwatch', user: 'ann', session: 's7', address });
  const change = (status: 'away' | 'busy'): void => {
    heard.length = 0;
    deliver({ type: 'setPresence', user: 'ann', session: 's1', status, note: undefined });
    pass(2_000);
  };
  watch(former);
  watch(session);
  over(former);
  change('away');
  expect(heard.map(({ type }) => type)).toEqual(['presenceChanged']);
  over(session);
  change('busy');
  expect(heard).toEqual([]);
});

const ofKim = (name: string, isDetached: boolean): UsersMessage => ({
  ...{ type: 'register', user: 'kim', ref: 3, replyTo: asker, isAgain: false },
  entry: {
    ...{ session: name, shard: 0, address: session, status: 'online' as const },
    ...{ note: undefined, secret: 'x', isDetached },
  },
});
const kimOnN2: UsersMessage = {
  ...{ type: 'located', node: 'n2', down: [] },
  up: [{ session: 's7', user: 'kim', status: 'online' as const, lamport: 1 }],
};

test('[HP-DM-2] what comes back from where it waited to the node on which it was said is answered for', () => {
  const { deliver, told, pass } = keeper({});
  const direct = { user: 'kim', message: { ...message, to: 'kim' }, isKnown: undefined, ref: 5 };
  deliver(kimOnN2);
  deliver({ type: 'direct', ...direct, replyTo: asker });
  deliver(ofKim('s8', false));
  const body = { say: 'direct', message: direct.message, isDelayed: true };
  deliver({ type: 'peerSaid', node: 'n3', key: 'kim', body });
  pass(2_500);
  const answers = told.filter(({ type }) => type === 'directAnswered');
  expect(answers).toMatchObject([{ ref: 5, status: 'accepted', isDuplicate: false }]);
});

test('[HP-SESS-4] a session that is away makes no way where others are too many without it', () => {
  const { deliver, told } = keeper({ sessionsPerUserMax: 1 });
  deliver(ofKim('s8', true));
  deliver(kimOnN2);
  deliver(ofKim('s9', false));
  expect(told.at(-1)).toMatchObject({ type: 'userRefused', mistake: { code: 'SESSION_LIMIT' } });
});

/** Sessions of ann's that another node has, or has no more. */
const located = (node: string, up: readonly string[], down: readonly string[]): UsersMessage => ({
  ...{ type: 'located', node },
  up: up.map((one) => ({ session: one, user: 'ann', status: 'online' as const, lamport: 5 })),
  down: down.map((one) => ({ session: one, user: 'ann' })),
});
const comesFor = (name: string): UsersMessage => ({
  ...{ type: 'resume', user: 'ann', session: name, secret: 'y', isProved: true, caps: [] },
  ...{ until: undefined, shard: 0, ref: 7, replyTo: asker },
});
const EXPIRED = { type: 'userRefused', mistake: { code: 'SESSION_EXPIRED' } };

test('[HP-RES-2] [HP-RES-10] a session that began anew before its node was taken for gone is over when it ends', () => {
  const { deliver, told, pass } = keeper({});
  deliver(located('n2', ['s2'], []));
  deliver(comesFor('s2'));
  pass(1_000);
  expect(told.at(-1)).toMatchObject({ type: 'handedOver', luggage: { isAnew: true } });
  deliver(located('n2', [], ['s2']));
  deliver({ type: 'nodeDown', node: 'n2' });
  deliver({ type: 'unregister', user: 'ann', session: 's2', untold: [] });
  pass(2_000);
  deliver(comesFor('s2'));
  pass(1_000);
  expect(told.at(-1)).toMatchObject(EXPIRED);
});

test('[HP-RES-2] [HP-RES-10] a session that began anew on another node, and has ended there, is over', () => {
  const { deliver, told, pass } = keeper({});
  deliver(located('n2', ['s2'], []));
  deliver(located('n2', [], ['s2']));
  deliver({ type: 'nodeDown', node: 'n2' });
  deliver(located('n3', ['s2'], []));
  deliver(located('n3', [], ['s2']));
  pass(2_000);
  deliver(comesFor('s2'));
  pass(1_000);
  expect(told.at(-1)).toMatchObject(EXPIRED);
});

test('[HP-RES-2] [HP-RES-10] a session that has come from a node, and has ended here, is over, though that node dies', () => {
  const { deliver, register, told, pass } = keeper({});
  deliver(located('n2', ['s3'], []));
  register('s3');
  deliver(located('n2', [], ['s3']));
  deliver({ type: 'unregister', user: 'ann', session: 's3', untold: [] });
  deliver({ type: 'nodeDown', node: 'n2' });
  pass(2_000);
  deliver(comesFor('s3'));
  pass(1_000);
  expect(told.at(-1)).toMatchObject(EXPIRED);
});

test('[HP-RES-2] [HP-RES-10] a session that is here already does not go with the node that it came from', () => {
  const { deliver, register, told, pass } = keeper({});
  deliver(located('n2', ['s4'], []));
  register('s4');
  deliver({ type: 'nodeDown', node: 'n2' });
  deliver({ type: 'unregister', user: 'ann', session: 's4', untold: [] });
  pass(2_000);
  deliver(comesFor('s4'));
  pass(1_000);
  expect(told.at(-1)).toMatchObject(EXPIRED);
});

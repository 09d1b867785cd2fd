// What crosses between nodes: interest, publications, direct messages and their acknowledgement; and rooms, whose home is
// on one node.

import assert from 'node:assert/strict';
import type { HpCase, LoggedIn } from '../site.ts';
import { bodyOf, type Body, type Peer, peerCases, type PeerSite } from './peer-site.ts';
import type { PeerLine } from './peer-socket.ts';
import { ticketOf, weightOf } from './proof.ts';

const topicOf = (room: string): string => `chat/room/${room}`;

interface Topics {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

const topicsOf = ({ payload }: PeerLine): Topics => payload['data'] as Topics;
const keyOf = ({ payload }: PeerLine): unknown => (payload['data'] as { key: unknown }).key;
const isAbout =
  (key: string) =>
  (line: PeerLine): boolean =>
    line.type === 'FORWARD' && keyOf(line) === key;

/** Rooms move while nodes come and go, and nodes tell each other of it: what was said in them is looked at alone. */
const isPublication = (line: PeerLine): boolean => {
  const { body } = bodyOf(line) as { body?: { kind?: unknown } };
  return line.type === 'FORWARD' && body?.kind === 'message';
};

/** A node that has said what came of it before (nothing), and what it wants. */
async function follower(site: PeerSite, name: string, ...rooms: string[]): Promise<Peer> {
  const peer = await site.link({ node: site.name(name) });
  peer.live();
  await peer.sync();
  peer.socket.say('FORWARD_ACK', { n: 0 });
  peer.socket.say('INTEREST', { whole: 'ended', data: { add: rooms.map(topicOf), remove: [] } });
  await peer.isRead();
  return peer;
}

function published(peer: Peer): Promise<PeerLine> {
  return peer.socket.next('FORWARD', isPublication);
}

/** A room message, as its home tells it. */
function entry(site: PeerSite, id: string, body: string, seq = 1): Body {
  const who = { from: site.name('far'), session: 'far-1' };
  return { seq, epoch: 1, id, timestamp: 1_700_000_000, ...who, body };
}

function publication(peer: Peer, told: Body): Body {
  const word = { kind: 'message', node: peer.node, shard: 0, connection: 0, entry: told };
  return { id: told['id'], body: word };
}

/** What is told in a room beside messages, whoever its home is. */
function event(peer: Peer, room: string, id: string): Body {
  const around = { version: '1.0', type: 'ROOM_EVENT', id, timestamp: 1, source: 'server' };
  const payload = { room, event: 'join', user: 'far', count: 9 };
  const line = { $t: `${JSON.stringify({ ...around, payload })}\n` };
  return { id: undefined, body: { kind: 'event', node: peer.node, shard: 0, connection: 0, line } };
}

/** A direct message, as the keeper of a user tells it. */
function direct(site: PeerSite, to: string, id: string, body: string): Body {
  const message = {
    ...{ id, timestamp: 1_700_000_000, from: site.name('far'), session: 'far-1', to, body },
  };
  return { say: 'direct', message, isDelayed: false };
}

/** A name of this case's own for a room whose home is on the node, or on the server. */
function roomAt(
  site: PeerSite,
  peer: Peer,
  whose: 'peer' | 'server',
  from = 0,
  node = peer.node,
): string {
  for (let at = from; ; at += 1) {
    const room = site.clients.name(`r${at}`);
    const isPeers = weightOf(room, node) > weightOf(room, peer.server.node);
    if (isPeers === (whose === 'peer')) return room;
  }
}

/** A client joins a room at home on the peer, which answers it as told; gives the ref of what was asked. */
async function joinsAt(
  peer: Peer,
  client: LoggedIn,
  room: string,
  reply?: object,
): Promise<number> {
  client.say('JOIN', { room });
  const asked = await peer.forwarded(
    (body, line) => keyOf(line) === room && body['say'] === 'ask' && isAsk(body, 'join'),
  );
  const ref = asked['ref'] as number;
  if (reply === undefined) return ref;
  peer.forward('room', room, { say: 'answer', ref, reply: { type: 'joined', ...reply } });
  assert.equal((await client.next()).type, 'JOIN_OK');
  return ref;
}

function isAsk({ ask }: Body, type: string): boolean {
  return (ask as { type?: unknown } | undefined)?.type === type;
}

/** A node that rooms have their home on. */
async function home(site: PeerSite): Promise<Peer> {
  const peer = await site.link({ isDraining: false });
  peer.live();
  await peer.sync();
  peer.socket.say('FORWARD_ACK', { n: 0 });
  await peer.isRead();
  return peer;
}

export const relayCases: readonly HpCase[] = [
  ...peerCases('relay', [
    [
      '[HP-RELAY-1] [HP-RELAY-2] what is followed is told: all of it first, then the first follower and the end of the last',
      async (site) => {
        const room = site.clients.name('room');
        const [a] = await site.clients.room('a');
        const peer = await follower(site, 'z');
        const whole = await peer.socket.next(
          'INTEREST',
          ({ payload }) => payload['whole'] === 'ended',
        );
        assert.ok(topicsOf(whole).add.includes(topicOf(room)));
        const other = site.clients.name('other');
        const b = await site.clients.in('b');
        const of = (member: 'add' | 'remove') => (line: PeerLine) =>
          line.payload['whole'] === 'no' && topicsOf(line)[member].includes(topicOf(other));
        for (const client of [a, b]) await client?.ask('JOIN', { room: other });
        await peer.socket.next('INTEREST', of('add'));
        await b.ask('LEAVE', { room: other });
        await peer.isRead();
        assert.ok(
          !peer.socket.lines.some((line) => line.type === 'INTEREST' && of('remove')(line)),
        );
        await a?.next();
        a?.say('LEAVE', { room: other });
        await peer.socket.next('INTEREST', of('remove'));
        assert.ok(!peer.socket.lines.some((line) => line.type === 'INTEREST' && of('add')(line)));
      },
    ],
    [
      '[HP-RELAY-3] [HP-RELAY-6] [HP-RELAY-4] a publication goes once to the node that wants it, numbered, with the sender’s id',
      async (site) => {
        const room = site.clients.name('room');
        const wants = await follower(site, 'z', room);
        const does = await follower(site, '0');
        const [a, b] = await site.clients.room('a', 'b');
        assert.ok(a !== undefined && b !== undefined);
        for (const id of ['m1', 'm2']) {
          await a.ask('ROOM_MESSAGE', { room, body: id }, id);
          await b.next();
        }
        const lines = [await published(wants), await published(wants)];
        const ns = lines.map(({ payload }) => Number(payload['n']));
        assert.ok((ns[0] ?? 0) < (ns[1] ?? 0), 'their numbers do not rise');
        for (const [at, line] of lines.entries()) {
          const { payload, id } = line;
          assert.deepEqual(
            [payload['kind'], payload['ttl'], payload['own_id'], id, keyOf(line)],
            ['publication', 0, true, `m${at + 1}`, topicOf(room)],
          );
        }
        for (const peer of [wants, does]) {
          await peer.isRead();
          assert.ok(!peer.socket.lines.some(isPublication));
        }
      },
    ],
    [
      '[HP-RELAY-2] [HP-RELAY-3] what is not in a whole list of interest is not wanted any more',
      async (site) => {
        const room = site.clients.name('room');
        const peer = await follower(site, 'z', room);
        const [a] = await site.clients.room('a');
        assert.ok(a !== undefined);
        const other = site.clients.name('other');
        await a.ask('JOIN', { room: other });
        const say = async (): Promise<void> => {
          for (const to of [room, other]) await a.ask('ROOM_MESSAGE', { room: to, body: 'x' });
        };
        await say();
        assert.equal(keyOf(await published(peer)), topicOf(room));
        peer.socket.say('INTEREST', {
          whole: 'begun',
          data: { add: [topicOf(other)], remove: [] },
        });
        peer.socket.say('INTEREST', { whole: 'ended', data: { add: [], remove: [] } });
        await peer.isRead();
        await say();
        assert.equal(keyOf(await published(peer)), topicOf(other));
        peer.socket.say('INTEREST', { whole: 'no', data: { add: [], remove: [topicOf(other)] } });
        await peer.isRead();
        await say();
        await peer.isRead();
        assert.ok(!peer.socket.lines.some(isPublication));
      },
    ],
    [
      '[HP-RELAY-4] what was not acknowledged is sent again over the next link, what was is not',
      async (site) => {
        const room = site.clients.name('room');
        const peer = await follower(site, 'z', room);
        const [a] = await site.clients.room('a');
        assert.ok(a !== undefined);
        const say = (id: string): Promise<unknown> => a.ask('ROOM_MESSAGE', { room, body: id }, id);
        for (const id of ['m1', 'm2', 'm3']) await say(id);
        const first = Number((await published(peer)).payload['n']);
        for (let at = 0; at < 2; at += 1) await published(peer);
        peer.socket.say('FORWARD_ACK', { n: first });
        await peer.isRead();
        peer.silence();
        peer.socket.socket.resetAndDestroy();
        await say('m4');
        const again = await site.link({ node: peer.node });
        again.live();
        await again.isRead();
        assert.ok(!again.socket.lines.some(({ type }) => type === 'FORWARD'), 'it did not wait');
        again.socket.say('FORWARD_ACK', { n: first });
        const seen: unknown[] = [];
        for (let at = 0; at < 3; at += 1) {
          const { payload, id } = await published(again);
          assert.ok(Number(payload['n']) > first);
          seen.push(id);
        }
        assert.deepEqual(seen, ['m2', 'm3', 'm4']);
      },
    ],
    [
      '[HP-RELAY-4] what comes is acknowledged at once, first of all on each link, and what comes twice is known by its number',
      async (site) => {
        const room = site.clients.name('room');
        const peer = await site.link({ node: site.name('z') });
        peer.live();
        assert.equal((await peer.socket.next('FORWARD_ACK')).payload['n'], 0);
        const [a] = await site.clients.room('a');
        assert.ok(a !== undefined);
        const said = performance.now();
        const key = topicOf(room);
        for (const id of ['m1', 'm2']) peer.forward('publication', key, event(peer, room, id));
        const ack = await peer.socket.next('FORWARD_ACK', ({ payload }) => payload['n'] === 2);
        assert.ok(ack.at - said < 500, `${ack.at - said} ms`);
        for (const id of ['m1', 'm2']) assert.equal((await a.next()).id, id);
        peer.forward('publication', key, event(peer, room, 'm9'), { n: 2 });
        await peer.socket.next('FORWARD_ACK', ({ payload }) => payload['n'] === 2);
        await a.hearsNothing();
        peer.silence();
        peer.socket.socket.resetAndDestroy();
        const again = await site.link({ node: peer.node });
        assert.equal((await again.socket.next('FORWARD_ACK')).payload['n'], 2);
        again.forward('publication', key, event(again, room, 'm2'), { n: 2 });
        again.forward('publication', key, event(again, room, 'm3'), { n: 3 });
        assert.equal((await a.next()).id, 'm3');
      },
    ],
    [
      '[HP-RELAY-7] what came from one node is given to those who are here, and to no third node',
      async (site) => {
        const room = site.clients.name('room');
        const third = await follower(site, '0', room);
        const peer = await follower(site, 'z');
        const [a, b] = await site.clients.room('a', 'b');
        assert.ok(a !== undefined && b !== undefined);
        peer.forward('publication', topicOf(room), event(peer, room, 'far'));
        for (const client of [a, b]) {
          assert.equal((await client.next()).id, 'far');
        }
        await a.ask('ROOM_MESSAGE', { room, body: 'y' }, 'near');
        assert.equal((await published(third)).id, 'near');
      },
    ],
    [
      '[HP-RELAY-8] [HP-DM-2] a direct message goes once to the node of its receiver, and its sender hears what became of it',
      async (site) => {
        const peer = await follower(site, 'z');
        const user = site.name('u');
        const a = await site.watcher(user);
        peer.up(user);
        peer.up(user, { session: 'second' });
        await a.next();
        for (const [id, status, told] of [
          ['d1', 'delivered', 'delivered'],
          ['d2', 'accepted', 'accepted'],
        ] as const) {
          a.say('DIRECT_MESSAGE', { to: user, body: 'hi', data: [1.5] }, id);
          const body = await peer.forwarded((one) => one['say'] === 'direct');
          const message = body['message'] as Record<string, unknown>;
          assert.deepEqual(
            [message['id'], message['from'], message['to'], message['body']],
            [id, site.clients.name('w'), user, 'hi'],
          );
          peer.forward('user', user, { say: 'outcome', from: message['from'], id, status });
          assert.equal((await a.next()).payload['status'], told);
        }
        a.say('DIRECT_MESSAGE', { to: user, body: 'hi' }, 'd1');
        assert.equal((await a.next()).payload['duplicate'], true);
        await peer.isRead();
        assert.ok(!peer.socket.lines.some((line) => bodyOf(line)['say'] === 'direct'));
      },
    ],
    [
      '[HP-RELAY-8] [HP-DM-4] when no session is there any more the message waits, and comes with the next',
      async (site) => {
        const peer = await follower(site, 'z');
        const user = site.name('u');
        const a = await site.watcher(user);
        peer.up(user);
        await a.next();
        a.say('DIRECT_MESSAGE', { to: user, body: 'hi' }, 'd1');
        const body = await peer.forwarded((one) => one['say'] === 'direct');
        const { from, id } = body['message'] as { from: string; id: string };
        peer.forward('user', user, { say: 'outcome', from, id, status: 'noSession' });
        assert.equal((await a.next()).payload['status'], 'queued');
        peer.socket.say(
          'PRESENCE_DELTA',
          peer.change({ op: 'down', session: `${peer.node}-${user}` }),
        );
        assert.equal((await a.next()).payload['status'], 'offline');
        const b = site.clients.open();
        assert.equal((await b.ask('LOGIN', { user })).payload['offline_count'], 1);
        assert.equal((await b.next()).id, 'd1');
      },
    ],
    [
      '[HP-RELAY-8] a direct message that comes is given to each session once, and answered',
      async (site) => {
        const peer = await follower(site, 'z');
        const [one, two] = [await site.clients.in('b'), await site.clients.in('b')];
        const user = site.clients.name('b');
        for (let at = 0; at < 2; at += 1) {
          peer.forward('user', user, direct(site, user, 'd1', 'hi'), { id: 'd1' });
          const body = await peer.forwarded(({ say, id }) => say === 'outcome' && id === 'd1');
          assert.deepEqual([body['status'], body['from']], ['delivered', site.name('far')]);
        }
        for (const client of [one, two]) {
          const { id, payload } = await client.next();
          assert.deepEqual([id, payload['from'], payload['body']], ['d1', site.name('far'), 'hi']);
          await client.hearsNothing();
        }
        const nobody = site.name('nobody');
        peer.forward('user', nobody, direct(site, nobody, 'd2', 'hi'), { id: 'd2' });
        const { status } = await peer.forwarded(({ say, id }) => say === 'outcome' && id === 'd2');
        assert.equal(status, 'noSession');
      },
    ],
    [
      '[HP-RELAY-8] receipts, typing and carbons reach the sessions of a user here, and those there',
      async (site) => {
        const peer = await follower(site, 'z');
        const far = site.name('u');
        const b = await site.watcher(far);
        peer.up(far);
        await b.next();
        const user = site.clients.name('w');
        peer.forward('user', user, { say: 'typing', from: far, on: true });
        assert.deepEqual((await b.next()).payload, { from: far, on: true });
        peer.forward('user', user, { say: 'receipt', id: 'r1', ref: 'm1', by: far, state: 'read' });
        assert.deepEqual((await b.next()).payload, { ref: 'm1', by: far, state: 'read' });
        const { message } = direct(site, far, 'c1', 'sent elsewhere');
        peer.forward('user', user, {
          say: 'carbon',
          message: { ...(message as object), from: user },
        });
        assert.equal((await b.next()).payload['sent'], true);
        b.say('TYPING', { to: far, on: true });
        const typing = await peer.forwarded(({ say }) => say === 'typing');
        assert.deepEqual([typing['from'], typing['on']], [user, true]);
        assert.equal((await b.ask('RECEIPT', { ref: 'm2', to: far, state: 'read' })).type, 'ACK');
        const receipt = await peer.forwarded(({ say }) => say === 'receipt');
        assert.deepEqual([receipt['ref'], receipt['by'], receipt['state']], ['m2', user, 'read']);
      },
    ],
    [
      '[HP-RELAY-8] what is said to a keeper in no known form is passed over',
      async (site) => {
        const peer = await follower(site, 'z');
        const b = await site.clients.in('b');
        const user = site.clients.name('b');
        for (const body of [null, 5, [], {}, { say: 'shout' }, { say: 'direct' }, { say: 'close' }])
          peer.forward('user', user, body);
        peer.forward('user', 'no user', { say: 'typing', from: 'x', on: true });
        peer.forward('room', 'NO ROOM', { say: 'ask' });
        peer.forward('room', 'r', { say: 'ask', ref: 1, ask: { type: 'join' } });
        peer.forward('publication', 'chat/room/r', { id: 5, body: 'x' });
        peer.forward('publication', 'elsewhere/x', {});
        await peer.socket.next('FORWARD_ACK', ({ payload }) => payload['n'] === peer.n);
        await b.hearsNothing();
      },
    ],
    [
      '[HP-RELAY-11] [HP-RELAY-12] a session goes with all that it has to the node to which its client has come',
      async (site) => {
        const peer = await follower(site, 'z');
        const client = await site.clients.in('b', { caps: ['ack'], status: 'busy' });
        const [user, session = '', own = '', caps = ''] = String(client.token).split('~');
        assert.equal(user, site.clients.name('b'));
        const { secret } = site.place;
        const ticket = ticketOf(secret, await site.cluster(), { user, session, own, caps });
        assert.equal(client.token, ticket);
        const ask = (word: object): void =>
          peer.forward('user', user, { say: 'resume', session, secret: own, ...word });
        ask({ ref: 1, secret: `x${own}` });
        const refusal = await peer.forwarded(({ say }) => say === 'notMoved');
        assert.deepEqual([refusal['ref'], refusal['isBusy']], [1, false]);
        ask({ ref: 2 });
        const { luggage } = await peer.forwarded(({ say, ref }) => say === 'luggage' && ref === 2);
        const had = luggage as Body;
        assert.deepEqual(
          [had['user'], had['session'], had['status'], had['rooms']],
          [user, session, 'busy', []],
        );
      },
    ],
    [
      '[HP-RELAY-12] what came for a session that moved is told to it as what it was: new, or delayed',
      async (site) => {
        const peer = await follower(site, 'z');
        const client = await site.clients.in('b');
        const [user = '', session = ''] = String(client.token).split('~');
        for (const isDelayed of [true, false, undefined]) {
          const id = `late-${isDelayed}`;
          const { message } = direct(site, user, id, 'x');
          const late = { say: 'late', session, message, isSent: false };
          peer.forward('user', user, isDelayed === undefined ? late : { ...late, isDelayed });
          const { type, id: heard, payload } = await client.next();
          assert.deepEqual([type, heard], ['DIRECT_MESSAGE', id]);
          assert.equal(payload['delayed'], isDelayed === true ? true : undefined);
        }
      },
    ],
    [
      '[HP-RES-12] a session that was sent to a node is still there when that goes without having said that it has it',
      async (site) => {
        const peer = await follower(site, 'z');
        const [a, b] = [await site.clients.in('a'), await site.clients.in('b')];
        const [user = '', session = '', own = ''] = String(b.token).split('~');
        peer.forward('user', user, { say: 'resume', ref: 1, session, secret: own });
        await peer.forwarded(({ say, ref }) => say === 'luggage' && ref === 1);
        const { payload: told } = await a.ask('DIRECT_MESSAGE', { to: user, body: 'while' });
        assert.equal(told['status'], 'accepted');
        const early = site.clients.open();
        early.say('RESUME', { token: b.token });
        await early.refused('UNAVAILABLE');
        peer.leave();
        await peer.socket.ended();
        const client = site.clients.open();
        const { type, payload } = await client.ask('RESUME', { token: b.token });
        assert.deepEqual([type, payload['replayed'], payload['anew']], ['RESUME_OK', 1, undefined]);
        assert.equal((await client.next()).payload['body'], 'while');
      },
    ],
    [
      '[HP-RES-9] [HP-RES-10] a client whose session is on another node comes back here: with what that says, or anew when it says nothing',
      async (site) => {
        const peer = await follower(site, 'z');
        const { secret } = site.place;
        for (const answers of [true, false]) {
          const user = site.name(answers ? 'u' : 'v');
          const session = `${peer.node}-${user}`;
          const own = 'a'.repeat(32);
          const watcher = await site.watcher(user);
          peer.up(user);
          assert.equal((await watcher.next()).payload['status'], 'online');
          const token = ticketOf(secret, await site.cluster(), { user, session, own });
          const client = site.clients.open();
          const asked = client.say('RESUME', { token });
          const told = await peer.forwarded(({ say }) => say === 'resume');
          assert.deepEqual([told['session'], told['secret']], [session, own]);
          const { ref } = told;
          const around = { user, session, secret: own, caps: [], status: 'online' };
          const luggage = { ...around, rooms: [], watched: [], untold: [] };
          if (answers) peer.forward('user', user, { say: 'luggage', ref, luggage });
          const { type, payload } = await client.next();
          assert.deepEqual([type, payload['ref'], payload['user']], ['RESUME_OK', asked, user]);
          assert.equal(payload['anew'] === true, !answers);
          await watcher.hearsNothing();
        }
        const client = site.clients.open();
        client.say('RESUME', { token: `${site.name('w')}~s~${'a'.repeat(32)}~~AAAA` });
        await client.refused('SESSION_EXPIRED');
      },
    ],
    [
      '[HP-RELAY-9] [HP-RELAY-10] bodies come as texts, as base64url, and in parts',
      async (site) => {
        const peer = await follower(site, 'z');
        const b = await site.clients.in('b');
        const user = site.clients.name('b');
        const text = JSON.stringify(direct(site, user, 'd1', 'in parts'));
        const parts = [text.slice(0, 40), text.slice(40, 90), text.slice(90)];
        for (const [at, part] of parts.entries())
          peer.forward('user', user, { part, more: at < 2 }, { id: 'd1' });
        assert.equal((await b.next()).payload['body'], 'in parts');
        const room = site.clients.name('room');
        await b.ask('JOIN', { room });
        const { body } = event(peer, room, 'e1');
        const e1 = (body as { line: { $t: string } }).line.$t;
        const e2 = Buffer.from(e1.replace('e1', 'e2')).toString('base64url');
        for (const line of [{ $t: e1 }, { $b: e2 }])
          peer.forward('publication', topicOf(room), { body: { ...(body as object), line } });
        for (const id of ['e1', 'e2']) assert.equal((await b.next()).id, id);
        await b.hearsNothing();
      },
    ],
    [
      '[HP-RELAY-10] [HP-HOME-3] what is too long for one line is sent in parts that follow each other',
      async (site) => {
        const node = site.name('z');
        const first = await site.link({ node });
        first.leave();
        await first.socket.ended();
        const room = roomAt(site, first, 'peer');
        const a = await site.clients.in('a');
        await a.ask('JOIN', { room });
        const body = '\u0001'.repeat(10_000);
        for (let at = 1; at <= 5; at += 1) await a.ask('ROOM_MESSAGE', { room, body }, `m${at}`);
        const peer = await site.link({ node, incarnation: 2, isDraining: false });
        peer.live();
        peer.socket.say('FORWARD_ACK', { n: 0 });
        const parts: string[] = [];
        for (let isMore = true; isMore;) {
          const { part, more } = await peer.forwarded((_, line) => keyOf(line) === room);
          assert.ok(typeof part === 'string' && part.length <= 150_000, 'it is no part');
          parts.push(part);
          isMore = more === true;
        }
        assert.ok(parts.length > 1);
        const told = JSON.parse(parts.join('')) as Body;
        const ids = (told['entries'] as { id: string; body: string }[]).map(({ id }) => id);
        assert.deepEqual([told['say'], ids], ['adopt', ['m1', 'm2', 'm3', 'm4', 'm5']]);
      },
    ],
  ]),
  ...peerCases('homes', [
    [
      '[HP-HOME-1] [HP-HOME-2] [HP-MEMBER-11] some rooms have their home on the other node, but none on one that drains',
      async (site) => {
        const peer = await home(site);
        const client = await site.clients.in('a');
        const room = roomAt(site, peer, 'peer');
        const ref = await joinsAt(peer, client, room);
        const reply = { type: 'joined', seq: 41, epoch: 5, count: 7, entries: [] };
        peer.forward('room', room, { say: 'answer', ref, reply });
        const { type, payload } = await client.next();
        assert.deepEqual(
          [type, payload['seq'], payload['epoch'], payload['count']],
          ['JOIN_OK', 41, 5, 7],
        );
        const here = await client.ask('JOIN', { room: roomAt(site, peer, 'server') });
        assert.equal(here.payload['seq'], 0);
        peer.drain();
        await peer.isRead();
        const other = await site.clients.in('b');
        for (let at = 0; at < 5; at += 1) {
          const name = roomAt(site, peer, 'peer', (at + 1) * 100);
          assert.equal((await other.ask('JOIN', { room: name })).type, 'JOIN_OK');
        }
        peer.socket.lines.length = 0;
        await peer.isRead();
        assert.ok(!peer.socket.lines.some((line) => bodyOf(line)['say'] === 'ask'));
      },
    ],
    [
      '[HP-HOME-3] [HP-HOME-4] [HP-HOME-8] when the home goes, the next one goes on behind it, with a higher epoch and what was remembered',
      async (site) => {
        const peer = await home(site);
        const client = await site.clients.in('a');
        const room = roomAt(site, peer, 'peer');
        await joinsAt(peer, client, room, { seq: 40, epoch: 5, count: 1, entries: [] });
        const told = { ...entry(site, 'm41', 'before', 41), epoch: 5 };
        peer.forward('publication', topicOf(room), publication(peer, told));
        assert.equal((await client.next()).id, 'm41');
        peer.drain();
        const place = { epoch: 5, seq: 41 };
        const known = { place, last: place, former: peer.node, members: [], entries: [told] };
        client.say('ROOM_MESSAGE', { room, body: 'after' }, 'm42');
        assert.equal(await client.peek(600), undefined, 'it did not wait for the home before');
        peer.forward('room', room, { say: 'adopt', ...known, more: false });
        await peer.isRead();
        const { payload } = await client.next();
        assert.deepEqual([payload['seq'], payload['status']], [42, 'accepted']);
        assert.ok(Number(payload['epoch']) > 5);
        const history = await client.ask('HISTORY', { room });
        const messages = history.payload['messages'] as { id: string }[];
        assert.deepEqual(
          messages.map(({ id }) => id),
          ['m41', 'm42'],
        );
      },
    ],
    [
      '[HP-HOME-2] [HP-HOME-6] who sits in a room from another node is heard there, and no answer overtakes what was said before',
      async (site) => {
        const room = site.clients.name('room');
        const peer = await follower(site, 'z', room);
        const [a] = await site.clients.room('a');
        assert.ok(a !== undefined);
        const member = {
          ...{ session: 'g1', user: site.name('guest'), status: 'online' },
          ...{ shard: 0, connection: 1 },
        };
        const ask = (told: object, ref: number): void =>
          peer.forward('room', room, { say: 'ask', ref, ask: { ref, ...told } });
        ask({ type: 'join', member, historyMax: 10 }, 1);
        const joined = await peer.forwarded(({ say, ref }) => say === 'answer' && ref === 1);
        const reply = joined['reply'] as Body;
        assert.deepEqual([reply['type'], reply['count']], ['joined', 2]);
        assert.equal((await a.next()).payload['user'], site.name('guest'));
        for (const id of ['m1', 'm2', 'm3']) await a.ask('ROOM_MESSAGE', { room, body: id }, id);
        const word = { type: 'say', session: 'g1', shard: 0, connection: 1 };
        ask({ ...word, id: 'g1', timestamp: 1, body: 'from afar' }, 2);
        const line = await peer.socket.next('FORWARD', (one) => bodyOf(one)['ref'] === 2);
        const said = bodyOf(line)['reply'] as Body;
        assert.deepEqual([said['type'], said['seq']], ['said', 4]);
        const before = peer.socket.lines
          .filter((one) => isAbout(topicOf(room))(one))
          .filter(({ payload }) => Number(payload['n']) < Number(line.payload['n']));
        const ids = before.map(({ id }) => id).filter((id) => /^[mg]\d$/.test(id));
        assert.deepEqual(ids.slice(0, 3), ['m1', 'm2', 'm3']);
        const heard = await a.next();
        assert.deepEqual([heard.id, heard.payload['from']], ['g1', site.name('guest')]);
      },
    ],
    [
      '[HP-HOME-5] a node that is asked for a room whose home it is not says so',
      async (site) => {
        const peer = await home(site);
        const client = await site.clients.in('a');
        const room = roomAt(site, peer, 'peer');
        const ref = await joinsAt(peer, client, room);
        const ask = { type: 'listMembers', ref: 9, limit: 10 };
        peer.forward('room', room, { say: 'ask', ref: 9, ask });
        await peer.forwarded((body) => body['say'] === 'moved' && body['ref'] === 9);
        // Told the same, the server asks again a little later.
        peer.forward('room', room, { say: 'moved', ref });
        await peer.forwarded((body) => body['say'] === 'ask' && body['ref'] === ref);
        const reply = { type: 'joined', seq: 0, epoch: 1, count: 1, entries: [] };
        peer.forward('room', room, { say: 'answer', ref, reply });
        assert.equal((await client.next()).type, 'JOIN_OK');
      },
    ],
    [
      '[HP-HOME-7] a home is told how many sit in its room from each node, and may ask who they are',
      async (site) => {
        const peer = await home(site);
        const client = await site.clients.in('a');
        const room = roomAt(site, peer, 'peer');
        await joinsAt(peer, client, room, { seq: 0, epoch: 1, count: 1, entries: [] });
        const { count } = await peer.forwarded(
          ({ say }, line) => say === 'seated' && keyOf(line) === room,
          8_000,
        );
        assert.equal(count, 1);
        peer.forward('room', room, { say: 'whoSits' });
        const { members } = await peer.forwarded(({ say }) => say === 'sitting');
        const users = (members as { user: string }[]).map(({ user }) => user);
        assert.deepEqual(users, [site.clients.name('a')]);
      },
    ],
    [
      '[HP-HOME-9] for a list of rooms other nodes are asked, and answer',
      async (site) => {
        const peer = await home(site);
        const client = await site.clients.in('a');
        const own = roomAt(site, peer, 'server');
        await client.ask('JOIN', { room: own });
        const far = site.clients.name('r');
        peer.rooms = [[far, 3]];
        const prefix = 'r';
        const { payload } = await client.ask('ROOM_LIST', { prefix, limit: 100 });
        const rooms = payload['rooms'] as { room: string; count: number }[];
        assert.deepEqual(rooms.find(({ room }) => room === far)?.count, 3);
        assert.deepEqual(rooms.find(({ room }) => room === own)?.count, 1);
        const ask = { say: 'list', ref: 77, prefix, limit: 100 };
        peer.forward('room', 'all', ask);
        const told = await peer.forwarded(({ say, ref }) => say === 'listed' && ref === 77);
        assert.ok((told['rooms'] as [string, number][]).some(([room]) => room === own));
      },
    ],
    [
      '[HP-HOME-10] a home that has lost its rooms is told what is known of them, and who is in them',
      async (site) => {
        const peer = await home(site);
        const client = await site.clients.in('a');
        const room = roomAt(site, peer, 'peer');
        await joinsAt(peer, client, room, { seq: 40, epoch: 5, count: 1, entries: [] });
        const said = { ...entry(site, 'm41', 'before', 41), epoch: 5 };
        peer.forward('publication', topicOf(room), publication(peer, said));
        assert.equal((await client.next()).id, 'm41');
        peer.forward('room', 'all', { say: 'lost' });
        const told = await peer.forwarded(
          ({ say }, line) => say === 'adopt' && keyOf(line) === room,
        );
        const ids = (told['entries'] as { id: string }[]).map(({ id }) => id);
        const users = (told['members'] as { user: string }[]).map(({ user }) => user);
        assert.deepEqual([ids, users], [['m41'], [site.clients.name('a')]]);
        assert.deepEqual(told['place'], { epoch: 5, seq: 41 });
      },
    ],
    [
      '[HP-STORE-1] [HP-STORE-2] [HP-STORE-4] a message is stored when more than half have it; who comes is given what there is',
      async (site) => {
        const client = await site.clients.in('a');
        const early = await site.link({ node: site.name('0') });
        const room = roomAt(site, early, 'server', 0, site.name('z'));
        early.leave();
        await early.socket.ended();
        await client.ask('JOIN', { room });
        const alone = await client.ask('ROOM_MESSAGE', { room, body: '1' }, 'm1');
        assert.equal(alone.payload['status'], 'accepted');
        const peer = await site.link({ node: site.name('z'), isDraining: false });
        peer.live();
        peer.socket.say('FORWARD_ACK', { n: 0 });
        const keeps = (body: Body, line: PeerLine): boolean =>
          body['say'] === 'keep' && keyOf(line) === room;
        const ids = (body: Body): unknown[] => (body['entries'] as Body[]).map(({ id }) => id);
        const all = await peer.forwarded(keeps);
        assert.deepEqual([(all['from'] as Body)['epoch'], ids(all)], [0, ['m1']]);
        const stored = await client.ask('ROOM_MESSAGE', { room, body: '2' }, 'm2');
        assert.equal(stored.payload['status'], 'stored');
        const one = await peer.forwarded(keeps);
        assert.deepEqual([(one['from'] as Body)['seq'], ids(one)], [1, ['m2']]);
        peer.keeps = false;
        const since = performance.now();
        const slow = await client.ask('ROOM_MESSAGE', { room, body: '3' }, 'm3');
        assert.equal(slow.payload['status'], 'accepted');
        assert.ok(performance.now() - since > 1_500, 'it did not wait for the copy');
      },
    ],
    [
      '[HP-STORE-6] what waits for a user is held by another node, until the user has it; and held for others',
      async (site) => {
        const peer = await home(site);
        const a = await site.clients.in('a');
        const to = site.clients.name('b');
        const queued = await a.ask('DIRECT_MESSAGE', { to, body: 'x' }, 'd1');
        assert.equal(queued.payload['status'], 'queued');
        const held = await peer.forwarded(({ say }, line) => say === 'hold' && keyOf(line) === to);
        const message = held['message'] as { id: string; body: string; from: string };
        assert.deepEqual([message.id, message.body], ['d1', 'x']);
        const b = await site.clients.in('b');
        assert.equal((await b.next()).id, 'd1');
        const isRelease = ({ say }: Body, line: PeerLine): boolean =>
          say === 'release' && keyOf(line) === to;
        const released = await peer.forwarded(isRelease);
        assert.deepEqual([released['from'], released['id']], [message.from, 'd1']);
        // Whoever was taken for dead has not heard it.
        peer.forward('user', to, { say: 'held', from: message.from, id: 'd1' });
        const again = await peer.forwarded(isRelease);
        assert.deepEqual([again['from'], again['id']], [message.from, 'd1']);
        const other = site.name('u');
        peer.forward('user', other, { ...direct(site, other, 'd2', 'y'), say: 'hold' });
        const told = await peer.forwarded((body) => body['say'] === 'held');
        assert.deepEqual([told['from'], told['id']], [site.name('far'), 'd2']);
      },
    ],
    [
      '[HP-STORE-3] who misses something says so, and is given everything anew',
      async (site) => {
        const peer = await home(site);
        const client = await site.clients.in('a');
        const theirs = roomAt(site, peer, 'server');
        await client.ask('JOIN', { room: theirs });
        await client.ask('ROOM_MESSAGE', { room: theirs, body: '1' }, 'm1');
        peer.forward('room', theirs, { say: 'behind' });
        const is = (room: string) => (body: Body, line: PeerLine) =>
          body['say'] === 'keep' && keyOf(line) === room && (body['from'] as Body)['epoch'] === 0;
        await peer.forwarded(is(theirs));
        const ours = roomAt(site, peer, 'peer');
        const isBehind = (body: Body, line: PeerLine): boolean =>
          body['say'] === 'behind' && keyOf(line) === ours;
        peer.forward('room', ours, { say: 'seat', user: site.name('u'), isIn: true });
        await peer.forwarded(isBehind);
        const place = { epoch: 3, seq: 9 };
        const gap = { from: { epoch: 3, seq: 7 }, place, last: place };
        const keep = (more: object): void =>
          peer.forward('room', ours, { say: 'keep', entries: [], ...gap, ...more });
        keep({});
        await peer.forwarded(isBehind);
        keep({ from: { epoch: 0, seq: 0 } });
        const kept = await peer.forwarded(
          (body, line) => body['say'] === 'kept' && keyOf(line) === ours,
        );
        assert.deepEqual(kept['place'], place);
      },
    ],
  ]),
];

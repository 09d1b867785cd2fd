// Who is online where: the log of what a node owns, the copies that others have of it, and how they heal.

import assert from 'node:assert/strict';
import type { HpCase } from '../site.ts';
import type { HpSocket } from '../socket.ts';
import { type Peer, peerCases } from './peer-site.ts';
import type { PeerLine } from './peer-socket.ts';
import { digestOf, type Session } from './proof.ts';

type Op = { readonly op: 'up' | 'set' | 'down' } & Session;

/** What the case knows of the server's sessions: a copy, as spec/hp-peer.md describes one. */
class Copy {
  ver = 0;
  readonly sessions = new Map<string, Session>();
  readonly #peer: Peer;
  #gathered: Session[] = [];

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  ask(have: number): void {
    const { node, incarnation } = this.#peer.server;
    this.#peer.socket.say('PRESENCE_SYNC_REQUEST', { node, incarnation, have });
  }

  /** Everything from the beginning. */
  static async of(peer: Peer): Promise<Copy> {
    const copy = new Copy(peer);
    copy.ask(0);
    await copy.read(({ type }) => type === 'SYNC_DONE');
    return copy;
  }

  /** Takes what comes until a line is so; gives it. */
  async read(is: (line: PeerLine) => boolean, withinMs = 5_000): Promise<PeerLine> {
    const until = performance.now() + withinMs;
    for (;;) {
      const line = await this.#peer.socket.first(Math.max(1, until - performance.now()));
      this.#take(line);
      if (is(line)) return line;
    }
  }

  #take({ type, payload }: PeerLine): void {
    if (type === 'PRESENCE_SYNC') {
      const { chunk, chunks, ver, sessions } = payload as unknown as Chunk;
      if (chunk === 0) this.#gathered = [];
      this.#gathered.push(...(isList(sessions) ? sessions : fromColumns(sessions)));
      if (chunk < chunks - 1) return;
      this.sessions.clear();
      for (const one of this.#gathered) this.sessions.set(one.session, one);
      this.ver = ver;
    } else if (type === 'PRESENCE_DELTA') {
      const { from, to, ops } = payload as unknown as { from: number; to: number; ops: Op[] };
      assert.equal(ops.length, to - from, 'as many steps as there are versions');
      // Told before what was asked for has come: a gap, of which nothing is taken.
      if (from > this.ver) return;
      for (const op of ops.slice(this.ver - from)) this.#obey(op);
      this.ver = Math.max(this.ver, to);
    }
  }

  #obey(told: Op): void {
    const { op, ...session } = told;
    if (op === 'down') this.sessions.delete(session.session);
    else this.sessions.set(session.session, { ...this.sessions.get(session.session), ...session });
  }

  of(user: string): Session[] {
    return [...this.sessions.values()].filter((one) => one.user === user);
  }
}

interface Chunk {
  readonly chunk: number;
  readonly chunks: number;
  readonly ver: number;
  readonly sessions: readonly Session[] | Columns;
}

/** One list for each field. */
type Columns = Readonly<Record<string, readonly unknown[]>>;

function isList(sessions: readonly Session[] | Columns): sessions is readonly Session[] {
  return Array.isArray(sessions);
}

function fromColumns(columns: Columns): Session[] {
  return (columns['session'] ?? []).map((_, at) => {
    const fields = Object.entries(columns).map(([key, column]) => [key, column[at]] as const);
    return Object.fromEntries(fields.filter(([, value]) => value !== null)) as unknown as Session;
  });
}

function inColumns(sessions: readonly Session[]): Columns {
  const column = (key: keyof Session): unknown[] => sessions.map((one) => one[key]);
  return {
    session: column('session'),
    user: column('user'),
    status: column('status'),
    lamport: column('lamport'),
  };
}

async function statusOf(client: HpSocket, user: string): Promise<unknown> {
  const { payload } = await client.ask('PRESENCE_QUERY', { users: [user] });
  const [now] = payload['users'] as { status: string; sessions: number }[];
  return [now?.status, now?.sessions];
}

const session = (user: string, at = 0): Session => {
  return { session: `s${at}-${user}`, user, status: 'online', lamport: 1 };
};

export const presenceCases: readonly HpCase[] = peerCases('owners', [
  [
    '[HP-REPL-1] [HP-REPL-5] who logs in, changes and leaves is told, in as many steps',
    async (site) => {
      const peer = await site.link();
      peer.live();
      const copy = await Copy.of(peer);
      const user = site.clients.name('a');
      const said = performance.now();
      const client = await site.clients.as(user, { status: 'busy' });
      const { at } = await copy.read(() => copy.of(user).length === 1);
      assert.ok(at - said < 1_000, `${at - said} ms`);
      assert.equal(copy.of(user)[0]?.status, 'busy');
      await client.ask('PRESENCE_SET', { status: 'away', note: 'n' });
      await copy.read(() => copy.of(user)[0]?.status === 'away');
      assert.equal(copy.of(user)[0]?.note, 'n');
      await client.ask('BYE');
      await copy.read(() => copy.of(user).length === 0);
    },
  ],
  [
    '[HP-REPL-2] [HP-BEAT-3] heartbeats carry the version and the digest of just these sessions',
    async (site) => {
      const peer = await site.link();
      peer.live();
      for (const name of ['a', 'b', 'c']) await site.clients.in(name, { status: 'away' });
      const copy = await Copy.of(peer);
      const { payload } = await copy.read(
        (line) => line.type === 'HEARTBEAT' && line.payload['ver'] === copy.ver,
      );
      assert.ok(copy.of(site.clients.name('b')).length === 1);
      assert.equal(payload['digest'], digestOf(copy.sessions.values()));
      assert.equal(digestOf([...copy.sessions.values()].toReversed()), payload['digest']);
    },
  ],
  [
    '[HP-REPL-4] the owner answers with what is missing, or with everything, and says when it is done',
    async (site) => {
      const peer = await site.link();
      peer.live();
      const client = await site.clients.in('a');
      const copy = await Copy.of(peer);
      const { ver } = copy;
      await client.ask('PRESENCE_SET', { status: 'busy' });
      await copy.read(() => copy.ver > ver);
      copy.ask(copy.ver - 1);
      const delta = await copy.read(({ type, payload }) => {
        return type === 'PRESENCE_DELTA' && payload['to'] === copy.ver;
      });
      assert.equal(delta.payload['from'], copy.ver - 1);
      await copy.read(({ type, payload }) => {
        return type === 'SYNC_DONE' && payload['ver'] === copy.ver;
      });
      copy.ask(copy.ver + 100);
      await copy.read(({ type }) => type === 'PRESENCE_SYNC');
      await copy.read(({ type }) => type === 'SYNC_DONE');
    },
  ],
  [
    '[HP-REPL-3] where something is missing nothing is taken, and it is asked for',
    async (site) => {
      const peer = await site.link();
      await peer.sync();
      const [here, gap] = [site.name('here'), site.name('gap')];
      const client = await site.clients.in('w');
      peer.up(here);
      const missing = peer.change({ op: 'up', ...session(gap) });
      const later = peer.change({ op: 'set', session: `${peer.node}-${here}`, status: 'busy' });
      peer.live();
      await peer.socket.next('HEARTBEAT');
      peer.socket.say('PRESENCE_DELTA', later);
      const { payload } = await peer.socket.next('PRESENCE_SYNC_REQUEST', () => true, 5_000);
      assert.equal(payload['have'], 1);
      assert.deepEqual(await statusOf(client, gap), ['offline', 0]);
      assert.deepEqual(await statusOf(client, here), ['online', 1]);
      peer.socket.say('PRESENCE_DELTA', missing);
      peer.socket.say('PRESENCE_DELTA', later);
      peer.socket.say('SYNC_DONE', { ...peer.own, ver: peer.ver });
      await peer.isRead();
      await settled(async () => (await statusOf(client, here)) as string[], 'busy');
      assert.deepEqual(await statusOf(client, gap), ['online', 1]);
    },
  ],
  [
    '[HP-REPL-3] what was told twice, or overlaps, counts once',
    async (site) => {
      const peer = await site.link();
      await peer.sync();
      const user = site.name('u');
      const client = await site.watcher(user);
      const first = peer.change({ op: 'up', ...session(user, 1) }) as { ops: object[] };
      const second = peer.change({ op: 'up', ...session(user, 2) }) as { ops: object[] };
      const both = { ...second, from: 0, ops: [...first.ops, ...second.ops] };
      for (const delta of [first, first, both, first, second])
        peer.socket.say('PRESENCE_DELTA', delta);
      peer.live();
      await peer.isRead();
      assert.equal((await client.next()).payload['status'], 'online');
      await settled(async () => (await statusOf(client, user)) as unknown[], 2);
      peer.socket.say('PRESENCE_DELTA', peer.change({ op: 'down', session: `s1-${user}` }));
      await settled(async () => (await statusOf(client, user)) as unknown[], 1);
      await client.hearsNothing();
      assert.ok(!peer.socket.texts.join('').includes('"have":2'));
    },
  ],
  [
    '[HP-REPL-7] everything comes in pieces, and takes its place with the last one',
    async (site) => {
      const peer = await site.link();
      const client = await site.clients.in('w');
      const users = Array.from({ length: 2_500 }, (_, at) => site.name(`u${at}`));
      for (const [at, user] of users.entries()) {
        const own = session(user, at);
        peer.sessions.set(own.session, own);
      }
      peer.ver = 2_500;
      await peer.socket.next('PRESENCE_SYNC_REQUEST');
      const all = [...peer.sessions.values()];
      const piece = (chunk: number): void =>
        peer.socket.say('PRESENCE_SYNC', {
          ...{ ...peer.own, ver: 2_500, chunk, chunks: 3 },
          sessions: all.slice(chunk * 1_000, (chunk + 1) * 1_000),
        });
      piece(0);
      piece(1);
      await peer.isRead();
      assert.deepEqual(await statusOf(client, users[0] ?? ''), ['offline', 0]);
      piece(2);
      peer.socket.say('SYNC_DONE', { ...peer.own, ver: 2_500 });
      peer.live();
      for (const user of [users[0], users[1_999], users[2_499]])
        await settled(async () => (await statusOf(client, user ?? '')) as string[], 'online');
      for (let at = 0; at < 2; at += 1) await peer.socket.next('HEARTBEAT');
      assert.equal(
        peer.socket.lines.find(({ type }) => type === 'PRESENCE_SYNC_REQUEST'),
        undefined,
        'it asked again: the digests differ',
      );
    },
  ],
  [
    '[HP-REPL-10] [HP-PEER-10] whoever can read columns is told in columns, and nobody else',
    async (site) => {
      const user = site.clients.name('a');
      await site.clients.as(user, { status: 'away' });
      for (const caps of [['presence'], ['presence', 'columns']]) {
        const peer = await site.link({ caps });
        peer.live();
        const copy = await Copy.of(peer);
        copy.ask(copy.ver + 100);
        const { payload } = await copy.read(({ type }) => type === 'PRESENCE_SYNC');
        const can = caps.includes('columns') && peer.server.caps?.includes('columns') === true;
        assert.equal(isList((payload as unknown as Chunk).sessions), !can);
        assert.equal(copy.of(user)[0]?.status, 'away');
        await copy.read(({ type }) => type === 'SYNC_DONE');
        const beat = await copy.read(
          (line) => line.type === 'HEARTBEAT' && line.payload['ver'] === copy.ver,
        );
        assert.equal(beat.payload['digest'], digestOf(copy.sessions.values()));
      }
    },
  ],
  [
    '[HP-REPL-10] what is told in columns is known like any other',
    async (site) => {
      const peer = await site.link({ caps: ['presence', 'columns'] });
      if (peer.server.caps?.includes('columns') !== true) return;
      const client = await site.clients.in('w');
      const users = ['a', 'b'].map((name) => site.name(name));
      for (const [at, user] of users.entries()) {
        const own = session(user, at);
        peer.sessions.set(own.session, own);
      }
      peer.ver = 2;
      await peer.socket.next('PRESENCE_SYNC_REQUEST');
      const sessions = inColumns([...peer.sessions.values()]);
      peer.socket.say('PRESENCE_SYNC', { ...peer.own, ver: 2, chunk: 0, chunks: 1, sessions });
      peer.socket.say('SYNC_DONE', { ...peer.own, ver: 2 });
      peer.live();
      for (const user of users)
        await settled(async () => (await statusOf(client, user)) as string[], 'online');
      for (let at = 0; at < 2; at += 1) await peer.socket.next('HEARTBEAT');
      const again = peer.socket.lines.find(({ type }) => type === 'PRESENCE_SYNC_REQUEST');
      assert.equal(again, undefined, 'it asked again: the digests differ');
    },
  ],
  [
    '[HP-REPL-7] pieces out of their order are thrown away, and everything is asked for again',
    async (site) => {
      const peer = await site.link();
      const client = await site.clients.in('w');
      const user = site.name('u');
      peer.sessions.set('s', session(user));
      peer.ver = 1;
      await peer.socket.next('PRESENCE_SYNC_REQUEST');
      await peer.socket.next('HEARTBEAT');
      const sessions = [...peer.sessions.values()];
      peer.socket.say('PRESENCE_SYNC', { ...peer.own, ver: 1, chunk: 1, chunks: 2, sessions });
      peer.live();
      const { payload } = await peer.socket.next('PRESENCE_SYNC_REQUEST', () => true, 5_000);
      assert.equal(payload['have'], 0);
      assert.deepEqual(await statusOf(client, user), ['offline', 0]);
      peer.tellAll();
      peer.socket.say('SYNC_DONE', { ...peer.own, ver: 1 });
      await settled(async () => (await statusOf(client, user)) as string[], 'online');
    },
  ],
  [
    '[HP-REPL-8] [HP-BEAT-3] a copy of the same version with another digest is told everything anew',
    async (site) => {
      const peer = await site.link();
      await peer.sync();
      const [wrong, right] = [site.name('wrong'), site.name('right')];
      const client = await site.clients.in('w');
      peer.up(wrong);
      await settled(async () => (await statusOf(client, wrong)) as string[], 'online');
      peer.sessions.clear();
      peer.sessions.set('s', session(right));
      peer.live();
      const { payload } = await peer.socket.next('PRESENCE_SYNC_REQUEST', () => true, 5_000);
      assert.equal(payload['have'], 0);
      peer.tellAll();
      peer.socket.say('SYNC_DONE', { ...peer.own, ver: 1 });
      await settled(async () => (await statusOf(client, right)) as string[], 'online');
      assert.deepEqual(await statusOf(client, wrong), ['offline', 0]);
    },
  ],
  [
    '[HP-REPL-9] [HP-REPL-4] the same life heard again goes on where it was',
    async (site) => {
      const peer = await site.link();
      peer.live();
      await peer.sync();
      const [user, later] = [site.name('u'), site.name('later')];
      const client = await site.watcher(user, later);
      peer.up(user);
      assert.equal((await client.next()).payload['status'], 'online');
      peer.silence();
      peer.socket.socket.resetAndDestroy();
      const again = await site.link({ node: peer.node });
      again.ver = peer.ver;
      for (const [name, own] of peer.sessions) again.sessions.set(name, own);
      const { payload } = await again.socket.next('PRESENCE_SYNC_REQUEST');
      assert.equal(payload['have'], 1);
      again.up(later);
      again.socket.say('SYNC_DONE', { ...again.own, ver: again.ver });
      const event = (await client.next()).payload;
      assert.deepEqual([event['user'], event['status']], [later, 'online']);
      await client.hearsNothing();
    },
  ],
  [
    '[HP-REPL-1] nobody is believed about the sessions of another node, or of another life',
    async (site) => {
      const victim = await site.link({ node: site.name('0') });
      victim.live();
      await victim.sync();
      const user = site.name('u');
      const client = await site.watcher(user, site.name('ghost'));
      victim.up(user);
      assert.equal((await client.next()).payload['status'], 'online');
      const liar = await site.link();
      await liar.sync();
      const down = [{ op: 'down', session: `${victim.node}-${user}` }];
      liar.socket.say('PRESENCE_DELTA', { ...victim.own, from: 1, to: 2, ops: down });
      liar.socket.say('PRESENCE_SYNC', {
        ...{ ...victim.own, ver: 9, chunk: 0, chunks: 1, sessions: [] },
      });
      const ops = [{ op: 'up', ...session(site.name('ghost')) }];
      liar.socket.say('PRESENCE_DELTA', { node: liar.node, incarnation: 9, from: 0, to: 1, ops });
      await liar.isRead();
      await liar.socket.next('HEARTBEAT');
      await client.hearsNothing();
    },
  ],
]);

/** Waits until what is seen has this in it. */
async function settled(look: () => Promise<readonly unknown[]>, wanted: unknown): Promise<void> {
  const until = performance.now() + 5_000;
  for (;;) {
    const seen = await look();
    if (seen.includes(wanted)) return;
    assert.ok(performance.now() < until, `it stays ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

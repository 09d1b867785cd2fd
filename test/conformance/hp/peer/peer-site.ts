// The other nodes of a case: each with a name, a life and a link of its own, written by hand. They leave when the case is
// over, so that the server waits for none of them.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer, type Server } from 'node:net';
import {
  type HpCase,
  type HpConfiguration,
  type HpPlace,
  HpSite,
  type LoggedIn,
  type PeerPlace,
  wordsOf,
} from '../site.ts';
import { PeerSocket, type PeerLine } from './peer-socket.ts';
import { digestOf, freshNonce, proofOf, type Said, type Session } from './proof.ts';

export type PeerRow = readonly [
  title: string,
  run: (site: PeerSite) => Promise<void>,
  ...flags: readonly ('slow' | 'together')[],
];

export function peerCases(
  group: string,
  rows: readonly PeerRow[],
  configuration: HpConfiguration = 'plain',
): HpCase[] {
  return rows.map(([title, run, ...flags]) => ({
    ...wordsOf(group, title, flags, configuration),
    isPeer: true,
    start(place) {
      const { peer } = place;
      if (peer === undefined) throw new Error('there is no port for other nodes');
      const site = new PeerSite(place, peer);
      return { done: run(site), leave: () => site.leave() };
    },
  }));
}

export interface PeerOptions {
  readonly node?: string;
  readonly incarnation?: number;
  readonly advertise?: string;
  /** What it can do; all that is in version 1.0 when it does not say. */
  readonly caps?: readonly string[];
  /** No room has its home there. */
  readonly isDraining?: boolean;
}

/** A node that the case is. */
export class Peer {
  readonly socket: PeerSocket;
  readonly node: string;
  readonly incarnation: number;
  /** The server, as it has said. */
  readonly server: Said;
  readonly members: readonly Member[];
  ver = 0;
  readonly sessions = new Map<string, Session>();
  /** What it is given of rooms it says that it has. */
  keeps = true;
  /** Rooms that have their home there, with the members of each. */
  rooms: readonly (readonly [room: string, count: number])[] = [];
  /** The number of the last that it forwarded. */
  n = 0;
  hasLeft = false;
  isDraining = false;
  #hb = 0;
  #beating: NodeJS.Timeout | undefined = undefined;

  constructor(
    socket: PeerSocket,
    self: { readonly node: string; readonly incarnation: number },
    server: Said,
    members: readonly Member[],
  ) {
    this.socket = socket;
    this.node = self.node;
    this.incarnation = self.incarnation;
    this.server = server;
    this.members = members;
    socket.attend = (line) => {
      if (line.type === 'FORWARD') this.#attend(line);
    };
  }

  /** What every node owes the keepers of rooms on others, who wait for it. */
  #attend(line: PeerLine): void {
    const { key } = line.payload['data'] as { key: string };
    const { say, place, more, ref } = bodyOf(line);
    if (say === 'keep' && this.keeps) this.forward('room', key, { say: 'kept', place });
    else if (say === 'adopt' && more !== true)
      this.forward('room', key, { say: 'missed', entries: [], more: false });
    else if (say === 'hold' && this.keeps) {
      const { from, id } = bodyOf(line)['message'] as { from: string; id: string };
      this.forward('user', key, { say: 'held', from, id });
    } else if (say === 'list')
      this.forward('room', key, { say: 'listed', ref, rooms: this.rooms, more: false });
  }

  get own(): { node: string; incarnation: number } {
    return { node: this.node, incarnation: this.incarnation };
  }

  /** Says that it lives; gives the number that is answered. */
  beat(more: object = {}): number {
    this.#hb += 1;
    const { incarnation, ver } = this;
    const digest = digestOf(this.sessions.values());
    const told = { incarnation, ver, digest, hb: this.#hb, echo: 0, draining: this.isDraining };
    this.socket.say('HEARTBEAT', { ...told, ...more });
    return this.#hb;
  }

  /** Everything that was said before has been read: a heartbeat behind it is answered. */
  async isRead(withinMs = 3_000): Promise<void> {
    const hb = this.beat();
    await this.socket.next('HEARTBEAT_ACK', ({ payload }) => payload['hb'] === hb, withinMs);
  }

  /** From now on it is never silent. */
  live(everyMs = 500): void {
    this.#beating ??= setInterval(() => this.beat(), everyMs).unref();
  }

  silence(): void {
    clearInterval(this.#beating);
    this.#beating = undefined;
  }

  /** Answers what the server asks first on each link: what this node owns. */
  async sync(have = 0, from = 0): Promise<void> {
    const asked = await this.socket.next('PRESENCE_SYNC_REQUEST');
    const { payload } = asked;
    assert.deepEqual(
      [payload['node'], payload['incarnation'], payload['have']],
      [this.node, this.incarnation, have],
    );
    if (from === 0) this.tellAll();
    this.socket.say('SYNC_DONE', { ...this.own, ver: this.ver });
  }

  tellAll(): void {
    const sessions = [...this.sessions.values()];
    this.socket.say('PRESENCE_SYNC', {
      ...{ ...this.own, ver: this.ver, chunk: 0, chunks: 1, sessions },
    });
  }

  /** One more change of what it owns, as a line that is not said yet. */
  change(op: { readonly op: string } & Partial<Session> & Pick<Session, 'session'>): object {
    const from = this.ver;
    this.ver += 1;
    const known = this.sessions.get(op.session);
    const { op: kind, ...told } = op;
    if (kind === 'down') this.sessions.delete(op.session);
    else this.sessions.set(op.session, { ...known, ...told } as Session);
    return { ...this.own, from, to: this.ver, ops: [op] };
  }

  /** A session of a user begins here. */
  up(user: string, more: Partial<Session> = {}): void {
    const session = more.session ?? `${this.node}-${user}`;
    const op = { op: 'up', session, user, status: 'online', lamport: 1, ...more };
    this.socket.say('PRESENCE_DELTA', this.change(op));
  }

  /** Something for the server's keepers; `n` is the next when nothing is said. */
  forward(kind: string, key: string, body: unknown, { n, id }: { n?: number; id?: string } = {}) {
    if (n === undefined) this.n += 1;
    const others = id === undefined ? {} : { id };
    this.socket.say(
      'FORWARD',
      { n: n ?? this.n, kind, own_id: id !== undefined, ttl: 0, data: { key, body } },
      others,
    );
  }

  /** What is forwarded to it, as it says itself; acknowledged at once. */
  async forwarded(is: (body: Body, line: PeerLine) => boolean, withinMs = 3_000): Promise<Body> {
    const line = await this.socket.next('FORWARD', (one) => is(bodyOf(one), one), withinMs);
    this.socket.say('FORWARD_ACK', { n: line.payload['n'] });
    return bodyOf(line);
  }

  /** From now on nothing has its home there. */
  drain(): void {
    this.isDraining = true;
    this.socket.say('DRAIN', { grace_ms: 0 });
  }

  leave(): void {
    this.silence();
    this.hasLeft = true;
    this.socket.say('LEAVE', { reason: 'drain', linger_ms: 0 });
    this.socket.socket.end();
  }
}

export interface Member {
  readonly node: string;
  readonly incarnation: number;
  readonly addr: string;
  readonly state: string;
}

export type Body = Readonly<Record<string, unknown>>;

/** What a FORWARD carries. */
export function bodyOf({ payload }: PeerLine): Body {
  return (payload['data'] as { body?: Body } | undefined)?.body ?? {};
}

export class PeerSite {
  readonly clients: HpSite;
  readonly place: PeerPlace;
  readonly #own = randomBytes(4).toString('hex');
  readonly #sockets: PeerSocket[] = [];
  readonly #peers: Peer[] = [];
  readonly #servers: Server[] = [];
  #cluster: string | undefined;

  constructor(place: HpPlace, peer: PeerPlace) {
    this.clients = new HpSite(place);
    this.place = peer;
    this.#cluster = peer.cluster;
  }

  name(name: string): string {
    return `${name}-${this.#own}`;
  }

  call(): PeerSocket {
    return this.#keep(PeerSocket.call(this.place.host, this.place.port));
  }

  /** What the cluster is called; HELLO_OK tells when nobody has told. */
  async cluster(): Promise<string> {
    if (this.#cluster === undefined) {
      const { payload } = await this.clients.open().ask('HELLO');
      this.#cluster = String(payload['cluster']);
    }
    return this.#cluster;
  }

  async hello(self: Partial<Said> & PeerOptions = {}): Promise<Hello> {
    const [key, cluster] = [this.place.key, await this.cluster()];
    const { node = this.name('z'), incarnation = 1, nonce = freshNonce() } = self;
    const { caps = [], advertise = '' } = self;
    const more = { versions: ['1.0'], caps, key, advertise };
    return { cluster, node, incarnation, nonce, ...more };
  }

  /** A link that stands; its first words are not read yet. */
  async link(options: PeerOptions = {}, socket = this.call()): Promise<Peer> {
    const hello = await this.hello(options);
    socket.say('SERVER_HELLO', hello);
    const { payload } = await socket.next('SERVER_CHALLENGE');
    const called = payload as unknown as Said;
    const proof = proofOf('initiator', this.place.secret, hello.cluster, hello, called);
    socket.say('SERVER_AUTH', { proof });
    const welcome = await socket.next('SERVER_WELCOME');
    socket.say('SERVER_READY', { members: [], heartbeat_ms: 1_000 });
    const members = welcome.payload['members'] as readonly Member[];
    return this.#linked(new Peer(socket, hello, called, members), options);
  }

  /** The other half: the server has called, and is answered. */
  async answer(socket: PeerSocket, options: PeerOptions = {}): Promise<Peer> {
    const { payload } = await socket.next('SERVER_HELLO');
    const caller = payload as unknown as Said;
    const { cluster, node, incarnation, nonce, key } = await this.hello(options);
    const self = { cluster, node, incarnation, nonce, key, version: '1.0', caps: [] };
    const { secret } = this.place;
    const proof = proofOf('responder', secret, cluster, caller, self);
    socket.say('SERVER_CHALLENGE', { ...self, advertise: options.advertise ?? '', proof });
    const { payload: auth } = await socket.next('SERVER_AUTH');
    assert.equal(auth['proof'], proofOf('initiator', secret, cluster, caller, self));
    socket.say('SERVER_WELCOME', { members: [], heartbeat_ms: 1_000 });
    const ready = await socket.next('SERVER_READY');
    const members = ready.payload['members'] as readonly Member[];
    return this.#linked(new Peer(socket, self, caller, members), options);
  }

  /** An address where the server may call, and who calls there. */
  async listen(): Promise<Listener> {
    const calls: PeerSocket[] = [];
    const waiting: ((socket: PeerSocket) => void)[] = [];
    const server = createServer((socket) => {
      const call = this.#keep(new PeerSocket(socket));
      const wake = waiting.shift();
      if (wake === undefined) calls.push(call);
      else wake(call);
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    return {
      address: `127.0.0.1:${port}`,
      call: () => {
        const call = calls.shift();
        return call === undefined
          ? new Promise((resolve) => waiting.push(resolve))
          : Promise.resolve(call);
      },
      close: () => server.close(),
    };
  }

  /** Who is watched for their presence, by a client of the server. */
  async watcher(...users: readonly string[]): Promise<LoggedIn> {
    const client = await this.clients.in('w');
    await client.ask('PRESENCE_SUBSCRIBE', { users });
    return client;
  }

  /** Nodes that died say goodbye, too, in the same life: a server counts who is missing. */
  async leave(): Promise<void> {
    this.clients.leave();
    const alive = new Set(this.#peers.flatMap(({ node, socket }) => (socket.hasEnded ? [] : node)));
    for (const { node, incarnation, hasLeft, socket } of [...this.#peers].toReversed()) {
      if (!socket.hasEnded || hasLeft || alive.has(node)) continue;
      alive.add(node);
      await this.link({ node, incarnation }).catch(() => {});
    }
    for (const peer of this.#peers) {
      peer.silence();
      if (!peer.socket.hasEnded) peer.leave();
    }
    for (const server of this.#servers) server.close();
    for (const { socket } of this.#sockets) setTimeout(() => socket.destroy(), 100).unref();
  }

  #linked(peer: Peer, { isDraining = true }: PeerOptions): Peer {
    this.#peers.push(peer);
    if (isDraining) peer.drain();
    return peer;
  }

  #keep(socket: PeerSocket): PeerSocket {
    this.#sockets.push(socket);
    return socket;
  }
}

export interface Hello extends Said {
  readonly cluster: string;
  readonly versions: readonly string[];
  readonly caps: readonly string[];
  readonly key: string;
  readonly advertise: string;
}

export interface Listener {
  readonly address: string;
  /** The next one that calls. */
  call(): Promise<PeerSocket>;
  close(): void;
}

// The shards of a node, seen from the main thread: starts them, wires each to each, watches them, replaces the one
// that dies, and drains them all. Carries no traffic: sockets, actors and crossings live in the shards.
// Refuses to know actors and protocols. Obeys ADR 0004 (shared-nothing shards).

import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { ClusterNews } from '../actors/cluster/cluster-options.ts';
import type { ClusterTold } from '../actors/cluster/links/members-state.ts';
import { ledgerBytes } from './crossings.ts';
import type { FromShard, ShardData, ToShard } from './shard-messages.ts';
import type {
  Shards,
  ShardsEvents,
  ShardsOptions,
  ShardsStarted,
  ShardStats,
  TlsMaterial,
} from './shards-contract.ts';
import type { ReceivedItem } from './zmq/intake.ts';

/** More deaths than this within the window mean that the node cannot help itself. */
const DEATHS_MAX = 5;
const DEATHS_WINDOW_MS = 60_000;
const STATS_TIMEOUT_MS = 2_000;
/** Beside the codes of the system. */
const SHARD_DIED = 'SHARD_DIED';
/** The control actor itself gives up after ten seconds. */
const COMMAND_TIMEOUT_MS = 15_000;
/** Small on purpose: what is young is mostly one turn's, and a large nursery would be counted to idle connections. */
const YOUNG_GENERATION_MB = 12;

/** Starts the shards of a node and waits until every door listens on every shard. */
export async function startShards(
  options: ShardsOptions,
  events: ShardsEvents,
): Promise<ShardsStarted> {
  const taken = await firstTaken(options.doors);
  if (taken !== undefined) return { ok: false, ...taken };
  const node = new ShardedNode(options, events);
  const failure = await node.start();
  if (failure === undefined) return { ok: true, shards: node };
  await node.stop();
  return failure;
}

/**
 * Listens for a moment at all doors at once, without sharing their ports. Shards listen with `reusePort`, and the kernel
 * would let two nodes of one user share a port without a word, and two doors of one node as well.
 */
async function firstTaken(
  doors: ShardsOptions['doors'],
): Promise<{ door: string; code: string; message: string } | undefined> {
  const servers: Server[] = [];
  let probed = '';
  try {
    for (const [door, { host, port }] of Object.entries(doors)) {
      if (port === 0) continue;
      probed = door;
      // Whoever calls meanwhile is to call again: a server ends when the last who came has gone.
      const server = createServer((socket) => socket.destroy());
      servers.push(server);
      server.listen({ host, port, exclusive: true });
      await once(server, 'listening');
    }
    return undefined;
  } catch (error) {
    const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
    return { door: probed, code, message };
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

interface Thread {
  readonly shard: number;
  readonly worker: Worker;
  /** Settles what waits for a word of this thread: its death answers, too. */
  readonly awaited: Set<(message: FromShard | undefined) => void>;
}

type Failure = Extract<ShardsStarted, { readonly ok: false }>;

class ShardedNode implements Shards {
  readonly doors: Record<string, string> = {};
  restarts = 0;
  /** As things are now: a shard that begins later begins with these. */
  #options: ShardsOptions;
  readonly #events: ShardsEvents;
  readonly #ledger: SharedArrayBuffer;
  readonly #threads = new Map<number, Thread>();
  readonly #ports: Record<string, number> = {};
  readonly #tls = new Map<string, TlsMaterial>();
  /** Since they changed. */
  #routes: string | undefined = undefined;
  #deaths: number[] = [];
  #isStopping = false;
  #asked = 0;

  constructor(options: ShardsOptions, events: ShardsEvents) {
    this.#options = options;
    this.#events = events;
    this.#ledger = new SharedArrayBuffer(ledgerBytes(options.threads));
  }

  get alive(): number {
    return this.#threads.size;
  }

  async start(): Promise<Failure | undefined> {
    for (let shard = 0; shard < this.#options.threads; shard += 1) this.#launch(shard);
    // The first shard finds the ports (0 asks the kernel for one); the others share them.
    for (let shard = 0; shard < this.#options.threads; shard += 1) {
      const failure = await this.#listen(shard);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  async stats(): Promise<readonly ShardStats[]> {
    const ref = (this.#asked += 1);
    const reports = [...this.#threads.values()].map(async (thread) => {
      const reply = this.#hear(
        thread,
        (message) => message.type === 'stats' && message.ref === ref,
        STATS_TIMEOUT_MS,
      );
      this.#tell(thread, { type: 'reportStats', ref });
      const message = await reply;
      return message?.type === 'stats' ? message.stats : undefined;
    });
    const known = await Promise.all(reports);
    return known.filter((stats) => stats !== undefined);
  }

  async cluster(): Promise<ClusterTold | undefined> {
    const thread = this.#threads.get(0);
    if (thread === undefined || this.#options.cluster === undefined) return undefined;
    const ref = (this.#asked += 1);
    const reply = this.#hear(
      thread,
      (message) => message.type === 'clusterTold' && message.ref === ref,
      STATS_TIMEOUT_MS,
    );
    this.#tell(thread, { type: 'describeCluster', ref });
    const message = await reply;
    return message?.type === 'clusterTold' ? message : undefined;
  }

  async drain(spreadMs: number): Promise<void> {
    this.#isStopping = true;
    await Promise.all(
      [...this.#threads.values()].map(async (thread) => {
        const drained = this.#hear(thread, (message) => message.type === 'drained');
        this.#tell(thread, { type: 'drain', spreadMs });
        await drained;
      }),
    );
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#threads.values()].map(({ worker }) => worker.terminate()));
  }

  reloadTls(door: string, material: TlsMaterial): void {
    this.#tls.set(door, material);
    this.#options = withTls(this.#options, door, material);
    for (const thread of this.#threads.values())
      this.#tell(thread, { type: 'reloadTls', door, material });
  }

  changeRoutes(text: string): void {
    this.#routes = text;
    const { gateway } = this.#options;
    this.#options = { ...this.#options, gateway: gateway && { ...gateway, routes: text } };
    for (const thread of this.#threads.values()) this.#tell(thread, { type: 'changeRoutes', text });
  }

  async takeItems(items: readonly ReceivedItem[]): Promise<void> {
    const thread = this.#threads.get(0);
    if (thread === undefined) return;
    const ref = (this.#asked += 1);
    const taken = this.#hear(
      thread,
      (message) => message.type === 'itemsTaken' && message.ref === ref,
    );
    this.#tell(thread, { type: 'itemsReceived', ref, items });
    await taken;
  }

  async obeyCommand(frame: Uint8Array): Promise<Uint8Array | undefined> {
    const thread = this.#threads.get(0);
    if (thread === undefined) return undefined;
    const ref = (this.#asked += 1);
    const replied = this.#hear(
      thread,
      (message) => message.type === 'commandReply' && message.ref === ref,
      COMMAND_TIMEOUT_MS,
    );
    this.#tell(thread, { type: 'commandReceived', ref, frame });
    const message = await replied;
    return message?.type === 'commandReply' ? message.frame : undefined;
  }

  crash(shard: number): void {
    const thread = this.#threads.get(shard);
    if (thread !== undefined) this.#tell(thread, { type: 'crash' });
  }

  #launch(shard: number): void {
    const peers: { shard: number; port: MessagePort }[] = [];
    for (const peer of this.#threads.values()) {
      const { port1, port2 } = new MessageChannel();
      peers.push({ shard: peer.shard, port: port1 });
      peer.worker.postMessage({ type: 'peerUp', shard, port: port2 } satisfies ToShard, [port2]);
    }
    const data: ShardData = {
      shard,
      // A shard that takes a dead one's place must not draw the dead one's epochs again.
      seed: (this.#options.seed + Math.imul(this.restarts, 0x9e3779b9)) >>> 0,
      life: this.restarts,
      options: this.#options,
      ledger: this.#ledger,
      peers,
    };
    const worker = new Worker(workerUrl(), {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
      transferList: peers.map(({ port }) => port),
    });
    const thread: Thread = { shard, worker, awaited: new Set() };
    this.#threads.set(shard, thread);
    worker.on('message', (message: FromShard) => this.#heard(thread, message));
    worker.on('error', (error) =>
      this.#log(shard, 'error', 'shard.failed', { error: String(error) }),
    );
    worker.once('exit', (code) => this.#died(thread, code));
  }

  async #listen(shard: number): Promise<Failure | undefined> {
    const thread = this.#threads.get(shard);
    if (thread === undefined) return undefined;
    const control = shard === 0 ? this.#options.operations?.control : undefined;
    const doors = { ...this.#options.doors, ...(control === undefined ? {} : { control }) };
    for (const [door, settings] of Object.entries(doors)) {
      // [PROC-DRAIN-1] A shard that has just taken a dead one's place opens no further door.
      if (this.#isStopping) return undefined;
      const local = this.#options.doors[door]?.local;
      // Shards cannot share a path as they share a port.
      if (local !== undefined && shard !== 0) continue;
      // Links to other nodes live on one shard.
      if (shard !== 0 && 'dialect' in settings && settings.dialect === 'peers') continue;
      const { port } = settings;
      const answer = this.#hear(
        thread,
        (message) =>
          (message.type === 'listening' || message.type === 'listenFailed') &&
          message.door === door,
      );
      this.#tell(thread, { type: 'listen', door, port: this.#ports[door] ?? port });
      const message = await answer;
      if (message?.type === 'listening') {
        this.#ports[door] = message.port;
        this.doors[door] =
          local === undefined
            ? `${message.host.includes(':') ? `[${message.host}]` : message.host}:${message.port}`
            : `unix://${local.path}`;
      } else if (message?.type === 'listenFailed') {
        return { ok: false, door, code: message.code, message: message.message };
      } else
        return {
          ok: false,
          door,
          code: SHARD_DIED,
          message: `shard ${shard} died while it started`,
        };
    }
    return undefined;
  }

  #heard(thread: Thread, message: FromShard): void {
    if (message.type === 'log') this.#events.log({ ...message.entry, shard: thread.shard });
    else if (message.type === 'noticed') this.#events.noticed?.(thread.shard, message.notices);
    else if (message.type === 'collapsing') {
      this.#log(thread.shard, 'error', 'shard.collapsing', { reason: message.reason });
    } else if (message.type === 'fileReloaded') {
      this.#options = withFile(this.#options, message);
    } else if (isNews(message)) this.#events.clusterNews?.(message);
    for (const settle of thread.awaited) settle(message);
  }

  /** The next message that matches; undefined when the thread dies first, or time is up. */
  #hear(
    thread: Thread,
    matches: (message: FromShard) => boolean,
    timeoutMs?: number,
  ): Promise<FromShard | undefined> {
    return new Promise((resolve) => {
      const settle = (message: FromShard | undefined): void => {
        if (message !== undefined && !matches(message)) return;
        thread.awaited.delete(settle);
        clearTimeout(timer);
        resolve(message);
      };
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => settle(undefined), timeoutMs).unref();
      thread.awaited.add(settle);
    });
  }

  #tell(thread: Thread, message: ToShard): void {
    thread.worker.postMessage(message);
  }

  /** [SHARD-2] A dead shard is replaced; the others learn that its topics begin anew. */
  #died(thread: Thread, code: number): void {
    this.#threads.delete(thread.shard);
    for (const settle of thread.awaited) settle(undefined);
    if (this.#isStopping) return;
    this.#events.died?.(thread.shard);
    this.#log(thread.shard, 'error', 'shard.died', { code });
    for (const peer of this.#threads.values())
      this.#tell(peer, { type: 'peerDown', shard: thread.shard });
    const now = performance.now();
    this.#deaths = [...this.#deaths.filter((at) => at > now - DEATHS_WINDOW_MS), now];
    if (this.#deaths.length > DEATHS_MAX) {
      this.#events.failed(
        `shards died ${this.#deaths.length} times within ${DEATHS_WINDOW_MS / 1_000} s`,
      );
      return;
    }
    this.restarts += 1;
    Atomics.store(new Int32Array(this.#ledger), thread.shard, 0);
    this.#launch(thread.shard);
    void this.#listen(thread.shard).then((failure) => {
      // Its own death has had it replaced again, or the node is stopping.
      if (failure?.code === SHARD_DIED || this.#isStopping) return;
      if (failure !== undefined) this.#events.failed(`${failure.door}: ${failure.message}`);
      else this.#log(thread.shard, 'info', 'shard.replaced', { restarts: this.restarts });
      // What changed while its doors were still to open.
      for (const [door, material] of this.#tls) this.reloadTls(door, material);
      if (this.#routes !== undefined) this.changeRoutes(this.#routes);
    });
  }

  #log(
    shard: number,
    level: 'info' | 'error',
    event: string,
    fields: Record<string, string | number>,
  ): void {
    this.#events.log({ type: 'log', level, event, fields, shard });
  }
}

function withTls(options: ShardsOptions, door: string, tls: TlsMaterial): ShardsOptions {
  const { doors, cluster } = options;
  const settings = doors[door];
  return {
    ...options,
    doors: settings === undefined ? doors : { ...doors, [door]: { ...settings, tls } },
    // Links show one certificate, whoever calls: also where nobody can call this node.
    cluster: door === 'cluster' ? cluster && { ...cluster, tls } : cluster,
  };
}

function withFile(
  options: ShardsOptions,
  { what, text }: Extract<FromShard, { readonly type: 'fileReloaded' }>,
): ShardsOptions {
  const { auth, chat } = options;
  const jwks = auth?.jwks && { ...auth.jwks, text };
  if (what === 'jwks') return { ...options, auth: auth && { ...auth, jwks } };
  const passwords = chat?.passwords && { ...chat.passwords, text };
  return { ...options, chat: chat && { ...chat, passwords } };
}

function isNews(message: FromShard): message is ClusterNews {
  return newsTypes.includes(message.type);
}

const newsTypes: readonly FromShard['type'][] = [
  ...(['clusterJoined', 'incarnationRisen', 'nodeSuperseded', 'retreated'] as const),
];

/** The entry beside this file, with this file's own ending: sources run as `.ts`, the package as `.js`. */
function workerUrl(): URL {
  return new URL(`./worker${import.meta.url.slice(-3)}`, import.meta.url);
}

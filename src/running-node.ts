// A node from its first door to its last word: puts config, shards, admin door, log and signals together, and decides
// in which order things open and close. Everything it does is done elsewhere. Obeys spec/process.md.

import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import type { NodeOptions } from './config.ts';
import { GatewayDoors } from './gateway-doors.ts';
import { createLogEdge } from './transports/log.edge.ts';
import { ClusterLife } from './transports/cluster/cluster-life.ts';
import { type PeerTlsProblem, readPeerTls, watchPeerTls } from './transports/cluster/peer-tls.ts';
import { AdminDoor } from './transports/process/admin.ts';
import { readAuth } from './transports/process/auth-files.ts';
import { secretsOf } from './transports/process/cluster-files.ts';
import {
  Departure,
  departOnSignals,
  EXIT_BUG,
  lookOnHangUp,
} from './transports/process/departure.ts';
import { doorRefusal, reasonOf } from './transports/process/door-refusal.ts';
import { Metrics } from './transports/process/metrics.ts';
import { type Entry, Output, type Sink } from './transports/process/output.ts';
import { endsSoon, readPair, type TlsFiles, watchPair } from './transports/process/tls/pairs.ts';
import type {
  DoorSettings,
  Shards,
  ShardsOptions,
  ShardsStarted,
  TlsMaterial,
} from './transports/shards-contract.ts';
import { startShards } from './transports/shards.ts';

const EXIT_DOOR = 1;
/** Where the broker door goes when nobody chose its port and the default cannot be had. */
const PORT_MOVED_TO = 8_080;
/** Where several sockets may share a port and the kernel spreads connections over them. */
const platformsThatShare = ['linux', 'freebsd', 'aix', 'sunos'];

export class RunningNode {
  readonly #options: NodeOptions;
  readonly #output: Output;
  readonly #log: (entry: Entry) => void;
  readonly #departure: Departure;
  readonly #metrics: Metrics;
  readonly #gateway: GatewayDoors | undefined;
  #admin: AdminDoor | undefined = undefined;
  #shards: Shards | undefined = undefined;
  #chatTls: TlsMaterial | undefined = undefined;
  #peerTls: TlsMaterial | undefined = undefined;
  #cluster: ClusterLife | undefined = undefined;
  #isReady = false;

  constructor(options: NodeOptions, version: string) {
    this.#options = options;
    this.#metrics = new Metrics(version);
    this.#output = new Output(
      { ...options.log, json: options.json, isColoured: process.env['NO_COLOR'] === undefined },
      sink(1),
      sink(2),
    );
    this.#log = createLogEdge<Entry>((entry) => this.#output.log(entry));
    this.#gateway =
      options.gateway === undefined
        ? undefined
        : new GatewayDoors(options.gateway, this.#log, options.bridge);
    this.#departure = new Departure({
      drain: () => this.#drain(),
      deadlineMs: options.drain.deadlineMs,
      log: (entry) => this.#log(entry),
      exit: (code) => this.#exit(code),
    });
  }

  async start(warnings: readonly string[]): Promise<void> {
    departOnSignals(this.#departure);
    lookOnHangUp(() => {
      this.#say('info', 'process.hungUp', {});
      this.#gateway?.lookAgain();
    });
    for (const warning of warnings) this.#say('warn', 'config.warning', { warning });
    const { admin, broker } = this.#options.doors;
    const doors: Record<string, string> = {};
    const adminTls = this.#materialOf('admin', admin?.tls);
    if (admin !== undefined) {
      this.#admin = new AdminDoor({ ...admin, tls: adminTls }, this.#sources());
      const listening = await this.#admin.listen();
      if (!listening.ok) {
        const portSetting = 'HERMOD_ADMIN_PORT or --admin-port';
        const hostSetting = 'HERMOD_ADMIN_HOST or --admin-host';
        this.#refuse(
          doorRefusal({ door: 'admin', ...admin, portSetting, hostSetting, ...listening }),
        );
        return;
      }
      doors['admin'] = listening.address;
    }
    const brokerTls = this.#materialOf('broker', broker?.tls);
    this.#chatTls = this.#materialOf('chat', this.#options.doors.chat?.tls);
    this.#joinCluster();
    const gateway = this.#gateway?.read();
    if (gateway?.ok === false) {
      this.#refuse(gateway.sentence);
      return;
    }
    const prepared = await this.#gateway?.prepare();
    if (prepared?.ok === false) {
      this.#refuse(prepared.sentence);
      return;
    }
    const started = await this.#openDoors(brokerTls);
    if (!started.ok) {
      this.#refuse(this.#refusalOf(started));
      return;
    }
    this.#shards = started.shards;
    this.#gateway?.begin(started.shards);
    Object.assign(doors, prepared?.doors);
    if (this.#departure.isLeaving) return;
    this.#watch('broker', broker?.tls, brokerTls, (material) =>
      started.shards.reloadTls('broker', material),
    );
    this.#watch('chat', this.#options.doors.chat?.tls, this.#chatTls, (material) =>
      started.shards.reloadTls('chat', material),
    );
    this.#watchPeerTls(started.shards);
    this.#watch('admin', admin?.tls, adminTls, (material) => this.#admin?.reloadTls(material));
    this.#isReady = true;
    this.#announceReady({ ...started.shards.doors, ...doors });
  }

  /** [PROC-PORT-1] The default port may need rights that nobody has; a chosen one is never given up for another. */
  async #openDoors(
    tls: TlsMaterial | undefined,
  ): Promise<ShardsStarted & { readonly port: number }> {
    const { port, portWasSet } = this.#options.doors.broker ?? { port: 0, portWasSet: true };
    const first = await this.#startShards(port, tls);
    const mayMove =
      !portWasSet &&
      !first.ok &&
      first.door === 'broker' &&
      ['EACCES', 'EADDRINUSE'].includes(first.code);
    if (!mayMove) return { ...first, port };
    const second = await this.#startShards(PORT_MOVED_TO, tls);
    if (second.ok) {
      const hint = 'Set WS_PORT to choose the port.';
      this.#output.announce(
        `Port ${port} cannot be had (${reasonOf(first.code)}): the broker door moved to ${PORT_MOVED_TO}. ${hint}`,
        'moved',
        { door: 'broker', from: port, to: PORT_MOVED_TO, reason: first.code, hint },
      );
    }
    return { ...second, port: PORT_MOVED_TO };
  }

  #refusalOf({
    door,
    port,
    code,
    message,
  }: Extract<ShardsStarted, { readonly ok: false }> & { readonly port: number }): string {
    const { chat } = this.#options.doors;
    const { cluster } = this.#options;
    if (door === 'cluster' && cluster?.port !== undefined) {
      const settings = { portSetting: '--cluster-port', hostSetting: '--cluster-host' };
      const { host, port: at } = cluster;
      return doorRefusal({ door, host, port: at, ...settings, code, message });
    }
    if (door === 'chat' && chat !== undefined) {
      const settings = { portSetting: '--chat-port', hostSetting: '--chat-host' };
      return doorRefusal({ door, ...chat, ...settings, code, message });
    }
    if (door !== 'broker' && this.#gateway !== undefined)
      return this.#gateway.refusalOf({ door, code, message });
    const { host } = this.#options.doors.broker ?? { host: '' };
    const portSetting = 'WS_PORT or --port';
    const hostSetting = 'HERMOD_HOST or --host';
    return doorRefusal({ door, host, port, portSetting, hostSetting, code, message });
  }

  #startShards(port: number, tls: TlsMaterial | undefined): Promise<ShardsStarted> {
    const { broker, home, doors, auth } = this.#options;
    const keys = auth === undefined ? undefined : readAuth(auth);
    if (keys?.ok === false) throw new Error('the keys changed while the node started');
    const opened: Record<string, DoorSettings> = { ...this.#gateway?.doors };
    if (doors.broker !== undefined) {
      const { host, deflate } = doors.broker;
      opened['broker'] = { host, port, tls, deflate };
    }
    // The chat's door comes last: behind it waits whoever is to be let in when the cluster is known.
    const { cluster } = this.#options;
    if (cluster?.port !== undefined) {
      const { host, port: peersPort } = cluster;
      const kind = { tls: this.#peerTls, deflate: false, dialect: 'peers' } as const;
      opened['cluster'] = { host, port: peersPort, ...kind };
    }
    if (doors.chat !== undefined) {
      const { host, port: chatPort } = doors.chat;
      const kind = { tls: this.#chatTls, deflate: false, dialect: 'chat' } as const;
      opened['chat'] = { host, port: chatPort, ...kind };
    }
    const options: ShardsOptions = {
      threads: this.#threads(),
      seed: randomInt(2 ** 32),
      doors: opened,
      gateway: this.#gateway?.start,
      bridge: this.#options.bridge,
      operations: this.#gateway?.operations,
      broker,
      home,
      auth: keys?.auth,
      chat: this.#chatSettings(),
      cluster: this.#clusterSettings(),
    };
    return startShards(options, {
      ...this.#gateway?.events,
      log: (entry) => this.#log(entry),
      clusterNews: (news) => this.#cluster?.hear(news),
      failed: (reason) => {
        this.#say('error', 'node.failed', { reason });
        this.#exit(EXIT_BUG);
      },
    });
  }

  #chatSettings(): ShardsOptions['chat'] {
    const { doors, chat } = this.#options;
    if (doors.chat === undefined) return undefined;
    const { passwordFile } = doors.chat;
    const passwords =
      passwordFile === undefined
        ? undefined
        : { file: passwordFile, text: readFileSync(passwordFile, 'utf8') };
    return { options: chat, incarnation: this.#cluster?.incarnation ?? Date.now(), passwords };
  }

  #clusterSettings(): ShardsOptions['cluster'] {
    const { cluster } = this.#options;
    if (cluster === undefined || this.#cluster === undefined) return undefined;
    const options = { ...cluster.options, keys: secretsOf(cluster.secretFile) };
    return { options, incarnation: this.#cluster.incarnation, tls: this.#peerTls };
  }

  #joinCluster(): void {
    const { cluster } = this.#options;
    if (cluster === undefined) return;
    const { stateDirectory, tls } = cluster;
    this.#cluster = new ClusterLife({
      stateDirectory,
      log: (entry) => this.#log(entry),
      exit: (code) => this.#exit(code),
    });
    if (tls === undefined) return;
    const reading = readPeerTls(tls);
    if (!reading.ok) throw new Error('the certificate of links changed while the node started');
    this.#peerTls = reading.material;
    this.#watchExpiry('cluster', reading.endsAtMs);
  }

  #watchPeerTls(shards: Shards): void {
    const { tls } = this.#options.cluster ?? {};
    if (tls === undefined) return;
    watchPeerTls(tls, (reading) => {
      if (reading.ok) {
        shards.reloadTls('cluster', reading.material);
        this.#tlsReloaded('cluster', reading.endsAtMs);
      } else for (const problem of reading.problems) this.#tlsBroken('cluster', problem);
    });
  }

  #threads(): number {
    const { threads } = this.#options;
    if (threads === 1 || platformsThatShare.includes(process.platform)) return threads;
    const reason = `${process.platform} cannot share a port among threads`;
    this.#say('warn', 'node.oneThread', { reason });
    return 1;
  }

  #announceReady(doors: Readonly<Record<string, string>>): void {
    const { broker, admin } = this.#options.doors;
    const schemes: Readonly<Record<string, string>> = {
      ...this.#gateway?.schemes,
      broker: broker?.tls === undefined ? 'ws' : 'wss',
      chat: this.#chatTls === undefined ? 'tcp' : 'tls',
      cluster: this.#peerTls === undefined ? 'tcp' : 'tls',
      admin: admin?.tls === undefined ? 'http' : 'https',
    };
    const places = Object.entries(doors).map(([door, at]) =>
      at.includes('://') ? `${door} at ${at}` : `${door} at ${schemes[door]}://${at}`,
    );
    this.#output.announce(`Hermod is ready: ${places.join(', ')}`, 'ready', { doors });
    this.#output.release();
  }

  #sources(): ConstructorParameters<typeof AdminDoor>[1] {
    return {
      health: () => ({
        status: 'ok',
        shards: { alive: this.#shards?.alive ?? 0, restarts: this.#shards?.restarts ?? 0 },
      }),
      readiness: () => {
        if (this.#departure.isLeaving) return { isReady: false, status: 'draining' };
        if (this.#cluster?.isAway === true) return { isReady: false, status: 'away' };
        const isReady = this.#isReady && (this.#shards?.alive ?? 0) > 0;
        return { isReady, status: isReady ? 'ready' : 'starting' };
      },
      cluster: async () =>
        this.#options.cluster === undefined ? 'alone' : this.#shards?.cluster(),
      metrics: async () => ({
        contentType: this.#metrics.contentType,
        text: await this.#metrics.scrape(this.#shards, this.#gateway?.figures),
      }),
    };
  }

  #materialOf(door: string, files: TlsFiles | undefined): TlsMaterial | undefined {
    if (files === undefined) return undefined;
    const reading = readPair(files);
    // It was good a moment ago, when the configuration was read.
    if (!reading.ok)
      throw new Error(`the certificate of the ${door} door changed while the node started`);
    this.#watchExpiry(door, reading.endsAtMs);
    return reading.material;
  }

  #watch(
    door: string,
    files: TlsFiles | undefined,
    known: TlsMaterial | undefined,
    reload: (material: TlsMaterial) => void,
  ): void {
    if (files === undefined || known === undefined) return;
    watchPair(files, known, {
      changed: ({ material, endsAtMs }) => {
        reload(material);
        this.#tlsReloaded(door, endsAtMs);
      },
      broken: (problems) => {
        for (const { key, problem, wayOut } of problems) {
          this.#say('error', 'tls.broken', { door, file: files[key], problem, wayOut });
        }
      },
    });
  }

  #tlsReloaded(door: string, endsAtMs: number): void {
    this.#say('info', 'tls.reloaded', { door, validUntil: new Date(endsAtMs).toISOString() });
    this.#watchExpiry(door, endsAtMs);
  }

  #tlsBroken(door: string, { key, problem, wayOut }: PeerTlsProblem): void {
    this.#say('error', 'tls.broken', { door, file: key, problem, wayOut });
  }

  #watchExpiry(door: string, endsAtMs: number): void {
    if (!endsSoon(endsAtMs)) return;
    this.#say('warn', 'tls.expires', { door, validUntil: new Date(endsAtMs).toISOString() });
  }

  async #drain(): Promise<void> {
    this.#gateway?.close();
    await this.#shards?.drain(this.#options.drain.spreadMs);
    await this.#shards?.stop();
    this.#admin?.close();
  }

  #refuse(sentence: string): void {
    process.stderr.write(`hermod: ${sentence}\n`);
    this.#exit(EXIT_DOOR);
  }

  #exit(code: number): void {
    this.#output.release();
    process.exit(code);
  }

  #say(level: Entry['level'], event: string, fields: Entry['fields']): void {
    this.#log({ type: 'log', level, event, fields });
  }
}

/** Writes at once, so that the last words are out when the process ends; a reader that went away is no error. */
function sink(stream: 1 | 2): Sink {
  const destination = pino.destination({ dest: stream, sync: true });
  return {
    isTerminal: (stream === 1 ? process.stdout : process.stderr).isTTY,
    write: (text) => destination.write(text),
  };
}

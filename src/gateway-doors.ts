// The gateway's share in a node's life: reads its routes and certificates, names its doors to the shards, opens what
// lives beside them (ZeroMQ, statistics), and passes changed routes on. Obeys spec/process.md, section "Gateway".

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BridgeRule } from './actors/bridge/bridge.ts';
import { channelOfTopic } from './actors/gateway/channel-messages.ts';
import type { GatewayStart } from './actors/node.ts';
import type { GatewaySetup } from './config/gateway-setup.ts';
import {
  Operations,
  type OperationsOptions,
  urisOf,
  wishesOf,
} from './transports/operator/operations.ts';
import { doorRefusal, reasonOf, specRefusal } from './transports/process/door-refusal.ts';
import type { ProcessFigures } from './transports/process/metrics.ts';
import type { Entry } from './transports/process/output.ts';
import {
  type Certificates,
  type CertificatesReading,
  materialFor,
  readCertificates,
  watchCertificates,
} from './transports/process/tls/certificates.ts';
import { endsSoon, readPair, type TlsProblem, watchPair } from './transports/process/tls/pairs.ts';
import { watchFiles, type Watching } from './transports/process/watched-files.ts';
import type {
  DoorSettings,
  ShardOperations,
  Shards,
  ShardsEvents,
  TlsMaterial,
} from './transports/shards-contract.ts';

export type Opened =
  | { readonly ok: true; readonly doors: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly sentence: string };

type MaterialReading =
  | { readonly ok: true; readonly material: TlsMaterial }
  | { readonly ok: false; readonly sentence: string };

export class GatewayDoors {
  readonly #setup: GatewaySetup;
  /** Channels that topics of other dialects are joined to. */
  readonly #joined: readonly string[];
  readonly #log: (entry: Entry) => void;
  #doors: Record<string, DoorSettings> = {};
  #routes = '';
  readonly #watching: Watching[] = [];
  /** Those who speak TLS, with the ports that they were given. */
  readonly #tlsPorts = new Map<string, number>();
  #certificates: Certificates | undefined = undefined;
  readonly #shards: Promise<Shards>;
  #settleShards: (shards: Shards) => void = () => {};
  readonly #attention = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #operations: Operations | undefined = undefined;

  constructor(setup: GatewaySetup, log: (entry: Entry) => void, bridge: readonly BridgeRule[]) {
    this.#setup = setup;
    this.#joined = bridge
      .flatMap(({ one, other }) => [one, other])
      .filter((topic) => topic.startsWith('grip/'))
      .map(channelOfTopic);
    this.#log = log;
    this.#shards = new Promise((resolve) => {
      this.#settleShards = resolve;
    });
  }

  get doors(): Readonly<Record<string, DoorSettings>> {
    return this.#doors;
  }

  get start(): GatewayStart {
    const zmqUris = urisOf(this.#operationsOptions.zmq);
    const { gateway: options, directory } = this.#setup;
    return { options, routes: this.#routes, zmqUris, directory };
  }

  /** The shards' share in what publishers and operators are offered. */
  get operations(): ShardOperations {
    const { pushInHttpAddress, pushInHttpHeadersBytesMax, pushInHttpBodyBytesMax } = this.#setup;
    const limits = {
      headBytesMax: pushInHttpHeadersBytesMax,
      bodyBytesMax: pushInHttpBodyBytesMax,
    };
    const control =
      pushInHttpAddress === undefined
        ? undefined
        : { host: pushInHttpAddress.host ?? '::', port: pushInHttpAddress.port, ...limits };
    return { control, notices: wishesOf(this.#operationsOptions, this.#attention) };
  }

  /** What shards say that concerns operators. */
  get events(): Pick<ShardsEvents, 'noticed' | 'died'> {
    return {
      noticed: (shard, notices) => this.#operations?.noticed(shard, notices),
      died: (shard) => this.#operations?.shardDied(shard),
    };
  }

  get figures(): ProcessFigures | undefined {
    return this.#operations;
  }

  get #operationsOptions(): OperationsOptions {
    const setup = this.#setup;
    const { prometheusAddress } = setup;
    const seconds = (ms: number): number => Math.max(1, Math.round(ms / 1_000));
    return {
      zmq: {
        pullSpec: setup.pushInSpec,
        subSpecs: setup.pushInSubSpecs,
        isSubConnecting: setup.pushInSubConnect,
        commandSpec: setup.commandSpec,
        ipcFileMode: setup.ipcFileMode,
      },
      stats: {
        spec: setup.statsSpec,
        format: setup.statsFormat,
        isSendingConnections: setup.statsConnectionSend,
        connectionTtlSeconds: seconds(setup.statsConnectionTtlMs),
        subscriptionTtlSeconds: seconds(setup.statsSubscriptionTtlMs),
        reportIntervalSeconds: setup.statsReportIntervalMs / 1_000,
      },
      prometheus: prometheusAddress && {
        host: prometheusAddress.host ?? '::',
        port: prometheusAddress.port,
        prefix: setup.prometheusPrefix,
      },
    };
  }

  get schemes(): Readonly<Record<string, string>> {
    const schemes = Object.entries(this.#doors).map(([door, { tls }]) => [
      door,
      tls === undefined ? 'http' : 'https',
    ]);
    return { ...Object.fromEntries(schemes), control: 'http', prometheus: 'http' };
  }

  /** Reads the files that the gateway cannot start without. */
  read(): { readonly ok: true } | { readonly ok: false; readonly sentence: string } {
    const { routeLines, routesFile } = this.#setup;
    if (routeLines.length > 0) this.#routes = routeLines.join('\n');
    else {
      try {
        this.#routes = readFileSync(routesFile, 'utf8');
      } catch (error) {
        const { code = 'unknown' } = error as NodeJS.ErrnoException;
        const wayOut = 'Name the file of routes, or give routes with --route.';
        const sentence = `The routes file ${routesFile} cannot be read (${code}). ${wayOut}`;
        return { ok: false, sentence };
      }
    }
    return this.#nameDoors();
  }

  /**
   * Opens what lives on the main thread, before the shards open their doors: whoever can reach one of them can reach
   * all. What comes in waits for the shards.
   */
  async prepare(): Promise<Opened> {
    this.#operations = new Operations(this.#operationsOptions, this.#attention, {
      takeItems: async (items) => (await this.#shards).takeItems(items),
      obeyCommand: async (frame) => (await this.#shards).obeyCommand(frame),
    });
    const opened = await this.#operations.open();
    if (opened.ok) {
      this.#operations.follow(this.#joined);
      return opened;
    }
    const { door, where, code, message } = opened;
    const setting = this.#setup.isPushpin ? pushpinNames[door] : ownNames[door];
    return { ok: false, sentence: specRefusal({ door, spec: where, setting, code, message }) };
  }

  /** The shards are there. */
  begin(shards: Shards): void {
    this.#settleShards(shards);
    this.#watchCertificates(shards);
    const { routeLines, routesFile } = this.#setup;
    if (routeLines.length > 0) return;
    // [GRIP-ROUTE-9] Changed routes count from now on; nobody who is here is sent away.
    const watching = watchFiles([routesFile], [this.#routes], ([text]) => {
      if (text === undefined) {
        this.#say('warn', 'gateway.routesUnreadable', { file: routesFile });
        return;
      }
      this.#routes = text;
      shards.changeRoutes(text);
    });
    this.#watching.push(watching);
  }

  /** [PROC-HUP-1] */
  lookAgain(): void {
    for (const watching of this.#watching) watching.look();
  }

  close(): void {
    this.#operations?.close();
    for (const watching of this.#watching) watching.stop();
  }

  refusalOf(failed: {
    readonly door: string;
    readonly code: string;
    readonly message: string;
  }): string {
    const { control } = this.operations;
    if (failed.door === 'control' && control !== undefined) {
      const [portSetting, hostSetting] = this.#setup.isPushpin
        ? ['push_in_http_port in the pushpin.conf', 'push_in_http_addr in the pushpin.conf']
        : ['--control-port', 'gateway.control.host'];
      return doorRefusal({ ...failed, ...control, portSetting, hostSetting });
    }
    const settings = this.#doors[failed.door];
    if (settings === undefined)
      return `The ${failed.door} door cannot open: ${reasonOf(failed.code)}.`;
    const { host, port, local } = settings;
    if (local !== undefined)
      return `The socket ${local.path} cannot open: ${failed.message}. Check local_ports in the pushpin.conf.`;
    const isPushpin = this.#setup.isPushpin;
    const key = settings.tls === undefined ? 'http_port' : 'https_ports';
    const portSetting = isPushpin ? `${key} in the pushpin.conf` : '--gateway-port';
    const hostSetting = isPushpin ? `${key} in the pushpin.conf` : '--gateway-host';
    return doorRefusal({ ...failed, host, port, portSetting, hostSetting });
  }

  #nameDoors(): { readonly ok: true } | { readonly ok: false; readonly sentence: string } {
    const { httpAddresses, httpsAddresses, localSockets, gateway, allowCompression } = this.#setup;
    const own = {
      headBytesMax: this.#setup.clientBufferBytes,
      messageBytesMax: this.#setup.messageBytesMax,
      connectionsMax: gateway.connectionsMax,
      idleTimeoutMs: gateway.idleTimeoutMs,
    };
    const doors: Record<string, DoorSettings> = {};
    const nameOf = (): string =>
      Object.keys(doors).length === 0 ? 'gateway' : `gateway-${Object.keys(doors).length + 1}`;
    for (const { host, port } of httpAddresses) {
      const settings = { host: host ?? '::', port, tls: undefined, deflate: allowCompression };
      doors[nameOf()] = { ...settings, dialect: 'gateway', limits: own };
    }
    for (const { host, port } of httpsAddresses) {
      const reading = this.#materialOf(port);
      if (!reading.ok) return reading;
      const name = nameOf();
      this.#tlsPorts.set(name, port);
      const settings = { host: host ?? '::', port, tls: reading.material };
      doors[name] = { ...settings, deflate: allowCompression, dialect: 'gateway', limits: own };
    }
    for (const local of localSockets) {
      const settings = { host: '', port: 0, tls: undefined, deflate: allowCompression, local };
      doors[nameOf()] = { ...settings, dialect: 'gateway', limits: own };
    }
    this.#doors = doors;
    return { ok: true };
  }

  /** [GRIP-CLIENT-9] What a door shows at first. */
  #materialOf(port: number): MaterialReading {
    const { tls: files, certificatesDirectory: directory } = this.#setup;
    if (files !== undefined) {
      const reading = readPair(files);
      if (reading.ok) {
        this.#remind(files.certFile, reading.endsAtMs);
        return reading;
      }
      const [first] = reading.problems;
      const sentence = `The certificate of port ${port} (${files.certFile}) cannot be used: ${first?.problem ?? ''}. ${first?.wayOut ?? ''}`;
      return { ok: false, sentence };
    }
    if (this.#certificates === undefined) {
      const { certificates, problems } = readCertificates(directory);
      this.#certificates = certificates;
      this.#took({ certificates, problems });
    }
    const material = materialFor(port, this.#certificates);
    if (material !== undefined) return { ok: true, material };
    const wayOut = `Put default_${port}.crt and default_${port}.key there, or NAME.crt and NAME.key.`;
    return { ok: false, sentence: `Port ${port} has no certificate in ${directory}. ${wayOut}` };
  }

  #watchCertificates(shards: Shards): void {
    const { tls: files, certificatesDirectory: directory } = this.#setup;
    if (files !== undefined) {
      for (const [door] of this.#tlsPorts) {
        const known = this.#doors[door]?.tls;
        if (known === undefined) continue;
        const watching = watchPair(files, known, {
          changed: ({ material, endsAtMs }) => {
            this.#reload(shards, door, material);
            this.#remind(files.certFile, endsAtMs);
          },
          broken: (problems) =>
            this.#complain(problems.map((problem) => ({ ...problem, file: files[problem.key] }))),
        });
        this.#watching.push(watching);
      }
    } else if (this.#certificates !== undefined) {
      const watching = watchCertificates(directory, this.#certificates, (reading) => {
        this.#took(reading);
        for (const [door, port] of this.#tlsPorts) {
          const material = materialFor(port, reading.certificates);
          if (material !== undefined) this.#reload(shards, door, material);
        }
      });
      this.#watching.push(watching);
    }
  }

  #reload(shards: Shards, door: string, material: TlsMaterial): void {
    shards.reloadTls(door, material);
    this.#say('info', 'tls.reloaded', { door });
  }

  #took({ certificates, problems }: CertificatesReading): void {
    this.#complain(problems);
    for (const [name, { endsAtMs }] of certificates)
      this.#remind(join(this.#setup.certificatesDirectory, `${name}.crt`), endsAtMs);
  }

  #remind(file: string, endsAtMs: number): void {
    if (!endsSoon(endsAtMs)) return;
    const validUntil = new Date(endsAtMs).toISOString();
    this.#say('warn', 'tls.expires', { door: 'gateway', file, validUntil });
  }

  #complain(problems: readonly (TlsProblem & { readonly file: string })[]): void {
    for (const { file, problem, wayOut } of problems)
      this.#say('error', 'tls.broken', { door: 'gateway', file, problem, wayOut });
  }

  #say(level: Entry['level'], event: string, fields: Entry['fields']): void {
    this.#log({ type: 'log', level, event, fields });
  }
}

const pushpinNames = {
  'zmq-pull': 'push_in_spec in the pushpin.conf',
  'zmq-sub': 'push_in_sub_specs in the pushpin.conf',
  'zmq-command': 'command_spec in the pushpin.conf',
  stats: 'stats_spec in the pushpin.conf',
  prometheus: 'prometheus_port in the pushpin.conf',
};
const ownNames: typeof pushpinNames = {
  'zmq-pull': 'gateway.zmq.pull',
  'zmq-sub': 'gateway.zmq.sub',
  'zmq-command': 'gateway.zmq.command',
  stats: 'gateway.zmq.stats',
  prometheus: 'the port of Prometheus',
};

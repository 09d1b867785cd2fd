// Flags, environment and a config file to the options of a node, or to the list of EVERY mistake in them, each with
// its place and a way out. A flag beats the environment, that the file, that the default. Refuses to know disks and
// sockets: what only the world can tell (do key and certificate match?) it asks through `FileChecks`.
// Obeys spec/process.md, section "Configuration".

import type { BridgeRule } from './actors/bridge/bridge.ts';
import type { BrokerOptions } from './actors/broker/broker-options.ts';
import type { HomeLimits } from './actors/routing/home.actor.ts';
import { dangers } from './config/checks/dangers.ts';
import type { AuthSettings, FileChecks, TlsFiles } from './config/checks/file-checks.ts';
import { bridgeMistakes, chatDoorRows, chatMistakes, chatRows } from './config/chat-settings.ts';
import type { ChatOptions } from './actors/chat/chat-options.ts';
import {
  clusterDoorRows,
  clusterMistakes,
  clusterOf,
  clusterRows,
  namesOf,
} from './config/cluster-settings.ts';
import { fromFile } from './config/file-layer.ts';
import { gatewayDoorRows, gatewayRows } from './config/gateway-settings.ts';
import { gatewayOfPushpin, gatewayOfSettings, type GatewaySetup } from './config/gateway-setup.ts';
import {
  type Effective,
  fromEnvironment,
  type Layer,
  type Mistake,
  mistakeAt,
  type Place,
} from './config/layers.ts';
import {
  adminRows,
  authRows,
  bridgeRows,
  brokerDoorRows,
  brokerRows,
  drainRows,
  historyRows,
  logRows,
  nodeRows,
  settings,
} from './config/settings.ts';
import type { PushpinReading } from './config/pushpin/pushpin-conf.ts';
import type { ValuesOf } from './config/rows.ts';

export interface AdminDoor {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
}

export interface BrokerDoor extends AdminDoor {
  /** When nobody chose the port, the door may move. */
  readonly portWasSet: boolean;
  readonly deflate: boolean;
}

export interface ChatDoor extends AdminDoor {
  readonly passwordFile: string | undefined;
}

export interface NodeOptions {
  readonly threads: number;
  /** Standard output is one JSON object per line. */
  readonly json: boolean;
  readonly doors: {
    /** undefined where a `pushpin.conf` says which doors there are, and nobody asked for this one. */
    readonly broker: BrokerDoor | undefined;
    readonly admin: AdminDoor | undefined;
    /** undefined without a port. */
    readonly chat: ChatDoor | undefined;
  };
  /** undefined without routes. */
  readonly gateway: GatewaySetup | undefined;
  readonly bridge: readonly BridgeRule[];
  /** undefined without any key. */
  readonly auth: AuthSettings | undefined;
  readonly log: ValuesOf<typeof logRows>;
  readonly drain: ValuesOf<typeof drainRows>;
  readonly broker: BrokerOptions;
  readonly home: HomeLimits;
  readonly chat: ChatOptions;
  readonly cluster: ReturnType<typeof clusterOf>;
}

export interface ConfigInput {
  readonly flags: Layer;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The config file's name, with its text or with the reason why there is none. */
  readonly file:
    | undefined
    | { readonly name: string; readonly text: string }
    | { readonly name: string; readonly problem: string };
  /** What came of a `pushpin.conf`, when one is used. */
  readonly pushpin?: PushpinReading | undefined;
  /** Routes given on the command line, instead of a file. */
  readonly routeLines?: readonly string[];
  /** Cores of this machine. */
  readonly cores: number;
  readonly checks: FileChecks;
}

export type ConfigReading =
  | {
      readonly ok: true;
      readonly options: NodeOptions;
      readonly warnings: readonly string[];
      readonly effective: readonly Effective[];
    }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

const THREADS_MAX_BY_DEFAULT = 8;

/** [PROC-CONF-1] Reads every layer to its end before it says what is wrong. */
export function readConfig(input: ConfigInput): ConfigReading {
  const { flags, env, file, cores } = input;
  const values = new Values();
  // [PROC-CONF-2] Later layers win.
  for (const layer of [layerOfFile(file), fromEnvironment(env), flags]) values.take(layer);

  const node = values.section('', nodeRows);
  const { requireToken, ...door } = values.section('broker.', brokerDoorRows);
  const admin = values.section('admin.', adminRows);
  const auth = values.section('auth.', authRows);
  const drain = values.section('drain.', drainRows);
  const home = values.section('history.', historyRows);
  const gatewayDoors = values.section('gateway.', gatewayDoorRows);
  tlsOf(values, 'gateway.', gatewayDoors, input.checks);
  const { pushpin, routeLines = [] } = input;
  if (pushpin !== undefined) {
    values.warnings.push(...pushpin.warnings);
    if (!pushpin.ok) values.mistakes.push(...pushpin.mistakes);
    values.passOver('gateway.', 'says nothing beside a pushpin.conf');
  }
  const brokerTls = tlsOf(values, 'broker.', door, input.checks);
  const adminTls = tlsOf(values, 'admin.', admin, input.checks);
  const chatDoor = values.section('chat.', chatDoorRows);
  const chat = values.section('chat.', chatRows);
  const chatTls = tlsOf(values, 'chat.', chatDoor, input.checks);
  const hasAuth = checkAuth(values, auth, requireToken, input.checks);
  if (drain.deadlineMs < drain.spreadMs) {
    const problem = 'drain.deadlineMs is shorter than drain.spreadMs';
    const wayOut = 'The deadline must leave time for the spread.';
    values.refuse(['drain.deadlineMs', 'drain.spreadMs'], problem, wayOut);
  }
  if (home.historyBytesMax > home.historyBytesTotalMax) {
    const problem = 'history.historyBytesMax is more than history.historyBytesTotalMax';
    const wayOut = 'One topic may not remember more than all.';
    values.refuse(['history.historyBytesMax', 'history.historyBytesTotalMax'], problem, wayOut);
  }
  if (admin.port === door.port && admin.port !== 0 && admin.host === door.host) {
    const problem = 'the broker door and the admin door have the same port';
    values.refuse(['admin.port', 'broker.port'], problem, 'Give each door a port of its own.');
  }
  const bridge = values.section('bridge.', bridgeRows).topics;
  const clusterDoor = values.section('cluster.', clusterDoorRows);
  const clusterSettings = values.section('cluster.', clusterRows);
  for (const { keys, problem, wayOut } of [
    ...chatMistakes(chat, chatDoor.passwordFile, hasAuth, input.checks),
    ...bridgeMistakes(bridge, chatDoor.port),
    ...clusterMistakes(clusterDoor, clusterSettings, input.checks),
  ])
    values.refuse(keys, problem, wayOut);
  const cluster = clusterOf(clusterDoor, clusterSettings, chat, chatDoor);
  if (values.mistakes.length > 0) return { ok: false, mistakes: values.mistakes.toSorted(byPlace) };

  const broker = {
    ...values.section('broker.', brokerRows),
    requireToken: requireToken ?? hasAuth,
  };
  const gateway =
    pushpin?.ok === true
      ? gatewayOfPushpin(pushpin.settings, routeLines)
      : gatewayOfSettings(gatewayDoors, values.section('gateway.', gatewayRows), routeLines);
  // [PROC-GATE-2] A drop-in opens the doors of what it takes the place of, and those that somebody asked for.
  const isAsked = (key: string): boolean => pushpin === undefined || values.isSet(key);
  const options: NodeOptions = {
    threads: node.threads ?? Math.max(1, Math.min(cores, THREADS_MAX_BY_DEFAULT)),
    json: node.json,
    doors: {
      broker: isAsked('broker.port')
        ? {
            host: door.host,
            port: door.port,
            portWasSet: values.isSet('broker.port'),
            tls: brokerTls,
            deflate: door.deflate,
          }
        : undefined,
      admin:
        admin.port === undefined || !isAsked('admin.port')
          ? undefined
          : { host: admin.host, port: admin.port, tls: adminTls },
      chat:
        chatDoor.port === undefined
          ? undefined
          : { ...chatDoor, port: chatDoor.port, tls: chatTls },
    },
    gateway,
    bridge,
    auth: hasAuth ? auth : undefined,
    log: logOf(values, pushpin),
    drain,
    broker,
    home,
    chat: { ...chat, ...namesOf(cluster) },
    cluster,
  };
  const warnings = [...values.warnings, ...dangers(options)];
  return { ok: true, options, warnings, effective: effectiveBeside(pushpin, values, options) };
}

/** [PROC-GATE-5] A `pushpin.conf` speaks for the gateway, and closes the doors that nobody asked for. */
function effectiveBeside(
  pushpin: ConfigInput['pushpin'],
  values: Values,
  { doors, log }: NodeOptions,
): readonly Effective[] {
  const own = values.effective();
  if (pushpin?.ok !== true) return own;
  const others = own.filter(({ key }) => !key.startsWith('gateway.'));
  const otherwise: Readonly<Record<string, string>> = {
    'log.level': log.level,
    ...(doors.broker === undefined ? { 'broker.port': 'off' } : {}),
    ...(doors.admin === undefined ? { 'admin.port': 'off' } : {}),
  };
  return [
    ...pushpin.effective,
    ...others.map((one) => ({ ...one, text: otherwise[one.key] ?? one.text })),
  ];
}

/** [PROC-GATE-4] What Pushpin wrote is written, unless somebody says otherwise. */
function logOf(values: Values, pushpin: ConfigInput['pushpin']): NodeOptions['log'] {
  const log = values.section('log.', logRows);
  if (pushpin?.ok !== true || values.isSet('log.level')) return log;
  const { logLevel } = pushpin.settings;
  return { ...log, level: (['error', 'warn', 'info'] as const)[logLevel] ?? 'debug' };
}

/** The file's mistakes as one reads it, then the others as they were found. */
function byPlace(a: Mistake, b: Mistake): number {
  const [lineA = Infinity, lineB = Infinity] = [a.line, b.line];
  if (lineA !== lineB) return lineA < lineB ? -1 : 1;
  return (a.column ?? 0) - (b.column ?? 0);
}

function layerOfFile(file: ConfigInput['file']): Layer {
  if (file === undefined) return { given: [], mistakes: [], warnings: [] };
  if ('text' in file) return fromFile(file.name, file.text);
  const wayOut = 'Check the path, and that the user of this process may read the file.';
  const mistake = { file: file.name, key: '--config', problem: file.problem, wayOut };
  return { given: [], mistakes: [mistake], warnings: [] };
}

/** The settings of all layers, as far as they could be read. */
class Values {
  readonly mistakes: Mistake[] = [];
  readonly warnings: string[] = [];
  readonly #found = new Map<string, { readonly value: unknown; readonly place: Place }>();

  take({ given, mistakes, warnings }: Layer): void {
    this.mistakes.push(...mistakes);
    this.warnings.push(...warnings);
    const byKey = new Map(settings.map((setting) => [setting.key, setting]));
    for (const { key, text, place } of given) {
      const setting = byKey.get(key);
      if (setting === undefined) throw new Error(`a layer gave ${key}, which is no setting`);
      const reading = setting.kind.read(text);
      if (reading.ok) this.#found.set(key, { value: reading.value, place });
      else this.mistakes.push(mistakeAt(place, reading.problem, reading.wayOut));
    }
  }

  /** The values of a section's rows; defaults where nothing (good) was given. */
  section<R extends Readonly<Record<string, { readonly fallback: unknown }>>>(
    prefix: string,
    rows: R,
  ): ValuesOf<R> {
    const values = Object.entries(rows).map(([name, { fallback }]) => {
      const found = this.#found.get(`${prefix}${name}`);
      return [name, found === undefined ? fallback : found.value] as const;
    });
    // Each value was read by the kind of its own row.
    return Object.fromEntries(values) as ValuesOf<R>;
  }

  /** Warns of each setting of a section that somebody gave in vain. */
  passOver(prefix: string, why: string): void {
    for (const [key, { place }] of this.#found)
      if (key.startsWith(prefix)) this.warnings.push(`${place.name} ${why}.`);
  }

  isSet(key: string): boolean {
    return this.#found.has(key);
  }

  /** A mistake that only shows beside other settings; told at the place of the first key that was set anywhere. */
  refuse(keys: readonly string[], problem: string, wayOut: string): void {
    const place = keys.map((key) => this.#found.get(key)?.place).find((at) => at !== undefined);
    const [name = ''] = keys;
    this.mistakes.push(mistakeAt(place ?? { layer: 'file', name }, problem, wayOut));
  }

  effective(): readonly Effective[] {
    return settings.map(({ key, kind, fallback, fallbackText }) => {
      const found = this.#found.get(key);
      if (found === undefined)
        return { key, text: fallbackText ?? kind.show(fallback), from: 'default' };
      const { name, at } = found.place;
      return {
        key,
        text: kind.show(found.value),
        from: at === undefined ? name : `${at.file}:${at.line}`,
      };
    });
  }
}

function tlsOf(
  values: Values,
  prefix: string,
  files: {
    readonly 'tls.certFile': string | undefined;
    readonly 'tls.keyFile': string | undefined;
  },
  checks: FileChecks,
): TlsFiles | undefined {
  const { 'tls.certFile': certFile, 'tls.keyFile': keyFile } = files;
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined) {
    const wayOut = `Set ${prefix}tls.certFile too, or neither.`;
    values.refuse([`${prefix}tls.keyFile`], 'is a key without its certificate', wayOut);
    return undefined;
  }
  if (keyFile === undefined) {
    const wayOut = `Set ${prefix}tls.keyFile too, or neither.`;
    values.refuse([`${prefix}tls.certFile`], 'is a certificate without its key', wayOut);
    return undefined;
  }
  for (const { key, problem, wayOut } of checks.tls({ certFile, keyFile })) {
    values.refuse([`${prefix}tls.${key}`], problem, wayOut);
  }
  return { certFile, keyFile };
}

/** Says whether tokens can be verified at all. */
function checkAuth(
  values: Values,
  auth: AuthSettings,
  requireToken: boolean | undefined,
  checks: FileChecks,
): boolean {
  const { secret, secretFile, publicKeyFile, jwksFile } = auth;
  const hasKey = [secret, secretFile, publicKeyFile, jwksFile].some((key) => key !== undefined);
  const wayOut = 'Set auth.secretFile, auth.publicKeyFile or auth.jwksFile.';
  if (secret !== undefined && secretFile !== undefined) {
    values.refuse(['auth.secretFile'], 'is set beside auth.secret', 'Keep one of the two.');
  }
  if (hasKey) {
    for (const { key, problem, wayOut: out } of checks.auth(auth)) {
      values.refuse([`auth.${key}`], problem, out);
    }
    return true;
  }
  for (const key of ['auth.audience', 'auth.issuer']) {
    if (values.isSet(key)) values.refuse([key], 'has no key to verify tokens with', wayOut);
  }
  if (requireToken === true) {
    values.refuse(['broker.requireToken'], 'has no key to verify tokens with', wayOut);
  }
  return false;
}

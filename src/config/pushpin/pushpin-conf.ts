// Pushpin's own config file, read so that Hermod can take Pushpin's place: the gateway's options and what stands around
// them. Every mistake is told with its line; what Hermod has no use for is a warning. What the file leaves out is as
// Pushpin has it, not as Hermod has it without such a file. Refuses to know disks, keys and sockets.
// The keys are those of pushpin.conf from 1.36 to 2.0.

import { dirname, resolve } from 'node:path';
import {
  type ForwardedForRule,
  gatewayDefaults,
  type GatewayOptions,
} from '../../actors/gateway/gateway-options.ts';
import type { Effective, Mistake } from '../layers.ts';
import { effectiveOf } from './pushpin-effective.ts';
import { PushpinFile, type PushpinInput } from './pushpin-file.ts';

/** `host` is undefined for all addresses. */
export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

export interface LocalSocket {
  readonly path: string;
  /** Permissions of the socket's file. */
  readonly mode: number | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
}

/** Specs of ZeroMQ are texts with variables replaced and ports shifted; undefined where there shall be no socket. */
export interface PushpinSettings {
  readonly gateway: GatewayOptions;

  readonly httpAddresses: readonly ListenAddress[];
  readonly httpsAddresses: readonly ListenAddress[];
  readonly localSockets: readonly LocalSocket[];
  /** Where NAME.crt and NAME.key lie. */
  readonly certificatesDirectory: string;
  readonly clientBufferBytes: number;
  readonly allowCompression: boolean;

  readonly routesFile: string;
  /** Files that keys name are found from here. */
  readonly directory: string;

  readonly pushInSpec: string | undefined;
  readonly pushInSubSpecs: readonly string[];
  /** Connects to the specs above, instead of binding the first. */
  readonly pushInSubConnect: boolean;
  readonly pushInHttpAddress: ListenAddress | undefined;
  readonly pushInHttpHeadersBytesMax: number;
  readonly pushInHttpBodyBytesMax: number;
  readonly commandSpec: string | undefined;
  readonly ipcFileMode: number | undefined;

  readonly statsSpec: string | undefined;
  readonly statsFormat: 'tnetstring' | 'json';
  readonly statsConnectionSend: boolean;
  readonly statsConnectionTtlMs: number;
  readonly statsSubscriptionTtlMs: number;
  /** 0: no reports. */
  readonly statsReportIntervalMs: number;
  readonly prometheusAddress: ListenAddress | undefined;
  readonly prometheusPrefix: string;

  /** 0 errors, 1 warnings, 2 what happens, 3 and more everything. */
  readonly logLevel: number;
  readonly logLevelsByService: Readonly<Record<string, number>>;
  readonly runDirectory: string | undefined;
  readonly ipcPrefix: string;
  readonly portOffset: number;
}

export type PushpinReading =
  | {
      readonly ok: true;
      readonly settings: PushpinSettings;
      /** Every key that is obeyed, as it is in force. */
      readonly effective: readonly Effective[];
      readonly warnings: readonly string[];
    }
  | {
      readonly ok: false;
      readonly mistakes: readonly Mistake[];
      readonly warnings: readonly string[];
    };

const secondsMax = 2_147_483;
const countMax = 2_147_483_647;
const bytesMax = 1_073_741_824;

/** Reads the whole file, whatever is wrong with it. */
export function readPushpinConf(input: PushpinInput): PushpinReading {
  const file = new PushpinFile(input);
  const settings = settingsOf(file, resolve(dirname(input.file)));
  file.finish();
  const { mistakes, warnings } = file;
  if (mistakes.length > 0) return { ok: false, mistakes, warnings };
  return { ok: true, settings, effective: effectiveOf(file, settings), warnings };
}

function settingsOf(file: PushpinFile, directory: string): PushpinSettings {
  const httpAddresses = addresses(file, 'http_port', 0);
  const httpsAddresses = addresses(file, 'https_ports', 1);
  const localSockets = sockets(file);
  const levels = logging(file);
  const ports = httpAddresses.length + httpsAddresses.length + localSockets.length;
  // Ports that cannot be read were told already.
  if (ports === 0 && file.mistakes.length === 0) {
    const wayOut = 'Write http_port=7999, say.';
    file.complain('runner', 'http_port', 'no port for clients is configured', wayOut);
  }
  return {
    gateway: gatewayOf(file, levels),
    httpAddresses,
    httpsAddresses,
    localSockets,
    certificatesDirectory: resolve(directory, 'runner/certs'),
    clientBufferBytes: file.number('runner', 'client_buffer_size', 1, bytesMax) ?? 8_192,
    allowCompression: file.flag('runner', 'allow_compression', false),
    routesFile: resolve(directory, file.text('proxy', 'routesfile') ?? 'routes'),
    directory,
    ...pushInputs(file),
    ...stats(file),
    ...levels,
    runDirectory: file.runDirectory,
    ipcPrefix: file.ipcPrefix,
    portOffset: file.portOffset,
  };
}

function gatewayOf(
  file: PushpinFile,
  levels: Pick<PushpinSettings, 'logLevel' | 'logLevelsByService'>,
): GatewayOptions {
  return {
    ...gatewayDefaults,
    sigKey: file.text('proxy', 'sig_key'),
    sigIss: file.given('proxy', 'sig_iss') ?? 'pushpin',
    upstreamKey: file.text('proxy', 'upstream_key'),
    isDebug: file.flag('proxy', 'debug', false),
    isCrossOrigin: file.flag('proxy', 'auto_cross_origin', false),
    acceptForwardedProtocol: file.flag('proxy', 'accept_x_forwarded_protocol', false),
    setForwardedProtocol: forwardedProtocol(file),
    forwardedFor: forwardedFor(file, 'x_forwarded_for'),
    forwardedForTrusted: forwardedFor(file, 'x_forwarded_for_trusted'),
    origHeadersNeedMark: file.list('proxy', 'orig_headers_need_mark'),
    acceptPushpinRoute: file.flag('proxy', 'accept_pushpin_route', false),
    cdnLoop: file.text('proxy', 'cdn_loop') ?? '',
    sockjsUrl: file.text('proxy', 'sockjs_url') ?? gatewayDefaults.sockjsUrl,
    logRequests: (levels.logLevelsByService['proxy'] ?? levels.logLevel) >= 2,
    logFrom: file.flag('proxy', 'log_from', false),
    logUserAgent: file.flag('proxy', 'log_user_agent', false),
    connectionsMax: file.number('runner', 'client_maxconn', 1, countMax) ?? 50_000,
    connectionSubscriptionsMax:
      file.number('handler', 'connection_subscription_max', 0, countMax) ?? 20,
    messageWaitMs: file.number('handler', 'message_wait', 0, countMax) ?? 5_000,
    idCacheTtlMs: seconds(file, 'handler', 'id_cache_ttl', 0),
    messageRate: limit(file.number('handler', 'message_rate', -1, countMax)),
    messageHwm: limit(file.number('handler', 'message_hwm', -1, countMax)),
    messageBlockBytes: limit(file.number('handler', 'message_block_size', -1, bytesMax)),
    updateOnFirstSubscription: file.flag('handler', 'update_on_first_subscription', true),
    subscriptionLingerMs: seconds(file, 'handler', 'subscription_linger', 60),
  };
}

function pushInputs(file: PushpinFile) {
  const port = file.number('handler', 'push_in_http_port', -1, 65_535) ?? -1;
  const host = file.text('handler', 'push_in_http_addr') ?? '127.0.0.1';
  const shifted = port > 0 ? port + file.portOffset : port;
  if (shifted > 65_535) {
    const problem = `${port} is no port with port_offset=${file.portOffset} added`;
    file.complain('handler', 'push_in_http_port', problem, 'Choose a smaller one.');
  }
  const mode = file.text('handler', 'ipc_file_mode');
  if (mode !== undefined && !isMode(mode)) {
    const problem = `${JSON.stringify(mode)} are no file permissions`;
    file.complain('handler', 'ipc_file_mode', problem, 'Write them in octal, as 777.');
  }
  // The singular is older; Pushpin takes both, in this order.
  const oldSubSpec = file.text('handler', 'push_in_sub_spec');
  const subSpecs = file.list('handler', 'push_in_sub_specs');
  return {
    pushInSpec: file.text('handler', 'push_in_spec'),
    pushInSubSpecs: oldSubSpec === undefined ? subSpecs : [...subSpecs, oldSubSpec],
    pushInSubConnect: file.flag('handler', 'push_in_sub_connect', false),
    pushInHttpAddress: port < 0 ? undefined : { host, port: shifted },
    pushInHttpHeadersBytesMax:
      file.number('handler', 'push_in_http_max_headers_size', 1, bytesMax) ?? 10_000,
    pushInHttpBodyBytesMax:
      file.number('handler', 'push_in_http_max_body_size', 1, bytesMax) ?? 1_000_000,
    commandSpec: file.text('handler', 'command_spec'),
    ipcFileMode: mode === undefined ? undefined : Number.parseInt(mode, 8),
  };
}

function stats(file: PushpinFile) {
  return {
    statsSpec: file.text('handler', 'stats_spec'),
    statsFormat: statsFormat(file),
    statsConnectionSend: file.flag('global', 'stats_connection_send', true),
    statsConnectionTtlMs: seconds(file, 'global', 'stats_connection_ttl', 120),
    statsSubscriptionTtlMs: seconds(file, 'handler', 'stats_subscription_ttl', 60),
    statsReportIntervalMs: seconds(file, 'handler', 'stats_report_interval', 10),
    prometheusAddress: prometheus(file),
    prometheusPrefix: file.text('handler', 'prometheus_prefix') ?? '',
  };
}

/** Pushpin can show its metrics at a socket in a folder, too. */
function prometheus(file: PushpinFile): ListenAddress | undefined {
  const text = file.text('handler', 'prometheus_port');
  if (text === undefined) return undefined;
  if (text.startsWith('ipc:')) {
    file.warn('handler', 'prometheus_port', 'is not obeyed: metrics are shown at a port');
    return undefined;
  }
  return address(file, ['handler', 'prometheus_port'], text, 0);
}

function statsFormat(file: PushpinFile): 'tnetstring' | 'json' {
  const text = file.text('handler', 'stats_format') ?? 'tnetstring';
  if (text === 'json' || text === 'tnetstring') return text;
  const problem = `${JSON.stringify(text)} is no format of stats`;
  file.complain('handler', 'stats_format', problem, 'Write tnetstring or json.');
  return 'tnetstring';
}

function logging(file: PushpinFile) {
  let logLevel = 2;
  const byService: Record<string, number> = {};
  for (const part of file.list('runner', 'log_level')) {
    const [, service, digits] = /^(?:(.+):)?\s*(\d{1,9})$/.exec(part) ?? [];
    if (digits === undefined) {
      const problem = `${JSON.stringify(part)} is no log level`;
      const wayOut = 'Write a number from 0, or several as 2,proxy:3.';
      file.complain('runner', 'log_level', problem, wayOut);
    } else if (service === undefined) logLevel = Number(digits);
    else byService[service.replace(/^pushpin-/, '')] = Number(digits);
  }
  return { logLevel, logLevelsByService: byService };
}

function addresses(file: PushpinFile, key: string, least: number): readonly ListenAddress[] {
  const all = file.list('runner', key).map((text) => address(file, ['runner', key], text, least));
  return all.filter((one) => one !== undefined);
}

/** `PORT` or `ADDRESS:PORT`; an IPv6 address is in brackets. */
function address(
  file: PushpinFile,
  [section, key]: readonly [string, string],
  text: string,
  least: number,
): ListenAddress | undefined {
  const [, bracketed, plain, digits] =
    /^(?:(?:\[([\da-fA-F:.]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits ?? Number.NaN);
  if (port >= least && port <= 65_535) {
    const host = bracketed ?? plain ?? '';
    return { host: host === '' ? undefined : host, port };
  }
  const problem = `${JSON.stringify(text)} is no port to listen on`;
  file.complain(section, key, problem, 'Write a port, or an address, a colon and a port.');
  return undefined;
}

function sockets(file: PushpinFile): readonly LocalSocket[] {
  return file.list('runner', 'local_ports').map((text) => {
    const mark = text.indexOf('?');
    const query = new URLSearchParams(mark < 0 ? '' : text.slice(mark));
    const mode = query.get('mode') ?? undefined;
    if (mode !== undefined && !isMode(mode)) {
      const problem = `${JSON.stringify(mode)} are no file permissions`;
      file.complain('runner', 'local_ports', problem, 'Write them in octal, as mode=0777.');
    }
    return {
      path: mark < 0 ? text : text.slice(0, mark),
      mode: mode === undefined ? undefined : Number.parseInt(mode, 8),
      user: query.get('user') ?? undefined,
      group: query.get('group') ?? undefined,
    };
  });
}

function forwardedProtocol(file: PushpinFile): GatewayOptions['setForwardedProtocol'] {
  const text = file.text('proxy', 'set_x_forwarded_protocol') ?? 'false';
  if (text === 'true') return 'both';
  if (text === 'proto-only') return text;
  if (text !== 'false')
    file.warn('proxy', 'set_x_forwarded_protocol', `${JSON.stringify(text)} is read as false`);
  return 'none';
}

function forwardedFor(file: PushpinFile, key: string): readonly ForwardedForRule[] {
  // A quoted list is one text, and means the same.
  const rules = file.list('proxy', key).flatMap((text) => text.split(','));
  return rules.flatMap((rule): ForwardedForRule[] => {
    const text = rule.trim();
    if (text === 'append') return [{ kind: 'append' }];
    const [, digits] = /^truncate:(\d{1,9})$/.exec(text) ?? [];
    if (digits !== undefined) return [{ kind: 'truncate', keep: Number(digits) }];
    const problem = `${JSON.stringify(text)} is no rule`;
    file.complain('proxy', key, problem, 'Write append, or truncate: and a number, or both.');
    return [];
  });
}

function seconds(file: PushpinFile, section: string, key: string, fallback: number): number {
  return (file.number(section, key, 0, secondsMax) ?? fallback) * 1_000;
}

/** Nothing positive is no limit. */
function limit(count: number | undefined): number | undefined {
  return count === undefined || count <= 0 ? undefined : count;
}

function isMode(text: string): boolean {
  return /^[0-7]{1,5}$/.test(text);
}

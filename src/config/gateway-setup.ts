// The gateway as the node starts it: what settings of our own say, in the same words as a `pushpin.conf`.
// Refuses to know disks. Obeys spec/process.md, section "Gateway".

import { resolve } from 'node:path';
import type { GatewayOptions } from '../actors/gateway/gateway-options.ts';
import type { TlsFiles } from './checks/file-checks.ts';
import type { gatewayDoorRows } from './gateway-settings.ts';
import type { PushpinSettings } from './pushpin/pushpin-conf.ts';
import type { ValuesOf } from './rows.ts';

export interface GatewaySetup extends PushpinSettings {
  /** For `https` addresses; undefined: found by name in `certificatesDirectory`. */
  readonly tls: TlsFiles | undefined;
  readonly messageBytesMax: number;
  /** Instead of a routes file. */
  readonly routeLines: readonly string[];
  /** A default port that cannot be had may be done without. */
  readonly isPushpin: boolean;
}

/** Undefined when nobody named routes: then there is no gateway. */
export function gatewayOfSettings(
  doors: ValuesOf<typeof gatewayDoorRows>,
  gateway: GatewayOptions,
  routeLines: readonly string[],
): GatewaySetup | undefined {
  const { routesFile } = doors;
  if (routesFile === undefined && routeLines.length === 0) return undefined;
  const { 'tls.certFile': certFile, 'tls.keyFile': keyFile } = doors;
  const tls = certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
  const address = { host: doors.host, port: doors.port };
  const controlPort = doors['control.port'];
  return {
    gateway,
    httpAddresses: tls === undefined ? [address] : [],
    httpsAddresses: tls === undefined ? [] : [address],
    localSockets: [],
    certificatesDirectory: '',
    clientBufferBytes: doors.headBytesMax,
    allowCompression: doors.deflate,
    routesFile: routesFile === undefined ? '' : resolve(routesFile),
    directory: process.cwd(),
    pushInSpec: unlessOff(doors['zmq.pull']),
    pushInSubSpecs: doors['zmq.sub'].filter((spec) => spec !== 'off'),
    pushInSubConnect: doors['zmq.subConnects'],
    pushInHttpAddress:
      controlPort === undefined ? undefined : { host: doors['control.host'], port: controlPort },
    pushInHttpHeadersBytesMax: doors['control.headBytesMax'],
    pushInHttpBodyBytesMax: doors['control.bodyBytesMax'],
    commandSpec: unlessOff(doors['zmq.command']),
    ipcFileMode: undefined,
    statsSpec: unlessOff(doors['zmq.stats']),
    statsFormat: 'tnetstring',
    statsConnectionSend: true,
    statsConnectionTtlMs: 120_000,
    statsSubscriptionTtlMs: 60_000,
    statsReportIntervalMs: 10_000,
    prometheusAddress: undefined,
    prometheusPrefix: '',
    logLevel: 2,
    logLevelsByService: {},
    runDirectory: undefined,
    ipcPrefix: '',
    portOffset: 0,
    tls,
    messageBytesMax: doors.messageBytesMax,
    routeLines,
    isPushpin: false,
  };
}

/** A `pushpin.conf` says everything itself. */
export function gatewayOfPushpin(
  settings: PushpinSettings,
  routeLines: readonly string[],
): GatewaySetup {
  return {
    ...settings,
    tls: undefined,
    messageBytesMax: PUSHPIN_MESSAGE_BYTES_MAX,
    routeLines,
    isPushpin: true,
  };
}

function unlessOff(spec: string): string | undefined {
  return spec === 'off' ? undefined : spec;
}

const PUSHPIN_MESSAGE_BYTES_MAX = 16_777_216;

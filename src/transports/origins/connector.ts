// Sockets to origins: TCP or TLS, with a deadline, the certificate's name, a client's certificate, and for targets that
// strangers may choose a wall around private addresses, after names were resolved.
// Refuses to know what is said on them. Obeys spec/grip.md, section "Origins".

import { lookup as lookUp, type LookupAddress, type LookupOptions } from 'node:dns';
import { readFileSync } from 'node:fs';
import { BlockList, connect, isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { OriginAddress, OriginFailure } from '../../actors/runtime/gateway-edges.ts';

/** What went wrong before anything was said. */
export class ConnectFailure extends Error {
  readonly why: OriginFailure;

  constructor(why: OriginFailure, sentence: string) {
    super(sentence);
    this.why = why;
  }
}

type Connected = (error: Error | null, socket: Socket | null) => void;
type Answer = (error: Error | null, addresses: LookupAddress[] | string, family?: number) => void;

const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_PROBE_MS = 60_000;
const BUFFER_BYTES = 64 * 1_024;
/** What one read brought is taken, by everybody, before the next one: memory for each read would cost more than that. */
const memory = Buffer.allocUnsafeSlow(BUFFER_BYTES);

const hidden = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  hidden.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  hidden.addSubnet(network, prefix, 'ipv6');

/** An address of this machine or of a network that only we can see. */
export function isHidden(address: string): boolean {
  const family = isIP(address);
  return family === 0 || hidden.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** Connects again and again to one origin. */
export class Connector {
  readonly #origin: OriginAddress;
  #session: Buffer | undefined = undefined;

  constructor(origin: OriginAddress) {
    this.#origin = origin;
  }

  /** With `read`, bytes come to it and not as the socket's events: in memory that the next read writes over. */
  connect(connected: Connected, read?: (bytes: Buffer) => void): void {
    const { host, isUntrusted, isSecure } = this.#origin;
    if (isUntrusted && isIP(host) !== 0 && isHidden(host)) {
      process.nextTick(connected, blocked(host), null);
      return;
    }
    let socket: Socket;
    try {
      socket = isSecure ? this.#connectTls(read) : connect(this.#placeFor(read));
    } catch (error) {
      // A certificate that cannot be read, usually.
      process.nextTick(connected, new ConnectFailure('tls', String(error)), null);
      return;
    }
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
    let isConnected = false;
    let hasFailed = false;
    const deadline = setTimeout(() => {
      socket.destroy(new ConnectFailure('connectTimeout', `no connection to ${host} in time`));
    }, CONNECT_TIMEOUT_MS);
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      isConnected = true;
      clearTimeout(deadline);
      connected(null, socket);
    });
    socket.on('error', (error) => {
      clearTimeout(deadline);
      if (isConnected || hasFailed) return;
      hasFailed = true;
      connected(failureOf(error, isSecure), null);
    });
  }

  #placeFor(read: ((bytes: Buffer) => void) | undefined) {
    const { host, port, isUntrusted } = this.#origin;
    return {
      host,
      port,
      highWaterMark: BUFFER_BYTES,
      ...(isUntrusted ? { lookup: lookUpVisible } : {}),
      ...(read === undefined ? {} : { onread: readingInto(read) }),
    };
  }

  #connectTls(read: ((bytes: Buffer) => void) | undefined): TLSSocket {
    const { host, serverName, isInsecure, clientCertFile, clientKeyFile } = this.#origin;
    const name = serverName === '' ? host : serverName;
    const socket = connectTls({
      ...this.#placeFor(read),
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: !isInsecure,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(clientCertFile === undefined ? {} : { cert: readFileSync(clientCertFile) }),
      ...(clientKeyFile === undefined ? {} : { key: readFileSync(clientKeyFile) }),
      session: this.#session,
    });
    socket.on('session', (session) => {
      this.#session = session;
    });
    return socket;
  }
}

function readingInto(read: (bytes: Buffer) => void): OnReadOpts {
  return {
    buffer: memory,
    callback(size) {
      read(memory.subarray(0, size));
      return true;
    },
  };
}

function lookUpVisible(host: string, options: LookupOptions, answer: Answer): void {
  lookUp(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) answer(error, []);
    else if (addresses.some(({ address }) => isHidden(address))) answer(blocked(host), []);
    else if (options.all === true) answer(null, addresses);
    else answer(null, addresses[0]?.address ?? '', addresses[0]?.family);
  });
}

function blocked(host: string): ConnectFailure {
  return new ConnectFailure('blocked', `${host} is not to be asked`);
}

const unreachable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'EMFILE',
]);

function failureOf(error: NodeJS.ErrnoException, isSecure: boolean): ConnectFailure {
  if (error instanceof ConnectFailure) return error;
  const { code = '', message } = error;
  if (code === 'ETIMEDOUT') return new ConnectFailure('connectTimeout', message);
  const isTls = isSecure && !unreachable.has(code);
  return new ConnectFailure(isTls ? 'tls' : 'refused', message);
}

// How a request looks to the origin that a route leads to: its path, its Host, its headers, and who signs it.
// Refuses to know how it is asked and what is answered. Obeys spec/grip.md, section "Forwarding".

import { firstHeader, type HeaderList } from '../codecs/grip/header-list.ts';
import type { Route, Target } from '../codecs/grip/routes-file.ts';
import type { OriginAddress, ProxyRequested, Signature } from '../runtime/gateway-edges.ts';
import { type GatewayContext, keyFrom, pathFrom } from './gateway-context.ts';
import { forwardHeaders, gripFeatures } from './rewriting/forward-headers.ts';
import { endOfLetters, plainPath } from './rewriting/plain-path.ts';

/** A request that found its route. */
export interface Admitted {
  readonly gateway: GatewayContext;
  readonly request: ProxyRequested;
  readonly route: Route;
  /** A GRIP proxy in front of us signed it: its GRIP is between it and the origin. */
  readonly isTrusted: boolean;
}

/** A request as an origin gets it. */
export interface Forwarded {
  /** Path and query. */
  readonly target: string;
  /** With Host; without framing and signature. */
  readonly headers: HeaderList;
  /** The same list will come again. */
  readonly areHeadersKept: boolean;
  readonly signature: Signature | undefined;
}

/** A request that the gateway makes itself in a client's name: a next link, a gone link, a filter's question. */
export interface OwnRequest {
  /** The link that it follows, whole. */
  readonly href?: string;
  readonly path: string;
  readonly search: string;
  readonly headers: HeaderList;
  /** Set when it does not go along the client's route. */
  readonly elsewhere?: { readonly origin: OriginAddress; readonly host: string } | undefined;
}

/** [WOH-OPEN-12] A body of WebSocket events is told by its type. */
export function claimsEvents(headers: HeaderList): boolean {
  const type = firstHeader(headers, 'content-type') ?? '';
  return type.split(';')[0]?.trim().toLowerCase() === 'application/websocket-events';
}

/** The client's own request. `lastIds` tells what a hold has seen when it is asked again. */
export function forward(
  admitted: Admitted,
  target: Target,
  lastIds: readonly (readonly [channel: string, id: string])[] = [],
): Forwarded {
  const { request } = admitted;
  return forwarded(admitted, target, request, { lastIds, isInternal: false });
}

/** A request of the gateway's own, along the client's route or elsewhere. */
export function forwardOwn(admitted: Admitted, target: Target, own: OwnRequest): Forwarded {
  if (own.elsewhere !== undefined) {
    const headers: HeaderList = [
      ['Host', own.elsewhere.host],
      ...own.headers,
      ['Grip-Feature', gripFeatures],
    ];
    return {
      target: own.path + own.search,
      headers,
      areHeadersKept: false,
      signature: signatureOf(admitted),
    };
  }
  return forwarded(admitted, target, own, { lastIds: [], isInternal: true });
}

export function originOf({ gateway, request, route }: Admitted, target: Target): OriginAddress {
  const asked = unbracketed(hostOf(hostFor({ request, route }, target) ?? '').name);
  const serverName = target.trustConnectHost || asked === '' ? target.host : asked;
  return {
    host: target.host,
    port: target.port,
    isSecure: target.isSecure,
    isInsecure: target.isInsecure,
    serverName,
    isUntrusted: target.isUntrusted,
    clientCertFile: fileOf(gateway, target.clientCert),
    clientKeyFile: fileOf(gateway, target.clientKey),
  };
}

/** [GRIP-SIG-5] [GRIP-TRUST-1] `request.headers` speak GRIP, and the answer's GRIP is ours to obey. */
export function speaksGrip({ route, isTrusted }: Admitted): boolean {
  return !route.noGrip && !isTrusted;
}

export function isDebug({ gateway, route }: Admitted): boolean {
  return gateway.options.isDebug || route.isDebug;
}

export function isCrossOrigin({ gateway, route }: Admitted): boolean {
  return gateway.options.isCrossOrigin || route.isCrossOrigin;
}

/** The name and port of a Host. */
export function hostOf(host: string): { readonly name: string; readonly port: number | undefined } {
  if (!host.includes(':')) return { name: host.toLowerCase(), port: undefined };
  const at = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(host);
  const [, name = host, port] = at ?? [];
  return { name: name.toLowerCase(), port: (port ?? '') === '' ? undefined : Number(port) };
}

function forwarded(
  admitted: Admitted,
  target: Target,
  { path, search, headers }: OwnRequest,
  { lastIds, isInternal }: { lastIds: readonly (readonly [string, string])[]; isInternal: boolean },
): Forwarded {
  const { gateway, request, route, isTrusted } = admitted;
  const scheme = request.isWebSocket
    ? request.isSecure
      ? 'wss'
      : 'ws'
    : request.isSecure
      ? 'https'
      : 'http';
  const host = hostFor(admitted, target);
  const make = (): HeaderList =>
    forwardHeaders(headers, route, gateway.options, {
      isTrusted,
      isInternal,
      scheme,
      peerAddress: request.remote,
      host,
      lastIds,
    });
  const { isSecure } = request;
  const areHeadersKept = request.isRepeated === true && !isInternal && lastIds.length === 0;
  return {
    target: rewritten(path, route) + search,
    headers: areHeadersKept
      ? gateway.keptHeaders.of(headers, { route, isTrusted, isSecure, host }, make)
      : make(),
    areHeadersKept,
    signature: speaksGrip(admitted) ? signatureOf(admitted) : undefined,
  };
}

/**
 * [GRIP-REWRITE-1] [GRIP-REWRITE-2] What the origin is told that it was called; an absolute target outranks the Host
 * beside it.
 */
function hostFor(
  { request, route }: Pick<Admitted, 'request' | 'route'>,
  target: Target,
): string | undefined {
  if (target.hostHeader !== undefined) return target.hostHeader;
  return route.asHost ?? (request.host === '' ? undefined : request.host);
}

/** [GRIP-REWRITE-3] [GRIP-REWRITE-4] `path_rem` and `replace_beg`. */
function rewritten(path: string, { pathPrefix, pathRemove, replacePrefix }: Route): string {
  let now = path;
  // A link may lead away from the prefix that its client came by.
  if (replacePrefix === undefined) now = path.slice(endOfLetters(path, pathRemove));
  else if (plainPath(path).startsWith(pathPrefix))
    now = replacePrefix + path.slice(endOfLetters(path, pathPrefix.length));
  return now.startsWith('/') ? now : `/${now}`;
}

function signatureOf({ gateway, route }: Admitted): Signature | undefined {
  const { sigIss: issuer = '', sigKey: key = '' } = isSigningItself(route)
    ? route
    : gateway.options;
  // [GRIP-SIG-1] Without a key it proves nothing, but apps look whether there is one.
  return issuer === '' ? undefined : { issuer, key: keyFrom(gateway, key) };
}

/** [GRIP-SIG-2] Origins behind a route that has only one of the two verify by the global ones. */
function isSigningItself({ sigIss, sigKey }: Route): boolean {
  return sigIss !== undefined && sigIss !== '' && sigKey !== undefined;
}

/** An address of IPv6 as a certificate names it. */
export function unbracketed(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function fileOf({ directory }: GatewayContext, path: string | undefined): string | undefined {
  return path === undefined ? undefined : pathFrom(directory, path);
}

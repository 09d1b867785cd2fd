// Links that origins give: next, gone, and the filters' own. They lead along the client's route when they stay with its
// host, and are relative to where the last one led.
// Refuses to know what is asked there. Obeys spec/grip.md, section "Links".

import type { Target } from '../../codecs/grip/routes-file.ts';
import type { OriginAddress } from '../../runtime/gateway-edges.ts';
import type { RequestState } from './request-state.ts';

export interface Link {
  readonly path: string;
  readonly search: string;
  /** Set when the link leads away from the client's host. */
  readonly elsewhere: Elsewhere | undefined;
}

export interface Elsewhere {
  readonly origin: OriginAddress;
  readonly host: string;
}

/** Undefined for what is no link of HTTP. */
export function resolveLink({ admitted, hold }: RequestState, uri: string): Link | undefined {
  const { request } = admitted;
  const { path, search } = hold?.base ?? request;
  const scheme = request.isSecure ? 'https' : 'http';
  const from = `${scheme}://${request.host === '' ? 'localhost' : request.host}${path}${search}`;
  if (!URL.canParse(uri, from)) return undefined;
  const url = new URL(uri, from);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  const isAtHome = url.origin === new URL(from).origin;
  const elsewhere = isAtHome ? undefined : elsewhereOf(url, admitted.route.targets[0]);
  return { path: url.pathname, search: url.search, elsewhere };
}

function elsewhereOf(url: URL, target: Target | undefined): Elsewhere {
  const isSecure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const origin = {
    host,
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    isSecure,
    isInsecure: target?.isInsecure ?? false,
    serverName: host,
    isUntrusted: target?.isUntrusted ?? true,
    clientCertFile: undefined,
    clientKeyFile: undefined,
  };
  return { origin, host: url.host };
}

// Links that origins give: next, gone, and the filters' own. They lead along the client's route when they stay with its
// host, and are relative to where the last one led.
// Refuses to know what is asked there. Obeys spec/grip.md, section "Links".

import type { Target } from '../../codecs/grip/routes-file.ts';
import type { OriginAddress } from '../../runtime/gateway-edges.ts';
import { type Admitted, type OwnRequest, unbracketed } from '../forward.ts';
import type { RequestState } from './request-state.ts';

export interface Link {
  /** The whole of it: where links that are relative to this one start from. */
  readonly href: string;
  readonly path: string;
  readonly search: string;
  /** Set when the link leads away from the client's host. */
  readonly elsewhere: OwnRequest['elsewhere'];
}

/** [GRIP-NEXT-3] */
export function resolveLink({ admitted, hold }: RequestState, uri: string): Link | undefined {
  return linkFrom(hold?.base, uri, admitted);
}

/** Relative to the request, where no base is given. Undefined for what is no link of HTTP. */
export function linkFrom(
  base: string | undefined,
  uri: string,
  admitted: Admitted,
): Link | undefined {
  const home = requestUrl(admitted);
  const from = base ?? home;
  if (!URL.canParse(uri, from) || !URL.canParse(home)) return undefined;
  const url = new URL(uri, from);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  const isAtHome = url.origin === new URL(home).origin;
  const elsewhere = isAtHome ? undefined : elsewhereOf(url, admitted.route.targets[0]);
  return { href: url.href, path: url.pathname, search: url.search, elsewhere };
}

/** What the client asked for. */
function requestUrl({ request }: Admitted): string {
  const { host, path, search, isSecure } = request;
  const scheme = isSecure ? 'https' : 'http';
  return `${scheme}://${host === '' ? 'localhost' : host}${path}${search}`;
}

function elsewhereOf(url: URL, target: Target | undefined): Link['elsewhere'] {
  const isSecure = url.protocol === 'https:';
  const host = unbracketed(url.hostname);
  const origin: OriginAddress = {
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

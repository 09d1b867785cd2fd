// What operators may read of each request: a line for its answer or its hold, for each channel that is followed, and
// for each item that somebody gets. Made only where they asked for it, because it costs as much as a short answer.
// Refuses to know how lines are written. Obeys spec/grip.md, section "Log".

import { firstHeader } from '../codecs/grip/header-list.ts';
import type { Target } from '../codecs/grip/routes-file.ts';
import type { Context } from '../runtime/actor.ts';
import type { Log } from '../runtime/edges.ts';
import type { Admitted } from './forward.ts';

/** What became of a request; without a code it is held. */
export interface Logged {
  readonly code?: number;
  readonly bytes?: number;
  /** The origin was asked once more for the same client. */
  readonly isRetry?: boolean;
  /** The answer is the gateway's own, because of this. */
  readonly error?: string;
}

type Sender = Pick<Context<unknown>, 'send'>;

/** [GRIP-LOG-1] */
export function logRequest(
  admitted: Admitted,
  target: Target | undefined,
  { code, bytes, isRetry, error }: Logged,
  context: Sender,
): void {
  if (!isLogged(admitted)) return;
  const { request, route, gateway } = admitted;
  const { logFrom, logUserAgent } = gateway.options;
  const referer = firstHeader(request.headers, 'referer');
  const agent = logUserAgent ? firstHeader(request.headers, 'user-agent') : undefined;
  const fields = {
    method: request.method,
    url: urlOf(admitted),
    ...(target === undefined ? {} : { target: nameOf(target) }),
    ...(route.id === undefined ? {} : { route: route.id }),
    ...(code === undefined ? { isHeld: true } : { code }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(isRetry === true ? { isRetry } : {}),
    ...(error === undefined ? {} : { error }),
    ...(logFrom ? { from: request.remote } : {}),
    ...(referer === undefined ? {} : { referer }),
    ...(agent === undefined ? {} : { agent }),
  };
  log(admitted, 'gateway.request', fields, context);
}

/** [GRIP-LOG-2] */
export function logFollowed(admitted: Admitted, channel: string, context: Sender): void {
  if (!isLogged(admitted)) return;
  log(admitted, 'gateway.subscribed', { url: urlOf(admitted), channel }, context);
}

function log({ gateway }: Admitted, event: string, fields: Log['fields'], context: Sender): void {
  context.send(gateway.edges.log, { type: 'log', level: 'info', event, fields });
}

/** A route may ask for fewer lines than the gateway, not for more. */
function isLogged({ gateway, route }: Admitted): boolean {
  return gateway.options.logRequests && (route.logLevel ?? INFO) >= INFO;
}

function urlOf({ request }: Admitted): string {
  const { host, path, search, isSecure, isWebSocket } = request;
  const scheme = `${isWebSocket ? 'ws' : 'http'}${isSecure ? 's' : ''}`;
  return `${scheme}://${host}${path}${search}`;
}

function nameOf({ kind, host, port, overHttp }: Target): string {
  if (kind === 'test') return 'test';
  return `${host.includes(':') ? `[${host}]` : host}:${port}${overHttp ? '[http]' : ''}`;
}

/** Pushpin's number for lines of this kind. */
const INFO = 2;

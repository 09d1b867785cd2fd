// Which part of SockJS a request is for, by its path under the route's prefix.
// Refuses to know what becomes of it. spec/websocket-over-http.md, section "SockJS".

export type Transport = 'xhr' | 'xhr_send' | 'jsonp' | 'jsonp_send';

export type SockJsPlace =
  | { readonly kind: 'info' }
  | { readonly kind: 'iframe' }
  | { readonly kind: 'options' }
  | { readonly kind: 'transport'; readonly transport: Transport; readonly session: string }
  /** A WebSocket that carries frames. */
  | { readonly kind: 'framed' }
  /** A WebSocket as it is. */
  | { readonly kind: 'raw' }
  | { readonly kind: 'unknown' };

/** Undefined for a path that does not begin with the prefix: it is proxied like any other. */
export function placeOf(
  prefix: string,
  request: { readonly method: string; readonly path: string; readonly isWebSocket: boolean },
): SockJsPlace | undefined {
  const { method, path, isWebSocket } = request;
  if (!path.startsWith(prefix)) return undefined;
  const parts = path
    .slice(prefix.length)
    .split('/')
    .filter((part, at) => at > 0 || part !== '');
  const [first = '', session = '', last = ''] = parts;
  if (isWebSocket) {
    if (parts.length === 1 && first === 'websocket') return { kind: 'raw' };
    const isFramed = parts.length === 3 && first !== '' && session !== '' && last === 'websocket';
    return { kind: isFramed ? 'framed' : 'unknown' };
  }
  if (method === 'OPTIONS') return { kind: 'options' };
  if (parts.length === 1 && method === 'GET') {
    if (first === 'info') return { kind: 'info' };
    if (/^iframe.*\.html$/.test(first)) return { kind: 'iframe' };
  }
  if (parts.length !== 3 || first === '' || session === '') return { kind: 'unknown' };
  const transport = transports.find((known) => known === last);
  if (transport === undefined) return { kind: 'unknown' };
  const wanted = transport === 'jsonp' ? 'GET' : 'POST';
  return method === wanted ? { kind: 'transport', transport, session } : { kind: 'unknown' };
}

const transports: readonly Transport[] = ['xhr', 'xhr_send', 'jsonp', 'jsonp_send'];

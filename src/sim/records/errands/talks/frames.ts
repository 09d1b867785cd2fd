// Errands of SockJS pages that have a WebSocket: one that carries frames, or one as it is. Written from
// spec/websocket-over-http.md, "SockJS".

import { type Errand, talks } from '../errand.ts';
import { accepts, closes, event, opens, text } from './pages.ts';

export const frameErrands: readonly Errand[] = [
  // [SOCKJS-17]
  talks(
    'page-framed',
    {
      ...{ host: 'esp.test', path: '/sock/0/1/websocket', search: '?e=page-framed' },
      said: opens(text('hi'), event('BINARY', 'm:b'), event('PING', 'p')),
      laters: [accepts(text('one')), accepts(''), accepts(closes(4100, 'so'))],
      words: ['text ["a"]', 'text ["b","c"]', 'ping x', 'text []'],
      isOverheard: true,
    },
    'upgraded / text o / text a["hi"] / text a["b"] / text a["one"] / close 4100 so // OPEN / TEXT a / TEXT b / TEXT c / CLOSE 4100 so',
  ),
  talks(
    'page-framed-and-closed',
    {
      ...{ host: 'esp.test', path: '/sock/0/1/websocket', search: '?e=page-framed-and-closed' },
      said: opens(),
      laters: [accepts(closes(4100, 'so'))],
      words: ['close 4000 bye'],
      isOverheard: true,
    },
    'upgraded / text o / close 4100 so // OPEN / CLOSE 4000 bye',
  ),
  talks(
    'page-framed-wrongly',
    {
      ...{ host: 'esp.test', path: '/sock/0/1/websocket', search: '?e=page-framed-wrongly' },
      said: opens(),
      words: ['text ["a"]', 'binary ["b"]'],
      isOverheard: true,
    },
    'upgraded / text o / cut // OPEN / TEXT a / DISCONNECT',
  ),
  talks(
    'page-framed-with-much',
    {
      ...{ host: 'esp.test', path: '/sock/0/1/websocket', search: '?e=page-framed-with-much' },
      said: opens(),
      words: [`text [${'"",'.repeat(8_192)}""]`],
      isOverheard: true,
    },
    'upgraded / text o / cut // OPEN / DISCONNECT',
  ),
  talks(
    'page-framed-and-gone',
    {
      ...{ host: 'esp.test', path: '/sock/0/1/websocket', search: '?e=page-framed-and-gone' },
      said: { ...opens(), afterMs: 400 },
      words: ['cut'],
      ...{ isHasty: true, isOverheard: true },
    },
    ' // OPEN / DISCONNECT',
  ),
  talks(
    'page-framed-and-refused',
    {
      ...{ host: 'esp.test', path: '/sock/0/1/websocket', search: '?e=page-framed-and-refused' },
      said: { status: 403, headers: [['X-A', '1']], body: 'not you\n' },
      isOverheard: true,
    },
    '403 Somehow | x-a: 1 || not you\n // OPEN',
  ),
  // [SOCKJS-18]
  talks(
    'page-raw',
    {
      ...{ host: 'esp.test', path: '/sock/websocket', search: '?e=page-raw' },
      said: opens(text('hi')),
      words: ['text a'],
      isOverheard: true,
    },
    'upgraded / text hi // OPEN / TEXT a / DISCONNECT',
  ),
  talks(
    'sock-as',
    { ...{ host: 'esg.test', path: '/0/1/websocket' }, said: opens(text('hi')) },
    'upgraded',
    'text o',
    'text a["hi"]',
  ),
  // [SOCKJS-5]
  ...['/sock/0/websocket', '/sock//1/websocket', '/sock/0/1/2/websocket', '/sock/0/1/xhr'].map(
    (path, at) =>
      talks(
        `page-nowhere-${at}`,
        { host: 'esp.test', path },
        '404 Not Found | access-control-allow-credentials: true | access-control-allow-origin: * | ' +
          'cache-control: no-store, no-cache, must-revalidate, max-age=0 | content-type: text/plain || Not Found\n',
      ),
  ),
];

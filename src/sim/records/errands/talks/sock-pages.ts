// Errands of SockJS pages that need no session. Written from spec/websocket-over-http.md, "SockJS".

import { asks, type Errand, type Said, talks } from '../errand.ts';
import { EVENTS } from './sockets.ts';

const NEVER = 'cache-control: no-store, no-cache, must-revalidate, max-age=0 | ';
const dressed = (origin = '*'): string =>
  `access-control-allow-credentials: true | access-control-allow-origin: ${origin} | `;
const missing = `404 Not Found | ${dressed()}${NEVER}content-type: text/plain || Not Found\n`;
const IFRAME_TAG = '"c0ab51c2009458a355e088dd693fe3943df7c9e0"';
const at = { host: 'es.test' };

const events = (...lines: readonly string[]): Said => ({
  status: 200,
  headers: [EVENTS],
  body: lines.map((line) => `${line}\r\n`).join(''),
});

export const sockErrands: readonly Errand[] = [
  talks(
    'sock-framed',
    {
      ...{ host: 'esf.test', path: '/sock/1/2/websocket' },
      said: events('OPEN', 'TEXT 2', 'hi', 'PING 1', 'p'),
      later: events('BINARY 5', 'heard'),
      words: ['text ["a"]', 'text ["a",1]'],
    },
    'upgraded',
    'text o',
    'text a["hi"]',
    'text a["heard"]',
    'cut',
  ),
  talks(
    'sock-framed-no-list',
    { host: 'esf.test', path: '/sock/1/3/websocket', words: ['text {"every":"a"}'] },
    'upgraded',
    'text o',
    'text a["hi"]',
    'cut',
  ),
  talks('sock-raw', { ...at, path: '/sock/websocket' }, '403 Somehow | x-a: 1 || not you\n'),
  asks(
    'sock-info',
    { ...at, path: '/sock/info', headers: [['Origin', 'http://a.test']] },
    /^200 OK \| access-control-allow-credentials: true \| access-control-allow-origin: http:\/\/a\.test \| cache-control: no-store, no-cache, must-revalidate, max-age=0 \| content-type: application\/json; charset=UTF-8 \|\| \{"cookie_needed":false,"entropy":\d+,"origins":\["\*:\*"\],"websocket":true\}\n$/,
  ),
  asks(
    'sock-options',
    { ...at, method: 'OPTIONS', path: '/sock/1/2/xhr' },
    '204 No Content | access-control-allow-credentials: true | access-control-allow-headers: Content-Type | ' +
      'access-control-allow-methods: OPTIONS, GET, POST | access-control-allow-origin: * | ' +
      `access-control-max-age: 31536000 | ${NEVER.slice(0, -3)} || `,
  ),
  asks(
    'sock-iframe',
    { ...at, path: '/sock/iframe-0.3.html' },
    /^200 OK \| access-control-allow-credentials: true \| access-control-allow-origin: \* \| cache-control: public, max-age=31536000 \| content-type: text\/html; charset=UTF-8 \| etag: "c0ab51c2009458a355e088dd693fe3943df7c9e0" \|\| <!DOCTYPE html>/,
  ),
  asks(
    'sock-iframe-known',
    { ...at, path: '/sock/iframe.html', headers: [['If-None-Match', IFRAME_TAG]] },
    `304 Not Modified | ${dressed()}cache-control: public, max-age=31536000 | etag: ${IFRAME_TAG} || `,
  ),
  asks('sock-nothing', { ...at, path: '/sock' }, missing),
  asks('sock-streaming', { ...at, method: 'POST', path: '/sock/1/2/xhr_streaming' }, missing),
  asks('sock-by-get', { ...at, path: '/sock/1/2/xhr' }, missing),
  asks('sock-without-a-name', { ...at, method: 'POST', path: '/sock/1//xhr' }, missing),
  asks('sock-deeper', { ...at, method: 'POST', path: '/sock/1/2/3/xhr' }, missing),
  asks('sock-socket-by-get', { ...at, path: '/sock/websocket' }, missing),
  asks(
    'sock-sends-to-nobody',
    { ...at, method: 'POST', path: '/sock/1/never/xhr_send', body: '["a"]' },
    missing,
  ),
  asks(
    'sock-calls-nothing',
    { ...at, path: '/sock/1/2/jsonp' },
    `400 Bad Request | ${dressed()}${NEVER}content-type: text/plain || Bad Request\n`,
  ),
  asks(
    'sock-calls-anything',
    { ...at, path: '/sock/1/2/jsonp', search: '?c=a(b)' },
    `400 Bad Request | ${dressed()}${NEVER}content-type: text/plain || Bad Request\n`,
  ),
  asks(
    'refusing',
    {
      ...{ ...at, method: 'POST', path: '/sock/1/refused/xhr' },
      said: { status: 403, headers: [['X-A', '1']], body: 'not you\n' },
    },
    `403 Somehow | ${dressed()}${NEVER}x-a: 1 || not you\n`,
  ),
  asks(
    'sock-elsewhere',
    { ...at, path: '/e/sock-elsewhere' },
    /^200 OK \|\| GET \/e\/sock-elsewhere\n/,
  ),
];

// Errands along routes: which one a request takes, what is changed on the way, and what the gateway answers by itself.
// Written from spec/grip.md, "Routes" to "Trust", and with the settings of `errandOptions`.

import type { GatewayOptions } from '../../../actors/gateway/gateway-options.ts';
import type { Header } from '../scenes/scene.ts';
import { asks, type Errand, type Said } from './errand.ts';
import { furtherRoutes } from './spellings/routes.ts';

/** What the nodes are set to for which errands are run. */
export const errandOptions = {
  acceptForwardedProtocol: true,
  setForwardedProtocol: 'both',
  forwardedFor: [{ kind: 'truncate', keep: 1 }, { kind: 'append' }],
  forwardedForTrusted: [{ kind: 'truncate', keep: 2 }],
  origHeadersNeedMark: ['X-Marked'],
  acceptPushpinRoute: true,
  cdnLoop: 'us',
  messageBlockBytes: 10,
  upstreamKey: 'upstream',
} as const satisfies Partial<GatewayOptions>;

/** Lines of the routes file. */
export const errandRoutes: readonly string[] = [
  'e.test,id=e,prefix=e- origin-e:80   # told as it is',
  'ej.test,prefix=e-,aco origin-e:80',
  'eb.test,prefix=e-,aco,jsonp_mode=basic,jsonp_cb=cb,jsonp_body=data,jsonp_defcb=fn,jsonp_defmethod=PUT origin-e:80',
  'eo.test,prefix=e-,orig_headers,header="X-Set: \\"1\\\\",header=X-Gone:,path_rem=2 origin-e:80',
  'eg.test,no_grip origin-e:80',
  'ed.test,prefix=e-,debug origin-e:80',
  'ef.test,debug origin-f:80 origin-f:81',
  'eh.test,as_host=as.test origin-e:80,host=target.test',
  'ep.test,id=short,path_beg=/e/p,header=X-Way:short origin-e:80',
  'ep.test,path_beg=/e/p/long,header=X-Way:long origin-e:80',
  'ep.test,path_beg=/e/p,proto=http,header=X-Way:http origin-e:80',
  'ep.test,path_beg=/e/pp,ssl=yes,header=X-Way:secure origin-e:80',
  'ep.test,path_beg=/e/pp,ssl=no,header=X-Way:open origin-e:80',
  'ep.test,path_beg=/e/p origin-x:80',
  'et.test,path_beg=/t test',
  'ew.test origin-e:80,over_http',
  'es.test,sockjs=/sock,sockjs_as_path=/e/refusing origin-e:80,over_http',
  'esf.test,sockjs=/sock,sockjs_as_path=/e/sock-framed origin-e:80,over_http',
  'prefix=e-,id=hidden,header=X-Way:hidden origin-e:80',
  '*,path_beg=/e/any,header=X-Way:any origin-e:80',
  'least.test origin-e:1',
  'most.test origin-e:65535',
  // None of these is one.
  'wrong.test',
  'wrong.test,path_beg= origin-x:80',
  'wrong.test,proto=tcp origin-x:80',
  'wrong.test "origin-x:80',
  'wrong.test,ssl=maybe origin-x:80',
  'wrong.test origin-x',
  'wrong.test origin-x:0',
  'wrong.test origin-x:65536',
  'wrong.test :80',
  'wrong.test,jsonp_mode=none origin-x:80',
  'wrong.test,header=x origin-x:80',
  'wrong.test zhttp/tcp://1.2.3.4:80',
  ...furtherRoutes,
];

const told = (...lines: readonly string[]): string => `200 OK || ${lines.join('\n')}`;
const OWN = ['cdn-loop: us', 'grip-feature: all', 'x-forwarded-for: it'];
const grip: readonly Header[] = [
  ['Grip-Hold', 'stream'],
  ['Grip-Channel', 'never'],
];
const held = (body: string): Said => ({ status: 200, headers: grip, body });

export const wayErrands: readonly Errand[] = [
  asks(
    'told',
    { method: 'POST', headers: [['X-A', '1']], body: 'words' },
    told(
      'POST /e/told',
      'cdn-loop: us',
      'grip-feature: all',
      'x-a: 1',
      'x-forwarded-for: it',
      'words',
    ),
  ),
  asks('any-method', { method: 'DANCE', search: '?x' }, told('DANCE /e/any-method?x', ...OWN, '')),
  asks(
    'forwarded',
    {
      headers: [
        ['X-Forwarded-For', 'a, b'],
        ['x-forwarded-for', 'c'],
        ['CDN-Loop', 'them'],
        ['X-Forwarded-Protocol', 'http'],
      ],
    },
    told(
      'GET /e/forwarded',
      'cdn-loop: them, us',
      'grip-feature: all',
      'x-forwarded-for: c, it',
      '',
    ),
  ),
  asks(
    'forwarded-secure',
    { headers: [['X-Forwarded-Proto', 'https']] },
    told(
      'GET /e/forwarded-secure',
      ...OWN,
      'x-forwarded-proto: https',
      'x-forwarded-protocol: https',
      '',
    ),
  ),
  asks(
    'trusted',
    {
      headers: [
        ['Grip-Sig', 'upstream'],
        ['Grip-Feature', 'theirs'],
        ['X-Forwarded-For', 'a, b, c'],
      ],
      said: held('not held\n'),
    },
    '200 OK | grip-channel: never | grip-hold: stream || not held\n',
  ),
  asks(
    'trusted-told',
    {
      headers: [
        ['Grip-Sig', 'upstream'],
        ['Grip-Feature', 'theirs'],
        ['X-Forwarded-For', 'a, b, c'],
      ],
    },
    told(
      'GET /e/trusted-told',
      'cdn-loop: us',
      'grip-feature: theirs',
      'grip-sig: upstream',
      'x-forwarded-for: b, c',
      '',
    ),
  ),
  asks(
    'not-trusted',
    {
      headers: [
        ['Grip-Sig', 'else'],
        ['Grip-Feature', 'theirs'],
      ],
    },
    told('GET /e/not-trusted', ...OWN, ''),
  ),
  asks(
    'marked',
    {
      host: 'eo.test',
      path: '/ee/marked',
      headers: [
        ['X-A', '1'],
        ['X-Marked', '2'],
        ['X-Gone', '3'],
        ['eb9bf0f5-X-Own', '4'],
        ['X-Set', 'no'],
      ],
    },
    told(
      'GET /e/marked',
      ...[
        'cdn-loop: us',
        'eb9bf0f5-host: eo.test',
        'eb9bf0f5-x-a: 1',
        'eb9bf0f5-x-own: 4',
        'eb9bf0f5-x-set: "1\\',
        'grip-feature: all',
        'x-a: 1',
        'x-forwarded-for: it',
        'x-marked: 2',
        'x-set: "1\\',
        '',
      ],
    ),
  ),
  // [GRIP-REWRITE-3] Letters are taken away, however they are written.
  asks(
    'taken-away',
    { host: 'eo.test', path: '/%65%65/taken-away' },
    told(
      'GET /%65/taken-away',
      ...['cdn-loop: us', 'eb9bf0f5-host: eo.test', 'eb9bf0f5-x-set: "1\\', 'grip-feature: all'],
      ...['x-forwarded-for: it', 'x-set: "1\\', ''],
    ),
  ),
  asks(
    'without-grip',
    { host: 'eg.test', said: held('as it is\n') },
    '200 OK | grip-channel: never | grip-hold: stream || as it is\n',
  ),
  asks(
    'without-features',
    { host: 'eg.test' },
    told('GET /e/without-features', 'cdn-loop: us', 'x-forwarded-for: it', ''),
  ),
  asks(
    'nobody-there',
    { host: 'ef.test' },
    '502 Bad Gateway | content-type: text/plain || Unable to connect to any targets. Tried: origin-f:80, origin-f:81\n',
  ),
  asks(
    'as-a-host',
    {
      host: 'eh.test',
      said: {
        status: 299,
        headers: [
          ['Connection', 'close'],
          ['Keep-Alive', '1'],
          ['X-A', '1'],
        ],
        body: '',
      },
    },
    '299 Somehow | x-a: 1 || ',
  ),
  asks(
    'no-route',
    { host: 'NoWhere.test:81', path: '/none' },
    '502 Bad Gateway | content-type: text/plain || No route for host: nowhere.test\n',
  ),
  asks(
    'no-route-here',
    { host: 'ep.test', path: '/none' },
    '502 Bad Gateway | content-type: text/plain || No route for host: ep.test\n',
  ),
  asks('any', { host: 'other.test', path: '/e/any' }, told('GET /e/any', ...OWN, 'x-way: any', '')),
  asks('p', { host: 'EP.test:8080', path: '/e/p' }, told('GET /e/p', ...OWN, 'x-way: http', '')),
  asks(
    'p-long',
    { host: 'ep.test', path: '/e/p/long' },
    told('GET /e/p/long', ...OWN, 'x-way: http', ''),
  ),
  asks(
    'p-open',
    { host: 'ep.test', path: '/e/p%70' },
    told('GET /e/p%70', ...OWN, 'x-way: http', ''),
  ),
  asks('least-port', { host: 'least.test' }, told('GET /e/least-port', ...OWN, '')),
  asks('most-port', { host: 'most.test' }, told('GET /e/most-port', ...OWN, '')),
  asks(
    'nowhere-at-all',
    { host: 'wrong.test', path: '/none' },
    '502 Bad Gateway | content-type: text/plain || No route for host: wrong.test\n',
  ),
  asks(
    'by-its-name',
    { headers: [['Pushpin-Route', 'short']], path: '/else' },
    told('GET /else', ...OWN, 'x-way: short', ''),
  ),
  asks(
    'hidden',
    { headers: [['Pushpin-Route', 'hidden']] },
    told('GET /e/hidden', ...OWN, 'x-way: hidden', ''),
  ),
  asks(
    'by-no-name',
    { headers: [['Pushpin-Route', 'never']] },
    '502 Bad Gateway | content-type: text/plain || No route for host: e.test\n',
  ),
  asks('by-nothing', { headers: [['Pushpin-Route', '']] }, told('GET /e/by-nothing', ...OWN, '')),
  asks(
    'speaks-for-others',
    {
      host: 'ew.test',
      method: 'POST',
      headers: [['Content-Type', 'application/websocket-events']],
    },
    '403 Forbidden | content-type: text/plain || Client not allowed to send WebSocket events directly.\n',
  ),
  asks(
    'test',
    { host: 'et.test', path: '/t/' },
    '200 OK | content-type: text/plain || Hello from the Pushpin test handler!\n',
  ),
  asks(
    'test-of-nothing',
    { host: 'et.test', path: '/t' },
    '404 Not Found | content-type: text/plain || no such test resource\n',
  ),
  asks(
    'test-else',
    { host: 'et.test', path: '/t/else' },
    '404 Not Found | content-type: text/plain || no such test resource\n',
  ),
  asks(
    'test-too-much',
    { host: 'et.test', method: 'POST', path: '/t/', body: 'x'.repeat(100_001) },
    '400 Bad Request | content-type: text/plain || request too large\n',
  ),
  asks(
    'test-told',
    { host: 'et.test', method: 'POST', path: '/t/', body: 'x' },
    '200 OK | content-type: text/plain || Hello from the Pushpin test handler!\n',
  ),
];

/** Stands for the Connection-Id of whoever is spoken of; as long as one. */
export const WHOSE = 'the-connection-id-of-somebody-of-all';

/** The address of whoever asks is his own, as is his Connection-Id. */
export function withoutAddress(words: string): string {
  const known = words.replaceAll(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, WHOSE);
  return known.replaceAll(/10\.0\.\d+\.\d+|2001:[\da-f]+::[\da-f]+/g, 'it');
}

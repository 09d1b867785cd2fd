// Errands along routes that are written in other ways: in quotes, with more of what a route may say, and wrong ones that
// are passed over. Written from spec/grip.md, "Routes" to "Signatures".

import { asks, type Errand, talks } from '../errand.ts';
import { EVENTS } from '../talks/sockets.ts';

/** Lines of the routes file. */
export const furtherRoutes: readonly string[] = [
  String.raw`"eq.test",header="X-Q: a\\b \"c\" , #d" , origin-x:80`,
  String.raw`   eq.test,"header=X-Q: a\\b \"c\" , #d",header=X-R:1,header=X-R:2,else=x    origin-e:80#c`,
  // [GRIP-ROUTE-6]
  'eq.test,header=X-Way:second origin-x:80',
  'er.test,path_rem=many origin-e:80',
  'er.test,path_beg=/e/rx,replace_beg=/new/ origin-e:80',
  'er.test,path_beg=/e/ry,replace_beg= origin-e:80',
  'er.test,path_beg=/e/rz,path_rem=99 origin-e:80',
  'el.test,path_beg=/e/longer,header=X-Way:long origin-e:80',
  'el.test,path_beg=/e,ssl=yes,header=X-Way:secure origin-e:80',
  'el.test,path_beg=/f,ssl=no,header=X-Way:open origin-e:80',
  'ei.test,sig_iss=them,sig_key=base64:eA== origin-e:80',
  'eii.test,sig_iss=them origin-e:80',
  'ej2.test,sig_key=theirs origin-e:80',
  'eif.test,sig_iss=them,sig_key=file:/keys/one origin-e:80',
  'eu.test,debug origin-e:80,untrusted',
  'euw.test,debug origin-e:80,untrusted,over_http',
  'eud.test,debug origin-e:80,untrusted',
  'es1.test origin-e:443,ssl',
  'es2.test origin-e:443,ssl,insecure',
  'es3.test,as_host=[::1]:81 origin-e:443,ssl',
  'es4.test origin-e:443,ssl,trust_connect_host',
  'esx.test origin-f:80 origin-e:443,ssl,insecure,trust_connect_host',
  'e6.test,debug [2001:db8::1]:8080,untrusted [::1]:80,untrusted',
  'ek.test,no_grip,debug test',
  'ew1.test origin-e:80,over_http,one_event',
  'ewd.test,prefix=e-,debug origin-e:80',
  'ewg.test,no_grip origin-e:80',
  'ewh.test,no_grip origin-e:80,over_http',
  'ewp.test,debug,proto=ws origin-f:80,over_http origin-f:81 origin-e:80,over_http',
  'ewp.test,header=X-Way:http origin-e:80',
  'et2.test test',
  'et3.test,path_beg=/t/ test',
  'esp.test,sockjs=/sock,prefix=e- origin-e:80,over_http',
  'esd.test,sockjs=/sock,prefix=e- origin-e:80',
  'esg.test,sockjs=/,sockjs_as_path=/e/sock-as origin-e:80,over_http',
  'n1.test,id=noticed-request origin-e:80',
  'n2.test,id=noticed-socket origin-e:80,over_http',
  'n3.test,id=noticed-activity origin-e:80,over_http',
  // None of these is one.
  String.raw`wrong.test,header="X-A: \x" origin-x:80`,
  'wrong.test,header="a\\',
  'wrong.test,,debug origin-x:80',
  'wrong.test,=debug origin-x:80',
  'wrong.test origin-x:80,',
  'wrong.test,header=:x origin-x:80',
  'wrong.test,header="X Y:1" origin-x:80',
  'wrong.test [::1:80',
  'wrong.test origin-x:8x',
  ',id= origin-x:80',
  'debug=1 origin-x:80',
  '',
  '   # nothing',
];

const told = (...lines: readonly string[]): string => `200 OK || ${lines.join('\n')}`;
const OWN = ['cdn-loop: us', 'grip-feature: all', 'x-forwarded-for: it'];

/** Sent as one over TLS. */
const secure = [['X-Forwarded-Protocol', 'wss']] as const;
const WSS = 'x-forwarded-proto: wss | x-forwarded-protocol: wss';
const SECURE = ['x-forwarded-proto: https', 'x-forwarded-protocol: https'];

export const routeErrands: readonly Errand[] = [
  asks(
    'route-in-quotes',
    { host: 'eq.test' },
    told('GET /e/route-in-quotes', ...OWN, String.raw`x-q: a\b "c" , #d`, 'x-r: 1', ''),
  ),
  asks('takes-nothing-away', { host: 'er.test' }, told('GET /e/takes-nothing-away', ...OWN, '')),
  asks(
    'replaced',
    { host: 'er.test', path: '/e/rx/replaced', search: '?a' },
    told('GET /new//replaced?a', ...OWN, ''),
  ),
  asks(
    'replaced-by-nothing',
    { host: 'er.test', path: '/%65/ry/replaced-by-nothing' },
    told('GET /replaced-by-nothing', ...OWN, ''),
  ),
  asks('all-taken-away', { host: 'er.test', path: '/e/rz' }, told('GET /', ...OWN, '')),
  // [GRIP-ROUTE-5] [GRIP-FWD-2]
  asks(
    'longer/and-secure',
    { host: 'el.test', headers: secure },
    told('GET /e/longer/and-secure', ...OWN, ...SECURE, 'x-way: secure', ''),
  ),
  asks(
    'longer/and-open',
    { host: 'el.test' },
    told('GET /e/longer/and-open', ...OWN, 'x-way: long', ''),
  ),
  asks(
    'shorter-and-open',
    { host: 'el.test', path: '/e/x' },
    '502 Bad Gateway | content-type: text/plain || No route for host: el.test\n',
  ),
  asks(
    'open',
    { host: 'el.test', path: '/f/open' },
    told('GET /f/open', ...OWN, 'x-way: open', ''),
  ),
  asks(
    'open-and-secure',
    { host: 'el.test', path: '/f/x', headers: secure },
    '502 Bad Gateway | content-type: text/plain || No route for host: el.test\n',
  ),
  // [GRIP-SIG-2] [GRIP-SIG-3]
  asks(
    'signed-by-its-route',
    { host: 'ei.test' },
    told('GET /e/signed-by-its-route', ...OWN, 'signed by them with base64:eA==', ''),
  ),
  asks(
    'signed-by-a-file',
    { host: 'eif.test' },
    told('GET /e/signed-by-a-file', ...OWN, 'signed by them with file:/keys/one', ''),
  ),
  asks(
    'signed-without-a-key',
    { host: 'eii.test' },
    told('GET /e/signed-without-a-key', ...OWN, ''),
  ),
  asks('signed-by-nobody', { host: 'ej2.test' }, told('GET /e/signed-by-nobody', ...OWN, '')),
  // [GRIP-TARGET-4]
  asks(
    'untrusted',
    { host: 'eu.test' },
    '502 Bad Gateway | content-type: text/plain || Error: Origin host/IP blocked.\n',
  ),
  talks(
    'untrusted-ws',
    { host: 'euw.test' },
    '502 Bad Gateway || Error: Origin host/IP blocked.\n',
  ),
  talks(
    'untrusted-direct',
    { host: 'eud.test' },
    '502 Bad Gateway || Error: Origin host/IP blocked.\n',
  ),
  // [GRIP-TARGET-5]
  asks(
    'over-tls',
    { host: 'es1.test' },
    told('GET https://origin-e:443/e/over-tls as es1.test', ...OWN, ''),
  ),
  asks(
    'over-tls-with-anybody',
    { host: 'ES2.test:81' },
    told('GET https://origin-e:443/e/over-tls-with-anybody as es2.test, whoever it is', ...OWN, ''),
  ),
  asks(
    'over-tls-to-an-address',
    { host: 'es3.test' },
    told('GET https://origin-e:443/e/over-tls-to-an-address as ::1', ...OWN, ''),
  ),
  asks(
    'over-tls-by-its-name',
    { host: 'es4.test' },
    told('GET /e/over-tls-by-its-name', ...OWN, ''),
  ),
  asks(
    'over-tls-in-the-end',
    { host: 'esx.test', method: 'POST', body: 'whole' },
    told(
      'POST https://origin-e:443/e/over-tls-in-the-end as origin-e, whoever it is',
      ...OWN,
      'whole',
    ),
  ),
  // [GRIP-ROUTE-1]
  asks(
    'no-route-in-brackets',
    { host: '[2001:DB8::1]:8080', path: '/none' },
    '502 Bad Gateway | content-type: text/plain || No route for host: [it]\n',
  ),
  asks(
    'any-in-brackets',
    { host: '[::1]:80', path: '/e/any-in-brackets' },
    told('GET /e/any-in-brackets', ...OWN, 'x-way: any', ''),
  ),
  asks(
    'any-without-a-host',
    { host: '', path: '/e/any-without-a-host' },
    told('GET /e/any-without-a-host', ...OWN, 'x-way: any', ''),
  ),
  // [GRIP-ROUTE-4] [WOH-OPEN-11]
  talks(
    'ws-at-the-third-target',
    { host: 'ewp.test', said: { status: 403, headers: [], body: 'reached\n' } },
    '403 Somehow || reached\n',
  ),
  asks('not-for-ws', { host: 'ewp.test' }, told('GET /e/not-for-ws', ...OWN, 'x-way: http', '')),
  // [GRIP-TARGET-6]
  asks(
    'test-without-grip',
    { host: 'ek.test', path: '/response' },
    '200 OK | content-type: application/grip-instruct || {"hold":{"mode":"response","channels":[{"name":"test"}]},"response":{"headers":{"Content-Type":"text/plain"},"body":"nothing for now\\n"}}',
  ),
  talks(
    'ws-of-itself-without-grip',
    { host: 'ek.test', path: '/ws/', words: ['text c:{}', 'ping p', 'close 1000'] },
    'upgraded',
    'text c:{}',
    'pong p',
    'close 1000',
  ),
  talks(
    'ws-of-itself-at-once',
    {
      ...{ host: 'et2.test', path: '/ws', search: '?channel=ws-at-once', words: ['text m:a'] },
      items: [{ channel: 'ws-at-once', formats: { 'ws-message': { content: 'to all' } } }],
    },
    'upgraded',
    'text m:a',
    'text to all',
  ),
  asks(
    'test-behind-a-slash',
    { host: 'et3.test', path: '/t/response' },
    '404 Not Found | content-type: text/plain || no such test resource\n',
  ),
  talks(
    'ws-of-itself-behind-a-slash',
    {
      ...{ host: 'et3.test', path: '/t/ws', search: '?channel=ws-slash', words: ['text a', 'cut'] },
      items: [],
    },
    'upgraded',
    'text a',
  ),
  talks(
    'ws-of-itself-asked-again',
    {
      ...{ host: 'et2.test', path: '/ws/', search: '?channel=ws-again&x=1' },
      items: [
        { channel: 'ws-again', formats: { 'ws-message': { action: 'refresh' } } },
        { channel: 'ws-again', formats: { 'ws-message': { content: 'to all' } } },
        { channel: 'ws-again', formats: { 'ws-message': { action: 'close', code: 4100 } } },
      ],
    },
    'upgraded',
    'text to all',
    'close 4100',
  ),
  // [WOH-OPEN-14]
  talks(
    'ws-over-tls',
    {
      ...{ host: 'ew.test', headers: secure, words: ['text a'], isOverheard: true },
      said: { status: 200, headers: [EVENTS], body: 'OPEN\r\n' },
    },
    `upgraded // ${['OPEN', 'TEXT a', 'DISCONNECT'].map((one) => `${one} | ${WSS}`).join(' / ')}`,
  ),
  // [GRIP-TRUST-1]
  asks(
    'marked-and-trusted',
    {
      ...{ host: 'eo.test', path: '/ee/marked-and-trusted' },
      headers: [
        ['Grip-Sig', 'upstream'],
        ['eb9bf0f5-X-Own', '4'],
        ['X-A', '1'],
      ],
    },
    told(
      'GET /e/marked-and-trusted',
      ...['cdn-loop: us', 'eb9bf0f5-x-own: 4', 'grip-sig: upstream', 'x-a: 1', 'x-set: "1\\', ''],
    ),
  ),
  asks(
    'script-with-half-a-name',
    {
      host: 'ej.test',
      search: '?%zz=1&callback=cb&b',
      said: { status: 200, headers: [], body: '' },
    },
    '200 OK | content-type: application/javascript || /**/cb({"code": 200, "reason": "OK", "headers": {}, "body": ""});\n',
  ),
  ...['?callback', '?callback=cb&_headers={'].map((search, at) =>
    asks(
      `script-with-half-of-it-${at}`,
      { host: 'ej.test', search },
      '400 Bad Request | access-control-allow-credentials: true | access-control-allow-methods: ' +
        'OPTIONS, HEAD, GET, POST, PUT, DELETE | access-control-allow-origin: * | ' +
        `access-control-max-age: 3600 | content-type: text/plain || Invalid ${at === 0 ? 'callback' : '_headers'} parameter.\n`,
    ),
  ),
];

// Errands of pages that ask by JSON-P: what their origins are asked, and the scripts that come back.
// Written from spec/grip.md, "JSON-P". `ej.test` has nothing set, `eb.test` everything.

import type { Header } from '../scenes/scene.ts';
import { asks, type Errand, type Said } from './errand.ts';

const script = (text: string, more = ''): string =>
  `200 OK | ${more}content-type: application/javascript || ${text}\n`;
const said = (body: string, headers: readonly Header[] = [], status = 200): Said => ({
  status,
  headers,
  body,
});
const grip: readonly Header[] = [['Content-Type', 'application/grip-instruct']];
const held = (body: string, headers: readonly (readonly [string, string])[]): Said =>
  said(
    JSON.stringify({
      hold: { mode: 'response', channels: [{ name: 'scripts' }], timeout: 1 },
      response: { code: 203, reason: 'So', headers, body },
    }),
    grip,
  );
const mistake = (what: string): string =>
  `400 Bad Request | access-control-allow-credentials: true | access-control-allow-methods: ` +
  `OPTIONS, HEAD, GET, POST, PUT, DELETE | access-control-allow-origin: * | ` +
  `access-control-max-age: 3600 | content-type: text/plain || Invalid ${what}.\n`;

/** What every origin is told by the settings of `errandOptions`. */
const OWN = ['cdn-loop: us', 'grip-feature: all', 'x-forwarded-for: it'];
/** As it stands in a script. */
const inText = (lines: readonly string[]): string => lines.join(String.raw`\n`);

export const scriptErrands: readonly Errand[] = [
  asks(
    'script',
    {
      host: 'ej.test',
      search: '?a=1&callback=cb&b=%20',
      said: said('plain "text"\n', [
        ['X-B', '1'],
        ['X-A', 'ä'],
        ['X-B', '2'],
        ['Cache-Control', 'no-store'],
      ]),
    },
    script(
      String.raw`/**/cb({"code": 200, "reason": "OK", "headers": {"Cache-Control":"no-store","X-A":"ä","X-B":"1"}, "body": "plain \"text\"\n"});`,
      'cache-control: no-store | ',
    ),
  ),
  asks(
    'script-asked',
    {
      host: 'ej.test',
      search:
        '?callback=x.y&a=1&_method=PATCH&_headers={%22X-P%22:%22q%22,%22Host%22:%22no%22}&_body=b%C3%A4+',
      headers: [
        ['X-Own', 'o'],
        ['Accept', 'text/x'],
      ],
    },
    script(
      `/**/x.y({"code": 200, "reason": "OK", "headers": {}, "body": "${inText(['PATCH /e/script-asked?a=1', 'accept: */*', 'cdn-loop: us', 'grip-feature: all', 'x-forwarded-for: it', 'x-own: o', 'x-p: q', 'bä+'])}"});`,
    ),
  ),
  asks(
    'script-line-ends',
    { host: 'ej.test', search: '?callback=cb', said: said('\u2028\u2029') },
    script(
      String.raw`/**/cb({"code": 200, "reason": "OK", "headers": {}, "body": "\u2028\u2029"});`,
    ),
  ),
  asks(
    'script-of-an-error',
    { host: 'ej.test', search: '?callback=cb', said: said('no\n', [], 404) },
    script(String.raw`/**/cb({"code": 404, "reason": "Somehow", "headers": {}, "body": "no\n"});`),
  ),
  asks(
    'script-of-our-error',
    { host: 'ej.test', search: '?callback=cb', said: said('', [['Grip-Hold', 'later']]) },
    script(
      String.raw`/**/cb({"code": 502, "reason": "Bad Gateway", "headers": {"Content-Length":"32","Content-Type":"text/plain"}, "body": "Error while proxying to origin.\n"});`,
    ),
  ),
  asks(
    'script-held',
    {
      host: 'ej.test',
      search: '?callback=cb',
      said: held('late\n', [
        ['X-B', '1'],
        ['x-b', '2'],
        ['X-A', '3'],
      ]),
    },
    `200 OK | content-type: application/javascript | x-a: 3 | x-b: 1 | x-b: 2 || ${String.raw`/**/cb({"body":"late\n","code":203,"headers":{"X-A":"3","X-B":"1, 2"},"reason":"So"});`}\n`,
  ),
  asks(
    'script-not-for-posts',
    { host: 'ej.test', method: 'POST', search: '?callback=cb', said: said('p\n') },
    `200 OK | ${corsWords()} || p\n`,
  ),
  // [GRIP-CORS-1] [GRIP-CORS-2] [GRIP-CORS-3]
  asks(
    'shown-to-others',
    {
      host: 'ej.test',
      headers: [
        ['Origin', 'http://a.test'],
        ['Access-Control-Request-Method', 'PUT'],
        ['Access-Control-Request-Headers', 'x-a, x-b'],
        ['Access-Control-Request-Headers', 'x-c'],
      ],
      said: said('s\n', [
        ['X-One', '1'],
        ['x-one', '2'],
        ['Content-Type', 'text/x'],
        ['Access-Control-Max-Age', '7'],
      ]),
    },
    '200 OK | access-control-allow-credentials: true | access-control-allow-headers: x-a, x-b, x-c | ' +
      'access-control-allow-methods: PUT | access-control-allow-origin: http://a.test | ' +
      'access-control-expose-headers: x-one | access-control-max-age: 7 | content-type: text/x | ' +
      'x-one: 1 | x-one: 2 || s\n',
  ),
  asks(
    'script-without-a-name',
    { host: 'ej.test', search: '?callback=' },
    mistake('callback parameter'),
  ),
  asks(
    'script-with-half-a-code',
    { host: 'ej.test', search: '?callback=%2' },
    mistake('callback parameter'),
  ),
  asks(
    'script-with-a-wrong-method',
    { host: 'ej.test', search: '?callback=cb&_method=G%20T' },
    mistake('_method parameter'),
  ),
  asks(
    'script-with-wrong-headers',
    { host: 'ej.test', search: '?callback=cb&_headers=[]' },
    mistake('_headers parameter'),
  ),
  asks(
    'script-with-a-wrong-header',
    { host: 'ej.test', search: '?callback=cb&_headers={%22a%22:1}' },
    mistake('_headers parameter'),
  ),
  asks(
    'script-with-a-line-end',
    { host: 'ej.test', search: '?callback=cb&_headers={%22a%22:%22b\\r\\nc:d%22}' },
    script(
      `/**/cb({"code": 200, "reason": "OK", "headers": {}, "body": "${inText(['GET /e/script-with-a-line-end', 'a: b c:d', 'accept: */*', ...OWN, ''])}"});`,
    ),
  ),
  asks(
    'script-with-no-header',
    { host: 'ej.test', search: '?callback=cb&_headers={%22a%20b%22:%22c%22}' },
    mistake('_headers parameter'),
  ),
  asks(
    'script-with-a-wrong-body',
    { host: 'ej.test', search: '?callback=cb&_body=%zz' },
    mistake('_body parameter'),
  ),
  asks(
    'basic',
    { host: 'eb.test', search: '?cb=f', said: said('{"a":1}\r\n') },
    script('/**/f({"a":1});'),
  ),
  asks(
    'basic-with-nothing',
    { host: 'eb.test', search: '?cb=f', said: said('') },
    /^500 .*Upstream response could not be JSON-P encoded\./,
  ),
  asks(
    'basic-preset',
    { host: 'eb.test', search: '?data={}&x=1' },
    script(
      `/**/fn(${['PUT /e/basic-preset?x=1', 'accept: */*', 'cdn-loop: us', 'content-type: application/json', 'grip-feature: all', 'x-forwarded-for: it', '{}'].join('\n')});`,
    ),
  ),
  asks(
    'basic-with-a-wrong-body',
    { host: 'eb.test', search: '?cb=f&data=' },
    mistake('body parameter'),
  ),
  asks(
    'basic-not-meant',
    { host: 'eb.test', search: '?callback=f', said: said('as it is') },
    `200 OK | ${corsWords()} || as it is`,
  ),
  asks(
    'basic-held',
    { host: 'eb.test', search: '?cb=f', said: held('{}\n', []) },
    '200 OK | content-type: application/javascript || /**/f({});\n',
  ),
];

function corsWords(): string {
  return (
    'access-control-allow-credentials: true | access-control-allow-methods: ' +
    'OPTIONS, HEAD, GET, POST, PUT, DELETE | access-control-allow-origin: * | access-control-max-age: 3600'
  );
}

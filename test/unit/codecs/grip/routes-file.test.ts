import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  parseRoutes,
  type Route,
  type RouteRequest,
  RouteTable,
} from '../../../../src/actors/codecs/grip/routes-file.ts';

function route(line: string): Route {
  const { routes, warnings } = parseRoutes(line);
  expect(warnings).toEqual([]);
  return routes[0] ?? expect.fail(`no route in ${line}`);
}

function warned(text: string): string[] {
  return parseRoutes(text).warnings.map(({ line, sentence }) => `${String(line)}: ${sentence}`);
}

/** The port of the first target of the route that a request takes. */
function taken(text: string, request: Partial<RouteRequest>): number | undefined {
  const plain = { host: 'h', path: '/', isSecure: false, isWebSocket: false };
  return new RouteTable(parseRoutes(text).routes).match({ ...plain, ...request })?.targets[0]?.port;
}

describe('a routes file', () => {
  test('the shipped one', () => {
    expect(parseRoutes('* test\n')).toMatchObject({
      routes: [{ host: '*', targets: [{ kind: 'test' }] }],
      warnings: [],
    });
  });

  test('that of OdinMCP: the second and third line are duplicates', () => {
    const text =
      '*,header=X-HERMOD-STREAM:true localhost:8000\n' +
      '* zhttpreq/tcp://localhost:5560\n' +
      '* zhttpreq/tcp://localhost:5562\n';
    expect(parseRoutes(text)).toMatchObject({
      routes: [
        {
          host: '*',
          headers: [['X-HERMOD-STREAM', 'true']],
          targets: [{ kind: 'http', host: 'localhost', port: 8000 }],
        },
      ],
      warnings: [
        { line: 2, sentence: 'skipping duplicate condition' },
        { line: 3, sentence: 'skipping duplicate condition' },
      ],
    });
  });

  test('every property of a condition', () => {
    const line =
      'Example.com,proto=ws,ssl=yes,path_beg=/a,id=x,sig_iss=iss,sig_key=base64:aGk=,prefix=p-,' +
      'orig_headers,as_host=other:81,replace_beg=/b,debug,aco,jsonp_mode=basic,jsonp_cb=cb,' +
      'jsonp_body=body,jsonp_defcb=def,session,sockjs=/s,sockjs_as_path=/t,header="A: b",' +
      'header=C:,no_grip,log_level=1,unknown=1 a:80';
    expect(route(line)).toEqual({
      host: 'example.com',
      proto: 'ws',
      isSecure: true,
      pathPrefix: '/a',
      id: 'x',
      sigIss: 'iss',
      sigKey: 'base64:aGk=',
      prefix: 'p-',
      origHeaders: true,
      asHost: 'other:81',
      pathRemove: 2,
      replacePrefix: '/b',
      isDebug: true,
      isCrossOrigin: true,
      jsonp: {
        mode: 'basic',
        callbackParam: 'cb',
        bodyParam: 'body',
        defaultCallback: 'def',
        defaultMethod: 'POST',
      },
      session: true,
      sockjsPath: '/s',
      sockjsAsPath: '/t',
      headers: [
        ['C', ''],
        ['A', 'b'],
      ],
      noGrip: true,
      logLevel: 1,
      targets: [
        {
          kind: 'http',
          host: 'a',
          port: 80,
          isSecure: false,
          isInsecure: false,
          trustConnectHost: false,
          hostHeader: undefined,
          isUntrusted: false,
          overHttp: false,
          oneEvent: false,
          subscriptions: [],
          clientCert: undefined,
          clientKey: undefined,
        },
      ],
    });
  });

  test('none of them', () => {
    expect(route('* a:80')).toMatchObject({
      host: '*',
      proto: undefined,
      isSecure: undefined,
      pathPrefix: '',
      id: undefined,
      pathRemove: 0,
      replacePrefix: undefined,
      isDebug: false,
      jsonp: { mode: 'extended', defaultMethod: 'GET' },
      headers: [],
      logLevel: undefined,
    });
  });

  test('[GRIP-TARGET-1] [DIFF-50] every property of a target, and an address of IPv6', () => {
    const line =
      '* a:443,ssl,insecure,trust_connect_host,host=b:1,untrusted,over_http,one_event,sub=x,sub=,' +
      'sub=y,client_cert=c.pem,client_key=k.pem test [::1]:81';
    expect(route(line).targets).toMatchObject([
      {
        host: 'a',
        port: 443,
        isSecure: true,
        isInsecure: true,
        trustConnectHost: true,
        hostHeader: 'b:1',
        isUntrusted: true,
        overHttp: true,
        oneEvent: true,
        subscriptions: ['y', 'x'],
        clientCert: 'c.pem',
        clientKey: 'k.pem',
      },
      { kind: 'test', host: '', port: 0 },
      { kind: 'http', host: '::1', port: 81 },
    ]);
  });

  test.each([
    ['*,path_rem=3 a:80', { pathRemove: 3, replacePrefix: undefined }],
    ['*,path_rem=x a:80', { pathRemove: 0 }],
    ['*,path_beg=/abc,path_rem=1,replace_beg= a:80', { pathRemove: 4, replacePrefix: '' }],
    ['*,debug=false a:80', { isDebug: true }],
    ['*,prefix=a,prefix=b a:80', { prefix: 'b' }],
    ['id=foo a:80', { host: '', id: 'foo' }],
    ['id=foo,debug a:80', { host: '', id: 'foo', isDebug: true }],
    [',id=foo a:80', { host: '', id: 'foo' }],
    ['*,id= a:80', { host: '*', id: undefined }],
    ['*,prefix="a b,#=\\"\\\\" a:80', { prefix: 'a b,#="\\' }],
    ['*,pre"fix=a"b a:80', { prefix: 'ab' }],
    ['*,prefix=a=b a:80', { prefix: 'a=b' }],
    ['   *,debug    a:80   # text', { isDebug: true }],
    ['* a:80#text', { host: '*' }],
    ['*,header="X: \ta:b" a:80', { headers: [['X', '\ta:b']] }],
    ['*,header=X:é a:80', { headers: [['X', '\u00c3\u00a9']] }],
  ])('%s', (line, expected) => {
    expect(route(line)).toMatchObject(expected);
  });

  test.each(['', '   ', '#', '  # text', '\r\n'])('%j says nothing', (line) => {
    expect(parseRoutes(line)).toEqual({ routes: [], warnings: [] });
  });

  test.each([
    ['*', 'must specify condition and at least one target'],
    ['*\ta:80', 'must specify condition and at least one target'],
    ['* a', 'target bad format'],
    ['* :80', 'target bad format'],
    ['* [::1]', 'target bad format'],
    ['* a:', 'target invalid port'],
    ['* a:0', 'target invalid port'],
    ['* a:65536', 'target invalid port'],
    ['* a:80:90', 'target invalid port'],
    ['* a:80 b', 'target bad format'],
    ['*,proto=tcp a:80', "proto must be set to 'http' or 'ws'"],
    ['*,ssl a:80', "ssl must be set to 'yes' or 'no'"],
    ['*,path_beg= a:80', 'path_beg cannot be empty'],
    ['*,jsonp_mode=x a:80', "jsonp_mode must be set to 'basic' or 'extended'"],
    ['*,header=X a:80', "header must use format 'name:value'"],
    ['*,header=:x a:80', "header must use format 'name:value'"],
    ['*,header="a b:x" a:80', "header must use format 'name:value'"],
    ['debug= a:80', 'condition has no domain or id'],
    [',debug a:80', 'condition has no domain or id'],
    ['*,,debug a:80', 'expecting prop'],
    ['*, a:80', 'expecting prop'],
    ['*,=x a:80', 'empty prop name'],
    ['*,prefix="x a:80', 'unterminated quoted section'],
    ['*,prefix="x\\', 'unterminated escape sequence'],
    ['*,prefix="x\\n" a:80', 'unexpected escape character: n'],
    ['* a:80,,ssl', 'expecting prop'],
  ])('%j: %s', (line, sentence) => {
    expect(parseRoutes(`a.example a:1\n${line}\nb.example b:2`)).toMatchObject({
      routes: [{ host: 'a.example' }, { host: 'b.example' }],
      warnings: [{ line: 2, sentence }],
    });
  });

  test('ZHTTP targets are left out with a word', () => {
    const left = (target: string) =>
      `1: target '${target}' is ZHTTP, which is not supported: leaving the target out`;
    const text = '* zhttp/tcp://a:1 b:80';
    expect(parseRoutes(text).routes).toMatchObject([{ targets: [{ host: 'b' }] }]);
    expect(warned(text)).toEqual([left('zhttp/tcp://a:1')]);
    expect(warned('* zhttpreq/ipc://x,ipc_file_mode=0777')).toEqual([
      left('zhttpreq/ipc://x'),
      '1: skipping a route without a target',
    ]);
  });

  test('duplicates are conditions that are equal, whatever else they say', () => {
    expect(warned('a,debug a:1\nA b:2')).toEqual(['2: skipping duplicate condition']);
    expect(warned('a,path_beg=/x a:1\na,path_beg=/x,prefix=p b:2')).toHaveLength(1);
    expect(warned('a a:1\na,ssl=no b:2\na,proto=http c:3\na,path_beg=/ d:4\n* e:5')).toEqual([]);
    expect(warned('id=a a:1\nid=a b:2')).toEqual([]);
  });
});

describe('the route of a request', () => {
  test.each<[string, Partial<RouteRequest>, number | undefined]>([
    ['* a:1', {}, 1],
    ['* a:1', { host: '' }, 1],
    ['h a:1\n* b:2', {}, 1],
    ['* b:2\nh a:1', { host: 'H' }, 1],
    ['x a:1', {}, undefined],
    ['*.h a:1', { host: 'x.h' }, undefined],
    // No falling back to `*` for a host that has routes.
    ['h,path_beg=/a a:1\n* b:2', {}, undefined],
    ['h,path_beg=/a a:1\n* b:2', { path: '/ab' }, 1],
    ['*,path_beg=/a a:1\n*,path_beg=/ab b:2\n* c:3', { path: '/abc' }, 2],
    ['* c:3\n*,path_beg=/ab b:2\n*,path_beg=/a a:1', { path: '/abc' }, 2],
    ['* c:3\n*,path_beg=/ab b:2\n*,path_beg=/a a:1', { path: '/a' }, 1],
    ['*,path_beg=/A a:1', { path: '/a' }, undefined],
    ['*,proto=ws a:1\n*,proto=http b:2', {}, 2],
    ['*,proto=ws a:1\n*,proto=http b:2', { isWebSocket: true }, 1],
    // What names a protocol goes before what does not, even with a longer path.
    ['*,path_beg=/abc a:1\n*,proto=http b:2', { path: '/abc' }, 2],
    ['*,proto=http b:2\n*,path_beg=/abc a:1', { path: '/abc' }, 2],
    ['* a:1\n*,ssl=yes b:2', { isSecure: true }, 2],
    ['* a:1\n*,ssl=yes b:2', {}, 1],
    ['*,ssl=no a:1\n* b:2', {}, 1],
    ['*,ssl=no a:1', { isSecure: true }, undefined],
    // Quirk Q14: `ssl` wins over a longer path, but only from behind.
    ['*,path_beg=/abc a:1\n*,ssl=no b:2', { path: '/abc' }, 2],
    ['*,ssl=no b:2\n*,path_beg=/abc a:1', { path: '/abc' }, 1],
    ['id=x a:1', {}, undefined],
    ['id=x a:1', { host: '' }, undefined],
  ])('%j %j: %s', (text, request, port) => {
    expect(taken(text, request)).toBe(port);
  });

  test('an id leads to it, unless two have it', () => {
    const table = new RouteTable(parseRoutes('id=x a:1\n*,id=y b:2\nid=z c:3\nid=z d:4').routes);
    expect(table.byId('x')?.targets[0]?.port).toBe(1);
    expect(table.byId('y')?.targets[0]?.port).toBe(2);
    expect(table.byId('z')).toBeUndefined();
    expect(table.byId('')).toBeUndefined();
  });

  test('an id of three routes leads nowhere either', () => {
    const table = new RouteTable(parseRoutes('id=z a:1\nid=z b:2\nid=z c:3').routes);
    expect(table.byId('z')).toBeUndefined();
  });
});

test('no text makes it throw, and what it gives has targets', () => {
  const pieces = fc.constantFrom(
    ...[
      '*',
      'a:80',
      'test',
      ',',
      ' ',
      '=',
      '"',
      '\\',
      '#',
      '\n',
      'ssl',
      'id',
      'path_beg',
      'header',
    ],
    ...['zhttp/x', 'proto=ws', ':', '[', ']', 'x', '\t'],
  );
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: pieces }), fc.string({ unit: 'binary' })), (text) => {
      const { routes, warnings } = parseRoutes(text);
      for (const { targets } of routes) expect(targets.length).toBeGreaterThan(0);
      const lines = text.split('\n').length;
      for (const { line } of warnings) expect(line).toBeLessThanOrEqual(lines);
      expect(routes.length).toBeLessThanOrEqual(lines);
    }),
    { numRuns: 2_000 },
  );
});

// What origins see of a client's headers, step by step, and what clients see of an origin's.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { HeaderList } from '../../../../src/actors/codecs/grip/header-list.ts';
import { parseRoutes } from '../../../../src/actors/codecs/grip/routes-file.ts';
import {
  type ForwardFacts,
  forwardHeaders,
  type ForwardRoute,
  type ForwardSettings,
  gripFeatures,
  responseHeaders,
} from '../../../../src/actors/gateway/rewriting/forward-headers.ts';

const silent: ForwardSettings = {
  acceptForwardedProtocol: false,
  setForwardedProtocol: 'none',
  forwardedFor: [],
  forwardedForTrusted: [],
  origHeadersNeedMark: [],
  acceptPushpinRoute: false,
  cdnLoop: '',
};
const noGrip: ForwardRoute = { headers: [], origHeaders: false, noGrip: true };
const plain: ForwardFacts = { isTrusted: false, scheme: 'http', peerAddress: '192.0.2.1' };

interface Given {
  readonly route?: Partial<ForwardRoute>;
  readonly settings?: Partial<ForwardSettings>;
  readonly facts?: Partial<ForwardFacts>;
}

const forward = (headers: HeaderList, { route, settings, facts }: Given = {}): HeaderList =>
  forwardHeaders(
    headers,
    { ...noGrip, ...route },
    { ...silent, ...settings },
    { ...plain, ...facts },
  );

test('what concerns one connection stays on it, what describes the body goes with it', () => {
  const kept: HeaderList = [
    ['Host', 'a.example'],
    ['content-encoding', 'gzip'],
    ['Content-Type', 'text/plain'],
    ['X-Forwarded-Proto', 'https'],
    ['Pushpin-Route', 'r'],
    ['Cookie', 'one'],
    ['Cookie', 'two'],
  ];
  const gone: HeaderList = [
    ['connection', 'close, Cookie'],
    ['Keep-Alive', 'timeout=5'],
    ['Proxy-Connection', 'close'],
    ['TE', 'trailers'],
    ['Upgrade', 'h2c'],
    ['Transfer-Encoding', 'chunked'],
    ['Content-Length', '5'],
    ['ACCEPT-ENCODING', 'gzip'],
    ['Expect', '100-continue'],
  ];
  expect(forward([...gone, ...kept, ...gone])).toEqual(kept);
});

describe('headers of the route', () => {
  test.each<[HeaderList, HeaderList]>([
    [
      [['X-One', '1']],
      [
        ['X-Two', 'c'],
        ['X-One', '1'],
      ],
    ],
    [[['x-two', 'new']], [['x-two', 'new']]],
    [[['x-two', '']], []],
    [
      [
        ['x-one', 'written second'],
        ['X-One', 'written first'],
      ],
      [
        ['X-Two', 'c'],
        ['X-One', 'written first'],
      ],
    ],
    [
      [
        ['X-One', 'written second'],
        ['X-One', ''],
      ],
      [['X-Two', 'c']],
    ],
  ])('%j', (headers, expected) => {
    const seen = forward([['X-Two', 'c']], { route: { headers } });
    const lower = (list: HeaderList) => list.map(([name, value]) => [name.toLowerCase(), value]);
    expect(lower(seen)).toEqual(lower(expected));
  });

  test('of one name in a routes file: the one written first counts', () => {
    const line = '*,header=X-One:first,header=X-One:second a.example:80';
    const [route] = parseRoutes(line).routes;
    if (route === undefined) throw new Error('no route');
    const seen = forward([], { route }).filter(([name]) => name === 'X-One');
    expect(seen).toEqual([['X-One', 'first']]);
  });

  test('cannot speak for the gateway', () => {
    const route = {
      headers: [
        ['Grip-Sig', 'x'],
        ['Connection', 'close'],
      ],
    } satisfies Given['route'];
    expect(forward([], { route })).toEqual([]);
  });
});

describe('original headers', () => {
  const came: HeaderList = [
    ['X-One', '1'],
    ['EB9BF0F5-X-Two', '2'],
    ['Accept-Encoding', 'gzip'],
    ['X-Three', '3'],
  ];

  test('are taken away where the route does not ask for them', () => {
    expect(forward(came)).toEqual([
      ['X-One', '1'],
      ['X-Three', '3'],
    ]);
    expect(forward(came, { facts: { isTrusted: true } })).toEqual(forward(came));
  });

  test('are marked where it does, before anything is taken away', () => {
    const route = { origHeaders: true };
    const settings = { origHeadersNeedMark: ['x-three'] };
    expect(forward(came, { route, settings })).toEqual([
      ['X-One', '1'],
      ['X-Three', '3'],
      ['eb9bf0f5-X-One', '1'],
      ['EB9BF0F5-X-Two', '2'],
      ['eb9bf0f5-Accept-Encoding', 'gzip'],
    ]);
  });

  test('of a trusted client are marked already', () => {
    const seen = forward(came, { route: { origHeaders: true }, facts: { isTrusted: true } });
    expect(seen).toEqual(came.filter(([name]) => name !== 'Accept-Encoding'));
  });
});

describe('GRIP headers', () => {
  const came: HeaderList = [
    ['grip-sig', 'spoofed'],
    ['Grip-Feature', 'spoofed'],
    ['Grip-Last', 'a; last-id=0'],
    ['Gripe', 'x'],
  ];
  const lastIds = [['a', '1'] as const, ['b', '2'] as const];

  test('of the gateway are the only ones that an origin sees', () => {
    expect(forward(came, { route: { noGrip: false }, facts: { lastIds } })).toEqual([
      ['Gripe', 'x'],
      ['Grip-Feature', gripFeatures],
      ['Grip-Last', 'a; last-id=1'],
      ['Grip-Last', 'b; last-id=2'],
    ]);
  });

  test('are not added where the route has no GRIP, and still nobody may invent them', () => {
    expect(forward(came, { facts: { lastIds } })).toEqual([['Gripe', 'x']]);
  });

  test('of a trusted client pass as they are', () => {
    const facts = { isTrusted: true, lastIds };
    expect(forward(came, { route: { noGrip: false }, facts })).toEqual(came);
  });

  test('of a request of its own are kept', () => {
    const own: HeaderList = [['Grip-Last', 'a; last-id=0']];
    const seen = forward(own, { route: { noGrip: false }, facts: { isInternal: true } });
    expect(seen).toEqual([...own, ['Grip-Feature', gripFeatures]]);
  });

  test('hold no line breaks, whatever a publisher called a channel', () => {
    const facts = { lastIds: [['a\r\nX: y', '1'] as const] };
    const seen = forward([], { route: { noGrip: false }, facts });
    expect(seen).toContainEqual(['Grip-Last', 'a X: y; last-id=1']);
  });

  test('name all that the gateway can do', () => {
    expect(gripFeatures).toBe(
      'status, session, link:next, link:gone, filter:skip-self, filter:skip-users, ' +
        'filter:require-sub, filter:build-id, filter:var-subst, filter:http-check, filter:http-modify',
    );
  });
});

describe('X-Forwarded-Proto', () => {
  const came: HeaderList = [
    ['X-Forwarded-Proto', 'came'],
    ['x-forwarded-protocol', 'came'],
  ];
  type Set = ForwardSettings['setForwardedProtocol'];

  test.each<[boolean, Set, ForwardFacts['scheme'], HeaderList]>([
    [false, 'none', 'https', came],
    [true, 'none', 'https', []],
    [false, 'proto-only', 'http', []],
    [false, 'proto-only', 'https', [['X-Forwarded-Proto', 'https']]],
    [true, 'proto-only', 'wss', [['X-Forwarded-Proto', 'wss']]],
    [false, 'both', 'ws', []],
    [
      false,
      'both',
      'https',
      [
        ['X-Forwarded-Proto', 'https'],
        ['X-Forwarded-Protocol', 'https'],
      ],
    ],
  ])(
    'accepted %j, set %j, over %s',
    (acceptForwardedProtocol, setForwardedProtocol, scheme, seen) => {
      const settings = { acceptForwardedProtocol, setForwardedProtocol };
      expect(forward(came, { settings, facts: { scheme } })).toEqual(seen);
    },
  );
});

test('[GRIP-FWD-1] a client without an address has none to append', () => {
  const settings = { forwardedFor: [{ kind: 'append' }] } as const;
  expect(forward([], { settings, facts: { peerAddress: '' } })).toEqual([]);
  const came = [['X-Forwarded-For', '192.0.2.9']] as const;
  expect(forward(came, { settings, facts: { peerAddress: '' } })).toEqual(came);
});

test('[GRIP-NEXT-2] nobody’s address stands behind what the gateway asks for itself', () => {
  const settings = { forwardedFor: [{ kind: 'append' }] } as const;
  expect(forward([], { settings, facts: { isInternal: true } })).toEqual(
    forward([], { facts: { isInternal: true } }),
  );
});

describe('X-Forwarded-For', () => {
  const cut = (keep: number) => ({ kind: 'truncate', keep }) as const;
  const append = { kind: 'append' } as const;
  const came: HeaderList = [
    ['X-Forwarded-For', '10.0.0.1, 10.0.0.2'],
    ['x-forwarded-for', '10.0.0.3'],
  ];

  test.each<[ForwardSettings['forwardedFor'], string | undefined]>([
    [[], '10.0.0.1, 10.0.0.2, 10.0.0.3'],
    [[append], '10.0.0.1, 10.0.0.2, 10.0.0.3, 192.0.2.1'],
    [[cut(2)], '10.0.0.2, 10.0.0.3'],
    [[cut(9)], '10.0.0.1, 10.0.0.2, 10.0.0.3'],
    [[cut(0)], undefined],
    [[cut(0), append], '192.0.2.1'],
    [[append, cut(1)], '10.0.0.3, 192.0.2.1'],
    [[cut(0), cut(1)], '10.0.0.3'],
  ])('by %j', (rules, value) => {
    const expected = value === undefined ? [] : [value];
    for (const isTrusted of [false, true]) {
      const settings = isTrusted ? { forwardedForTrusted: rules } : { forwardedFor: rules };
      const seen = forward(came, { settings, facts: { isTrusted } });
      expect(seen.map(([, text]) => text)).toEqual(expected);
    }
  });

  test('is made where none came, if the peer is to be appended', () => {
    const settings = { forwardedFor: [append] };
    expect(forward([], { settings })).toEqual([['X-Forwarded-For', '192.0.2.1']]);
    expect(forward([])).toEqual([]);
  });
});

test('the chosen route is a secret between proxies, where it is listened to', () => {
  const came: HeaderList = [['pushpin-route', 'r']];
  expect(forward(came, { settings: { acceptPushpinRoute: true } })).toEqual([]);
});

test.each<[HeaderList, string, HeaderList]>([
  [[], 'me', [['CDN-Loop', 'me']]],
  [
    [
      ['cdn-loop', 'a, b'],
      ['CDN-Loop', 'c'],
    ],
    'me',
    [['CDN-Loop', 'a, b, c, me']],
  ],
  [[['CDN-Loop', 'a']], '', [['CDN-Loop', 'a']]],
])('of %j and %j comes %j', (came, cdnLoop, seen) => {
  expect(forward(came, { settings: { cdnLoop } })).toEqual(seen);
});

test.each<[HeaderList, string | undefined, HeaderList]>([
  [
    [
      ['Host', 'a'],
      ['X', '1'],
    ],
    undefined,
    [
      ['Host', 'a'],
      ['X', '1'],
    ],
  ],
  [
    [
      ['host', 'a'],
      ['X', '1'],
    ],
    'a',
    [
      ['host', 'a'],
      ['X', '1'],
    ],
  ],
  [
    [
      ['Host', 'a'],
      ['Host', 'b'],
    ],
    'c:81',
    [['Host', 'c:81']],
  ],
  [[], 'c', [['Host', 'c']]],
])('%j for host %j is %j', (came, host, seen) => {
  expect(forward(came, { facts: { host } })).toEqual(seen);
});

test('answers lose what concerns one connection only', () => {
  const kept: HeaderList = [
    ['Content-Encoding', 'gzip'],
    ['Content-Length', '5'],
    ['Set-Cookie', 'a'],
    ['Set-Cookie', 'b'],
    ['Upgrade', 'TLS/1.0'],
  ];
  const gone: HeaderList = [
    ['CONNECTION', 'close'],
    ['keep-alive', 'x'],
    ['Transfer-Encoding', 'chunked'],
    ['Proxy-Connection', 'close'],
  ];
  expect(responseHeaders([...gone, ...kept])).toEqual(kept);
});

test('no client speaks for the gateway, nor frames a body for the origin', () => {
  const names = fc.constantFrom('grip-sig', 'GRIP-Hold', 'Grip-', 'transfer-encoding', 'x', 'Host');
  const headers = fc.array(fc.tuple(names, fc.string()), { maxLength: 8 });
  fc.assert(
    fc.property(headers, fc.boolean(), fc.boolean(), (came, origHeaders, isNoGrip) => {
      const seen = forward(came, { route: { origHeaders, noGrip: isNoGrip } });
      const grip = seen.filter(([name]) => /^(?:grip-|transfer-encoding$)/i.test(name));
      expect(grip).toEqual(isNoGrip ? [] : [['Grip-Feature', gripFeatures]]);
    }),
  );
});

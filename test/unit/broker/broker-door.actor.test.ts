import { describe, expect, test } from 'vitest';

import { Stage, type StageOptions } from '../../support/stage.ts';

const stageOf = (options: StageOptions = {}) =>
  new Stage({ ...options, broker: { welcome: false, ...options.broker } });

describe('[BROKER-DOOR-2] too many', () => {
  const full = {
    status: 503,
    headers: { 'retry-after': '5' },
    body: '{"error":"Too many connections."}\n',
  };

  test('sessions in all are turned away, and places are free again when others leave', () => {
    const stage = stageOf({ broker: { connectionsMax: 2 } });
    const [one, two] = [stage.connect({ remote: 'a' }), stage.sse('topic=t', { remote: 'b' })];
    expect(stage.connect({ remote: 'c' }).answered).toMatchObject(full);
    expect(stage.sse('topic=t', { remote: 'c' }).answered).toMatchObject(full);
    expect([one.closed, two.closed]).toEqual([undefined, undefined]);
    expect(stage.counted('broker.sessions')).toBe(2);
    expect(stage.counted('broker.sessions.refused.full')).toBe(2);
    // Plain requests are not counted.
    expect(stage.request({ path: '/topics' }).answered?.status).toBe(200);
    one.leave();
    expect(stage.connect({ remote: 'c' }).accepted).toBeDefined();
    two.leave(1000);
    expect(stage.sse('topic=t').streaming).toBeDefined();
    expect(stage.counted('broker.sessions')).toBe(2);
  });

  test('sessions from one address are turned away, others are not', () => {
    const stage = stageOf({ broker: { connectionsPerAddressMax: 1 } });
    const one = stage.connect({ remote: 'a' });
    expect(stage.connect({ remote: 'a' }).answered).toMatchObject({
      status: 429,
      headers: { 'retry-after': '5' },
      body: '{"error":"Too many connections from this address."}\n',
    });
    expect(stage.connect({ remote: 'b' }).accepted).toBeDefined();
    one.leave();
    expect(stage.connect({ remote: 'a' }).accepted).toBeDefined();
    expect(stage.counted('broker.sessions.refused.full-for-address')).toBe(1);
  });

  test('is not said for ever: refused tokens and failed sessions give their places back', () => {
    const stage = stageOf({ broker: { connectionsMax: 1, requireToken: true }, tokens: {} });
    for (let n = 0; n < 3; n += 1) {
      expect(stage.connect({ query: 'access_token=bad' }).answered?.status).toBe(401);
      expect(stage.connect().answered?.status).toBe(401);
    }
    expect(stage.counted('broker.sessions')).toBe(0);
    // Headers that no edge would hand over end the session as it starts.
    const headers = {
      get authorization(): string {
        throw new Error('planted');
      },
    };
    for (const client of [stage.connect({ headers }), stage.sse('topic=t', { headers })]) {
      expect(client.answered).toMatchObject({ status: 500 });
    }
    expect(stage.counted('broker.sessions')).toBe(0);
    expect(stage.troubles).toHaveLength(2);
  });
});

describe('handshakes', () => {
  test('[BROKER-DOOR-1] are taken on any path and with any query', () => {
    const stage = stageOf();
    for (const path of ['/', '/sse', '/publish', '/any/where']) {
      expect(stage.connect({ path, query: 'topic=' }).accepted).toBeDefined();
    }
  });

  test('[BROKER-DOOR-3] of pages are held to the list of origins, where there is one', () => {
    const knock = (allowedOrigins: string[], origin?: string) => {
      const headers = origin === undefined ? {} : { origin };
      const client = stageOf({ broker: { allowedOrigins } }).connect({ headers });
      return client.answered?.status ?? (client.accepted === undefined ? 'nothing' : 'open');
    };
    const [good, bad] = ['https://good.example', 'https://bad.example'];
    expect([
      knock([], bad),
      knock(['*'], bad),
      knock([good], good),
      knock([good]),
      knock([good], bad),
    ]).toEqual(['open', 'open', 'open', 'open', 403]);
  });
});

test('[BROKER-WS-1] the bearer subprotocol is chosen when it is offered, token or not', () => {
  const stage = stageOf();
  const client = stage.connect({ subprotocols: ['x', 'bearer.abc'] });
  expect(client.accepted).toEqual({ subprotocol: 'bearer.abc' });
});

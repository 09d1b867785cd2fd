// The lines that operators may read of each request.

import { describe, expect, test } from 'vitest';

import type { HeaderList } from '../../../../src/actors/codecs/grip/header-list.ts';
import {
  gatewayDefaults,
  type GatewayOptions,
} from '../../../../src/actors/gateway/gateway-options.ts';
import { type AskedOfGateway, GatewayStage } from '../../../support/gateway-stage.ts';
import type { OriginScript, Reply } from '../../../support/staged-origin.ts';

const hold = (mode: string): HeaderList => [
  ['Grip-Hold', mode],
  ['Grip-Channel', 'a'],
];

interface Setting {
  readonly routes?: string;
  readonly options?: Partial<GatewayOptions>;
}

function staged(reply: Reply | undefined, { routes = '* origin:80', options = {} }: Setting = {}) {
  const origin: OriginScript = () => reply;
  const quiet = { updateOnFirstSubscription: false, logRequests: true };
  return new GatewayStage({ origin, routes, options: { ...quiet, ...options } });
}

function lines(stage: GatewayStage): object[] {
  const those = ['gateway.request', 'gateway.subscribed', 'gateway.published'];
  return stage.logs
    .filter(({ event }) => those.includes(event))
    .map(({ event, level, fields }) => {
      expect(level).toBe('info');
      return { event, ...fields };
    });
}

const asked: AskedOfGateway = {
  path: '/p',
  search: '?q=1',
  headers: [
    ['Host', 'example.com'],
    ['Referer', 'http://from/'],
    ['User-Agent', 'me/1'],
  ],
};
const url = 'http://example.com/p?q=1';

describe('a request', () => {
  test('[GRIP-LOG-1] is a line with its code and the bytes of its body', () => {
    const stage = staged({ status: 404, body: 'nothing' });
    stage.request(asked);
    const line = { event: 'gateway.request', method: 'GET', url, target: 'origin:80' };
    expect(lines(stage)).toEqual([{ ...line, code: 404, bytes: 7, referer: 'http://from/' }]);
  });

  test('[GRIP-LOG-1] with a long answer has the code that its client was told', () => {
    const stage = staged({ headers: [['Grip-Status', '201']], body: 'x'.repeat(100_001) });
    stage.request(asked);
    expect(lines(stage)).toMatchObject([{ code: 201, bytes: 100_001 }]);
  });

  test('[GRIP-LOG-1] names its client and its route where it may', () => {
    const options = { logFrom: true, logUserAgent: true };
    const stage = staged({ body: '' }, { options, routes: '*,id=one origin:80' });
    stage.request(asked);
    expect(lines(stage)).toMatchObject([{ route: 'one', from: '192.0.2.1', agent: 'me/1' }]);
  });

  test('[GRIP-LOG-1] that fails says why, whatever its client is told', () => {
    const stage = staged(undefined);
    stage.request(asked);
    stage.open.fail('broken', true);
    stage.settle();
    expect(lines(stage)).toMatchObject([
      { code: 502, bytes: 32, error: 'The origin failed: broken.' },
    ]);
  });

  test.each(['response', 'stream'])(
    '[GRIP-LOG-1] [GRIP-LOG-2] [GRIP-LOG-3] that is held (%s) says so, and what it follows and gets',
    (mode) => {
      const stage = staged({ headers: hold(mode), body: 'x' });
      stage.request(asked);
      const formats = { 'http-response': { body: 'x' }, 'http-stream': { content: 'x' } };
      stage.publish({ channel: 'a', formats }, { channel: 'b', formats });
      const seen = lines(stage);
      expect(seen).toHaveLength(3);
      expect(seen).toContainEqual({ event: 'gateway.subscribed', url, channel: 'a' });
      expect(seen).toContainEqual({ event: 'gateway.published', channel: 'a', receivers: 1 });
      const line = { event: 'gateway.request', method: 'GET', url, target: 'origin:80' };
      expect(seen).toContainEqual({ ...line, isHeld: true, referer: 'http://from/' });
    },
  );

  test('[GRIP-LOG-1] whose origin is asked again says so', () => {
    const stage = staged({ headers: hold('response'), body: 'x' });
    stage.request(asked);
    stage.recover(0);
    const requests = lines(stage).filter((line) => 'isHeld' in line);
    expect(requests.map((line) => 'isRetry' in line)).toEqual([false, true]);
  });
});

test('[GRIP-LOG-4] routes may ask for fewer lines, and without the setting there are none', () => {
  expect(gatewayDefaults.logRequests).toBe(false);
  const seen = (setting: Setting) => {
    const stage = staged({ headers: hold('stream') }, setting);
    stage.request(asked);
    return lines(stage).length;
  };
  expect(seen({})).toBe(2);
  expect(seen({ routes: '*,log_level=3 origin:80' })).toBe(2);
  expect(seen({ routes: '*,log_level=1 origin:80' })).toBe(0);
  expect(seen({ options: { logRequests: false } })).toBe(0);
});

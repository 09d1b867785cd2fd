// Requests that come under pressure and whose clients leave before it is over.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { Exchanges as DoorExchanges } from '../../../src/transports/doors/exchanges.ts';
import type { Client } from '../../../src/transports/gateway/client.ts';
import { Exchanges } from '../../../src/transports/gateway/exchanges.ts';
import type { HttpHead } from '../../../src/transports/gateway/request-head.ts';
import { Deadlines } from '../../../src/transports/sockets/deadlines.ts';
import { Departures } from '../../../src/transports/sockets/departures.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const silent = { schedule() {}, count() {}, log() {}, deliver() {}, nextId: () => 1 };

async function isForgotten(leftover: WeakRef<object>): Promise<boolean> {
  // A reference that was read lives until the end of the task.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  return leftover.deref() === undefined;
}

test('nothing is kept of a request to the gateway whose client is gone', async () => {
  const exchanges = new Exchanges(silent);
  exchanges.press(true);
  const ask = (): WeakRef<object> => {
    const head = { body: [] } as unknown as HttpHead;
    exchanges.ended(exchanges.began({} as Client, head, false));
    return new WeakRef(head);
  };
  expect(await isForgotten(ask())).toBe(true);
  exchanges.press(false);
});

test('[WEB-HTTP-6] whoever does not read a long answer is cut', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  const deadlines = new Deadlines();
  const exchanges = new DoorExchanges({
    ...silent,
    deadlines,
    departures: new Departures(deadlines, () => {}),
  });
  const destroy = vi.fn<() => void>();
  const response = { on() {}, writeHead() {}, end() {}, socket: { destroy } };
  exchanges.ask({} as never, { type: 'managed', response } as never, () => {});
  exchanges.respond(1, 200, {}, 'x'.repeat(65_537));
  vi.advanceTimersByTime(59_000);
  expect(destroy).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2_000);
  expect(destroy).toHaveBeenCalledOnce();
  vi.useRealTimers();
});

test('nothing is kept of a request to another door whose client is gone', async () => {
  const deadlines = new Deadlines();
  const exchanges = new DoorExchanges({
    ...silent,
    deadlines,
    departures: new Departures(deadlines, () => {}),
  });
  exchanges.press(true);
  const ask = (): WeakRef<object> => {
    const body = { said: 'x' };
    exchanges.ask({} as never, { type: 'bare', socket: {} } as never, () => void body.said);
    exchanges.take(1);
    return new WeakRef(body);
  };
  expect(await isForgotten(ask())).toBe(true);
  exchanges.press(false);
});

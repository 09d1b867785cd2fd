// The gateway against Debian's Pushpin and nginx, all of a server's processes counted, in slices that take turns: fan-out to
// held streams and to WebSockets over HTTP, memory of a held stream, and small proxied requests.
// `npm run bench -- gateway [streams|sockets|memory|proxy]…` measures some of it only.

import {
  askFor,
  type Audience,
  type Heads,
  publish,
  streamAudience,
  webSocketAudience,
} from './support/gateway-clients.ts';
import {
  type GatewayName,
  type MeasuredGateway,
  type Origin,
  startGateway,
  startOrigin,
} from './support/gateways.ts';
import { standAside } from './support/processes.ts';
import { median, table } from './support/table.ts';
import { ratio, takeTurns, thousands } from './support/turns.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
/** Of a second each. */
const SLICES = ROUNDS * 4;
const SUBSCRIBERS = Number(process.env['BENCH_SUBSCRIBERS'] ?? 1_000);
const BURSTS = [1, 10];
/** On a busy machine compilers take their time. */
const WARM_UP_MS = 8_000;
/** One after the other; Pushpin takes 10,000 in all. */
const HELD = [5_000, 4_500];
const SETTLE_MS = 4_000;
const CONNECTIONS = 32;
/** Compilers count requests, not seconds: with fewer, it would be they who are measured. */
const WARM_UP_REQUESTS = 60_000;
const WARM_UP_MS_MAX = 60_000;

type Open = (port: number, count: number) => Promise<Audience>;

const parts: Readonly<Record<string, (origin: Origin) => Promise<string>>> = {
  streams: (origin) => fanOut('held stream', streamAudience, origin),
  sockets: (origin) => fanOut('WebSocket over HTTP', webSocketAudience, origin),
  memory,
  proxy,
};

export async function run(): Promise<void> {
  const asked = process.argv.slice(3);
  const names = asked.length === 0 ? Object.keys(parts) : asked;
  standAside();
  const origin = await startOrigin();
  try {
    for (const name of names) console.log(`${(await parts[name]?.(origin)) ?? `no ${name}`}\n`);
  } finally {
    await origin.stop();
  }
}

async function fanOut(what: string, open: Open, origin: Origin): Promise<string> {
  const rows = await sideBySide(['hermod', 'pushpin'], origin, 2, async (gateways) => {
    const audiences = await inOrder(gateways, ({ port }) => open(port, SUBSCRIBERS));
    const measured: string[][] = [];
    for (const burst of BURSTS) {
      const driven = gateways.map(({ name, gateway }, at) => ({
        name,
        cpuSeconds: () => gateway.cpuSeconds(),
        drive: (durationMs: number) => publishFor(durationMs, burst, gateway, audiences[at]),
      }));
      for (const { drive } of driven) await drive(WARM_UP_MS);
      const figures = await takeTurns(driven, SLICES);
      const [ours = [], theirs = []] = figures.values();
      const title = burst === 1 ? 'one item a request' : `${burst} items a request`;
      measured.push([title, thousands(ours), thousands(theirs), ratio(ours, theirs)]);
    }
    for (const audience of audiences) audience.end();
    return measured;
  });
  const title = `deliveries per CPU-second, ${SUBSCRIBERS} of ${what}`;
  return table([title, 'hermod', 'pushpin', 'hermod ÷ pushpin'], rows);
}

/** The next request when everybody has heard the last one; returns what was heard. */
async function publishFor(
  durationMs: number,
  burst: number,
  { controlPort }: MeasuredGateway,
  audience: Audience | undefined,
): Promise<number> {
  if (audience === undefined) return 0;
  const endsAt = performance.now() + durationMs;
  let deliveries = 0;
  while (performance.now() < endsAt) {
    const all = audience.hears(burst * SUBSCRIBERS);
    const [heard] = await Promise.all([all, publish(controlPort, burst)]);
    deliveries += heard;
  }
  return deliveries;
}

/** Each round starts every gateway anew. */
async function memory(origin: Origin): Promise<string> {
  const figures = {
    hermod: HELD.map(() => [] as number[]),
    pushpin: HELD.map(() => [] as number[]),
  };
  for (let round = 0; round < ROUNDS; round += 1)
    for (const name of ['hermod', 'pushpin'] as const)
      await sideBySide([name], origin, 2, async ([standing]) => {
        if (standing === undefined) return;
        const { gateway } = standing;
        // The first hundred pay for pools that all share.
        const audiences = [await streamAudience(gateway.port, 100)];
        for (const [at, count] of HELD.entries()) {
          await settle();
          const before = gateway.residentBytes();
          audiences.push(await streamAudience(gateway.port, count));
          await settle();
          figures[name][at]?.push((gateway.residentBytes() - before) / count);
        }
        for (const audience of audiences) audience.end();
      });
  const bytes = (all: readonly number[]): string => `${Math.round(median(all))} B`;
  const rows = HELD.map((count, at) => {
    const [ours = [], theirs = []] = [figures.hermod[at], figures.pushpin[at]];
    const title = at === 0 ? `of ${count}, code and its compilers included` : `of ${count} more`;
    return [title, bytes(ours), bytes(theirs), ratio(theirs, ours)];
  });
  const title = 'resident memory per held stream';
  return table([title, 'hermod', 'pushpin', 'pushpin ÷ hermod'], rows);
}

/** Heads that come again word for word, and heads that never do. Nobody writes a line for each request. */
async function proxy(origin: Origin): Promise<string> {
  const rows = await sideBySide(['hermod', 'pushpin', 'nginx'], origin, 1, async (gateways) => {
    const measured: string[][] = [];
    for (const heads of ['same', 'new'] as const) {
      for (const { name, gateway } of gateways) await warmUp(name, heads, gateway);
      const driven = gateways.map(({ name, gateway }) => ({
        name,
        cpuSeconds: () => gateway.cpuSeconds(),
        drive: (durationMs: number) => askFor(gateway.port, heads, CONNECTIONS, durationMs),
      }));
      const figures = await takeTurns(driven, SLICES);
      const [ours = [], pushpins = [], nginxs = []] = figures.values();
      measured.push([
        heads === 'same' ? 'the same heads again' : 'new heads each time',
        ...[thousands(ours), thousands(pushpins), thousands(nginxs)],
        ...[ratio(ours, pushpins), ratio(ours, nginxs)],
      ]);
    }
    return measured;
  });
  const title = `small GETs per CPU-second, ${CONNECTIONS} kept connections`;
  return table([title, 'hermod', 'pushpin', 'nginx', 'hermod ÷ pushpin', 'hermod ÷ nginx'], rows);
}

/** What runs compiled from its start needs no more than its time. */
async function warmUp(name: GatewayName, heads: Heads, { port }: MeasuredGateway): Promise<void> {
  const startedAt = performance.now();
  const wanted = name === 'hermod' ? WARM_UP_REQUESTS : 0;
  let asked = 0;
  do {
    asked += await askFor(port, heads, CONNECTIONS, WARM_UP_MS / 2);
  } while (asked < wanted && performance.now() - startedAt < WARM_UP_MS_MAX);
}

interface Standing {
  readonly name: GatewayName;
  readonly gateway: MeasuredGateway;
}

/** Starts every gateway, lets them be measured together, and stops them. */
async function sideBySide<T>(
  names: readonly GatewayName[],
  origin: Origin,
  logLevel: 1 | 2,
  measure: (gateways: readonly Standing[]) => Promise<T>,
): Promise<T> {
  const standing: Standing[] = [];
  try {
    for (const name of names)
      standing.push({ name, gateway: await startGateway(name, origin, logLevel) });
    return await measure(standing);
  } finally {
    for (const { gateway } of standing) await gateway.stop();
  }
}

async function inOrder<T>(
  gateways: readonly Standing[],
  each: (gateway: MeasuredGateway) => Promise<T>,
): Promise<readonly T[]> {
  const results: T[] = [];
  for (const { gateway } of gateways) results.push(await each(gateway));
  return results;
}

function settle(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, SETTLE_MS);
  });
}

// The gateway against Debian's Pushpin and nginx, all of a server's processes counted, rounds interleaved: fan-out to
// held streams and to WebSockets over HTTP, memory of a held stream, and small proxied requests.
// `npm run bench -- gateway [streams|sockets|memory|proxy]…` measures some of it only.

import {
  askFor,
  type Audience,
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
import { median, table } from './support/table.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const SUBSCRIBERS = Number(process.env['BENCH_SUBSCRIBERS'] ?? 1_000);
const BURSTS = [1, 10];
/** On a busy machine compilers take their time. */
const WARM_UP_MS = 8_000;
const MEASURED_MS = 4_000;
const HELD = 5_000;
const SETTLE_MS = 4_000;
const CONNECTIONS = 32;
/** Compilers count requests, not seconds: with fewer, it would be they who are measured. */
const WARM_UP_REQUESTS = 60_000;
const WARM_UP_MS_MAX = 60_000;

type Open = (port: number, count: number) => Promise<Audience>;
type Results = Map<string, number[]>;

const parts: Readonly<Record<string, (origin: Origin) => Promise<string>>> = {
  streams: (origin) => fanOut('held stream', streamAudience, origin),
  sockets: (origin) => fanOut('WebSocket over HTTP', webSocketAudience, origin),
  memory,
  proxy,
};

export async function run(): Promise<void> {
  const asked = process.argv.slice(3);
  const names = asked.length === 0 ? Object.keys(parts) : asked;
  const origin = await startOrigin();
  try {
    for (const name of names) console.log(`${(await parts[name]?.(origin)) ?? `no ${name}`}\n`);
  } finally {
    await origin.stop();
  }
}

async function fanOut(what: string, open: Open, origin: Origin): Promise<string> {
  const results: Results = new Map();
  await inTurns(['hermod', 'pushpin'], origin, async (name, gateway) => {
    const audience = await open(gateway.port, SUBSCRIBERS);
    for (const burst of BURSTS) {
      const sendFor = async (durationMs: number): Promise<number> => {
        const endsAt = performance.now() + durationMs;
        let deliveries = 0;
        while (performance.now() < endsAt) {
          const all = audience.hears(burst * SUBSCRIBERS);
          const [heard] = await Promise.all([all, publish(gateway.controlPort, burst)]);
          deliveries += heard;
        }
        return deliveries;
      };
      await sendFor(WARM_UP_MS);
      const before = gateway.cpuSeconds();
      const deliveries = await sendFor(MEASURED_MS);
      note(results, `${name}/${burst}`, deliveries / (gateway.cpuSeconds() - before));
    }
    audience.end();
  });
  const rows = BURSTS.map((burst) => {
    const of = (name: GatewayName): readonly number[] => results.get(`${name}/${burst}`) ?? [];
    return [
      burst === 1 ? 'one item a request' : `${burst} items a request`,
      thousands(of('hermod')),
      thousands(of('pushpin')),
      ratio(of('hermod'), of('pushpin')),
    ];
  });
  const title = `deliveries per CPU-second, ${SUBSCRIBERS} of ${what}`;
  return table([title, 'hermod', 'pushpin', 'hermod ÷ pushpin'], rows);
}

async function memory(origin: Origin): Promise<string> {
  const results: Results = new Map();
  await inTurns(['hermod', 'pushpin'], origin, async (name, gateway) => {
    // The first hundred pay for code and pools that all share.
    const first = await streamAudience(gateway.port, 100);
    await settle();
    const before = gateway.residentBytes();
    const audience = await streamAudience(gateway.port, HELD);
    await settle();
    note(results, name, (gateway.residentBytes() - before) / HELD);
    audience.end();
    first.end();
  });
  const of = (name: GatewayName): readonly number[] => results.get(name) ?? [];
  const bytes = (name: GatewayName): string => `${Math.round(median(of(name)))} B`;
  return table(
    [`resident memory per held stream, of ${HELD}`, 'hermod', 'pushpin', 'pushpin ÷ hermod'],
    [['', bytes('hermod'), bytes('pushpin'), ratio(of('pushpin'), of('hermod'))]],
  );
}

/** Nobody writes a line for each request. */
async function proxy(origin: Origin): Promise<string> {
  const results: Results = new Map();
  await inTurns(
    ['hermod', 'pushpin', 'nginx'],
    origin,
    async (name, gateway) => {
      await warmUp(name, gateway);
      const before = gateway.cpuSeconds();
      const answered = await askFor(gateway.port, '/plain', CONNECTIONS, MEASURED_MS);
      note(results, name, answered / (gateway.cpuSeconds() - before));
    },
    1,
  );
  const of = (name: GatewayName): readonly number[] => results.get(name) ?? [];
  return table(
    [
      `small GETs per CPU-second, ${CONNECTIONS} kept connections`,
      'hermod',
      'pushpin',
      'nginx',
      'hermod ÷ pushpin',
      'hermod ÷ nginx',
    ],
    [
      [
        '',
        thousands(of('hermod')),
        thousands(of('pushpin')),
        thousands(of('nginx')),
        ratio(of('hermod'), of('pushpin')),
        ratio(of('hermod'), of('nginx')),
      ],
    ],
  );
}

/** What runs compiled from its start needs no more than its time. */
async function warmUp(name: GatewayName, { port }: MeasuredGateway): Promise<void> {
  const startedAt = performance.now();
  const wanted = name === 'hermod' ? WARM_UP_REQUESTS : 0;
  let asked = 0;
  do {
    asked += await askFor(port, '/plain', CONNECTIONS, WARM_UP_MS / 2);
  } while (asked < wanted && performance.now() - startedAt < WARM_UP_MS_MAX);
}

/** Each round starts every gateway anew, one after the other. */
async function inTurns(
  names: readonly GatewayName[],
  origin: Origin,
  measure: (name: GatewayName, gateway: MeasuredGateway) => Promise<void>,
  logLevel: 1 | 2 = 2,
): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of names) {
      const gateway = await startGateway(name, origin, logLevel);
      try {
        await measure(name, gateway);
      } finally {
        await gateway.stop();
      }
    }
  }
}

function note(results: Results, key: string, figure: number): void {
  results.set(key, [...(results.get(key) ?? []), figure]);
}

function thousands(figures: readonly number[]): string {
  return `${(median(figures) / 1_000).toFixed(1)} k`;
}

/** The median of the rounds' own ratios, and the range in which they lie. */
function ratio(ours: readonly number[], theirs: readonly number[]): string {
  const ratios = ours.map((figure, round) => figure / (theirs[round] ?? NaN));
  const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  return `${median(ratios).toFixed(2)}x (${range})`;
}

function settle(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, SETTLE_MS);
  });
}

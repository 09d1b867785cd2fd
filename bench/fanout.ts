// Fan-out: one publisher, 1,000 subscribers, 100-byte payloads; deliveries per CPU-second of the server process,
// one publication at a time and in bursts of ten. Hermod (one shard) against `ws` used naively, rounds interleaved.

import { frame, publisher, webSocketCrowd } from './support/clients.ts';
import { type MeasuredServer, startServer } from './support/server.ts';
import { median, table } from './support/table.ts';

const SUBSCRIBERS = 1_000;
const ROUNDS = 5;
const WARM_UP_MS = 1_500;
const MEASURED_MS = 4_000;
const PAYLOAD = JSON.stringify('x'.repeat(98));
/** A server frame of up to 125 bytes has a head of two. */
const DELIVERED_BYTES = PAYLOAD.length + 2;

const contenders = [
  {
    name: 'hermod',
    args: [
      'src/main.ts',
      'start',
      '--threads',
      '1',
      '--port',
      '0',
      '--admin-port',
      '0',
      '--json',
      '--no-welcome',
    ],
  },
  { name: 'ws (naive)', args: ['bench/peers/ws-naive.ts'] },
];

export async function run(): Promise<void> {
  const bursts = [1, 10];
  const results = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, args } of contenders) {
      for (const burst of bursts) {
        const server = await startServer(name, args, 'broker');
        const rate = await measure(server, burst);
        await server.stop();
        const key = `${name}/${burst}`;
        results.set(key, [...(results.get(key) ?? []), rate]);
      }
    }
  }
  const rows = bursts.map((burst) => {
    const [ours = [], theirs = []] = contenders.map(
      ({ name }) => results.get(`${name}/${burst}`) ?? [],
    );
    const ratios = ours.map((rate, round) => rate / (theirs[round] ?? NaN));
    return [
      burst === 1 ? 'single' : `bursts of ${burst}`,
      `${(median(ours) / 1_000).toFixed(0)} k`,
      `${(median(theirs) / 1_000).toFixed(0)} k`,
      `${median(ratios).toFixed(2)}x`,
      `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`,
    ];
  });
  const columns = [
    'deliveries per CPU-second',
    ...contenders.map(({ name }) => name),
    'ratio (median)',
    'range',
  ];
  console.log(table(columns, rows));
}

async function measure(server: MeasuredServer, burst: number): Promise<number> {
  const crowd = await webSocketCrowd(server.host, server.port, SUBSCRIBERS, 'bench');
  const source = await publisher(server.host, server.port);
  const publication = frame(`{"topic":"bench","data":${PAYLOAD}}`);
  const write = Buffer.concat(Array.from({ length: burst }, () => publication));
  /** Publishes burst after burst, each when the last was delivered to all; returns the deliveries. */
  const sendFor = async (durationMs: number): Promise<number> => {
    const endsAt = performance.now() + durationMs;
    let deliveries = 0;
    while (performance.now() < endsAt) {
      crowd.received = 0;
      source.write(write);
      await crowd.until(burst * SUBSCRIBERS * DELIVERED_BYTES);
      deliveries += burst * SUBSCRIBERS;
    }
    return deliveries;
  };
  await sendFor(WARM_UP_MS);
  const before = server.cpuSeconds();
  const deliveries = await sendFor(MEASURED_MS);
  const spent = server.cpuSeconds() - before;
  crowd.end();
  source.destroy();
  return deliveries / spent;
}

// Idle subscribers: resident memory that 9,500 of them add to the server process, each. Kernel memory is not in it.
// Hermod (one shard) over WebSocket and over event streams, and `ws` used naively.

import { eventStreamCrowd, webSocketCrowd } from './support/clients.ts';
import { startServer } from './support/server.ts';
import { table } from './support/table.ts';

const SUBSCRIBERS = 9_500;
const SETTLE_MS = 4_000;

const hermod = [
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
];
const contenders = [
  { name: 'hermod, WebSocket', args: hermod, open: webSocketCrowd },
  { name: 'hermod, event stream', args: hermod, open: eventStreamCrowd },
  { name: 'ws (naive)', args: ['bench/peers/ws-naive.ts'], open: webSocketCrowd },
];

export async function run(): Promise<void> {
  const rows: string[][] = [];
  for (const { name, args, open } of contenders) {
    const server = await startServer(name, args, 'broker');
    // The first hundred pay for code and pools that all share.
    const first = await open(server.host, server.port, 100, 'idle');
    await settle();
    const before = server.residentBytes();
    const crowd = await open(server.host, server.port, SUBSCRIBERS, 'idle');
    await settle();
    const each = (server.residentBytes() - before) / SUBSCRIBERS;
    rows.push([name, `${Math.round(each)} B`]);
    crowd.end();
    first.end();
    await server.stop();
  }
  console.log(table([`resident memory per idle subscriber, of ${SUBSCRIBERS}`, ''], rows));
}

function settle(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, SETTLE_MS);
  });
}

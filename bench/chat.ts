// Rooms of the chat against Debian's ngircd, prosody and ejabberd: one speaks, all others of the room count what they hear; words
// heard per CPU-second of the server, all of its processes counted, in slices that take turns.
// `npm run bench -- chat [SERVER]…` measures some of them only.

import { openRoom, type Room } from './support/chat-clients.ts';
import { type ChatServerName, type MeasuredChat, startChat } from './support/chat-servers.ts';
import { standAside } from './support/processes.ts';
import { table } from './support/table.ts';
import { ratio, takeTurns, thousands } from './support/turns.ts';

/** Of a second each. */
const SLICES = Number(process.env['BENCH_ROUNDS'] ?? 3) * 4;
const LISTENERS = (process.env['BENCH_SUBSCRIBERS'] ?? '100,500').split(',').map(Number);
const BURSTS = [1, 10];
const SERVERS: readonly ChatServerName[] = ['hermod', 'ngircd', 'prosody', 'ejabberd'];
/** Compilers count words, not seconds: with fewer, it would be they who are measured. */
const WARM_UP_WORDS = 40_000;
const WARM_UP_LISTENERS = 5;
const WARM_UP_MS = 2_000;

interface Standing {
  readonly name: ChatServerName;
  readonly server: MeasuredChat;
}

export async function run(): Promise<void> {
  standAside();
  const asked = process.argv.slice(3);
  const standing: Standing[] = [];
  try {
    for (const name of SERVERS.filter((one) => asked.length === 0 || asked.includes(one)))
      standing.push({ name, server: await startChat(name) });
    await warmUp(standing);
    for (const listeners of LISTENERS) console.log(`${await measure(standing, listeners)}\n`);
  } finally {
    for (const { server } of standing) await server.stop();
  }
}

async function measure(standing: readonly Standing[], listeners: number): Promise<string> {
  const rooms: Room[] = [];
  for (const { name, server } of standing) rooms.push(await openRoom(name, server.port, listeners));
  const rows: string[][] = [];
  for (const burst of BURSTS) {
    const driven = standing.map(({ name, server }, at) => ({
      name,
      cpuSeconds: () => server.cpuSeconds(),
      drive: (durationMs: number) => speakFor(durationMs, burst, rooms[at]),
    }));
    for (const { drive } of driven) await drive(WARM_UP_MS);
    const [ours = [], ...others] = (await takeTurns(driven, SLICES)).values();
    rows.push([
      burst === 1 ? 'one word at a time' : `${burst} at a time`,
      ...[ours, ...others].map(thousands),
      ...others.map((theirs) => ratio(ours, theirs)),
    ]);
  }
  for (const room of rooms) room.end();
  const names = standing.map(({ name }) => name);
  const title = `words heard per CPU-second, ${listeners} in a room`;
  return table([title, ...names, ...names.slice(1).map((name) => `${names[0]} ÷ ${name}`)], rows);
}

/** The next words when everybody has heard the last ones; returns what was heard. */
async function speakFor(
  durationMs: number,
  burst: number,
  room: Room | undefined,
): Promise<number> {
  if (room === undefined) return 0;
  const endsAt = performance.now() + durationMs;
  let heard = 0;
  while (performance.now() < endsAt) heard += await room.speak(burst);
  return heard;
}

/** What runs compiled from its start needs none. */
async function warmUp(standing: readonly Standing[]): Promise<void> {
  for (const { name, server } of standing) {
    if (name !== 'hermod') continue;
    const room = await openRoom(name, server.port, WARM_UP_LISTENERS);
    for (let words = 0; words < WARM_UP_WORDS; words += 10) await room.speak(10);
    room.end();
  }
}

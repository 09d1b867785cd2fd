// Rooms of the chat against Debian's ngircd and prosody: one speaks, all others of the room count what they hear; words
// heard per CPU-second of the server, all of its processes counted, rounds interleaved.
// `npm run bench -- chat [SERVER]…` measures some of them only.

import { openRoom } from './support/chat-clients.ts';
import { type ChatServerName, startChat } from './support/chat-servers.ts';
import { median, table } from './support/table.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const LISTENERS = Number(process.env['BENCH_SUBSCRIBERS'] ?? 500);
const BURSTS = [1, 10];
const WARM_UP_MS = 4_000;
const MEASURED_MS = 4_000;
const SERVERS: readonly ChatServerName[] = ['hermod', 'ngircd', 'prosody'];

type Results = Map<string, number[]>;

export async function run(): Promise<void> {
  const asked = process.argv.slice(3);
  const servers = SERVERS.filter((name) => asked.length === 0 || asked.includes(name));
  const results: Results = new Map();
  for (let round = 0; round < ROUNDS; round += 1)
    for (const name of servers) await measure(name, results);
  const rows = BURSTS.map((burst) => {
    const of = (name: ChatServerName): readonly number[] => results.get(`${name}/${burst}`) ?? [];
    return [
      burst === 1 ? 'one word at a time' : `${burst} at a time`,
      ...servers.map((name) => `${(median(of(name)) / 1_000).toFixed(1)} k`),
      ...servers.slice(1).map((name) => ratio(of('hermod'), of(name))),
    ];
  });
  const title = `words heard per CPU-second, ${LISTENERS} in a room`;
  const ratios = servers.slice(1).map((name) => `hermod ÷ ${name}`);
  console.log(table([title, ...servers, ...ratios], rows));
}

async function measure(name: ChatServerName, results: Results): Promise<void> {
  const server = await startChat(name);
  try {
    const room = await openRoom(name, server.port, LISTENERS);
    for (const burst of BURSTS) {
      const speakFor = async (durationMs: number): Promise<number> => {
        const endsAt = performance.now() + durationMs;
        let heard = 0;
        while (performance.now() < endsAt) heard += await room.speak(burst);
        return heard;
      };
      await speakFor(WARM_UP_MS);
      const before = server.cpuSeconds();
      const heard = await speakFor(MEASURED_MS);
      const key = `${name}/${burst}`;
      const figure = heard / (server.cpuSeconds() - before);
      results.set(key, [...(results.get(key) ?? []), figure]);
    }
    room.end();
  } finally {
    await server.stop();
  }
}

/** The median of the rounds' own ratios, and the range in which they lie. */
function ratio(ours: readonly number[], theirs: readonly number[]): string {
  const ratios = ours.map((figure, round) => figure / (theirs[round] ?? NaN));
  const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  return `${median(ratios).toFixed(2)}x (${range})`;
}

// `npm run bench -- NAME`: runs one benchmark and prints its table. Each compares Hermod with a named peer in the
// same run and quotes CPU-seconds of whole processes, medians of interleaved rounds.
// Nothing here asserts: numbers are for people, and machines are noisy.

const benchmarks: Readonly<Record<string, () => Promise<{ run(): Promise<void> }>>> = {
  fanout: () => import('./fanout.ts'),
  idle: () => import('./idle.ts'),
  crossing: () => import('./crossing.ts'),
  sim: () => import('./sim.ts'),
  stories: () => import('./stories.ts'),
  gateway: () => import('./gateway.ts'),
  chat: () => import('./chat.ts'),
  'chat-users': () => import('./chat-users.ts'),
};

const [name = ''] = process.argv.slice(2);
const load = benchmarks[name];
if (load === undefined) {
  console.error(`usage: npm run bench -- ${Object.keys(benchmarks).join(' | ')}`);
  process.exit(2);
}
const benchmark = await load();
await benchmark.run();

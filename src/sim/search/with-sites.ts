// How a thread or a process is started so that the simulator in it has its buggify sites: see sites.ts.
// Refuses to grow them here.

export const withSites: readonly string[] = [
  '--import',
  new URL('./sites.ts', import.meta.url).href,
];

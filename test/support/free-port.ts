// A port on loopback for a process that is to have the same one in each of its lives. It lies below those that the kernel
// gives to whoever asks for any: between two lives, no other test's connection can come to have it.

import { createServer } from 'node:net';

/** So many different ports, for a program that cannot be asked which ones it got. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error(`a hundred ports from ${LOWEST} on are all taken`);
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

const LOWEST = 20_000;
const COUNT = 12_000;

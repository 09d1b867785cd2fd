// The number of this life of the node, kept in a file so that the next life has a higher one even when the clock went
// back meanwhile. Without a directory the clock alone is believed, and other nodes correct it.
// Refuses to know what the number is for. Obeys spec/hp-peer.md, section "Members".

import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { FileProblem } from '../process/file-problem.ts';

const FILE = 'incarnation';
/** Shards that die and are replaced are lives, too: the next process must be later than all of them. */
const LIVES_OF_ONE_PROCESS = 1_000;

/** What is wrong with the directory, before anything starts. */
export function stateProblems(directory: string): readonly FileProblem[] {
  const key = 'stateDirectory';
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    if (typeof knownIn(directory) !== 'string') return [];
    const problem = `"${join(directory, FILE)}" holds no number`;
    return [{ key, problem, wayOut: 'Remove the file: the clock is believed once, then.' }];
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const wayOut = 'Make the folder, and let the user of this process write to it.';
    return [{ key, problem: `"${directory}" cannot be written to (${code})`, wayOut }];
  }
}

/** [HP-MEMBER-4] Higher than any before, and remembered before anybody hears of it. */
export function nextIncarnation(directory: string | undefined, wallMs: number): number {
  if (directory === undefined) return wallMs;
  const known = knownIn(directory);
  if (typeof known === 'string') throw new Error('the state changed while the node started');
  const next = Math.max(wallMs, known + LIVES_OF_ONE_PROCESS);
  keepIncarnation(directory, next);
  return next;
}

/** Whole or not at all: a half-written number would be a lower one. */
export function keepIncarnation(directory: string, incarnation: number): void {
  const file = join(directory, FILE);
  const fresh = `${file}.new`;
  const handle = openSync(fresh, 'w', 0o600);
  try {
    writeSync(handle, `${incarnation}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(fresh, file);
}

function knownIn(directory: string): number | 'broken' {
  try {
    const text = readFileSync(join(directory, FILE), 'utf8').trim();
    const known = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return Number.isSafeInteger(known) ? known : 'broken';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

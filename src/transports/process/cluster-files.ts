// The secrets of a cluster as the process sees them: a file held to its form before anything starts. No secret is ever
// shown. Refuses to know nodes and links. Obeys spec/process.md, section "Configuration".

import { readFileSync } from 'node:fs';
import type { Key } from '../../actors/codecs/hp-peer/proof.ts';
import type { FileProblem } from './file-problem.ts';

const SECRET_BYTES_MIN = 32;

/** Names and secrets, one of them a line; a line without a name is called `k1`. */
export function readSecrets(text: string): readonly Key[] | string {
  const keys: Key[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const plain = line.trim();
    if (plain === '' || plain.startsWith('#')) continue;
    const [, id = 'k1', word = plain] = /^([A-Za-z0-9._-]{1,64}) +(\S+)$/.exec(plain) ?? [];
    const secret = new TextEncoder().encode(word);
    if (secret.byteLength < SECRET_BYTES_MIN)
      return `line ${at + 1} has a secret of less than ${SECRET_BYTES_MIN} bytes`;
    if (keys.some((key) => key.id === id)) return `line ${at + 1} has a name that is taken`;
    keys.push({ id, secret });
  }
  return keys.length === 0 ? 'has no secret in it' : keys;
}

export function secretProblems(file: string): readonly FileProblem[] {
  const key = 'secretFile';
  try {
    const reading = readSecrets(readFileSync(file, 'utf8'));
    if (typeof reading !== 'string') return [];
    const wayOut = 'Write a name, a space and 32 random letters or more on each line.';
    return [{ key, problem: `"${file}" ${reading}`, wayOut }];
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const wayOut = 'Check the path, and that the user of this process may read the file.';
    return [{ key, problem: `"${file}" cannot be read (${code})`, wayOut }];
  }
}

/** The file as it is now; it was good a moment ago. */
export function secretsOf(file: string): readonly Key[] {
  const reading = readSecrets(readFileSync(file, 'utf8'));
  if (typeof reading === 'string') throw new Error('the secrets changed while the node started');
  return reading;
}

// A folder of certificates as Pushpin has one: NAME.crt and NAME.key for a server's name, _.PARENT for all names right
// below one, default_PORT for whoever names none of these at a port. Read again when anything in it changes; a pair that
// became wrong leaves the old one in force. Refuses to know doors. Obeys spec/grip.md, section "Clients".

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedPair, TlsMaterial } from '../../shards-contract.ts';
import { checkPair, type TlsProblem } from './pairs.ts';
import { type Watching, watchFolders, type WatchPace } from '../watched-files.ts';

export interface DatedPair extends NamedPair {
  /** Last instant at which the certificate is valid, milliseconds since 1970. */
  readonly endsAtMs: number;
}

/** Good pairs by the names of their files, without the ending. */
export type Certificates = ReadonlyMap<string, DatedPair>;

export interface CertificatesReading {
  readonly certificates: Certificates;
  readonly problems: readonly (TlsProblem & { readonly file: string })[];
}

/** Reads all pairs of a folder. One that is not good is told, and is what it was in `before`. */
export function readCertificates(directory: string, before?: Certificates): CertificatesReading {
  return checkAll(directory, textsIn(directory), before);
}

/** [GRIP-CLIENT-9] What a port shows to whom; undefined when there is nothing that it could show. */
export function materialFor(port: number, certificates: Certificates): TlsMaterial | undefined {
  const byDefault = certificates.get(`default_${port}`);
  const named = [...certificates.values()].filter(({ name }) => !name.startsWith('default_'));
  if (byDefault === undefined && named.length === 0) return undefined;
  const { cert, key } = byDefault ?? { cert: '', key: '' };
  return { cert, key, named };
}

export function watchCertificates(
  directory: string,
  known: Certificates,
  changed: (reading: CertificatesReading) => void,
  pace?: WatchPace,
): Watching {
  let current = known;
  // What could not be read at the start was told then.
  let last = fingerprint(textsIn(directory));
  return watchFolders(
    [directory],
    () => {
      const texts = textsIn(directory);
      if (fingerprint(texts) === last) return;
      last = fingerprint(texts);
      const reading = checkAll(directory, texts, current);
      current = reading.certificates;
      changed(reading);
    },
    pace,
  );
}

interface Texts {
  readonly name: string;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

function textsIn(directory: string): readonly Texts[] {
  let files: readonly string[];
  try {
    files = readdirSync(directory).toSorted();
  } catch {
    return [];
  }
  return files
    .filter((file) => file.endsWith('.crt'))
    .map((file) => {
      const name = file.slice(0, -'.crt'.length);
      const text = (ending: string): string | undefined => textOf(join(directory, name + ending));
      return { name, cert: text('.crt'), key: text('.key') };
    });
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function checkAll(
  directory: string,
  texts: readonly Texts[],
  before: Certificates = new Map(),
): CertificatesReading {
  const certificates = new Map<string, DatedPair>();
  const problems: (TlsProblem & { readonly file: string })[] = [];
  for (const { name, cert = '', key = '' } of texts) {
    const reading = checkPair(cert, key);
    // Names of servers have no case.
    if (reading.ok) {
      const { endsAtMs } = reading;
      certificates.set(name, { name: name.toLowerCase(), cert, key, endsAtMs });
    } else {
      const old = before.get(name);
      if (old !== undefined) certificates.set(name, old);
      for (const problem of reading.problems) {
        const ending = problem.key === 'certFile' ? '.crt' : '.key';
        problems.push({ ...problem, file: join(directory, name + ending) });
      }
    }
  }
  return { certificates, problems };
}

function fingerprint(texts: readonly Texts[]): string {
  return JSON.stringify(texts);
}

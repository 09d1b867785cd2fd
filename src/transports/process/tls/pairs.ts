// Certificates and keys from files: read, held against each other, and read again when they change. A pair that is
// wrong at the start is a mistake of the operator; one that becomes wrong later leaves the old pair in force.
// Refuses to know doors. Obeys spec/process.md, section "TLS".

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { TlsMaterial } from '../../shards-contract.ts';
import type { FileProblem } from '../file-problem.ts';
import { type Watching, watchFiles, type WatchPace } from '../watched-files.ts';

export interface TlsFiles {
  /** The door's certificate, then those that lead to the root, in PEM. */
  readonly certFile: string;
  readonly keyFile: string;
}

export type TlsProblem = FileProblem<'certFile' | 'keyFile'>;

export type PairReading =
  | {
      readonly ok: true;
      readonly material: TlsMaterial;
      /** Last instant at which the certificate is valid, milliseconds since 1970. */
      readonly endsAtMs: number;
    }
  | { readonly ok: false; readonly problems: readonly TlsProblem[] };

/** Reads both files and holds them against each other; every problem is listed. */
export function readPair({ certFile, keyFile }: TlsFiles): PairReading {
  const cert = textOf(certFile);
  const key = textOf(keyFile);
  if (cert.ok && key.ok) return checkPair(cert.text, key.text);
  const problems: TlsProblem[] = [];
  if (!cert.ok) problems.push({ key: 'certFile', ...cert });
  if (!key.ok) problems.push({ key: 'keyFile', ...key });
  return { ok: false, problems };
}

/** [PROC-TLS-1] A pair is good when both parse, the key is the certificate's, and the platform takes them. */
export function checkPair(cert: string, key: string): PairReading {
  const problems: TlsProblem[] = [];
  const certificate = certificateOf(cert);
  if (certificate === undefined) {
    const wayOut = 'Give a PEM file that begins with the certificate of this door.';
    problems.push({ key: 'certFile', problem: 'it holds no certificate in PEM form', wayOut });
  }
  const privateKey = privateKeyOf(key);
  if (typeof privateKey === 'string') {
    const wayOut = 'Give the private key of the certificate as PEM, without a passphrase.';
    problems.push({ key: 'keyFile', problem: privateKey, wayOut });
  } else if (certificate?.checkPrivateKey(privateKey) === false) {
    const wayOut = 'Give the key that the certificate was made with; the first certificate counts.';
    problems.push({ key: 'keyFile', problem: 'it is not the key of the certificate', wayOut });
  }
  if (certificate === undefined || problems.length > 0) return { ok: false, problems };
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const problem = `the platform refuses it: ${error instanceof Error ? error.message : 'unknown'}`;
    const wayOut = 'Check every certificate in the file, and that the key is long enough.';
    return { ok: false, problems: [{ key: 'certFile', problem, wayOut }] };
  }
  return { ok: true, material: { cert, key }, endsAtMs: certificate.validToDate.getTime() };
}

/** Says whether whoever renews certificates is to be reminded of it. */
export function endsSoon(endsAtMs: number): boolean {
  return endsAtMs <= Date.now() + REMINDER_MS;
}

export interface PairEvents {
  changed(pair: Extract<PairReading, { readonly ok: true }>): void;
  broken(problems: readonly TlsProblem[]): void;
}

/** [PROC-TLS-2] Watches a pair that was good; says so when it is another good one, or has become a broken one. */
export function watchPair(
  files: TlsFiles,
  known: TlsMaterial,
  events: PairEvents,
  pace?: WatchPace,
): Watching {
  let current = known;
  const changed = ([cert, key]: readonly (string | undefined)[]): void => {
    // What is gone for a moment will come back: whoever replaces files by hand removes them first.
    const reading: PairReading =
      cert === undefined || key === undefined ? readPair(files) : checkPair(cert, key);
    if (!reading.ok) {
      events.broken(reading.problems);
      return;
    }
    const { material } = reading;
    if (material.cert === current.cert && material.key === current.key) return;
    current = material;
    events.changed(reading);
  };
  return watchFiles([files.certFile, files.keyFile], [known.cert, known.key], changed, pace);
}

const REMINDER_MS = 7 * 86_400_000;

type TextReading =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: string; readonly wayOut: string };

function textOf(file: string): TextReading {
  try {
    return { ok: true, text: readFileSync(file, 'utf8') };
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const wayOut = 'Check the path, and that the user of this process may read the file.';
    return { ok: false, problem: `"${file}" cannot be read (${code})`, wayOut };
  }
}

function certificateOf(pem: string): X509Certificate | undefined {
  try {
    return pem.includes('-----BEGIN') ? new X509Certificate(pem) : undefined;
  } catch {
    return undefined;
  }
}

/** The key, or what is wrong with it. */
function privateKeyOf(pem: string): KeyObject | string {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isLocked = code === 'ERR_MISSING_PASSPHRASE' || pem.includes('ENCRYPTED');
    return isLocked ? 'it is protected by a passphrase' : 'it holds no private key in PEM form';
  }
}

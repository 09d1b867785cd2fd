// Certificates of links between nodes: a pair as every door has one, and, where both sides are to show one, those that
// are believed. TLS 1.3 alone, because proofs are bound to it. Read again when a file changes.
// Refuses to know links. Obeys spec/hp-peer.md, section "Proof", and spec/process.md, section "TLS".

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { FileProblem } from '../process/file-problem.ts';
import { readPair, type TlsFiles } from '../process/tls/pairs.ts';
import { watchFiles, type Watching, type WatchPace } from '../process/watched-files.ts';
import type { TlsMaterial } from '../shards-contract.ts';

export interface PeerTlsFiles extends TlsFiles {
  /** Certificates in PEM that are believed; undefined: nobody is asked for one. */
  readonly caFile: string | undefined;
}

export type PeerTlsProblem = FileProblem<'tls.certFile' | 'tls.keyFile' | 'tls.caFile'>;

export type PeerTlsReading =
  | { readonly ok: true; readonly material: TlsMaterial; readonly endsAtMs: number }
  | { readonly ok: false; readonly problems: readonly PeerTlsProblem[] };

export function readPeerTls(files: PeerTlsFiles): PeerTlsReading {
  const pair = readPair(files);
  const ca = files.caFile === undefined ? undefined : readBelieved(files.caFile);
  const problems: PeerTlsProblem[] = [];
  if (!pair.ok)
    for (const { key, ...rest } of pair.problems) problems.push({ key: `tls.${key}`, ...rest });
  if (ca?.ok === false) problems.push(ca);
  if (!pair.ok || ca?.ok === false) return { ok: false, problems };
  const material: TlsMaterial = { ...pair.material, versionMin: 'TLSv1.3' };
  const { endsAtMs } = pair;
  return {
    ok: true,
    endsAtMs,
    material: ca === undefined ? material : { ...material, ca: ca.text },
  };
}

export function peerTlsProblems(files: PeerTlsFiles): readonly PeerTlsProblem[] {
  const reading = readPeerTls(files);
  return reading.ok ? [] : reading.problems;
}

/** [PROC-TLS-2] Says so when all of them are good again and something is new, or when they are not. */
export function watchPeerTls(
  files: PeerTlsFiles,
  changed: (reading: PeerTlsReading) => void,
  pace?: WatchPace,
): Watching {
  const { certFile, keyFile, caFile } = files;
  const names = caFile === undefined ? [certFile, keyFile] : [certFile, keyFile, caFile];
  const known = names.map((name) => readFileSync(name, 'utf8'));
  return watchFiles(names, known, () => changed(readPeerTls(files)), pace);
}

type Believed =
  | { readonly ok: true; readonly text: string }
  | ({ readonly ok: false } & PeerTlsProblem);

function readBelieved(file: string): Believed {
  const key = 'tls.caFile';
  const wayOut = 'Give a PEM file with the certificates that sign those of the nodes.';
  try {
    const text = readFileSync(file, 'utf8');
    // The first is parsed by itself, because the platform passes over what it cannot read.
    if (!new X509Certificate(text).publicKey) throw new Error('no key');
    createSecureContext({ ca: text });
    return { ok: true, text };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isUnread = code !== undefined && /^E[A-Z]+$/.test(code);
    const problem = isUnread
      ? `it cannot be read (${code})`
      : 'it holds no certificate in PEM form';
    return { ok: false, key, problem: `"${file}": ${problem}`, wayOut };
  }
}

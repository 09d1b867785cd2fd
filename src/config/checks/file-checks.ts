// What a config asks of the disk: whether the files that its settings name are what they must be.
// Refuses to know disks. Obeys spec/process.md, section "Configuration".

import type { authRows } from '../settings.ts';
import type { ValuesOf } from '../rows.ts';

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface PeerTlsFiles extends TlsFiles {
  readonly caFile: string | undefined;
}

export type AuthSettings = ValuesOf<typeof authRows>;

export interface FileProblem {
  /** The setting that is wrong, within its section. */
  readonly key: string;
  readonly problem: string;
  readonly wayOut: string;
}

/** Looks into the files that settings name. */
export interface FileChecks {
  tls(files: TlsFiles): readonly FileProblem[];
  auth(settings: AuthSettings): readonly FileProblem[];
  passwords(file: string): readonly FileProblem[];
  secrets(file: string): readonly FileProblem[];
  state(directory: string): readonly FileProblem[];
  peerTls(files: PeerTlsFiles): readonly FileProblem[];
}

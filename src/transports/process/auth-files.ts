// From the auth settings to the key material that shards verify with: reads the files and holds each to what it must
// be. Every problem is listed, none tells a secret. Refuses to know tokens. Obeys spec/process.md, section "Auth".

import { readFileSync } from 'node:fs';
import type { AuthOptions } from '../auth.edge.ts';
import { KeyRing, type KeyTexts } from '../auth/key-ring.ts';
import type { FileProblem } from './file-problem.ts';

export interface AuthSettings {
  readonly secret: string | undefined;
  readonly secretFile: string | undefined;
  readonly publicKeyFile: string | undefined;
  readonly jwksFile: string | undefined;
  readonly audience: string | undefined;
  readonly issuer: string | undefined;
  readonly leewaySeconds: number;
}

type AuthProblem = FileProblem<'secret' | 'secretFile' | 'publicKeyFile' | 'jwksFile'>;

export type AuthReading =
  | { readonly ok: true; readonly auth: AuthOptions }
  | { readonly ok: false; readonly problems: readonly AuthProblem[] };

/** Reads what the settings name. At least one of the four sources is given. */
export function readAuth(settings: AuthSettings): AuthReading {
  const { secret, secretFile, publicKeyFile, jwksFile, audience, issuer, leewaySeconds } = settings;
  const problems: AuthProblem[] = [];
  const none: KeyTexts = { secret: undefined, publicKey: undefined, jwks: undefined };

  const check = (key: AuthProblem['key'], texts: Partial<KeyTexts>): void => {
    const ring = KeyRing.of({ ...none, ...texts });
    if (!ring.ok) problems.push({ key, problem: ring.problem, wayOut: waysOut[key] });
  };
  const read = (key: AuthProblem['key'], file: string | undefined): string | undefined => {
    if (file === undefined) return undefined;
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      const wayOut = 'Check the path, and that the user of this process may read the file.';
      problems.push({ key, problem: `"${file}" cannot be read (${code})`, wayOut });
      return undefined;
    }
  };

  // Editors and `echo` end a file with a newline that nobody means as part of the secret.
  const secretText = secret ?? read('secretFile', secretFile)?.replace(/\r?\n$/, '');
  if (secretText !== undefined) {
    check(secret === undefined ? 'secretFile' : 'secret', { secret: secretText });
  }
  const publicKey = read('publicKeyFile', publicKeyFile);
  if (publicKey !== undefined) check('publicKeyFile', { publicKey });
  const jwksText = read('jwksFile', jwksFile);
  if (jwksText !== undefined) check('jwksFile', { jwks: { text: jwksText } });

  if (problems.length > 0) return { ok: false, problems };
  const jwks =
    jwksFile === undefined || jwksText === undefined
      ? undefined
      : { file: jwksFile, text: jwksText };
  const auth = { secret: secretText, publicKey, jwks, audience, issuer, leewaySeconds };
  return { ok: true, auth };
}

const longer = 'Take a longer one: `openssl rand -base64 48` makes a good one.';

const waysOut: Readonly<Record<AuthProblem['key'], string>> = {
  secret: longer,
  secretFile: longer,
  publicKeyFile: 'Give the public key that tokens are signed for, as PEM ("BEGIN PUBLIC KEY").',
  jwksFile: 'Give a JSON Web Key Set: {"keys":[…]} with public keys, as the issuer publishes it.',
};

// The keys that tokens may be signed with, each for exactly one algorithm, which follows from the key itself: a
// token's header can only pick among them, never say how a key is to be used. That shuts out `none` and the trick of
// taking a public key for an HMAC secret. Refuses to know claims. Obeys spec/process.md, section "Auth".

import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { decodeProtectedHeader, type JWK } from 'jose';

export type Algorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA';

export interface KeyTexts {
  readonly secret: string | undefined;
  readonly publicKey: string | undefined;
  readonly jwks: { readonly text: string } | undefined;
}

/** Which of the texts is wrong, and how. */
export interface KeyProblem {
  readonly ok: false;
  readonly from: 'secret' | 'publicKey' | 'jwks';
  readonly problem: string;
}

interface Key {
  readonly algorithm: Algorithm;
  /** Undefined for a key that was given without a name: it serves tokens that name any. */
  readonly kid: string | undefined;
  readonly key: KeyObject;
}

export type KeyChoice =
  | { readonly ok: true; readonly algorithm: Algorithm; readonly key: KeyObject }
  | { readonly ok: false; readonly reason: string };

/** RFC 7518, section 3.2: a key of the size of the hash output or larger. */
const SECRET_BYTES_MIN = 32;
const RSA_BITS_MIN = 2_048;

export class KeyRing {
  readonly #keys: readonly Key[];

  private constructor(keys: readonly Key[]) {
    this.#keys = keys;
  }

  get size(): number {
    return this.#keys.length;
  }

  static of(texts: KeyTexts): { readonly ok: true; readonly keys: KeyRing } | KeyProblem {
    const keys: Key[] = [];
    if (texts.secret !== undefined) {
      const bytes = Buffer.from(texts.secret, 'utf8');
      if (bytes.length < SECRET_BYTES_MIN) {
        const problem = `the secret has ${bytes.length} bytes, HS256 needs at least ${SECRET_BYTES_MIN}`;
        return { ok: false, from: 'secret', problem };
      }
      keys.push({ algorithm: 'HS256', kid: undefined, key: createSecretKey(bytes) });
    }
    if (texts.publicKey !== undefined) {
      const read = keyOfPem(texts.publicKey);
      if (!read.ok) return { ok: false, from: 'publicKey', problem: read.problem };
      keys.push(read.key);
    }
    if (texts.jwks !== undefined) {
      const read = keysOfSet(texts.jwks.text);
      if (!read.ok) return { ok: false, from: 'jwks', problem: read.problem };
      keys.push(...read.keys);
    }
    return { ok: true, keys: new KeyRing(keys) };
  }

  /** The one key that a token may be verified with, or the sentence that refuses the token. */
  choose(token: string): KeyChoice {
    let header: { readonly alg?: unknown; readonly kid?: unknown };
    try {
      header = decodeProtectedHeader(token);
    } catch {
      return refused('The token is not a signed JWT.');
    }
    const { alg, kid } = header;
    const fitting = this.#keys.filter(({ algorithm }) => algorithm === alg);
    if (fitting.length === 0) return refused('The algorithm of the token is not accepted here.');
    const named = kid === undefined ? [] : fitting.filter((key) => key.kid === kid);
    const candidates = named.length > 0 ? named : fitting.filter((key) => mayServe(key, kid));
    const [first, second] = candidates;
    if (first === undefined) return refused('The key of the token is not known here.');
    if (second !== undefined) return refused('The token must name its key with "kid".');
    return { ok: true, algorithm: first.algorithm, key: first.key };
  }
}

/** A token that names a key gets a nameless one at most; a token without a name gets any. */
function mayServe(key: Key, kid: unknown): boolean {
  return kid === undefined || key.kid === undefined;
}

function refused(reason: string): KeyChoice {
  return { ok: false, reason };
}

type PemReading =
  | { readonly ok: true; readonly key: Key }
  | { readonly ok: false; readonly problem: string };

function keyOfPem(pem: string): PemReading {
  // createPublicKey would take the public half out of a private key; that one has no business on this machine.
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    return { ok: false, problem: 'it holds a private key; the node needs only the public one' };
  }
  try {
    const key = createPublicKey(pem);
    const algorithm = algorithmOf(key);
    if (algorithm === undefined) return { ok: false, problem: unsupported(key) };
    return { ok: true, key: { algorithm, kid: undefined, key } };
  } catch {
    return { ok: false, problem: 'it holds no public key in PEM form' };
  }
}

/** RFC 7517, section 5: members of a set that are not understood are passed over, but one must be usable. */
function keysOfSet(
  text: string,
):
  | { readonly ok: true; readonly keys: readonly Key[] }
  | { readonly ok: false; readonly problem: string } {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'it is not JSON' };
  }
  const members = typeof set === 'object' && set !== null && 'keys' in set ? set.keys : undefined;
  if (!Array.isArray(members)) return { ok: false, problem: 'it has no list "keys"' };
  const keys = members.map(keyOfMember).filter((key) => key !== undefined);
  const problem = 'none of its keys is an RSA (RS256), P-256 (ES256) or Ed25519 (EdDSA) public key';
  return keys.length > 0 ? { ok: true, keys } : { ok: false, problem };
}

function keyOfMember(member: unknown): Key | undefined {
  if (typeof member !== 'object' || member === null) return undefined;
  const jwk = member as JWK;
  // A secret in a set, and the private half of a pair, are there by mistake.
  if (jwk.kty === 'oct' || jwk.d !== undefined) return undefined;
  if (jwk.use !== undefined && jwk.use !== 'sig') return undefined;
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const algorithm = algorithmOf(key);
    if (algorithm === undefined || (jwk.alg ?? algorithm) !== algorithm) return undefined;
    return { algorithm, kid: typeof jwk.kid === 'string' ? jwk.kid : undefined, key };
  } catch {
    return undefined;
  }
}

function algorithmOf(key: KeyObject): Algorithm | undefined {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  const type = key.asymmetricKeyType;
  if (type === 'ed25519') return 'EdDSA';
  if (type === 'ec' && namedCurve === 'prime256v1') return 'ES256';
  return type === 'rsa' && modulusLength >= RSA_BITS_MIN ? 'RS256' : undefined;
}

function unsupported(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  const size = namedCurve ?? (modulusLength === undefined ? '' : `${modulusLength} bits`);
  const found = `${key.asymmetricKeyType ?? 'unknown'} ${size}`.trim();
  return `its key (${found}) fits none of RS256 (RSA from ${RSA_BITS_MIN} bits), ES256 (P-256) and EdDSA (Ed25519)`;
}

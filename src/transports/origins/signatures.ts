// `Grip-Sig`: the token that tells an origin that it is asked by its gateway, made and checked with keys in the syntax
// of Pushpin. A shared secret signs with HS256, an EC key with ES256, an RSA key with RS256; the key decides, never the
// token. Refuses to know who is trusted. RFC 7515, RFC 7519; spec/grip.md, section "Signatures".

import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

type Key =
  | { readonly alg: 'HS256'; readonly secret: Buffer }
  | {
      readonly alg: 'ES256' | 'RS256';
      /** Undefined for a public key, which only checks. */
      readonly privateKey: KeyObject | undefined;
      readonly publicKey: KeyObject;
    };

interface Read {
  readonly key: Key | undefined;
  /** Of the file that it came from; 0 for keys that are written out. */
  readonly changedAtMs: number;
}

const VALID_S = 3_600;
/** A token serves all requests of a second. */
const TOKEN_MS = 1_000;
/** A key's file is looked at again after so long. */
const FILE_MS = 1_000;
const KEYS_MAX = 1_000;

interface Token {
  readonly token: string;
  readonly madeAtMs: number;
}

export interface SignaturesOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export class Signatures {
  readonly #now: () => number;
  readonly #keys = new Map<string, Read & { lookedAtMs: number }>();
  readonly #tokens = new Map<string, Token>();
  /** Most nodes have one. */
  #latest = { issuer: '', key: '', token: '', madeAtMs: -Infinity };

  constructor({ now }: SignaturesOptions) {
    this.#now = now;
  }

  /** A token for one request; undefined when the key cannot be used, which is not for clients to know. */
  sign(issuer: string, key: string): string | undefined {
    const now = this.#now();
    const latest = this.#latest;
    if (latest.issuer === issuer && latest.key === key && isFresh(latest, now)) return latest.token;
    const token = this.#tokenOf(issuer, key, now);
    if (token !== undefined) this.#latest = { issuer, key, ...token };
    return token?.token;
  }

  #tokenOf(issuer: string, key: string, now: number): Token | undefined {
    const name = `${issuer}\n${key}`;
    const made = this.#tokens.get(name);
    if (made !== undefined && isFresh(made, now)) return made;
    const found = this.#keyOf(key, now);
    if (found === undefined) return undefined;
    const token = encode(found, { iss: issuer, exp: Math.floor(now / 1_000) + VALID_S });
    if (token === undefined) return undefined;
    if (this.#tokens.size >= KEYS_MAX) this.#tokens.clear();
    const fresh = { token, madeAtMs: now };
    this.#tokens.set(name, fresh);
    return fresh;
  }

  /** Signed with the key, in date, and for everybody: a token with an audience is somebody else's. */
  isValid(token: string, key: string): boolean {
    const now = this.#now();
    const found = this.#keyOf(key, now);
    const parts = token.split('.');
    const [head = '', claims = '', signature = ''] = parts;
    // What everybody knows proves nothing.
    if (found === undefined || key === '' || parts.length !== 3) return false;
    const said = readPart(head);
    if (said?.['alg'] !== found.alg) return false;
    if (!isSigned(found, `${head}.${claims}`, Buffer.from(signature, 'base64url'))) return false;
    const { aud, exp, nbf } = (readPart(claims) ?? {}) as Record<'aud' | 'exp' | 'nbf', unknown>;
    if (aud !== undefined) return false;
    if (nbf !== undefined && (typeof nbf !== 'number' || nbf * 1_000 > now)) return false;
    return typeof exp === 'number' && exp * 1_000 > now;
  }

  #keyOf(key: string, now: number): Key | undefined {
    const known = this.#keys.get(key);
    if (known !== undefined && Math.abs(now - known.lookedAtMs) < FILE_MS) return known.key;
    const read = readKey(key, known);
    if (this.#keys.size >= KEYS_MAX) this.#keys.clear();
    this.#keys.set(key, { ...read, lookedAtMs: now });
    return read.key;
  }
}

function isFresh({ madeAtMs }: Token, now: number): boolean {
  return now - madeAtMs < TOKEN_MS && now >= madeAtMs;
}

function readKey(key: string, known: Read | undefined): Read {
  if (key === '') return { key: { alg: 'HS256', secret: Buffer.alloc(0) }, changedAtMs: 0 };
  if (key.startsWith('base64:'))
    return secretOf(Buffer.from(key.slice('base64:'.length), 'base64'));
  if (!key.startsWith('file:')) return secretOf(Buffer.from(key));
  try {
    const path = key.slice('file:'.length);
    const changedAtMs = statSync(path).mtimeMs;
    if (known?.changedAtMs === changedAtMs) return known;
    return { key: readFile(readFileSync(path)), changedAtMs };
  } catch {
    return { key: undefined, changedAtMs: 0 };
  }
}

function secretOf(secret: Buffer): Read {
  return { key: sharedKey(secret), changedAtMs: 0 };
}

/** A secret that turns out to be nothing is a mistake. */
function sharedKey(secret: Buffer): Key | undefined {
  return secret.byteLength === 0 ? undefined : { alg: 'HS256', secret };
}

/** A PEM with one key, or a secret in hexadecimal; undefined for keys of other kinds than we sign with. */
function readFile(content: Buffer): Key | undefined {
  const text = content.toString('latin1');
  if (!text.includes('-----BEGIN ')) return sharedKey(Buffer.from(text.trim(), 'hex'));
  const privateKey = text.includes('PRIVATE KEY') ? createPrivateKey(content) : undefined;
  const publicKey = createPublicKey(privateKey ?? content);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKey;
  if (type === 'rsa') return { alg: 'RS256', privateKey, publicKey };
  const isCurve = type === 'ec' && details?.namedCurve === 'prime256v1';
  return isCurve ? { alg: 'ES256', privateKey, publicKey } : undefined;
}

function encode(key: Key, claims: object): string | undefined {
  const said = `${partOf({ typ: 'JWT', alg: key.alg })}.${partOf(claims)}`;
  if (key.alg === 'HS256')
    return `${said}.${createHmac('sha256', key.secret).update(said).digest('base64url')}`;
  if (key.privateKey === undefined) return undefined;
  const signature = sign('sha256', Buffer.from(said), formOf(key.privateKey));
  return `${said}.${signature.toString('base64url')}`;
}

function isSigned(key: Key, said: string, signature: Buffer): boolean {
  if (key.alg !== 'HS256')
    return verify('sha256', Buffer.from(said), formOf(key.publicKey), signature);
  const right = createHmac('sha256', key.secret).update(said).digest();
  return right.byteLength === signature.byteLength && timingSafeEqual(right, signature);
}

/** JWTs carry the two numbers of a curve's signature side by side; RSA does not look at this. */
function formOf(key: KeyObject): { readonly key: KeyObject; readonly dsaEncoding: 'ieee-p1363' } {
  return { key, dsaEncoding: 'ieee-p1363' };
}

function partOf(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function readPart(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

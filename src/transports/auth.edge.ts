// Judges tokens for the actors of one shard: signature, dates, audience, issuer, and what the claims allow.
// Verification is asynchronous and bounded: so many at once, so many waiting; good verdicts are remembered for as
// long as they hold. Refuses to know topics, sessions and doors. Obeys spec/process.md, section "Auth".

import { errors, jwtVerify } from 'jose';
import type { Address } from '../actors/runtime/actor.ts';
import type { Log, TokenVerdict, VerifyToken } from '../actors/runtime/edges.ts';
import { rightsOf } from './auth/claims.ts';
import { KeyRing } from './auth/key-ring.ts';
import { VerdictCache } from './auth/verdict-cache.ts';
import { watchFiles } from './process/watched-files.ts';

/** Which tokens are good. Key material travels as text, because this crosses to worker threads. */
export interface AuthOptions {
  /** For HS256: its UTF-8 bytes. */
  readonly secret: string | undefined;
  /** PEM; its kind of key decides between RS256, ES256 and EdDSA. */
  readonly publicKey: string | undefined;
  /** A JWK set, and the file that is watched for a newer one. */
  readonly jwks: { readonly file: string; readonly text: string } | undefined;
  /** Tokens must name this audience. */
  readonly audience: string | undefined;
  /** Tokens must come from this issuer. */
  readonly issuer: string | undefined;
  /** How far the clocks of issuer and node may be apart. */
  readonly leewaySeconds: number;
}

export interface AuthSurroundings {
  /** Milliseconds since 1970, which is what tokens count from. */
  now(): number;
  log(entry: Log): void;
  /** A newer key set is in force. */
  reloaded?(text: string): void;
}

type Deliver = (to: Address<TokenVerdict>, verdict: TokenVerdict) => void;
type Judgement =
  | {
      readonly ok: true;
      readonly rights: Rights;
      readonly subject: string | undefined;
      readonly endsAtMs: number | undefined;
    }
  | { readonly ok: false; readonly reason: string };
type Rights = Pick<
  Extract<TokenVerdict, { readonly type: 'tokenVerified' }>,
  'subscribe' | 'publish'
>;

const TOKEN_BYTES_MAX = 8_192;
/** More would only queue inside the platform's own thread pool. */
const VERIFYING_MAX = 32;
const WAITING_MAX = 10_000;
const CACHED_MAX = 1_000;
/** A token that ends later than this ends never: no timer needs to count so far. */
const LIFETIME_MS_MAX = 100 * 365 * 86_400_000;

/** The edge of one shard. Without options there are no keys, and every token is refused. */
export function createAuthEdge(
  options: AuthOptions | undefined,
  deliver: Deliver,
  surroundings: AuthSurroundings = { now: Date.now, log: () => {} },
): (command: VerifyToken) => void {
  if (options === undefined) {
    return ({ ref, replyTo }) =>
      deliver(replyTo, refusal(ref, 'This node has no keys to verify tokens.'));
  }
  const edge = new AuthEdge(options, deliver, surroundings);
  return (command) => edge.obey(command);
}

class AuthEdge {
  readonly #options: AuthOptions;
  readonly #deliver: Deliver;
  readonly #surroundings: AuthSurroundings;
  readonly #cache = new VerdictCache<Extract<Judgement, { readonly ok: true }>>(CACHED_MAX);
  readonly #waiting: VerifyToken[] = [];
  #keys: KeyRing;
  #verifying = 0;

  constructor(options: AuthOptions, deliver: Deliver, surroundings: AuthSurroundings) {
    this.#options = options;
    this.#deliver = deliver;
    this.#surroundings = surroundings;
    const ring = KeyRing.of(options);
    // main.ts has checked the same texts; a node must not run on with fewer keys than it was given.
    if (!ring.ok) throw new Error(ring.problem);
    this.#keys = ring.keys;
    if (options.jwks !== undefined) this.#watch(options.jwks);
  }

  obey(command: VerifyToken): void {
    const { token, ref, replyTo } = command;
    // [PROC-AUTH-3] What is too long is not even looked at.
    if (token.length > TOKEN_BYTES_MAX) {
      this.#deliver(replyTo, refusal(ref, `The token is longer than ${TOKEN_BYTES_MAX} bytes.`));
      return;
    }
    const known = this.#cache.find(token, this.#surroundings.now());
    if (known !== undefined) this.#answer(command, known);
    else if (this.#verifying < VERIFYING_MAX) this.#start(command);
    else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(command);
    else this.#deliver(replyTo, refusal(ref, 'Too many tokens wait to be verified. Try again.'));
  }

  #start(command: VerifyToken): void {
    this.#verifying += 1;
    const keys = this.#keys;
    void this.#judge(command.token, keys).then((judgement) => {
      // A verdict by keys that were replaced meanwhile is given, but not remembered.
      if (judgement.ok && keys === this.#keys) {
        this.#cache.keep(command.token, judgement, judgement.endsAtMs);
      }
      this.#answer(command, judgement);
      this.#verifying -= 1;
      const next = this.#waiting.shift();
      if (next !== undefined) this.#start(next);
    });
  }

  #answer({ ref, replyTo }: VerifyToken, judgement: Judgement): void {
    if (!judgement.ok) {
      this.#deliver(replyTo, refusal(ref, judgement.reason));
      return;
    }
    const { rights, subject, endsAtMs } = judgement;
    const leftMs = endsAtMs === undefined ? Infinity : endsAtMs - this.#surroundings.now();
    const expiresInMs = leftMs > LIFETIME_MS_MAX ? undefined : Math.max(0, Math.ceil(leftMs));
    this.#deliver(replyTo, {
      ...{ type: 'tokenVerified', ref, ...rights, expiresInMs },
      ...(subject === undefined ? {} : { subject }),
    });
  }

  async #judge(token: string, keys: KeyRing): Promise<Judgement> {
    const choice = keys.choose(token);
    if (!choice.ok) return choice;
    const { audience, issuer, leewaySeconds } = this.#options;
    const now = this.#surroundings.now();
    try {
      // [PROC-AUTH-1] The key was chosen by its own algorithm, and no other is tried with it.
      const { payload } = await jwtVerify(token, choice.key, {
        algorithms: [choice.algorithm],
        clockTolerance: leewaySeconds,
        currentDate: new Date(now),
        ...(audience === undefined ? {} : { audience }),
        ...(issuer === undefined ? {} : { issuer }),
      });
      const issuedAt: unknown = payload.iat ?? 0;
      if (typeof issuedAt !== 'number') return malformed('iat');
      if (issuedAt > now / 1_000 + leewaySeconds) {
        return { ok: false, reason: 'The token was issued in the future.' };
      }
      const subject: unknown = payload.sub;
      if (subject !== undefined && typeof subject !== 'string') return malformed('sub');
      const rights = rightsOf(payload);
      if (!rights.ok) return rights;
      const endsAtMs =
        payload.exp === undefined ? undefined : (payload.exp + leewaySeconds) * 1_000;
      return { ok: true, rights: rights.rights, subject, endsAtMs };
    } catch (error) {
      return { ok: false, reason: reasonOf(error) };
    }
  }

  /** A newer key set counts at once; one that cannot be read leaves the old one in force. */
  #watch({ file, text }: { readonly file: string; readonly text: string }): void {
    const log = (level: Log['level'], event: string, fields: Log['fields']): void =>
      this.#surroundings.log({ type: 'log', level, event, fields });
    watchFiles([file], [text], ([newText]) => {
      const ring =
        newText === undefined
          ? { ok: false as const, problem: 'the file is gone' }
          : KeyRing.of({ ...this.#options, jwks: { text: newText } });
      if (!ring.ok) {
        log('error', 'auth.jwksBroken', { file, problem: ring.problem });
        return;
      }
      this.#keys = ring.keys;
      this.#cache.clear();
      if (newText !== undefined) this.#surroundings.reloaded?.(newText);
      log('info', 'auth.jwksReloaded', { file, keys: ring.keys.size });
    });
  }
}

function malformed(claim: string): Judgement {
  return { ok: false, reason: `The claim "${claim}" is missing or malformed.` };
}

function refusal(ref: number, reason: string): TokenVerdict {
  return { type: 'tokenRefused', ref, reason };
}

/** One sentence for the client, out of jose's error; says nothing about keys. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired.';
  if (error instanceof errors.JWTClaimValidationFailed) {
    const sentence = error.reason === 'check_failed' ? checkFailures[error.claim] : undefined;
    return sentence ?? `The claim "${error.claim}" is missing or malformed.`;
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return 'The signature of the token does not match.';
  }
  return 'The token is not a signed JWT.';
}

const checkFailures: Readonly<Record<string, string>> = {
  nbf: 'The token is not valid yet.',
  aud: 'The token is meant for another audience.',
  iss: 'The token comes from another issuer.',
};

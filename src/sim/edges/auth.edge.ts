// The understudy of transports/auth.edge.ts: a token is its own claims as JSON, a verdict takes its time.
// Anything that is not such a token is refused. Refuses to know signatures: they are judged on the real edge.

import type { Prng } from '../../actors/runtime/prng.ts';
import type { TokenVerdict, VerifyToken } from '../../actors/runtime/edges.ts';

export interface AuthEdgeHost {
  readonly now: number;
  /** Has `remind` called with the same number at an instant. */
  remindAt(at: number, ref: number): void;
  deliver(to: VerifyToken['replyTo'], verdict: TokenVerdict): void;
}

interface SimulatedToken {
  readonly subscribe: readonly string[];
  readonly publish: readonly string[];
  readonly expiresInMs?: number;
  /** Whoever judges it is busy. */
  readonly judgedAfterMs?: number;
  readonly subject?: string;
}

export class AuthEdge {
  readonly #host: AuthEdgeHost;
  readonly #chance: Prng;
  readonly #asked = new Map<number, VerifyToken>();
  #count = 0;

  constructor(host: AuthEdgeHost, chance: Prng) {
    this.#host = host;
    this.#chance = chance;
  }

  obey(command: VerifyToken): void {
    this.#count += 1;
    this.#asked.set(this.#count, command);
    const soonUs = this.#chance.between(50, VERDICT_US_MAX);
    this.#host.remindAt(this.#host.now + soonUs + lateUs(command), this.#count);
  }

  remind(ref: number): void {
    const command = this.#asked.get(ref);
    if (command === undefined) return;
    this.#asked.delete(ref);
    this.#host.deliver(command.replyTo, judge(command));
  }
}

function judge({ token, ref }: VerifyToken): TokenVerdict {
  const claims = claimsOf(token);
  if (claims === undefined) return { type: 'tokenRefused', ref, reason: 'The token is not valid.' };
  const { subscribe, publish, expiresInMs, subject } = claims;
  return { type: 'tokenVerified', ref, subscribe, publish, expiresInMs, subject };
}

function lateUs({ token }: VerifyToken): number {
  return (claimsOf(token)?.judgedAfterMs ?? 0) * 1_000;
}

/** Undefined for what is no token. */
function claimsOf(token: string): SimulatedToken | undefined {
  try {
    return JSON.parse(decodeURIComponent(token)) as SimulatedToken;
  } catch {
    return undefined;
  }
}

const VERDICT_US_MAX = 20_000;

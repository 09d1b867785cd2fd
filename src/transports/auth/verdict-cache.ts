// Good verdicts by token, so many of them, none longer than it holds. A client that comes back often costs one
// signature. Tokens are kept as digests: a memory dump must not hand out a thousand of them.
// Refuses to know what a verdict says; bad ones are never kept, or strangers could push out the good.

import { hash } from 'node:crypto';

interface Entry<V> {
  readonly verdict: V;
  /** Milliseconds since 1970; undefined holds for ever. */
  readonly endsAtMs: number | undefined;
}

export class VerdictCache<V> {
  readonly #countMax: number;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry<V>>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  find(token: string, nowMs: number): V | undefined {
    if (this.#entries.size === 0) return undefined;
    const digest = digestOf(token);
    const entry = this.#entries.get(digest);
    if (entry === undefined) return undefined;
    this.#entries.delete(digest);
    if (entry.endsAtMs !== undefined && entry.endsAtMs <= nowMs) return undefined;
    this.#entries.set(digest, entry);
    return entry.verdict;
  }

  keep(token: string, verdict: V, endsAtMs: number | undefined): void {
    const digest = digestOf(token);
    this.#entries.delete(digest);
    this.#entries.set(digest, { verdict, endsAtMs });
    if (this.#entries.size <= this.#countMax) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  clear(): void {
    this.#entries.clear();
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64');
}

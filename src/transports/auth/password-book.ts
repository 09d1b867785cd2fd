// Judges passwords for the chat: a file of users with memory-hard hashes, asked about without holding up anybody else.
// Whoever asks about a user who is not in it waits as long as for one who is. Refuses to know sessions.
// A line is `user:scrypt$N$r$p$salt$hash`, salt and hash in base64url; `#` begins a comment. Obeys spec/process.md.

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { Address } from '../../actors/runtime/actor.ts';
import { networkOf } from '../../actors/runtime/admission.ts';
import type { Log } from '../../actors/runtime/edges.ts';
import type { PasswordCommand, PasswordVerdict } from '../../actors/runtime/tcp/tcp-edges.ts';
import { watchFiles } from '../process/watched-files.ts';

export interface PasswordEntry {
  readonly user: string;
  readonly cost: number;
  readonly blockSize: number;
  readonly parallel: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

export type BookReading =
  | { readonly ok: true; readonly entries: ReadonlyMap<string, PasswordEntry> }
  | { readonly ok: false; readonly line: number; readonly problem: string };

const HASH_BYTES = 32;
const line =
  /^([A-Za-z0-9][A-Za-z0-9._-]{0,31}):scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([\w-]+)\$([\w-]+)$/;
/** 16 MiB and some 50 ms for each guess. */
const USUAL = { cost: 16_384, blockSize: 8, parallel: 1 };
const MEMORY_BYTES_MAX = 256 * 1_024 * 1_024;

export function readPasswordBook(text: string): BookReading {
  const entries = new Map<string, PasswordEntry>();
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const bare = written.trim();
    if (bare === '' || bare.startsWith('#')) continue;
    const [, user = '', cost, blockSize, parallel, salt = '', hash = ''] = line.exec(bare) ?? [];
    const entry = {
      user,
      cost: Number(cost),
      blockSize: Number(blockSize),
      parallel: Number(parallel),
      salt: Buffer.from(salt, 'base64url'),
      hash: Buffer.from(hash, 'base64url'),
    };
    if (user === '' || !isPossible(entry) || entry.hash.byteLength !== HASH_BYTES)
      return { ok: false, line: index + 1, problem: 'is not `user:scrypt$N$r$p$salt$hash`' };
    if (entries.has(user.toLowerCase()))
      return { ok: false, line: index + 1, problem: `names ${user} a second time` };
    entries.set(user.toLowerCase(), entry);
  }
  return { ok: true, entries };
}

/** RFC 7914, section 6: other numbers have no hash, and to ask for it would be an error of ours. */
function isPossible({ cost, blockSize, parallel }: Omit<PasswordEntry, 'user' | 'hash'>): boolean {
  const isPower = cost >= 1_024 && Number.isInteger(Math.log2(cost));
  const isBounded = 128 * blockSize * Math.max(cost, parallel) <= MEMORY_BYTES_MAX;
  return isPower && isBounded && parallel > 0 && blockSize > 0 && cost < 2 ** (16 * blockSize);
}

/** A line of the book for a user and a password. */
export async function writePasswordLine(user: string, password: string): Promise<string> {
  const salt = randomBytes(16);
  const { cost, blockSize, parallel } = USUAL;
  const hash = await hashOf(password, { ...USUAL, salt });
  const parts = ['scrypt', cost, blockSize, parallel, salt.toString('base64url')];
  return `${user}:${parts.join('$')}$${hash.toString('base64url')}`;
}

type Deliver = (to: Address<PasswordVerdict>, verdict: PasswordVerdict) => void;
type Guess = Extract<PasswordCommand, { readonly type: 'verifyPassword' }>;

/** More would only queue inside the platform's own thread pool. */
const HASHING_MAX = 2;
const WAITING_MAX = 1_000;
const GUESSES_WINDOW_MS = 60_000;
const REMEMBERED_MAX = 10_000;

/** The users, and the file that is watched for newer ones. */
export interface PasswordFile {
  readonly file: string;
  readonly text: string;
}

export interface PasswordSurroundings {
  /** Milliseconds of any clock that only goes forward. */
  readonly now: () => number;
  readonly log: (entry: Log) => void;
  /** Wrong ones for one user from one address within a minute. */
  readonly guessesMax: number;
  /** A newer file is in force. */
  readonly reloaded?: (text: string) => void;
}

/** The edge of one shard. Without a file every password is wrong. */
export function createPasswordEdge(
  passwords: PasswordFile | undefined,
  deliver: Deliver,
  surroundings: PasswordSurroundings,
): (command: PasswordCommand) => void {
  const reading = readPasswordBook(passwords?.text ?? '');
  // The settings were checked with the same text.
  if (!reading.ok) throw new Error(`the password file is broken in line ${reading.line}`);
  const desk = new PasswordDesk(reading.entries, deliver, surroundings);
  if (passwords !== undefined) watchBook(passwords, desk, surroundings);
  return (command) => desk.obey(command);
}

/** [PROC-CHAT-3] A newer file counts at once; one that is wrong leaves the old one in force. */
function watchBook(
  { file, text }: PasswordFile,
  desk: PasswordDesk,
  { log, reloaded }: PasswordSurroundings,
): void {
  const say = (level: Log['level'], event: string, fields: Log['fields']): void =>
    log({ type: 'log', level, event, fields });
  watchFiles([file], [text], ([newText]) => {
    const reading =
      newText === undefined
        ? { ok: false as const, line: 0, problem: 'the file is gone' }
        : readPasswordBook(newText);
    if (reading.ok) {
      desk.entries = reading.entries;
      if (newText !== undefined) reloaded?.(newText);
      say('info', 'chat.passwordsReloaded', { file, users: reading.entries.size });
    } else
      say('error', 'chat.passwordsBroken', { file, line: reading.line, problem: reading.problem });
  });
}

class PasswordDesk {
  entries: ReadonlyMap<string, PasswordEntry>;
  readonly #deliver: Deliver;
  readonly #now: () => number;
  readonly #guessesMax: number;
  readonly #waiting: Guess[] = [];
  /** Instants of wrong guesses, by user and network address; those of the latest guess last. */
  readonly #wrong = new Map<string, number[]>();
  readonly #stranger: PasswordEntry;
  #hashing = 0;

  constructor(
    entries: ReadonlyMap<string, PasswordEntry>,
    deliver: Deliver,
    { now, guessesMax }: PasswordSurroundings,
  ) {
    this.entries = entries;
    this.#deliver = deliver;
    this.#now = now;
    this.#guessesMax = guessesMax;
    const hash = randomBytes(HASH_BYTES);
    this.#stranger = { user: '', ...USUAL, salt: randomBytes(16), hash };
  }

  obey(command: PasswordCommand): void {
    const { ref, replyTo, user } = command;
    if (command.type === 'findUser') {
      const isKnown = this.entries.has(user.toLowerCase());
      this.#deliver(replyTo, { type: 'userFound', ref, isKnown });
      return;
    }
    if (this.#waiting.length >= WAITING_MAX) {
      this.#deliver(replyTo, { type: 'passwordRefused', ref, retryAfterSeconds: 5 });
      return;
    }
    this.#waiting.push(command);
    this.#goOn();
  }

  /** How often somebody guessed wrong is known when a guess is looked at, and not when it comes. */
  #goOn(): void {
    while (this.#hashing < HASHING_MAX) {
      const guess = this.#waiting.shift();
      if (guess === undefined) return;
      const { ref, replyTo } = guess;
      const retryAfterSeconds = this.#waitFor(guess);
      if (retryAfterSeconds === undefined) void this.#judge(guess);
      else this.#deliver(replyTo, { type: 'passwordRefused', ref, retryAfterSeconds });
    }
  }

  /** [HP-LOGIN-8] */
  #waitFor(guess: Guess): number | undefined {
    const [oldest, ...others] = this.#wrongOf(guess);
    if (oldest === undefined || others.length + 1 < this.#guessesMax) return undefined;
    return Math.ceil((oldest + GUESSES_WINDOW_MS - this.#now()) / 1_000);
  }

  #wrongOf(guess: Guess): readonly number[] {
    const since = this.#now() - GUESSES_WINDOW_MS;
    return (this.#wrong.get(keyOf(guess)) ?? []).filter((at) => at > since);
  }

  async #judge(guess: Guess): Promise<void> {
    this.#hashing += 1;
    const { ref, replyTo, user, password } = guess;
    const entry = this.entries.get(user.toLowerCase());
    const hash = await hashOf(password, entry ?? this.#stranger);
    if (entry !== undefined && timingSafeEqual(hash, entry.hash)) {
      this.#deliver(replyTo, { type: 'passwordVerified', ref, user: entry.user });
    } else {
      const instants = [...this.#wrongOf(guess), this.#now()];
      // Behind all others: whoever guesses for many must not have those forgotten that he guesses for now.
      this.#wrong.delete(keyOf(guess));
      this.#wrong.set(keyOf(guess), instants);
      const [oldest = ''] = this.#wrong.keys();
      if (this.#wrong.size > REMEMBERED_MAX) this.#wrong.delete(oldest);
      this.#deliver(replyTo, { type: 'passwordRefused', ref, retryAfterSeconds: undefined });
    }
    this.#hashing -= 1;
    this.#goOn();
  }
}

function keyOf({ user, remote }: Guess): string {
  return `${user.toLowerCase()} ${networkOf(remote)}`;
}

function hashOf(
  password: string,
  { cost, blockSize, parallel, salt }: Omit<PasswordEntry, 'user' | 'hash'>,
): Promise<Buffer> {
  const options = { N: cost, r: blockSize, p: parallel, maxmem: MEMORY_BYTES_MAX * 2 };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, options, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}

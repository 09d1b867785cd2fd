// The understudy of the password edge, transports/auth/: a verdict takes its time, now and then longer than anybody waits, and
// some never come. Refuses to know hashes and files.

import type { ChatOptions } from '../../../actors/chat/chat-options.ts';
import type { PasswordCommand, PasswordVerdict } from '../../../actors/runtime/tcp/tcp-edges.ts';
import { networkOf } from '../../records/addresses.ts';
import { isStranger, judgedAfterMs, passwordOf } from '../../records/plays/house.ts';

export interface PasswordDeskHost {
  readonly now: number;
  later(delayUs: number, act: () => void): void;
}

type Limits = Pick<ChatOptions, 'wrongPasswordsPerMinuteMax'>;
type Deliver = (to: PasswordCommand['replyTo'], verdict: PasswordVerdict) => void;

export class PasswordDesk {
  readonly #host: PasswordDeskHost;
  readonly #wrongMax: number;
  readonly #deliver: Deliver;
  /** Instants of wrong ones, by user and network. */
  readonly #wrong = new Map<string, number[]>();

  constructor(host: PasswordDeskHost, limits: Limits | undefined, deliver: Deliver) {
    this.#host = host;
    this.#wrongMax = limits?.wrongPasswordsPerMinuteMax ?? 0;
    this.#deliver = deliver;
  }

  obey(command: PasswordCommand): void {
    const { user, replyTo } = command;
    const afterMs = command.type === 'findUser' ? 0 : judgedAfterMs(user);
    if (afterMs === undefined) return;
    const delayUs = JUDGED_US + afterMs * 1_000;
    this.#host.later(delayUs, () => this.#deliver(replyTo, this.#judge(command)));
  }

  #judge(command: PasswordCommand): PasswordVerdict {
    const { user, ref } = command;
    if (command.type === 'findUser') return { type: 'userFound', ref, isKnown: !isStranger(user) };
    const { now } = this.#host;
    const key = `${user.toLowerCase()} ${networkOf(command.remote)}`;
    const recent = (this.#wrong.get(key) ?? []).filter((at) => at > now - MINUTE_US);
    const [oldest] = recent;
    if (oldest !== undefined && recent.length >= this.#wrongMax) {
      const retryAfterSeconds = Math.ceil((oldest + MINUTE_US - now) / 1_000_000);
      return { type: 'passwordRefused', ref, retryAfterSeconds };
    }
    // The file writes names as it likes.
    const written = user.replace(/^spelt/, 'Spelt');
    if (!isStranger(user) && command.password === passwordOf(user))
      return { type: 'passwordVerified', ref, user: written };
    this.#wrong.set(key, [...recent, now]);
    return { type: 'passwordRefused', ref, retryAfterSeconds: undefined };
  }
}

const JUDGED_US = 9_000;
const MINUTE_US = 60_000_000;

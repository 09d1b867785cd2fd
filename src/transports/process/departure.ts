// How the process ends: the first SIGTERM or SIGINT drains it, the second ends it at once; a bug that nobody caught
// ends it with its own exit code. And what does not end it: SIGHUP. Refuses to know what draining and looking mean.
// Obeys spec/process.md, section "The end".

import { isatty } from 'node:tty';
import type { Entry } from './output.ts';

/** sysexits.h: EX_SOFTWARE. */
export const EXIT_BUG = 70;
const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;
/**
 * One wish, two signals: npm forwards a Ctrl-C that the terminal has sent to us already, and a SIGTERM that an init
 * system or `timeout` has sent to the whole group. A person needs longer for a second press than a forwarder.
 */
const SAME_WISH_MS = { SIGINT: 300, SIGTERM: 50 } as const;

export interface DepartureOptions {
  /** When everything has ended, in good order; the deadline cuts it short. */
  drain(): Promise<void>;
  readonly deadlineMs: number;
  log(entry: Entry): void;
  exit(code: number): void;
}

type Ending = keyof typeof EXIT_BY_SIGNAL;

/** What a signal does, apart from the process that gets it. */
export class Departure {
  readonly #options: DepartureOptions;
  #leftAt: number | undefined = undefined;

  constructor(options: DepartureOptions) {
    this.#options = options;
  }

  get isLeaving(): boolean {
    return this.#leftAt !== undefined;
  }

  signalled(signal: Ending): void {
    const now = performance.now();
    if (this.#leftAt === undefined) {
      this.#leftAt = now;
      void this.#leave(signal);
      return;
    }
    if (now - this.#leftAt < SAME_WISH_MS[signal]) return;
    // [PROC-DRAIN-2] Whoever asks twice does not want to wait.
    this.#say('warn', 'process.cutShort', { signal });
    this.#options.exit(EXIT_BY_SIGNAL[signal]);
  }

  /** A bug outside the shards, which have their own supervision: the state of this thread is not to be trusted. */
  failed(reason: unknown): void {
    const error = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    this.#say('error', 'process.failed', { error });
    this.#options.exit(EXIT_BUG);
  }

  /** [PROC-DRAIN-1] */
  async #leave(signal: Ending): Promise<void> {
    this.#say('info', 'process.draining', { signal });
    let deadline: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      deadline = setTimeout(() => resolve('late'), this.#options.deadlineMs);
    });
    try {
      const outcome = await Promise.race([this.#options.drain(), late]);
      clearTimeout(deadline);
      if (outcome === 'late') this.#say('warn', 'process.drainTooSlow', {});
      else this.#say('info', 'process.drained', {});
      this.#options.exit(0);
    } catch (error) {
      this.failed(error);
    }
  }

  #say(level: Entry['level'], event: string, fields: Entry['fields']): void {
    this.#options.log({ type: 'log', level, event, fields });
  }
}

/** Ties the process's signals and last errors to a departure. */
export function departOnSignals(departure: Departure): void {
  process.on('SIGTERM', () => departure.signalled('SIGTERM'));
  process.on('SIGINT', () => departure.signalled('SIGINT'));
  process.on('uncaughtException', (error) => departure.failed(error));
  process.on('unhandledRejection', (reason) => departure.failed(reason));
}

/**
 * [PROC-HUP-1] Operators of servers send SIGHUP to have files read again. Where there is a terminal it says that the
 * terminal is gone: then it is left to do what it always does, so that nothing runs on unseen.
 */
export function lookOnHangUp(look: () => void): void {
  if (!isatty(0)) process.on('SIGHUP', look);
}

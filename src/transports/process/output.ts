// What the process says: announcements on standard output, log lines on standard error; with `--json` both on
// standard output, one JSON object per line. Log lines wait until the first announcement may be out, because the
// first line of output belongs to it. Refuses to know what happens in the node. Obeys spec/process.md, "Output".

import { pino } from 'pino';
import type { Log } from '../../actors/runtime/edges.ts';
import { humanLine } from './human-line.ts';

export type Entry = Log & { readonly shard?: number };

/** A stream that lines are written to, at once: the process may end right after. */
export interface Sink {
  readonly isTerminal: boolean;
  write(text: string): unknown;
}

export interface OutputOptions {
  readonly level: Log['level'];
  /** `auto` is human on a terminal and JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'human';
  /** Everything goes to standard output as JSON, whatever `format` says. */
  readonly json: boolean;
  readonly isColoured: boolean;
}

const HELD_MAX = 1_000;
const reserved = new Set(['level', 'time', 'event', 'shard']);

export class Output {
  readonly #options: OutputOptions;
  readonly #out: Sink;
  readonly #logs: Sink;
  readonly #json: pino.Logger;
  readonly #isHuman: boolean;
  #held: Entry[] | undefined = [];

  constructor(options: OutputOptions, out: Sink, errors: Sink) {
    this.#options = options;
    this.#out = out;
    this.#logs = options.json ? out : errors;
    const { format } = options;
    this.#isHuman =
      !options.json && (format === 'human' || (format === 'auto' && this.#logs.isTerminal));
    this.#json = pino(
      {
        level: options.level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (level) => ({ level }) },
      },
      { write: (line) => void this.#logs.write(line) },
    );
  }

  /** [PROC-READY-1] A line that scripts wait for: the sentence, or with `--json` the object. */
  announce(sentence: string, event: string, fields: Readonly<Record<string, unknown>>): void {
    this.#out.write(`${this.#options.json ? JSON.stringify({ event, ...fields }) : sentence}\n`);
  }

  /** [PROC-LOG-1] */
  log(entry: Entry): void {
    if (!this.#json.isLevelEnabled(entry.level)) return;
    if (this.#held === undefined) this.#write(entry);
    else if (this.#held.length < HELD_MAX) this.#held.push(entry);
  }

  /** Lets the held log lines go; called when the first announcement is out, or will never be. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const entry of held) this.#write(entry);
  }

  #write(entry: Entry): void {
    const { level, event, fields, shard } = entry;
    if (this.#isHuman) {
      const at = new Date();
      const isColoured = this.#options.isColoured && this.#logs.isTerminal;
      this.#logs.write(humanLine({ at, level, event, fields, shard }, isColoured));
      return;
    }
    const named = Object.entries(fields).map(([name, value]) => [
      reserved.has(name) ? `${name}_` : name,
      value,
    ]);
    const place = shard === undefined ? {} : { shard };
    this.#json[level]({ event, ...place, ...Object.fromEntries(named) });
  }
}

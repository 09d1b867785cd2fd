// The chat for people: what happens is written above the line that is being typed, which stays as it is.
// Refuses to know the protocol. Obeys spec/process.md, section "Chat client".

import {
  clearScreenDown,
  createInterface,
  cursorTo,
  type Interface,
  moveCursor,
} from 'node:readline';
import { Writable } from 'node:stream';
import { styleText } from 'node:util';
import type { Conversation } from './conversation.ts';
import type { Happening, Place } from './happenings.ts';
import { humanLine, type Paint, printable } from './telling.ts';
import { commandNames, HELP, readTyped } from './typed.ts';

export class Terminal {
  /** How many rows above the cursor the reader believes its line to begin. */
  readonly #reader: Interface & { prevRows?: number };
  #isClosed = false;
  #isLeaving = false;
  #conversation: Conversation | undefined = undefined;
  #place: Place | undefined;
  /** Names that were seen, for the tabulator key. */
  readonly #names = new Set<string>();

  constructor(place: Place | undefined) {
    this.#place = place;
    this.#reader = createInterface({
      input: process.stdin,
      output: process.stdout,
      completer: (line: string) => this.#complete(line),
    });
    this.#reader.on('line', (line) => this.#typed(line));
    this.#reader.on('SIGINT', () => this.#leave());
    this.#reader.once('close', () => {
      this.#isClosed = true;
      this.#leave();
    });
  }

  listen(conversation: Conversation): void {
    this.#conversation = conversation;
    this.#prompt();
  }

  tell(happening: Happening): void {
    if ('from' in happening) this.#names.add(happening.from);
    else if ('user' in happening) this.#names.add(happening.user);
    if (happening.kind === 'left' && happening.room === this.#place) this.#place = undefined;
    this.#write(humanLine(happening, paint));
  }

  close(): void {
    this.#conversation = undefined;
    if (!this.#isClosed) this.#clear();
    this.#reader.close();
  }

  /** [PROC-CLIENT-7] Above the line that is typed, which is drawn again as it was, its cursor where it was. */
  #write(text: string): void {
    if (!this.#isClosed) this.#clear();
    process.stdout.write(`${text}\n`);
    this.#prompt();
  }

  /** Takes the line that is typed off the screen. */
  #clear(): void {
    const { stdout } = process;
    moveCursor(stdout, 0, -this.#reader.getCursorPos().rows);
    cursorTo(stdout, 0);
    clearScreenDown(stdout);
    this.#reader.prevRows = 0;
  }

  #prompt(): void {
    if (this.#conversation === undefined || this.#isClosed) return;
    const place = this.#place ?? '';
    const isAway = !this.#conversation.isHere && this.#conversation.hasBeenHere;
    const shown = place === '' || place.startsWith('@') ? place : `#${place}`;
    this.#reader.setPrompt(`${shown}${isAway ? ' (away)' : ''}> `);
    this.#reader.prompt(true);
  }

  #typed(line: string): void {
    const conversation = this.#conversation;
    if (conversation === undefined) return;
    // What was typed is shown again when it is acknowledged.
    this.#eraseTyped(line);
    const typed = readTyped(line, this.#place);
    switch (typed.kind) {
      case 'ask':
        conversation.ask(typed.type, typed.payload);
        break;
      case 'join':
        this.#place = typed.room;
        conversation.join(typed.room);
        break;
      case 'turn':
        this.#place = typed.place;
        break;
      case 'help':
        this.#write(HELP);
        break;
      case 'mistake':
        this.#write(paint('red', printable(`! ${typed.text}`)));
        break;
      case 'quit':
        this.#leave();
        return;
      case 'nothing':
        break;
      default:
        typed satisfies never;
    }
    this.#prompt();
  }

  #eraseTyped(line: string): void {
    const { stdout } = process;
    const width = Math.max(1, stdout.columns);
    const rows = Math.ceil((this.#reader.getPrompt().length + line.length + 1) / width);
    moveCursor(stdout, 0, -rows);
    cursorTo(stdout, 0);
    clearScreenDown(stdout);
  }

  /** The second time without waiting for what has no answer. */
  #leave(): void {
    if (this.#isLeaving) this.#conversation?.leaveNow();
    else this.#conversation?.quit();
    this.#isLeaving = true;
  }

  #complete(line: string): [string[], string] {
    const word = /\S*$/.exec(line)?.[0] ?? '';
    const names = [...this.#names, ...(this.#conversation?.rooms ?? [])];
    const known = line === word && word.startsWith('/') ? commandNames : names;
    return [known.filter((name) => name.startsWith(word)), word];
  }
}

const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout });

/** Asks for something that is not shown while it is typed. */
export function askSecret(question: string): Promise<string> {
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  // From here on the terminal shows nothing by itself.
  const reader = createInterface({ input: process.stdin, output, terminal: true });
  process.stdout.write(question);
  return new Promise((resolve) => {
    let answer = '';
    reader.once('line', (line) => {
      answer = line;
      reader.close();
    });
    reader.once('SIGINT', () => reader.close());
    reader.once('close', () => {
      process.stdout.write('\n');
      resolve(answer);
    });
  });
}

// The chat for programs: a line of standard input is a message, a line of standard output is something that happened.
// Input is read no faster than it is acknowledged. Refuses to know the protocol. Obeys spec/process.md, "Chat client".

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Conversation } from './conversation.ts';
import type { Happening, Place } from './happenings.ts';
import { plainLine } from './telling.ts';
import { readTyped, readWords } from './typed.ts';

/** Lines that wait for their acknowledgement before no more are read. */
const WAITING_MAX = 100;
const LOOK_EVERY_MS = 20;

export function tellPlain(happening: Happening): void {
  const { stream, text } = plainLine(happening);
  if (stream === 'out') process.stdout.write(`${text}\n`);
  else complain(text);
}

export function complain(text: string): void {
  process.stderr.write(`hermod: ${text}\n`);
}

export interface PipeOptions {
  /** Where messages go. */
  readonly place: Place | undefined;
  /** Lines behind a slash are commands. */
  readonly obeysCommands: boolean;
}

/** [PROC-CLIENT-2] Says each line, and leaves behind the last one. */
export function speakPlain(
  input: Readable,
  conversation: Conversation,
  { place: first, obeysCommands }: PipeOptions,
): void {
  let place = first;
  let isOver = false;
  let looking: NodeJS.Timeout | undefined;
  const reader = createInterface({ input, crlfDelay: Infinity });
  reader.on('line', (line) => {
    // A closed reader goes on with the lines that came in one piece with the last one.
    if (isOver) return;
    const typed = obeysCommands ? readTyped(line, place) : readWords(line, place);
    if (typed.kind === 'ask') conversation.ask(typed.type, typed.payload);
    else if (typed.kind === 'join') {
      place = typed.room;
      conversation.join(typed.room);
    } else if (typed.kind === 'turn') ({ place } = typed);
    else if (typed.kind === 'mistake') conversation.refuse(line, typed.text);
    else if (typed.kind === 'quit') reader.close();
    if (conversation.unanswered >= WAITING_MAX) holdBack();
  });
  reader.once('close', () => {
    isOver = true;
    clearInterval(looking);
    input.destroy();
    conversation.quit();
  });

  function holdBack(): void {
    if (isOver || looking !== undefined) return;
    reader.pause();
    // Not for its own sake: when the conversation has ended, nobody answers any more and the process is to end, too.
    looking = setInterval(() => {
      if (conversation.unanswered >= WAITING_MAX / 2) return;
      clearInterval(looking);
      looking = undefined;
      reader.resume();
    }, LOOK_EVERY_MS).unref();
  }
}

// The password file of the chat as the process sees it: held to its form before anything starts, and written line by
// line by `hermod hash-password`. No password is ever shown. Refuses to know sessions. Obeys spec/process.md.

import { readFileSync } from 'node:fs';
import { isUserName } from '../../actors/codecs/hp/names.ts';
import { readPasswordBook, writePasswordLine } from '../auth/password-book.ts';
import type { FileProblem } from './file-problem.ts';

export function passwordProblems(file: string): readonly FileProblem[] {
  const key = 'passwordFile';
  try {
    const reading = readPasswordBook(readFileSync(file, 'utf8'));
    if (reading.ok) return [];
    const problem = `"${file}" line ${reading.line} ${reading.problem}`;
    return [{ key, problem, wayOut: 'Write each line with `hermod hash-password USER`.' }];
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const wayOut = 'Check the path, and that the user of this process may read the file.';
    return [{ key, problem: `"${file}" cannot be read (${code})`, wayOut }];
  }
}

/** Reads a password from standard input up to its first newline, and prints the line of the file. */
export async function readPasswordLine(user: string): Promise<void> {
  // Whatever else stood in the file would be no line of it, or one of somebody else.
  if (!isUserName(user)) {
    const form = 'A user is called by 1 to 32 letters, digits, and . _ -';
    process.stderr.write(`hermod: ${JSON.stringify(user)} is no name of a user. ${form}\n`);
    process.exitCode = 2;
    return;
  }
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  const [password = ''] = text.split(/\r?\n/, 1);
  if (password === '') {
    process.stderr.write('hermod: the password is empty. Give it on standard input.\n');
    process.exitCode = 2;
    return;
  }
  process.stdout.write(`${await writePasswordLine(user, password)}\n`);
}

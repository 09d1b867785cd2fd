// The command `hermod publish`: says one thing to everybody on a channel, with the options, the output and the exit
// codes of pushpin-publish. Refuses to know formats and sockets. Obeys spec/grip.md, section "Publishing".

import { readFileSync } from 'node:fs';
import { getSystemErrorMessage } from 'node:util';
import type { Command } from 'commander';
import { itemOf, type ReadFile } from './transports/publishing/outgoing-item.ts';
import { type Credentials, send } from './transports/publishing/sending.ts';

/** Of every mistake, in what was said as in what became of it. */
const EXIT_PUBLISH = 1;
const TARGET_VARIABLE = 'GRIP_URL';
const TARGET_BY_DEFAULT = 'http://localhost:5561';

interface Options {
  readonly id: string;
  readonly prevId: string;
  readonly sender: string;
  readonly code: string;
  readonly header: readonly string[];
  readonly meta: readonly string[];
  readonly hint: boolean;
  readonly close: boolean;
  readonly patch: boolean;
  readonly seq: boolean;
  readonly eol: boolean;
  readonly spec?: string;
  readonly user?: string;
  readonly bearer?: string;
}

export function declarePublish(command: Command): void {
  const collect = (value: string, before: readonly string[]): readonly string[] => [
    ...before,
    value,
  ];
  command
    .argument('<channel>', 'Channel to send to')
    .argument('[content]', 'What to send; @FILE sends what the file holds')
    .option('--id <id>', 'Id of the item', '')
    .option('--prev-id <id>', 'Id of the item before it', '')
    .option('--sender <sender>', 'Who sends, for the filter skip-self', '')
    .option('--code <code>', 'Status of HTTP responses', '200')
    .option('-H, --header <"K: V">', 'Add a header to HTTP responses', collect, [])
    .option('-M, --meta <"K=V">', 'Add a meta variable', collect, [])
    .option('--hint', 'Send a hint instead of content', false)
    .option('--close', 'Close streams and WebSockets', false)
    .option('--patch', 'The content is a JSON patch', false)
    .option('--no-seq', 'Wait for no other item')
    .option('--no-eol', 'Add no newline to HTTP content')
    .option(
      '--spec <spec>',
      `GRIP URL or ZeroMQ PUSH spec (default: ${TARGET_VARIABLE}, or ${TARGET_BY_DEFAULT})`,
    )
    .option('-u, --user <user:pass>', 'Authenticate with name and password')
    .option('-B, --bearer <token>', 'Authenticate with a token')
    .action(publish);
}

async function publish(
  channel: string,
  content: string | undefined,
  options: Options,
): Promise<void> {
  const trouble = await attempt(channel, content, options);
  if (trouble === undefined) {
    process.stdout.write('Published\n');
    return;
  }
  process.stderr.write(`Error: ${trouble}\n`);
  process.exitCode = EXIT_PUBLISH;
}

async function attempt(
  channel: string,
  content: string | undefined,
  options: Options,
): Promise<string | undefined> {
  const { user, bearer } = options;
  if (user !== undefined && bearer !== undefined) {
    return 'only one authentication method can be specified';
  }
  const { id, prevId, sender, code, header: headers, meta } = options;
  const making = itemOf(
    {
      channel,
      content,
      id,
      prevId,
      sender,
      code,
      headers,
      meta,
      isHint: options.hint,
      isClose: options.close,
      isPatch: options.patch,
      isUnsequenced: !options.seq,
      hasEndOfLine: options.eol,
    },
    readFile,
  );
  if (!making.ok) return making.problem;
  const spec = options.spec ?? process.env[TARGET_VARIABLE] ?? TARGET_BY_DEFAULT;
  return send(making.item, spec, credentialsOf(user, bearer));
}

function credentialsOf(
  user: string | undefined,
  bearer: string | undefined,
): Credentials | undefined {
  if (user !== undefined) return { kind: 'basic', userAndPassword: user };
  return bearer === undefined ? undefined : { kind: 'bearer', token: bearer };
}

const readFile: ReadFile = (name) => {
  try {
    return { bytes: new Uint8Array(readFileSync(name)) };
  } catch (error) {
    const { errno, message } = error as NodeJS.ErrnoException;
    return { problem: errno === undefined ? message : getSystemErrorMessage(errno) };
  }
};

// The item that a publisher at the command line wants sent, as pushpin-publish makes it: all three formats from one
// content, in JSON for HTTP or as a tnetstring for ZeroMQ. The sentences of mistakes are those of pushpin-publish.
// Refuses to know where it is sent, and how files are read. Obeys spec/grip.md, section "Publishing".

import { isUtf8 } from '../../actors/codecs/utf8.ts';

/** What was said at the command line. */
export interface ItemWishes {
  readonly channel: string;
  readonly content: string | undefined;
  readonly id: string;
  readonly prevId: string;
  readonly sender: string;
  readonly code: string;
  /** Each `name: value`. */
  readonly headers: readonly string[];
  /** Each `name=value`. */
  readonly meta: readonly string[];
  readonly isHint: boolean;
  readonly isClose: boolean;
  readonly isPatch: boolean;
  readonly isUnsequenced: boolean;
  readonly hasEndOfLine: boolean;
}

export type Item = Readonly<Record<string, unknown>>;

export type ItemMaking =
  | { readonly ok: true; readonly item: Item }
  | { readonly ok: false; readonly problem: string };

/** Gives a file's bytes, or why there are none. */
export type ReadFile = (
  name: string,
) => { readonly bytes: Uint8Array } | { readonly problem: string };

type Pairs = readonly (readonly [string, string])[];

const CODE_MAX = 999;

export function itemOf(wishes: ItemWishes, readFile: ReadFile): ItemMaking {
  const formats = formatsOf(wishes, readFile);
  if ('problem' in formats) return { ok: false, problem: formats.problem };
  const metas = pairsOf(wishes.meta, '=');
  if (metas === undefined) return problem('meta must be in the form "name=value"');
  const { channel, id, prevId, sender, isUnsequenced } = wishes;
  const meta: Pairs = [...(sender === '' ? [] : [['sender', sender] as const]), ...metas];
  const item: Item = {
    channel,
    ...(id === '' ? {} : { id }),
    ...(prevId === '' ? {} : { 'prev-id': prevId }),
    formats: formats.formats,
    ...(meta.length === 0 ? {} : { meta: Object.fromEntries(meta) }),
    ...(isUnsequenced ? { 'no-seq': true } : {}),
  };
  return { ok: true, item };
}

/** JSON has no bytes: what is no text goes under the name that says so. */
export function jsonOf(item: Item): string {
  return JSON.stringify(item, function (this: unknown, _key: string, value: unknown): unknown {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const members = Object.entries(value).map(([key, member]) => {
      if (!(member instanceof Uint8Array)) return [key, member] as const;
      const bytes = Buffer.from(member);
      return isUtf8(member)
        ? ([key, bytes.toString()] as const)
        : ([`${key}-bin`, bytes.toString('base64')] as const);
    });
    return Object.fromEntries(members);
  });
}

function formatsOf(
  wishes: ItemWishes,
  readFile: ReadFile,
): { readonly formats: Item } | { readonly problem: string } {
  const { isHint, isClose, isPatch, content } = wishes;
  if (isHint) {
    const hint = { action: 'hint' };
    return { formats: { 'http-response': hint, 'http-stream': hint, 'ws-message': hint } };
  }
  if (isClose) {
    return { formats: { 'http-stream': { action: 'close' }, 'ws-message': { action: 'close' } } };
  }
  if (!/^\d{1,9}$/.test(wishes.code)) {
    return problem('failed to parse code: invalid digit found in string');
  }
  const code = Number(wishes.code);
  if (code > CODE_MAX) return problem('code must be an integer between 0 and 999');
  if (content === undefined) return problem('must specify content');
  const headers = pairsOf(wishes.headers, ':');
  if (headers === undefined) return problem('header must be in the form "name: value"');
  const shared = headers.length === 0 ? { code } : { code, headers };
  if (isPatch) {
    const patch = patchOf(content);
    if ('problem' in patch) return patch;
    return { formats: { 'http-response': { 'body-patch': patch.operations, ...shared } } };
  }
  const contents = contentsOf(content, wishes.hasEndOfLine, readFile);
  if ('problem' in contents) return contents;
  const { http, ws } = contents;
  return {
    formats: {
      'http-response': { body: http, ...shared },
      'http-stream': { content: http },
      'ws-message': { content: ws },
    },
  };
}

/** Lines end for those who read them line by line; messages and files are sent as they are. */
function contentsOf(
  content: string,
  hasEndOfLine: boolean,
  readFile: ReadFile,
):
  | { readonly http: string | Uint8Array; readonly ws: string | Uint8Array }
  | { readonly problem: string } {
  if (!content.startsWith('@')) {
    return { http: hasEndOfLine ? `${content}\n` : content, ws: content };
  }
  const name = content.slice(1);
  const file = readFile(name);
  if ('problem' in file) return problem(`can't read file ${name}: ${file.problem}`);
  return { http: file.bytes, ws: file.bytes };
}

function patchOf(
  content: string,
): { readonly operations: readonly unknown[] } | { readonly problem: string } {
  let value: unknown = undefined;
  try {
    value = JSON.parse(content);
  } catch (error) {
    return problem(error instanceof Error ? error.message : String(error));
  }
  if (!Array.isArray(value)) return problem('patch content must be a JSON array');
  return { operations: value };
}

/** Undefined when one of them has no border. */
function pairsOf(texts: readonly string[], border: string): Pairs | undefined {
  const pairs = texts.map((text) => {
    const at = text.indexOf(border);
    return at === -1 ? undefined : ([text.slice(0, at), text.slice(at + 1).trim()] as const);
  });
  const known = pairs.filter((pair) => pair !== undefined);
  return known.length === pairs.length ? known : undefined;
}

function problem(text: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem: text };
}

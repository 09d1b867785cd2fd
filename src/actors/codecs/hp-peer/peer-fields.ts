// The fields of a message between nodes, read one after the other; the first that is wrong is remembered by its name.
// Refuses to know which message it reads. Obeys spec/hp-peer.md, section "Messages".

import { isUserName } from '../hp/names.ts';
import type { Status } from '../hp/requests.ts';
import type { JsonObject } from '../hp/strict-json.ts';
import type { MemberTold, OwnerOp, SessionTold } from './peer-messages.ts';
import { isWhole, SESSIONS_MAX, statuses } from './told-sessions.ts';

/** What nodes and clusters may be called. */
export const isNodeName = (text: string): boolean => nameForm.test(text);
const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const nonceForm = /^[\w-]{43,86}={0,2}$/;
const states: readonly MemberTold['state'][] = ['up', 'suspect', 'down', 'left'];

export class PeerFields {
  /** The first field that is wrong. */
  wrong: string | undefined = undefined;
  readonly #payload: JsonObject;
  readonly #sessions: readonly SessionTold[] | undefined;

  /** With its sessions, where they were read as a whole. */
  constructor(payload: JsonObject, sessions?: readonly SessionTold[]) {
    this.#payload = payload;
    this.#sessions = sessions;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#payload, key);
  }

  any(key: string): unknown {
    return this.has(key) ? this.#payload[key] : undefined;
  }

  text(key: string, lengthMax: number): string {
    const value = this.any(key);
    return typeof value === 'string' && value.length <= lengthMax ? value : this.#refuse(key, '');
  }

  optionalText(key: string, lengthMax: number): string | undefined {
    return this.has(key) ? this.text(key, lengthMax) : undefined;
  }

  /** What nodes and clusters may be called. */
  name(key: string): string {
    const value = this.any(key);
    return typeof value === 'string' && nameForm.test(value) ? value : this.#refuse(key, '');
  }

  /** 32 bytes of chance, or more. */
  nonce(key: string): string {
    const value = this.text(key, 86);
    return nonceForm.test(value) ? value : this.#refuse(key, '');
  }

  whole(key: string): number {
    const value = this.any(key);
    return isWhole(value) ? value : this.#refuse(key, 0);
  }

  truth(key: string): boolean {
    const value = this.any(key);
    return typeof value === 'boolean' ? value : this.#refuse(key, false);
  }

  texts(key: string, most: number): readonly string[] {
    const value = this.any(key);
    const isList =
      Array.isArray(value) && value.length <= most && value.every((one) => typeof one === 'string');
    return isList ? value : this.#refuse(key, []);
  }

  oneOf<T extends string>(key: string, known: readonly [T, ...T[]]): T {
    const value = this.any(key);
    return known.find((one) => one === value) ?? this.#refuse(key, known[0]);
  }

  object(key: string): PeerFields {
    const value = this.any(key);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return new PeerFields(isObject ? (value as JsonObject) : this.#refuse(key, {}));
  }

  members(): readonly MemberTold[] {
    return this.#list('members', 4_096, (fields): MemberTold => {
      const [node, incarnation] = [fields.name('node'), fields.whole('incarnation')];
      const [addr, state] = [fields.optionalText('addr', 260) ?? '', fields.any('state')];
      const known = states.find((one) => one === state) ?? fields.#refuse('state', 'up');
      return { node, incarnation, addr, state: known };
    });
  }

  sessions(): readonly SessionTold[] {
    return this.#sessions ?? this.#list('sessions', SESSIONS_MAX, sessionOf);
  }

  /** [HP-REPL-5] As many as there are steps from one version to the other. */
  ops(from: number, to: number): readonly OwnerOp[] {
    const ops = this.#list('ops', 10_000, (fields): OwnerOp => {
      const op = fields.oneOf('op', ['up', 'down', 'set']);
      if (op === 'up') return { op, ...sessionOf(fields) };
      const session = fields.text('session', 128);
      if (op === 'down') return { op, session, reason: fields.optionalText('reason', 64) };
      return { op, session, status: fields.#status(), note: fields.optionalText('note', 512) };
    });
    return ops.length === to - from ? ops : this.#refuse('ops', []);
  }

  status(): Status {
    return this.#status();
  }

  #status(): Status {
    const value = this.any('status');
    return statuses.find((one) => one === value) ?? this.#refuse('status', 'online');
  }

  #list<T>(key: string, most: number, read: (fields: PeerFields) => T): readonly T[] {
    const value = this.any(key);
    if (!Array.isArray(value) || value.length > most) return this.#refuse(key, []);
    return value.map((one: unknown) => {
      const isObject = typeof one === 'object' && one !== null && !Array.isArray(one);
      const fields = new PeerFields(isObject ? (one as JsonObject) : {});
      const found = read(fields);
      if (fields.wrong !== undefined) this.#refuse(`${key}.${fields.wrong}`, undefined);
      return found;
    });
  }

  #refuse<T>(key: string, instead: T): T {
    this.wrong ??= key;
    return instead;
  }
}

function sessionOf(fields: PeerFields): SessionTold {
  const [session, user] = [fields.text('session', 128), fields.text('user', 32)];
  if (!isUserName(user)) fields.wrong ??= 'user';
  return {
    ...{ session, user, status: fields.status(), note: fields.optionalText('note', 512) },
    lamport: fields.whole('lamport'),
    since: fields.has('since') ? fields.whole('since') : undefined,
  };
}

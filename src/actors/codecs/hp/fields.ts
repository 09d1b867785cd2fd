// The fields of one payload, read one after the other: the first that is wrong is the mistake, the others are not
// looked at. What a payload has beside its fields is nobody's business here.
// Refuses to know which message it reads. Obeys spec/hp.md, section "Messages".

import { type ErrorCode, type HpMistake, refused } from './mistakes.ts';
import { isRoomName, isUserName } from './names.ts';
import { knownCaps, type Cap } from './requests.ts';
import type { JsonObject } from './strict-json.ts';

/** Characters are counted as people count them, and not as UTF-16 does. */
function isWithin(text: string, lengthMax: number): boolean {
  return text.length <= lengthMax || Array.from(text).length <= lengthMax;
}

export class Fields {
  mistake: HpMistake | undefined = undefined;
  readonly #payload: JsonObject;
  /** In front of each field's name. */
  readonly #place: string;

  constructor(payload: JsonObject, place = 'payload') {
    this.#payload = payload;
    this.#place = place;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#payload, key);
  }

  refuse(key: string, message: string, code: ErrorCode = 'INVALID_PAYLOAD'): void {
    this.mistake ??= refused(code, message, `${this.#place}.${key}`).mistake;
  }

  /** Empty when it is missing, which is told. */
  text(key: string, lengthMax: number, what?: string): string {
    const found = this.optionalText(key, lengthMax, what);
    if (found === undefined) this.#miss(key);
    return found ?? '';
  }

  optionalText(
    key: string,
    lengthMax: number,
    what = `${key} is a text of at most ${lengthMax} characters.`,
  ): string | undefined {
    const value = this.#get(key);
    if (value === undefined) return undefined;
    if (typeof value === 'string' && isWithin(value, lengthMax)) return value;
    this.refuse(key, what);
    return undefined;
  }

  user(key: string): string {
    const value = this.#get(key);
    if (value === undefined) this.#miss(key);
    else if (typeof value === 'string' && isUserName(value)) return value;
    else this.refuse(key, 'A user is called by 1 to 32 letters, digits, and . _ -');
    return '';
  }

  room(key: string): string {
    const value = this.#get(key);
    if (value === undefined) this.#miss(key);
    else if (typeof value === 'string' && isRoomName(value)) return value;
    else {
      const text = 'A room is called by 1 to 64 small letters, digits, and . _ -';
      this.refuse(key, text, 'INVALID_ROOM');
    }
    return '';
  }

  whole(key: string, least: number, most: number): number | undefined {
    const value = this.#get(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most)
      return value;
    this.refuse(key, `${key} is a whole number from ${least} to ${most}.`);
    return undefined;
  }

  yesOrNo(key: string): boolean {
    const value = this.#get(key);
    if (value === undefined) this.#miss(key);
    else if (typeof value === 'boolean') return value;
    else this.refuse(key, `${key} is true or false.`);
    return false;
  }

  oneOf<const T extends string>(key: string, choices: readonly T[]): T | undefined {
    const value = this.#get(key);
    if (value === undefined) return undefined;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) this.refuse(key, `${key} is one of ${choices.join(', ')}.`);
    return found;
  }

  /** Told when it is missing. */
  needed<T>(key: string, found: T | undefined, instead: T): T {
    if (found === undefined) this.#miss(key);
    return found ?? instead;
  }

  /** The fields of an object inside; none of them when it is missing. */
  inner(key: string): Fields {
    const value = this.#get(key);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (value !== undefined && !isObject) this.refuse(key, `${key} is an object.`);
    return new Fields(isObject ? (value as JsonObject) : {}, `${this.#place}.${key}`);
  }

  /** Entries of an object inside. */
  entries(key: string): readonly (readonly [string, unknown])[] {
    this.inner(key);
    const value = this.#get(key);
    return typeof value === 'object' && value !== null ? Object.entries(value) : [];
  }

  /** A list of texts, each good by `isGood`. */
  list(key: string, most: number, isGood: (text: string) => boolean): readonly string[] {
    const value = this.#get(key);
    if (value === undefined) return [];
    const isList = Array.isArray(value) && value.length <= most;
    if (isList && value.every((entry) => typeof entry === 'string' && isGood(entry)))
      return value as string[];
    this.refuse(key, `${key} is a list of at most ${most}, and each of them must be well-formed.`);
    return [];
  }

  /** [HP-HELLO-3] Caps that nobody here knows are no mistake. */
  caps(): readonly Cap[] {
    const named = this.list('caps', 64, () => true);
    return knownCaps.filter((cap) => named.includes(cap));
  }

  #get(key: string): unknown {
    return this.has(key) ? this.#payload[key] : undefined;
  }

  #miss(key: string): void {
    this.refuse(key, `The field ${key} is missing.`, 'MISSING_FIELD');
  }
}

// Body patches: a stored JSON body, changed by a publisher's operations and printed again, with Pushpin's outcome.
// Refuses to know whose body it is. Not RFC 6902 where Pushpin is not: `add` onto an index of a list overwrites, the
// root is `/`, `test` compares numbers as 32-bit integers and finds no null equal. grip.md, section 2.5; quirk Q6.
// The body is parsed anew for each patch, and changed in place: an operation costs no more for a large body. What an
// operation brings is copied, and how much is copied is bounded.

import { encodeText } from '../utf8-text.ts';
import {
  byCodeUnits,
  FieldReader,
  type Fields,
  type GripMistake,
  has,
  isFields,
  textOf,
} from './fields.ts';

export type PatchReading =
  | { readonly ok: true; readonly body: Uint8Array }
  | { readonly ok: false; readonly mistake: GripMistake };

/** In UTF-16 code units; the stored body of a hold has at most 100,000 bytes. */
const patchedLengthMax = 4_000_000;
const patchedDepthMax = 512;
/** Of a body, by all operations together: copies of copies soon outgrow whatever they began with. */
const copiedValuesMax = 200_000;

/** [GRIP-PATCH-1] [GRIP-PATCH-3] Applies the operations one after the other; none of them counts if one fails. */
export function patchBody(body: Uint8Array, ops: readonly unknown[]): PatchReading {
  const source = parseBody(body);
  if (source === undefined) return refused('the stored body is no JSON object or list');
  let root: unknown = source.root;
  const copier = new Copier();
  for (const op of ops) {
    const applied = applyOp(root, op, copier);
    if (copier.mistake !== undefined) return refused(copier.mistake);
    if (!applied.ok) return applied;
    root = applied.value;
  }
  if (!isFields(root) && !Array.isArray(root))
    return refused('the patched body is no object or list');
  const printer = new Printer();
  printer.print(root, 1);
  if (printer.mistake !== undefined) return refused(printer.mistake);
  return { ok: true, body: encodeText(printer.text + source.lineEnd) };
}

function parseBody(body: Uint8Array): { root: unknown; lineEnd: string } | undefined {
  try {
    const text = decoder.decode(body);
    const root: unknown = JSON.parse(text);
    if (typeof root !== 'object' || root === null) return undefined;
    return { root, lineEnd: /\r?\n$/.exec(text)?.[0] ?? '' };
  } catch {
    return undefined;
  }
}

type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly mistake: GripMistake };

function applyOp(root: unknown, op: unknown, copier: Copier): Outcome<unknown> {
  if (!isFields(op)) return refused('invalid op');
  const reader = new FieldReader();
  const type = reader.required(reader.textAt(op, 'op', 'op'), op, 'op', 'op') ?? '';
  const path = reader.required(reader.textAt(op, 'op', 'path'), op, 'op', 'path') ?? '';
  const isTwoPlaced = type === 'move' || type === 'copy';
  const from = isTwoPlaced
    ? reader.required(reader.textAt(op, 'op', 'from'), op, 'op', 'from')
    : '';
  if (reader.mistake !== undefined) return refused(reader.mistake);
  switch (type) {
    case 'add':
      return put(root, path, op, false, copier);
    case 'replace':
      return put(root, path, op, true, copier);
    case 'remove':
      return take(root, path);
    case 'move':
      return move(root, from ?? '', path, copier);
    case 'copy': {
      const found = find(root, from ?? '');
      return found.ok ? setAt(root, path, copier.copy(found.value)) : found;
    }
    case 'test': {
      const steps = resolve(root, path);
      if (!steps.ok) return steps;
      if (!has(op, 'value')) return refused("op does not contain 'value'");
      const isEqual = isSame(valueAt(root, steps.value), op['value']);
      return isEqual ? done(root) : refused('tested values are not equal');
    }
    default:
      return refused(`unsupported op: ${type}`);
  }
}

function put(
  root: unknown,
  path: string,
  op: Fields,
  mustExist: boolean,
  copier: Copier,
): Outcome<unknown> {
  const steps = resolve(root, path);
  if (!steps.ok) return steps;
  if (!has(op, 'value')) return refused("op does not contain 'value'");
  if (mustExist && !isThere(root, steps.value)) return refused('location does not exist');
  return done(withValue(root, steps.value, copier.bring(op['value'])));
}

function take(root: unknown, path: string): Outcome<unknown> {
  const steps = resolve(root, path);
  if (!steps.ok) return steps;
  if (!isThere(root, steps.value)) return refused('location does not exist');
  if (steps.value.length === 0) return refused('cannot remove the root');
  without(root, steps.value);
  return done(root);
}

/** The place to move to is looked for when the value is gone from the old one. */
function move(root: unknown, from: string, path: string, copier: Copier): Outcome<unknown> {
  if (from !== '/' && path.startsWith(`${from}/`))
    return refused('cannot move location into itself');
  const found = find(root, from);
  if (!found.ok) return found;
  const steps = resolve(root, from);
  if (!steps.ok) return steps;
  // The root cannot be taken away, so to move it is to copy it.
  if (steps.value.length === 0) return setAt(root, path, copier.copy(root));
  without(root, steps.value);
  return setAt(root, path, found.value);
}

function find(root: unknown, path: string): Outcome<unknown> {
  const steps = resolve(root, path);
  if (!steps.ok) return steps;
  if (!isThere(root, steps.value)) return refused('location does not exist');
  return done(valueAt(root, steps.value));
}

function setAt(root: unknown, path: string, value: unknown): Outcome<unknown> {
  const steps = resolve(root, path);
  return steps.ok ? done(withValue(root, steps.value, value)) : steps;
}

/** A name in an object, an index in a list, or `-` for the place behind the last. */
type Step = string | number;
const behindTheLast = -1;

/** Every step but the last leads to something that is there, and the last has a container. */
function resolve(root: unknown, pointer: string): Outcome<readonly Step[]> {
  if (!pointer.startsWith('/')) return refused('pointer must start with /');
  if (pointer === '/') return done([]);
  const steps: Step[] = [];
  let container: unknown = root;
  for (const part of pointer.slice(1).split('/', patchedDepthMax + 1)) {
    if (steps.length === patchedDepthMax) return refused('pointer is too deep');
    if (part === '') return refused('reference cannot be empty');
    const last = steps.at(-1);
    if (last !== undefined) {
      if (!hasStep(container, last)) return refused('cannot step into undefined reference');
      container = child(container, last);
    }
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (isFields(container)) steps.push(name);
    else if (Array.isArray(container)) {
      const index = indexOf(name, container.length);
      if (!index.ok) return index;
      steps.push(index.value);
    } else return refused('non-container value cannot have child reference');
  }
  return done(steps);
}

function indexOf(name: string, size: number): Outcome<number> {
  if (name === '-') return done(behindTheLast);
  if (!wholeNumber.test(name)) return refused('index must be an integer');
  const index = Number(name);
  return index >= 0 && index < size ? done(index) : refused('index out of range');
}

function isThere(root: unknown, steps: readonly Step[]): boolean {
  const last = steps.at(-1);
  return last === undefined || hasStep(valueAt(root, steps.slice(0, -1)), last);
}

function hasStep(container: unknown, step: Step): boolean {
  if (isFields(container)) return has(container, String(step));
  return (
    Array.isArray(container) && typeof step === 'number' && step >= 0 && step < container.length
  );
}

function child(container: unknown, step: Step): unknown {
  if (!hasStep(container, step)) return undefined;
  return isFields(container) ? container[step] : (container as readonly unknown[])[Number(step)];
}

/** Undefined where nothing is. */
function valueAt(root: unknown, steps: readonly Step[]): unknown {
  return steps.reduce(child, root);
}

/** The root with the value in its place; the root itself where that is the place. */
function withValue(root: unknown, steps: readonly Step[], value: unknown): unknown {
  const step = steps.at(-1);
  if (step === undefined) return value;
  const container = valueAt(root, steps.slice(0, -1));
  if (!Array.isArray(container)) {
    // A `__proto__` is a member like any other.
    const member = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(container, step, member);
  } else if (step === behindTheLast) container.push(value);
  else container[Number(step)] = value;
  return root;
}

function without(root: unknown, steps: readonly Step[]): void {
  const container = valueAt(root, steps.slice(0, -1));
  const step = steps.at(-1) ?? '';
  if (Array.isArray(container)) container.splice(Number(step), 1);
  else delete (container as Record<string, unknown>)[step];
}

/** Copies values, so that what is changed in one place stays in another. */
class Copier {
  mistake: string | undefined = undefined;
  #left = copiedValuesMax;

  /** A value of the body. */
  copy(value: unknown): unknown {
    return this.#copied(value, 1, 1);
  }

  /** A value of the publisher's, which costs no more than it took to send. */
  bring(value: unknown): unknown {
    return this.#copied(value, 0, 1);
  }

  #copied(value: unknown, price: 0 | 1, depth: number): unknown {
    this.#left -= price;
    if (depth > patchedDepthMax) this.mistake ??= 'the patched body is too deep';
    if (this.#left < 0) this.mistake ??= 'the patched body is too large';
    if (this.mistake !== undefined) return undefined;
    if (Array.isArray(value)) return value.map((item) => this.#copied(item, price, depth + 1));
    if (!isFields(value)) return value;
    const members = Object.entries(value);
    return Object.fromEntries(
      members.map(([name, item]) => [name, this.#copied(item, price, depth + 1)]),
    );
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (isFields(a) && isFields(b)) {
    const names = Object.keys(a);
    if (names.length !== Object.keys(b).length) return false;
    return names.every((name) => has(b, name) && isSame(a[name], b[name]));
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, at) => isSame(item, b[at]));
  }
  const texts = [textOf(a), textOf(b)];
  if (texts[0] !== undefined && texts[1] !== undefined) return texts[0] === texts[1];
  const number = wrapped(a);
  return number !== undefined && number === wrapped(b);
}

/** As a 32-bit integer, where a value can become one at all; a text that is no number becomes 0. */
function wrapped(value: unknown): number | undefined {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'number') return Math.round(value) | 0;
  const text = textOf(value);
  if (text === undefined) return undefined;
  return wholeNumber.test(text) ? Number(text) | 0 : 0;
}

/** [GRIP-PATCH-1] Prints as Qt does: no blanks, names in the order of their code units. */
class Printer {
  text = '';
  mistake: string | undefined = undefined;

  print(value: unknown, depth: number): void {
    if (depth > patchedDepthMax) this.mistake = 'the patched body is too deep';
    if (this.text.length > patchedLengthMax) this.mistake = 'the patched body is too large';
    if (this.mistake !== undefined) return;
    if (Array.isArray(value)) {
      this.#enclosed(value, '[', ']', (item) => this.print(item, depth + 1));
    } else if (isFields(value)) {
      this.#enclosed(Object.keys(value).toSorted(byCodeUnits), '{', '}', (name) => {
        this.text += `${JSON.stringify(name)}:`;
        this.print(value[name], depth + 1);
      });
    } else this.text += this.#scalar(value);
  }

  #enclosed<T>(items: readonly T[], open: string, close: string, print: (item: T) => void): void {
    this.text += open;
    for (const [at, item] of items.entries()) {
      if (this.mistake !== undefined) return;
      if (at > 0) this.text += ',';
      print(item);
    }
    this.text += close;
  }

  #scalar(value: unknown): string {
    if (value === null || typeof value === 'boolean') return String(value);
    if (typeof value === 'number' && Number.isFinite(value)) return numeral(value);
    const text = typeof value === 'string' ? value : textOf(value);
    if (text === undefined) this.mistake = 'the patched body has a value that JSON has not';
    return JSON.stringify(text ?? '');
  }
}

/** The shortest digits; an exponent, of two digits at least, from 1e20 up and below 1e-4. */
function numeral(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e20)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

function done<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

function refused(message: string): { readonly ok: false; readonly mistake: GripMistake } {
  return { ok: false, mistake: { message } };
}

const decoder = new TextDecoder('utf-8', { fatal: true });
const wholeNumber = /^[ \t\n\v\f\r]*[+-]?\d+[ \t\n\v\f\r]*$/;

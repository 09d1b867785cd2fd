// The wall around a run: while it lasts, clocks, chance, timers and promises throw, so that a run that depends on
// anything but its seed fails at the line that does. It looks at globals alone: what a module took hold of when it was
// loaded escapes it, and is left to the runs that are repeated and compared. Refuses to know what is run.

import { promiseHooks } from 'node:v8';

/** Says what was touched inside a run, and where. */
export class WorldTouchedError extends Error {
  constructor(what: string) {
    super(`${what} was touched inside a run`);
    this.name = 'WorldTouchedError';
  }

  /** The line of code that touched it. */
  get place(): string {
    const frames = (this.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    const outside = frames.find(
      (line) => !/sim\/search\/guard\.ts|node:internal|<anonymous>/.test(line),
    );
    return outside?.replace(/^\s+at /, '') ?? 'unknown';
  }
}

/**
 * Runs synchronously with the platform locked out, and returns what the run returns. Throws WorldTouchedError for the
 * first thing that was touched, even where the run itself caught the error.
 */
export function guarded<T>(run: () => T): T {
  let touched: WorldTouchedError | undefined;
  const touch = (what: string): WorldTouchedError => {
    const error = new WorldTouchedError(what);
    touched ??= error;
    return error;
  };
  const undo = lockOut(touch);
  let result: { readonly value: T } | { readonly error: unknown };
  try {
    result = { value: run() };
  } catch (error) {
    result = { error };
  } finally {
    for (const each of undo.toReversed()) each();
  }
  // An actor that throws is restarted by its supervisor: what it touched must not be forgotten with it.
  if (touched !== undefined) throw touched;
  if ('error' in result) throw result.error;
  return result.value;
}

type Touch = (what: string) => WorldTouchedError;
type Undo = () => void;

function lockOut(touch: Touch): Undo[] {
  // A function that may also be called with `new`.
  const barred = (name: string) =>
    function (): never {
      throw touch(name);
    };
  const undo: Undo[] = [];
  const put = (owner: object, key: string, change: PropertyDescriptor): void => {
    const original = Object.getOwnPropertyDescriptor(owner, key);
    if (original === undefined) return;
    Object.defineProperty(owner, key, { configurable: true, ...change });
    undo.push(() => Object.defineProperty(owner, key, original));
  };
  const bar = (owner: object, key: string, name: string): void => {
    put(owner, key, { value: barred(name), writable: true });
  };
  bar(Math, 'random', 'Math.random');
  bar(Object.getPrototypeOf(performance) as object, 'now', 'performance.now');
  // Before the name itself: who holds the real Date still has its `now`.
  bar(Date, 'now', 'Date.now');
  put(globalThis, 'Date', { value: guardedDate(Date, touch), writable: true });
  for (const name of functions) bar(globalThis, name, name);
  for (const name of accessors) put(globalThis, name, { get: barred(name), set: barred(name) });
  for (const name of ['nextTick', 'uptime']) bar(process, name, `process.${name}`);
  const hrtime = barred('process.hrtime');
  put(process, 'hrtime', { value: Object.assign(hrtime, { bigint: hrtime }), writable: true });
  // The hook cannot throw: what it throws is nobody's to catch.
  undo.push(promiseHooks.onInit(() => void touch('a promise')) as Undo);
  return undo;
}

const functions = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
  'WeakRef',
  'FinalizationRegistry',
];
const accessors = ['performance', 'crypto'];

/** A Date that still reads the instants it is given, and knows no present. */
function guardedDate(real: DateConstructor, touch: Touch): DateConstructor {
  return new Proxy(real, {
    construct(target, values: unknown[], newTarget) {
      if (values.length === 0) throw touch('new Date()');
      return Reflect.construct(target, values, newTarget) as object;
    },
    apply() {
      throw touch('Date()');
    },
  });
}

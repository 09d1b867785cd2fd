// The kinds of values that settings have: how each is read from text, what is said when it cannot be, and how it is
// shown again. Flags, environment and file all bring text, so one reading serves them. Refuses to know which setting
// it reads. Obeys spec/process.md, section "Values".

export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string; readonly wayOut: string };

export interface Kind<T> {
  /** What may be written, for help and reference: `0 to 65535`. */
  readonly form: string;
  /** One word for it in `--flag <word>`. */
  readonly word: string;
  /** Several values: a list in the file, commas in the environment, a flag given again. */
  readonly isList?: boolean;
  /** Never shown, not even in a mistake. */
  readonly isSecret?: boolean;
  read(text: string): Reading<T>;
  show(value: T): string;
}

export function wholeNumber(least: number, most: number): Kind<number> {
  const form = `${least} to ${most}`;
  return {
    form,
    word: 'number',
    show: String,
    read(text) {
      const value = /^\d[\d_]*$/.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN;
      const isGood = value >= least && value <= most;
      return isGood ? good(value) : bad(text, 'is not a whole number in range', form);
    },
  };
}

/** 0 lets the kernel choose. */
export const port: Kind<number> = {
  ...wholeNumber(0, 65_535),
  read(text) {
    const reading = wholeNumber(0, 65_535).read(text);
    if (reading.ok) return reading;
    // Kubernetes puts HERMOD_ADMIN_PORT=tcp://… into every container beside a service called hermod-admin.
    if (text.startsWith('tcp://')) {
      return {
        ok: false,
        problem: `"${text}" is an address that Kubernetes made up for a service of this name`,
        wayOut: 'Set enableServiceLinks: false in the pod, or give the service another name.',
      };
    }
    return bad(text, 'is not a port', 'a number from 0 to 65535; 0 takes any free port');
  },
};

/** undefined: no door at all. */
export const portOrOff: Kind<number | undefined> = {
  ...port,
  form: '0 to 65535, or off',
  read: (text) => (text === 'off' ? good(undefined) : port.read(text)),
  show: (value) => (value === undefined ? 'off' : String(value)),
};

const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 1_024,
  mib: 1_048_576,
  gib: 1_073_741_824,
};

export function bytes(least: number, most: number): Kind<number> {
  const form = `${showBytes(least)} to ${showBytes(most)}`;
  return {
    form,
    word: 'size',
    show: showBytes,
    read(text) {
      const value = withUnit(text, byteUnits);
      const isGood = Number.isInteger(value) && value >= least && value <= most;
      return isGood
        ? good(value)
        : bad(text, 'is not a size in range', `${form}, as 65536 or 64KiB`);
    },
  };
}

function showBytes(value: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB']) {
    const size = byteUnits[unit.toLowerCase()] ?? 1;
    if (value >= size && value % size === 0) return `${value / size}${unit}`;
  }
  return String(value);
}

const msUnits: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** In milliseconds, which is what a number without a unit means. */
export function duration(leastMs: number, mostMs: number): Kind<number> {
  const form = `${showMs(leastMs)} to ${showMs(mostMs)}`;
  return {
    form,
    word: 'time',
    show: showMs,
    read(text) {
      const value = withUnit(text, msUnits);
      const isGood = Number.isInteger(value) && value >= leastMs && value <= mostMs;
      return isGood
        ? good(value)
        : bad(text, 'is not a time in range', `${form}, as 500ms, 30s, 5m or plain milliseconds`);
    },
  };
}

/** As `duration`, but a number without a unit means seconds, and so does the value. */
export function seconds(least: number, most: number): Kind<number> {
  const form = `${showMs(least * 1_000)} to ${showMs(most * 1_000)}`;
  return {
    form,
    word: 'time',
    show: (value) => showMs(value * 1_000),
    read(text) {
      const value = withUnit(text, { ...msUnits, '': 1_000 }) / 1_000;
      const isGood = Number.isInteger(value) && value >= least && value <= most;
      return isGood
        ? good(value)
        : bad(text, 'is not a time in range', `${form}, as 30s or plain seconds`);
    },
  };
}

function showMs(value: number): string {
  for (const unit of ['h', 'm', 's']) {
    const size = msUnits[unit] ?? 1;
    if (value >= size && value % size === 0) return `${value / size}${unit}`;
  }
  return `${value}ms`;
}

/** NaN for what is no number with one of these units. */
function withUnit(text: string, units: Readonly<Record<string, number>>): number {
  const [, digits = '', unit = ''] = /^(\d[\d_]*(?:\.\d+)?) ?([a-z]*)$/i.exec(text) ?? [];
  const size = units[unit.toLowerCase()];
  if (digits === '' || size === undefined) return Number.NaN;
  // 0.1s is 100 ms, although 0.1 * 1000 has a tail.
  return Math.round(Number(digits.replaceAll('_', '')) * size * 1_000) / 1_000;
}

const words: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

export const yesOrNo: Kind<boolean> = {
  form: 'true or false',
  word: 'true|false',
  show: String,
  read(text) {
    const word = text.toLowerCase();
    const value = Object.hasOwn(words, word) ? words[word] : undefined;
    return value === undefined
      ? bad(text, 'is neither true nor false', 'true or false')
      : good(value);
  },
};

export function oneOf<const T extends string>(...choices: readonly T[]): Kind<T> {
  const form = choices.join(', ');
  return {
    form,
    word: choices.join('|'),
    show: String,
    read(text) {
      const value = choices.find((choice) => choice === text);
      return value === undefined ? bad(text, 'is not one of the choices', form) : good(value);
    },
  };
}

/** Any text but an empty one. */
export function anyText(form: string, word: string): Kind<string> {
  return {
    form,
    word,
    show: String,
    read: (text) => (text === '' ? bad(text, 'is empty', form) : good(text)),
  };
}

export function anyTextOrNone(form: string, word: string): Kind<string> {
  return { ...anyText(form, word), read: good };
}

export function secret(form: string): Kind<string> {
  return { form, word: 'text', isSecret: true, show: () => '(not shown)', read: good };
}

/** Each entry as `item` reads it; the first bad one speaks for the list. */
export function list<T>(item: Kind<T>): Kind<readonly T[]> {
  return {
    form: `a list of: ${item.form}`,
    word: item.word,
    isList: true,
    show: (values) => (values.length === 0 ? 'none' : values.map((v) => item.show(v)).join(', ')),
    read(joined) {
      const values: T[] = [];
      if (joined === 'none') return good(values);
      for (const part of joined.split(',')) {
        if (part.trim() === '') continue;
        const reading = item.read(part.trim());
        if (!reading.ok) return reading;
        values.push(reading.value);
      }
      return good(values);
    },
  };
}

/** A page's origin as browsers send it, or `*`. */
export const origin: Kind<string> = {
  form: 'an origin as https://example.org, or *',
  word: 'origin',
  show: String,
  read(text) {
    const isGood = text === '*' || (URL.canParse(text) && new URL(text).origin === text);
    const form =
      'scheme, host and port only, as https://example.org or http://localhost:3000; or *';
    return isGood ? good(text) : bad(text, 'is not an origin', form);
  },
};

/** May also be left open. */
export function optional<T>(kind: Kind<T>): Kind<T | undefined> {
  return { ...kind, show: (value) => (value === undefined ? 'not set' : kind.show(value)) };
}

function good<T>(value: T): Reading<T> {
  return { ok: true, value };
}

function bad<T>(text: string, problem: string, form: string): Reading<T> {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return { ok: false, problem: `${JSON.stringify(shown)} ${problem}`, wayOut: `Write ${form}.` };
}

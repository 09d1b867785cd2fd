// The form of pushpin.conf: sections, keys and values with their lines, as QSettings reads INI files, for that is what
// Pushpin reads them with. A `#` or `;` begins a comment at the start of a line only; further on a `#` belongs to the
// value, and a `;` ends it unless it is quoted. Refuses to know which keys there are and what their values mean.

export interface IniEntry {
  readonly section: string;
  readonly key: string;
  /** Between commas that are not quoted; none for an empty value. */
  readonly parts: readonly string[];
  /** The parts as one text. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

export interface IniReading {
  readonly entries: readonly IniEntry[];
  /** Lines that are neither section, nor setting, nor comment. */
  readonly strangeLines: readonly number[];
}

/** Reads the whole text, whatever is wrong with it. */
export function readIni(text: string): IniReading {
  const entries: IniEntry[] = [];
  const strangeLines: number[] = [];
  // Keys in front of the first section are in one of this name.
  let section = 'General';
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  for (const [at, whole] of lines.entries()) {
    const line = at + 1;
    const bare = whole.trim();
    if (bare === '' || bare.startsWith('#') || bare.startsWith(';')) continue;
    const heading = /^\[([^\]]*)\]/.exec(bare);
    const equals = whole.indexOf('=');
    if (heading !== null) section = (heading[1] ?? '').trim();
    else if (equals < 0) strangeLines.push(line);
    else {
      const key = whole.slice(0, equals).trim();
      const column = whole.search(/\S/) + 1;
      const parts = partsOf(whole.slice(equals + 1));
      entries.push({ section, key, parts, text: parts.join(','), line, column });
    }
  }
  return { entries, strangeLines };
}

/** Any other sign behind a backslash is dropped with it. */
const escapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '"': '"',
  "'": "'",
  '?': '?',
  '\\': '\\',
};

function partsOf(value: string): readonly string[] {
  const parts: string[] = [];
  let part = '';
  /** Blanks at the end of a part belong to it only where they were quoted. */
  let keptLength = 0;
  let isQuoted = false;
  let at = 0;
  const endPart = () => {
    const end = Math.max(keptLength, part.trimEnd().length);
    // A sign that QSettings writes in front of an own one.
    parts.push(part.slice(part.startsWith('@@') ? 1 : 0, end));
    part = '';
    keptLength = 0;
  };
  while (at < value.length) {
    const sign = value.charAt(at);
    at += 1;
    if (sign === '"') {
      isQuoted = !isQuoted;
      keptLength = part.length;
      // Blanks behind a quote are none.
      if (!isQuoted) at = endOfBlanks(value, at);
    } else if (sign === '\\') {
      const hex = /^x([0-9a-fA-F]{1,4})/.exec(value.slice(at));
      const escaped = value.charAt(at);
      part += hex === null ? (escapes[escaped] ?? '') : hexChar(hex[1] ?? '0');
      keptLength = part.length;
      at += hex === null ? 1 : hex[0].length;
    } else if (isQuoted) {
      part += sign;
      keptLength = part.length;
    } else if (sign === ';') break;
    else if (sign === ',') endPart();
    else if (part !== '' || sign.trim() !== '') part += sign;
  }
  endPart();
  return parts.length === 1 && parts[0] === '' ? [] : parts;
}

function endOfBlanks(value: string, from: number): number {
  let at = from;
  while (value[at] === ' ' || value[at] === '\t') at += 1;
  return at;
}

function hexChar(digits: string): string {
  return String.fromCharCode(Number.parseInt(digits, 16));
}

// Tnetstrings, read and written: what ZeroMQ commands, items and stats are made of. Apart from src/.

export type Tnet =
  | Buffer
  | number
  | boolean
  | null
  | readonly Tnet[]
  | { readonly [key: string]: Tnet };

export function tnetOf(value: Tnet | string): Buffer {
  if (value === null) return Buffer.from('0:~');
  if (typeof value === 'string') return wrap(Buffer.from(value), ',');
  if (typeof value === 'number')
    return wrap(Buffer.from(String(value)), Number.isInteger(value) ? '#' : '^');
  if (typeof value === 'boolean') return wrap(Buffer.from(String(value)), '!');
  if (Buffer.isBuffer(value)) return wrap(value, ',');
  if (Array.isArray(value))
    return wrap(Buffer.concat((value as readonly Tnet[]).map((each) => tnetOf(each))), ']');
  const pairs = Object.entries(value as Readonly<Record<string, Tnet>>);
  return wrap(Buffer.concat(pairs.flatMap(([key, each]) => [tnetOf(key), tnetOf(each)])), '}');
}

function wrap(payload: Buffer, type: string): Buffer {
  return Buffer.concat([Buffer.from(`${payload.length}:`), payload, Buffer.from(type)]);
}

/** Text is given as a string; numbers, lists and objects as themselves. */
export function readTnet(bytes: Buffer): unknown {
  const [value, rest] = readOne(bytes);
  if (rest.length > 0) throw new Error('there is something after the tnetstring');
  return value;
}

function readOne(bytes: Buffer): [value: unknown, rest: Buffer] {
  const colon = bytes.indexOf(':');
  const size = Number(bytes.subarray(0, colon).toString());
  if (colon < 1 || !Number.isInteger(size)) throw new Error('no tnetstring');
  const payload = bytes.subarray(colon + 1, colon + 1 + size);
  const type = String.fromCodePoint(bytes[colon + 1 + size] ?? 0);
  const rest = bytes.subarray(colon + 2 + size);
  switch (type) {
    case ',':
      return [payload.toString('utf8'), rest];
    case '#':
    case '^':
      return [Number(payload.toString()), rest];
    case '!':
      return [payload.toString() === 'true', rest];
    case '~':
      return [null, rest];
    case ']':
      return [readAll(payload), rest];
    case '}': {
      const all = readAll(payload);
      const pairs = all.flatMap((key, at) => (at % 2 === 0 ? [[key, all[at + 1]] as const] : []));
      return [Object.fromEntries(pairs), rest];
    }
    default:
      throw new Error(`a tnetstring of type ${JSON.stringify(type)}`);
  }
}

function readAll(payload: Buffer): unknown[] {
  const values: unknown[] = [];
  let rest = payload;
  while (rest.length > 0) {
    const [value, after] = readOne(rest);
    values.push(value);
    rest = after;
  }
  return values;
}

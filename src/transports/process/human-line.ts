// One log entry as a line for people. Values may come from strangers, so nothing in them can end the line or steer
// the terminal. Refuses to know streams and levels' meaning. Obeys spec/process.md, section "Output".

export interface LineParts {
  readonly at: Date;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  readonly shard: number | undefined;
}

const colours = { debug: 90, info: 32, warn: 33, error: 31 } as const;

/** Local time, level, event, then the fields; texts of several lines follow indented. */
export function humanLine(parts: LineParts, isColoured: boolean): string {
  const { at, level, event, fields, shard } = parts;
  const paint = (colour: number, text: string): string =>
    isColoured ? `\u001b[${colour}m${text}\u001b[0m` : text;
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const time = `${clock}.${String(at.getMilliseconds()).padStart(3, '0')}`;
  const words = [paint(90, time), paint(colours[level], level.padEnd(5)), safe(event)];
  const paragraphs: string[] = [];
  if (shard !== undefined) words.push(paint(90, `shard=${shard}`));
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string' && value.includes('\n')) paragraphs.push(value);
    else words.push(`${paint(90, `${safe(name)}=`)}${valueOf(value)}`);
  }
  const below = paragraphs.flatMap((text) => text.split('\n')).map((line) => `    ${safe(line)}`);
  return `${[words.join(' '), ...below].join('\n')}\n`;
}

function valueOf(value: string | number | boolean): string {
  const text = safe(String(value));
  return text === '' || /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}

/** [PROC-LOG-1] Control characters are shown, not obeyed: C0, C1, and the marks that turn text around. */
function safe(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

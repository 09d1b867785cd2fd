// Instructions that are wrong, each in one way: such an answer is the gateway's error, whatever else stands in it.
// Written from spec/grip.md, "Instructions" and "Instructions as JSON". Refuses to know who gives them.

export interface Flaw {
  readonly isJson: boolean;
  readonly status: number;
  /** Take the place of good ones of the same name. */
  readonly headers: readonly (readonly [string, string])[];
  /** Of an answer in JSON. */
  readonly body: string;
}

const hold = (lines: Readonly<Record<string, string>>): Flaw => ({
  isJson: false,
  status: 200,
  headers: Object.entries({ 'Grip-Hold': 'stream', 'Grip-Channel': 'wrong', ...lines }),
  body: '',
});
const json = (value: unknown, status = 200): Flaw => ({
  isJson: true,
  status,
  headers: [['Content-Type', 'application/grip-instruct']],
  body: typeof value === 'string' ? value : JSON.stringify(value),
});
const channels = [{ name: 'wrong' }];

/** [GRIP-INSTR-4] [GRIP-INSTR-9] [GRIP-KEEP-5] [GRIP-JSON-4] */
export const flaws = {
  'another hold': hold({ 'Grip-Hold': 'later' }),
  'a timeout in words': hold({ 'Grip-Hold': 'response', 'Grip-Timeout': 'soon' }),
  'a timeout below nothing': hold({ 'Grip-Hold': 'response', 'Grip-Timeout': '-1' }),
  'a status in words': hold({ 'Grip-Status': 'fine' }),
  'a status beyond all': hold({ 'Grip-Status': '1000' }),
  'another mode': hold({ 'Grip-Keep-Alive': 'x; mode=never' }),
  'another format': hold({ 'Grip-Keep-Alive': 'x; format=hex' }),
  'an escape without end': hold({ 'Grip-Keep-Alive': String.raw`x\x4; format=cstring` }),
  'a pause in words': hold({ 'Grip-Keep-Alive': 'x; timeout=long' }),
  'six filters': hold({
    'Grip-Channel': `wrong${[1, 2, 3, 4, 5, 6].map((at) => `; filter=f${at}`).join('')}`,
  }),
  'a link in words': hold({ 'Grip-Link': 'somewhere; rel=next' }),
  'JSON with another status': json({ hold: { mode: 'stream', channels } }, 404),
  'no JSON': json('nothing of the kind'),
  'a list': json([]),
  'a hold that is a list': json({ hold: [] }),
  'no channels': json({ hold: { mode: 'stream' } }),
  'no name': json({ hold: { mode: 'stream', channels: [{}] } }),
  'another mode in JSON': json({ hold: { mode: 'later', channels } }),
  'a timeout below nothing in JSON': json({ hold: { mode: 'response', channels, timeout: -1 } }),
} as const satisfies Readonly<Record<string, Flaw>>;

export type FlawName = keyof typeof flaws;

export const flawNames = Object.keys(flaws) as readonly FlawName[];

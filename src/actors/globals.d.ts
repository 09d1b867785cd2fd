// The few pure names of the platform that actors and the simulator may use: text ↔ UTF-8, and
// addresses. It refuses all others: what is not declared here is an unknown name to the compiler.
// Only the deterministic part of each is declared. STYLE.md, "Forbidden outside the edges".

interface TextEncoder {
  /** The UTF-8 form; lone surrogates become U+FFFD. */
  encode(text?: string): Uint8Array;
  encodeInto(text: string, into: Uint8Array): { read: number; written: number };
}
declare const TextEncoder: { new (): TextEncoder };

interface TextDecoder {
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  /** Throws a TypeError on malformed bytes if `fatal`, else puts U+FFFD in their place. */
  decode(bytes?: Uint8Array | ArrayBuffer | DataView, options?: { stream?: boolean }): string;
}
declare const TextDecoder: {
  new (label?: 'utf-8' | 'latin1', options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder;
};

interface URLSearchParams extends Iterable<[string, string]> {
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  set(name: string, value: string): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  toString(): string;
}
declare const URLSearchParams: {
  new (init?: string | Record<string, string> | Iterable<[string, string]>): URLSearchParams;
};

interface URL {
  hash: string;
  host: string;
  hostname: string;
  href: string;
  readonly origin: string;
  password: string;
  pathname: string;
  port: string;
  protocol: string;
  search: string;
  readonly searchParams: URLSearchParams;
  username: string;
  toJSON(): string;
  toString(): string;
}
declare const URL: {
  new (address: string, base?: string | URL): URL;
  canParse(address: string, base?: string | URL): boolean;
  parse(address: string, base?: string | URL): URL | null;
};

// Pushpin's config file with the one that it includes: values by section and key, variables replaced and ports shifted,
// and everything that is to be said about them, with lines. A key that nobody has asked for is told as such.
// Refuses to know what the values mean.

import { dirname, resolve } from 'node:path';
import type { Mistake } from '../layers.ts';
import { type IniEntry, readIni } from './pushpin-ini.ts';
import { nearest } from '../spelling.ts';

export interface PushpinInput {
  /** The path as it was given; other files are found from its folder. */
  readonly file: string;
  readonly text: string;
  /** What `{libdir}` stands for where the file does not say it. */
  readonly libdir?: string;
  /** The text of an included file, or undefined if there is none. */
  readonly include?: (path: string) => string | undefined;
}

const TEXT_LENGTH_MAX = 1_048_576;

/** Keys that Pushpin no longer has, or whose job here is done otherwise, with what to know about them. */
const unused: Readonly<Record<string, string>> = {
  'runner/services': '',
  'runner/condure_bin': 'names a program that Hermod does not need',
  'runner/connmgr_bin': 'names a program that Hermod does not need',
  'runner/proxy_bin': 'names a program that Hermod does not need',
  'runner/handler_bin': 'names a program that Hermod does not need',
  'runner/mongrel2_bin': 'names a program that Hermod does not need',
  'runner/m2sh_bin': 'names a program that Hermod does not need',
  'runner/zurl_bin': 'names a program that Hermod does not need',
  'runner/logdir': 'is not used: the log goes to standard error',
  'proxy/workers': 'is not used: there are as many threads as --threads says',
  'proxy/max_open_requests': 'is not used: requests are bounded by client_maxconn',
  'proxy/updates_check': 'is obsolete: Hermod asks nobody for updates',
  'proxy/organization_name': 'is obsolete: Hermod asks nobody for updates',
  'proxy/ipc_file_mode': 'is about sockets between Pushpin’s processes, which Hermod has not',
  'proxy/stats_connections_max_ttl': 'is about Pushpin’s processes, which Hermod has not',
  'proxy/stats_report_interval': 'is not used: there is one report, of [handler]',
  'proxy/prometheus_port': 'is not used: metrics are those of [handler]',
  'proxy/prometheus_prefix': 'is not used: metrics are those of [handler]',
  'handler/state_spec': 'is not used: Hermod detects no sessions',
  'handler/share_all': 'is not used: Hermod asks origins for each client',
};
/** Sockets between Pushpin's processes. */
const internal =
  /^(?:proxy\/(?:stats|command)_spec|(?:proxy|handler)\/(?:connmgr|condure|m2a|zurl|intreq|handler|proxy)_\w+_specs?)$/;

export class PushpinFile {
  readonly mistakes: Mistake[] = [];
  readonly warnings: string[] = [];
  readonly runDirectory: string | undefined;
  readonly ipcPrefix: string;
  readonly portOffset: number;
  readonly #file: string;
  readonly #libdir: string | undefined;
  readonly #own: ReadonlyMap<string, IniEntry>;
  readonly #included: ReadonlyMap<string, IniEntry>;
  readonly #asked = new Set<string>();

  constructor({ file, text, libdir, include }: PushpinInput) {
    this.#file = file;
    this.#own = this.#entriesOf(text);
    // What the others are made of comes first.
    this.#included = new Map();
    this.#libdir = this.given('global', 'libdir') ?? libdir;
    this.ipcPrefix = this.given('global', 'ipc_prefix') ?? 'pushpin-';
    this.portOffset = this.number('global', 'port_offset', 0, 65_535) ?? 0;
    this.runDirectory = this.#runDirectory();
    this.#included = this.#includedEntries(include);
  }

  /** Undefined for a key that is missing or empty. */
  text(section: string, key: string): string | undefined {
    const text = this.given(section, key);
    return text === '' ? undefined : text;
  }

  /** As `text`, but an empty value is one. */
  given(section: string, key: string): string | undefined {
    const entry = this.#entry(section, key);
    return entry && this.#resolved(entry, entry.text);
  }

  list(section: string, key: string): readonly string[] {
    const entry = this.#entry(section, key);
    const parts = entry?.parts.map((part) => this.#resolved(entry, part.trim())) ?? [];
    return parts.filter((part) => part !== '');
  }

  number(section: string, key: string, least: number, most: number): number | undefined {
    const text = this.text(section, key);
    if (text === undefined) return undefined;
    const value = /^[+-]?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const problem = `${JSON.stringify(text.slice(0, 80))} is not a whole number in range`;
    this.complain(section, key, problem, `Write ${least} to ${most}.`);
    return undefined;
  }

  /** Whatever is not empty, 0 or false is true, as for Pushpin. */
  flag(section: string, key: string, fallback: boolean): boolean {
    const text = this.given(section, key)?.toLowerCase();
    if (text === undefined) return fallback;
    if (text === '' || text === '0' || text === 'false') return false;
    if (text !== '1' && text !== 'true')
      this.warn(section, key, `${JSON.stringify(text.slice(0, 80))} is read as true`);
    return true;
  }

  complain(section: string, key: string, problem: string, wayOut: string): void {
    const entry = this.#entry(section, key);
    const place = entry && { line: entry.line, column: entry.column };
    this.mistakes.push({ file: this.#file, ...place, key: `[${section}] ${key}`, problem, wayOut });
  }

  warn(section: string, key: string, sentence: string): void {
    const line = this.#entry(section, key)?.line;
    const place = line === undefined ? this.#file : `${this.#file}:${line}`;
    this.warnings.push(`${place}: [${section}] ${key} ${sentence}.`);
  }

  /** `FILE:LINE`, or `include` for what stands in the file that is included; undefined where nothing is said. */
  placeOf(section: string, key: string): string | undefined {
    const name = `${section}/${key}`;
    const own = this.#own.get(name);
    if (own !== undefined) return `${this.#file}:${own.line}`;
    return this.#included.has(name) ? 'include' : undefined;
  }

  /** Tells what nobody has asked for. What is included was not written by the operator. */
  finish(): void {
    const known = [...this.#asked, ...Object.keys(unused)];
    for (const [name, { text }] of this.#own) {
      if (this.#asked.has(name)) continue;
      const reason = Object.hasOwn(unused, name) ? unused[name] : undefined;
      if (reason === '' || (reason !== undefined && text === '')) continue;
      const isInternal = internal.test(name);
      const meant = reason === undefined && !isInternal ? nearest(name, known) : undefined;
      const hint = meant === undefined ? '' : ` (did you mean [${meant.replace('/', '] ')}?)`;
      const sentence = isInternal
        ? 'is about sockets between Pushpin’s processes, which Hermod has not'
        : `means nothing to Hermod${hint}`;
      this.#warnOf(name, reason ?? sentence);
    }
  }

  #warnOf(name: string, sentence: string): void {
    const entry = this.#own.get(name);
    if (entry === undefined) return;
    const { section, key, line } = entry;
    this.warnings.push(`${this.#file}:${line}: [${section}] ${key} ${sentence}.`);
  }

  #entry(section: string, key: string): IniEntry | undefined {
    const name = `${section}/${key}`;
    this.#asked.add(name);
    return this.#own.get(name) ?? this.#included.get(name);
  }

  #runDirectory(): string | undefined {
    const own = this.given('global', 'rundir');
    const old = this.text('runner', 'rundir');
    if (own !== undefined || old === undefined) return own;
    this.warn('runner', 'rundir', 'belongs into [global]');
    return old;
  }

  /** Of two settings of a key the last one counts. */
  #entriesOf(text: string): ReadonlyMap<string, IniEntry> {
    const entries = new Map<string, IniEntry>();
    if (text.length > TEXT_LENGTH_MAX) {
      const wayOut = 'Name a config file of Pushpin.';
      const problem = 'is longer than 1 MiB';
      this.mistakes.push({ file: this.#file, key: '--pushpin-conf', problem, wayOut });
      return entries;
    }
    const reading = readIni(text);
    for (const line of reading.strangeLines)
      this.warnings.push(`${this.#file}:${line}: this line is no setting, and is passed over.`);
    for (const entry of reading.entries) {
      const { section, key, line } = entry;
      const name = `${section}/${key}`;
      const earlier = entries.get(name)?.line;
      if (earlier !== undefined)
        this.warnings.push(
          `${this.#file}:${line}: [${section}] ${key} replaces what line ${earlier} says.`,
        );
      entries.set(name, entry);
    }
    return entries;
  }

  #includedEntries(include: PushpinInput['include']): ReadonlyMap<string, IniEntry> {
    const written = this.#entry('global', 'include');
    // So did Pushpin's first versions write it.
    const text = written?.text === 'internal.conf' ? '{libdir}/internal.conf' : written?.text;
    if (text === undefined || text === '') return new Map();
    // It names sockets between Pushpin's processes, and nothing else: where it lies does not matter.
    if (text.includes('{libdir}') && this.#libdir === undefined) {
      this.warn('global', 'include', 'is not read: where {libdir} is, only Pushpin knows');
      return new Map();
    }
    const path = resolve(dirname(this.#file), this.#replaced(text));
    const content = include?.(path);
    if (content === undefined) {
      this.warn('global', 'include', `names ${path}, which cannot be read`);
      return new Map();
    }
    return new Map(
      readIni(content).entries.map((entry) => [`${entry.section}/${entry.key}`, entry]),
    );
  }

  #resolved(entry: IniEntry, text: string): string {
    if (text.includes('{libdir}') && this.#libdir === undefined)
      this.#warnOf(`${entry.section}/${entry.key}`, 'speaks of {libdir}, which is not set');
    return this.#replaced(text);
  }

  #replaced(text: string): string {
    const names: Readonly<Record<string, string | undefined>> = {
      libdir: this.#libdir,
      rundir: this.runDirectory,
      ipc_prefix: this.ipcPrefix,
    };
    return text
      .replace(/\{(libdir|rundir|ipc_prefix)\}/g, (whole, name: string) => names[name] ?? whole)
      .replace(
        /(tcp:\/\/(?:\[[^\]]*\]|[^:/,[\]]*):)(\d+)/g,
        (_, before: string, port: string) => `${before}${Number(port) + (this.portOffset ?? 0)}`,
      );
  }
}

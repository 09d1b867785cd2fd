// What a layer (file, environment, flags) gives: texts for settings, each with its place, and the mistakes in it.
// The environment is read here; the others have files of their own. Refuses to know what the texts mean.
// Obeys spec/process.md, section "Configuration".

import { settings } from './settings.ts';
import { nearest } from './spelling.ts';

/** Where a text stands. Lines and columns count from 1. */
export interface Place {
  readonly layer: 'file' | 'environment' | 'flag';
  /** As the operator wrote it: `broker.port`, `WS_PORT` or `--port`. */
  readonly name: string;
  readonly at?: { readonly file: string; readonly line: number; readonly column: number };
}

export interface Given {
  /** The key of the setting that it is for. */
  readonly key: string;
  readonly text: string;
  readonly place: Place;
}

export interface Mistake {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** As the operator wrote it. */
  readonly key: string;
  readonly problem: string;
  readonly wayOut: string;
}

export interface Layer {
  readonly given: readonly Given[];
  readonly mistakes: readonly Mistake[];
  readonly warnings: readonly string[];
}

/** One setting as it is in force, for people. */
export interface Effective {
  readonly key: string;
  readonly text: string;
  readonly from: string;
}

export function mistakeAt(place: Place, problem: string, wayOut: string): Mistake {
  return { ...place.at, key: place.name, problem, wayOut };
}

/** The variable that names the file, beside `--config`. */
export const CONFIG_VARIABLE = 'HERMOD_CONFIG';
/** Ours, but not a setting: where the test runners put their counts. */
const foreign = new Set([CONFIG_VARIABLE, 'HERMOD_REPORT']);
/** What Kubernetes puts beside a service called hermod. */
const serviceLink = /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP)(?:_\w+)?)?)$/;

/** [PROC-CONF-3] A variable that looks like a misspelt one of ours is a mistake; another HERMOD_ one a warning. */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Layer {
  const given: Given[] = [];
  const mistakes: Mistake[] = [];
  const warnings: string[] = [];
  const byVariable = new Map(settings.map((setting) => [setting.env, setting]));
  for (const [name, text] of Object.entries(env)) {
    // Compose files and units pass on what is not set as an empty text.
    if (text === undefined || text === '') continue;
    const setting = byVariable.get(name);
    const place: Place = { layer: 'environment', name };
    if (setting !== undefined) given.push({ key: setting.key, text, place });
    else if (name.startsWith('HERMOD_') && !foreign.has(name) && !serviceLink.test(name)) {
      const meant = nearest(name, [...byVariable.keys(), CONFIG_VARIABLE]);
      if (meant === undefined) warnings.push(`The variable ${name} means nothing to this version.`);
      else
        mistakes.push(mistakeAt(place, 'is no setting', `Did you mean ${meant}? Else unset it.`));
    }
  }
  return { given, mistakes, warnings };
}

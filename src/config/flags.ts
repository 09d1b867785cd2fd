// The command line's flags, out of the table of settings: declares them to commander and reads back what was given.
// Commander stops at its first mistake; here flags that nobody knows and values that are missing become mistakes like
// any other, so that all are told at once. Obeys spec/process.md, section "Configuration".

import { type Command, Option } from 'commander';
import { type Given, type Layer, type Mistake, mistakeAt, type Place } from './layers.ts';
import { type Setting, settings } from './settings.ts';
import { nearest } from './spelling.ts';

interface Flag {
  /** With its dashes. */
  readonly name: string;
  readonly setting: Setting;
  /** What the flag says when it takes no value. */
  readonly says: 'true' | 'false' | undefined;
}

const flags: readonly Flag[] = settings.flatMap((setting) => {
  if (setting.flag === undefined) return [];
  const says =
    setting.kind.word === 'true|false' ? String(!setting.flag.startsWith('no-')) : undefined;
  return [{ name: `--${setting.flag}`, setting, says: says as Flag['says'] }];
});

const CONFIG_FLAG = '--config';
const PUSHPIN_FLAG = '--pushpin-conf';
const ROUTE_FLAG = '--route';

/** Those that are no settings: they name files and routes. */
const ownFlags = [
  [CONFIG_FLAG, 'config', 'the path of a file'],
  [PUSHPIN_FLAG, 'pushpinConf', 'the path of a pushpin.conf'],
  [ROUTE_FLAG, 'route', "a line as '* localhost:8000'"],
] as const;

/** Lets a command take every flag of the table, and `--config`. */
export function declareFlags(command: Command): Command {
  command.allowUnknownOption().allowExcessArguments();
  command.addOption(new Option(`${CONFIG_FLAG} [file]`, 'The config file (YAML).'));
  command.addOption(
    new Option(
      `${PUSHPIN_FLAG} [file]`,
      'Take the place of the Pushpin that this file configures.',
    ),
  );
  command.addOption(
    new Option(
      `${ROUTE_FLAG} [line]`,
      'A route of the gateway, as a line of a routes file; may be given again. Used instead of a file.',
    ).argParser<string | true>((text, before) => [before, text].filter(isText).join('\n')),
  );
  for (const { name, setting, says } of flags) {
    const value = says === undefined ? ` [${setting.kind.word}]` : '';
    const option = new Option(`${name}${value}`, docOf(setting, says));
    if (setting.kind.isList === true) {
      option.argParser<string | true>((text, before) => [before, text].filter(isText).join(','));
    }
    command.addOption(option);
  }
  // Values are optional for commander only, so that a missing one does not stop it.
  const term = ({ flags: text }: Option): string => text.replace('[', '<').replace(']', '>');
  return command
    .configureHelp({ optionTerm: term, sortOptions: false })
    .addHelpText(
      'after',
      '\n`hermod config-reference` prints all settings, also those without a flag.',
    );
}

/** The path after `--config`; true when it is missing. */
export function configFlag(command: Command): string | true | undefined {
  return command.getOptionValue('config') as string | true | undefined;
}

/** The path after `--pushpin-conf`. */
export function pushpinFlag(command: Command): string | undefined {
  const file: unknown = command.getOptionValue('pushpinConf');
  return isText(file) ? file : undefined;
}

/** The lines after each `--route`. */
export function routeFlags(command: Command): readonly string[] {
  const lines: unknown = command.getOptionValue('route');
  return isText(lines) ? lines.split('\n') : [];
}

/** What was given on the command line, in commander's order of declaration. */
export function fromFlags(command: Command): Layer {
  const given: Given[] = [];
  const mistakes: Mistake[] = [];
  for (const { name, setting, says } of flags) {
    const attribute = new Option(name).attributeName();
    if (command.getOptionValueSource(attribute) !== 'cli') continue;
    const place: Place = { layer: 'flag', name };
    const value: unknown = command.getOptionValue(attribute);
    if (says !== undefined) given.push({ key: setting.key, text: says, place });
    else if (isText(value)) given.push({ key: setting.key, text: value, place });
    else
      mistakes.push(mistakeAt(place, 'needs a value', `Write ${name} and ${setting.kind.form}.`));
  }
  for (const [name, attribute, what] of ownFlags) {
    if (command.getOptionValue(attribute) !== true) continue;
    mistakes.push(
      mistakeAt({ layer: 'flag', name }, 'needs a value', `Write ${name} and ${what}.`),
    );
  }
  return { given, mistakes: [...mistakes, ...strangers(command.args)], warnings: [] };
}

/** [PROC-CONF-3] What is left over: unknown flags, and words that belong to nothing. */
function strangers(words: readonly string[]): Mistake[] {
  const known = [CONFIG_FLAG, PUSHPIN_FLAG, ROUTE_FLAG, ...flags.map(({ name }) => name)];
  return words.flatMap((word, index) => {
    const flag = word.split('=', 1)[0] ?? word;
    if (word.startsWith('-')) {
      const meant = nearest(flag, known);
      const advice = meant === undefined ? '`--help` lists all flags.' : `Did you mean ${meant}?`;
      return [{ key: flag, problem: 'is no flag', wayOut: advice }];
    }
    // The value of an unknown flag is no second mistake.
    if (words[index - 1]?.startsWith('-') === true) return [];
    return [
      {
        key: word,
        problem: 'is not understood here',
        wayOut: 'Settings are given as --flag value.',
      },
    ];
  });
}

function docOf({ doc, fallback, fallbackText, kind }: Setting, says: Flag['says']): string {
  const isTold = says === undefined && (fallbackText ?? fallback) !== undefined;
  const shown = isTold ? ` Default: ${fallbackText ?? kind.show(fallback)}.` : '';
  const again = kind.isList === true ? ' May be given again.' : '';
  const sense = says === 'false' ? 'Turns this off: ' : '';
  return `${sense}${doc.replaceAll('`', '')}${shown}${again}`;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

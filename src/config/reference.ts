// All settings as a Markdown table: what `hermod config-reference` prints and spec/process.md contains.
// Refuses to know how they are read.

import { type Setting, settings } from './settings.ts';

export function referenceTable(): string {
  const rows = settings.map((setting) =>
    [
      code(setting.key),
      setting.flag === undefined ? '' : code(`--${setting.flag}`),
      code(setting.env),
      cell(setting.kind.form),
      cell(defaultText(setting)),
      setting.doc.replaceAll('|', '\\|'),
    ].join(' | '),
  );
  const head = 'setting | flag | environment | values | default | what it does';
  const rule = '--- | --- | --- | --- | --- | ---';
  return [head, rule, ...rows].map((row) => `| ${row} |`).join('\n');
}

function defaultText({ fallbackText, kind, fallback }: Setting): string {
  return fallbackText ?? (fallback === undefined ? 'not set' : kind.show(fallback));
}

function code(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('*', '\\*');
}

// What a run found, for people as a Markdown table by requirement and for programs as JSON.

import type { Case } from './case.ts';

export interface Result {
  readonly one: Case;
  /** What went wrong, as one line. */
  readonly failure: string | undefined;
}

export interface Row {
  readonly id: string;
  readonly cases: number;
  readonly failed: number;
  /** The first failure's title and sentence. */
  readonly failure: string | undefined;
}

/** A row for each requirement, in the order of the cases. A case of two requirements counts for both. */
export function rowsOf(results: readonly Result[]): Row[] {
  const ids = new Set(results.flatMap(({ one }) => one.ids));
  return [...ids].map((id) => {
    const its = results.filter(({ one }) => one.ids.includes(id));
    const failures = its.filter(({ failure }) => failure !== undefined);
    const first = failures[0];
    const title = first?.one.title.replace(/^(?:\[[^\]]*\] )+/, '');
    return {
      id,
      cases: its.length,
      failed: failures.length,
      failure: first === undefined ? undefined : `${title}: ${first.failure}`,
    };
  });
}

/** The table, and `N passed, N failed` as its last line; cases are counted, not requirements. */
export function tableOf(results: readonly Result[]): string {
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  const rows = rowsOf(results).map((row) => {
    const result = row.failed === 0 ? 'passed' : `failed ${row.failed}`;
    return `| ${row.id} | ${row.cases} | ${result} | ${cell(row.failure ?? '')} |`;
  });
  return [
    '| requirement | cases | result | first failure |',
    '| --- | ---: | --- | --- |',
    ...rows,
    '',
    `${results.length - failed} passed, ${failed} failed`,
    '',
  ].join('\n');
}

/** One JSON object with the same. */
export function jsonOf(results: readonly Result[], target: string): string {
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  const cases = results.map(({ one, failure }) => ({
    ids: one.ids,
    group: one.group,
    title: one.title,
    ...(failure === undefined ? {} : { failure }),
  }));
  const passed = results.length - failed;
  return `${JSON.stringify({ target, passed, failed, requirements: rowsOf(results), cases })}\n`;
}

/** Text that neither ends a cell nor the row, and draws nothing on a terminal. */
function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll(/[\s\p{Cc}]+/gu, ' ');
}

// What a run found, for people as a Markdown table by requirement and for programs as JSON.

/** What is told of a case, of whatever dialect. */
export interface Named {
  readonly ids: readonly string[];
  readonly title: string;
  readonly group: string;
}

export interface Result {
  readonly one: Named;
  /** `differs`: it failed, as a listed difference of the server says. */
  readonly outcome: 'passed' | 'failed' | 'not run' | 'differs';
  /** What went wrong, or what is missing, as one line; empty when it passed as it should. */
  readonly why: string;
}

export interface Row {
  readonly id: string;
  readonly passed: number;
  readonly failed: number;
  readonly notRun: number;
  readonly differs: number;
  /** The first failure's title and sentence, or else why something was not run. */
  readonly why: string;
}

/**
 * A row for each requirement, in the order of the cases, and then one for each that has a reason instead of a case.
 * A case of two requirements counts for both.
 */
export function rowsOf(
  results: readonly Result[],
  unseen: Readonly<Record<string, string>> = {},
): Row[] {
  const ids = new Set(results.flatMap(({ one }) => one.ids));
  const seen = [...ids].map((id) => {
    const its = results.filter(({ one }) => one.ids.includes(id));
    const count = (wanted: Result['outcome']): number =>
      its.filter(({ outcome }) => outcome === wanted).length;
    const failure = its.find(({ outcome }) => outcome === 'failed');
    const missing = its.flatMap(({ outcome, why }) =>
      outcome === 'not run' || (outcome === 'passed' && why !== '') ? why : [],
    );
    const other = its.find(({ outcome }) => outcome === 'differs');
    return {
      id,
      passed: count('passed'),
      failed: count('failed'),
      notRun: count('not run'),
      differs: count('differs'),
      why: [...new Set(missing)].join('; '),
      ...(other === undefined ? {} : { why: `${nameOf(other.one)}: ${other.why}` }),
      ...(failure === undefined ? {} : { why: `${nameOf(failure.one)}: ${failure.why}` }),
    };
  });
  const others = Object.entries(unseen).map(([id, why]) => {
    return { id, passed: 0, failed: 0, notRun: 0, differs: 0, why };
  });
  return [...seen, ...others];
}

/** The table, and `N passed, N failed` as its last line; cases are counted, not requirements. */
export function tableOf(
  results: readonly Result[],
  unseen: Readonly<Record<string, string>> = {},
): string {
  const { passed, failed, notRun, differs } = countsOf(results);
  const rows = rowsOf(results, unseen).map((row) => {
    return `| ${row.id} | ${row.passed + row.failed + row.differs} | ${resultOf(row)} | ${cell(row.why)} |`;
  });
  const left = notRun === 1 ? '1 case was' : `${notRun} cases were`;
  return [
    '| requirement | cases run | result | first failure, or why not run |',
    '| --- | ---: | --- | --- |',
    ...rows,
    '',
    ...(notRun === 0 ? [] : [`${left} not run; the table says what is needed.`]),
    ...(differs === 0 ? [] : [`${differs} differ, as listed.`]),
    `${passed} passed, ${failed} failed`,
    '',
  ].join('\n');
}

function resultOf({ passed, failed, notRun, differs }: Row): string {
  if (failed > 0) return `failed ${failed}`;
  if (differs > 0) return 'differs, as listed';
  if (passed === 0) return notRun > 0 ? 'not run' : 'not seen';
  return notRun > 0 ? `passed, ${notRun} not run` : 'passed';
}

/** One JSON object with the same. */
export function jsonOf(
  results: readonly Result[],
  target: string,
  unseen: Readonly<Record<string, string>> = {},
): string {
  const cases = results.map(({ one, outcome, why }) => ({
    ids: one.ids,
    group: one.group,
    title: one.title,
    outcome,
    ...(why === '' ? {} : { why }),
  }));
  const { passed, failed, notRun, differs } = countsOf(results);
  const requirements = rowsOf(results, unseen);
  return `${JSON.stringify({ target, passed, failed, notRun, differs, requirements, cases })}\n`;
}

interface Counts {
  passed: number;
  failed: number;
  notRun: number;
  differs: number;
}

function countsOf(results: readonly Result[]): Counts {
  const counts = { passed: 0, failed: 0, notRun: 0, differs: 0 };
  for (const { outcome } of results) counts[outcome === 'not run' ? 'notRun' : outcome] += 1;
  return counts;
}

/** A case's title without its requirements. */
export function nameOf({ title }: Pick<Named, 'title'>): string {
  return title.replace(/^(?:\[[^\]]*\] )+/, '');
}

/** Text that neither ends a cell nor the row, and draws nothing on a terminal. */
function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll(/[\s\p{Cc}]+/gu, ' ');
}

// What somebody at a terminal sees: a screen of so many columns and rows, as far as programs of lines draw on it.

const ESC = '\u001b';
/** A control with its number, another escape, or one character. */
const TOKEN = new RegExp(
  String.raw`${ESC}\[([\d;?]*)([A-Za-z])|${ESC}(?!\[)[^${ESC}]|[^${ESC}]`,
  'gu',
);

export class Screen {
  readonly #columns: number;
  readonly #rows: number;
  #lines: string[][] = [[]];
  #row = 0;
  #column = 0;
  #unread = '';

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  /** Lines without spaces at their ends; those that were scrolled away are the first. */
  get text(): readonly string[] {
    return this.#lines.map((cells) =>
      Array.from(cells, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
  }

  /** Where the next character will stand. */
  get cursor(): readonly [row: number, column: number] {
    return [this.#row, this.#column];
  }

  draw(chunk: string): void {
    const text = this.#unread + chunk;
    let at = 0;
    for (const { 0: found, 1: numbers = '', 2: letter, index } of text.matchAll(TOKEN)) {
      at = index + found.length;
      if (letter !== undefined) this.#control(letter, Number(numbers.split(';')[0]) || 0);
      else if (found === '\r') this.#column = 0;
      else if (found === '\n') this.#down();
      else if (!found.startsWith(ESC)) this.#put(found);
    }
    this.#unread = text.slice(at);
  }

  #put(character: string): void {
    if (this.#column >= this.#columns) {
      this.#column = 0;
      this.#down();
    }
    const line = this.#lines[this.#row] ?? [];
    line[this.#column] = character;
    this.#column += 1;
  }

  #down(): void {
    this.#row += 1;
    while (this.#lines.length <= this.#row) this.#lines.push([]);
  }

  #control(letter: string, count: number): void {
    const top = Math.max(0, this.#lines.length - this.#rows);
    if (letter === 'A') this.#row = Math.max(top, this.#row - Math.max(1, count));
    else if (letter === 'B')
      this.#row = Math.min(this.#lines.length - 1, this.#row + Math.max(1, count));
    else if (letter === 'C') this.#column += Math.max(1, count);
    else if (letter === 'D') this.#column = Math.max(0, this.#column - Math.max(1, count));
    else if (letter === 'G') this.#column = Math.max(1, count) - 1;
    else if (letter === 'J' && count === 0) {
      this.#lines.length = this.#row + 1;
      this.#lines[this.#row]?.splice(this.#column);
    } else if (letter === 'K' && count === 0) this.#lines[this.#row]?.splice(this.#column);
    else if (letter !== 'm') throw new Error(`a screen does not know ESC [ ${count} ${letter}`);
  }
}

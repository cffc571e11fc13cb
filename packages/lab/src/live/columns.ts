/**
 * Columns of text that fit a width. A column has several forms, from the widest to the narrowest;
 * the last may be none at all. While the table is too wide, the next of the caller's economies is
 * made, each of which takes one column one form further. So nothing ever wraps, and what goes
 * first is the caller's choice.
 *
 * What is shown comes from log files, which hold what strangers sent: whatever is not plain
 * printable text is escaped here, so that no cell can move the cursor and one character is one
 * column wide.
 */

/** One way to show a column: its title and a cell for each row. */
export interface Form {
  readonly title: string;
  readonly cells: readonly string[];
  readonly align?: 'right';
}

/** Something to show, in forms from the widest to the narrowest; undefined leaves it out. */
export interface Column {
  readonly name: string;
  readonly forms: readonly (Form | undefined)[];
}

/** Paints a padded cell; it must not change its width. */
export type Paint = (text: string, column: string, row: number) => string;

/** Characters beyond ASCII that this program itself writes; each is one column wide. */
const hiddenPattern = /[^\x20-\x7e·…⌊⌋]/gu;

/** The text with everything escaped that is not one column wide. */
export function printable(text: string): string {
  return text.replace(
    hiddenPattern,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}

/** The printable text, cut to a width. */
export function clip(text: string, width: number): string {
  const shown = printable(text);
  if (shown.length <= width) return shown;
  return width < 1 ? '' : `${shown.slice(0, width - 1)}…`;
}

/**
 * The header line and one line for each row, none wider than `width`.
 *
 * @param economies names of columns, in the order in which they are to be made narrower.
 */
export function layOut(
  columns: readonly Column[],
  economies: readonly string[],
  width: number,
  paint: Paint = (text) => text,
): string[] {
  const stages = new Map(columns.map((column) => [column.name, 0]));
  const formOf = (column: Column): Form | undefined => column.forms[stages.get(column.name) ?? 0];
  let gap = 2;
  const tooWide = (): boolean => totalWidth(columns.map(formOf), gap) > width;
  if (tooWide()) gap = 1;
  for (const name of economies) {
    if (!tooWide()) break;
    stages.set(name, (stages.get(name) ?? 0) + 1);
  }
  const shown = columns.flatMap((column) => {
    const form = formOf(column);
    return form === undefined ? [] : [{ name: column.name, form, width: widthOf(form) }];
  });
  const rowCount = Math.max(0, ...shown.map(({ form }) => form.cells.length));
  const lineOf = (row: number): string => {
    let room = width;
    let line = '';
    for (const { name, form, width: full } of shown) {
      const gapHere = line === '' ? 0 : gap;
      const columnWidth = Math.min(full, room - gapHere);
      if (columnWidth <= 0) break;
      const text = clip(row < 0 ? form.title : (form.cells[row] ?? ''), columnWidth);
      const padded = form.align === 'right' ? text.padStart(columnWidth) : text.padEnd(columnWidth);
      line += ' '.repeat(gapHere) + paint(padded, name, row);
      room -= gapHere + columnWidth;
    }
    return line;
  };
  return Array.from({ length: rowCount + 1 }, (_, index) => lineOf(index - 1));
}

function widthOf(form: Form): number {
  return Math.max(form.title.length, ...form.cells.map((cell) => printable(cell).length));
}

function totalWidth(forms: readonly (Form | undefined)[], gap: number): number {
  const widths = forms.flatMap((form) => (form === undefined ? [] : [widthOf(form)]));
  return widths.reduce((sum, width) => sum + width, gap * Math.max(0, widths.length - 1));
}

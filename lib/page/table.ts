// Tables: all rows as data, which the page's script sorts, searches and pages, and the first rows also as HTML for readers
// without scripts. A small table is complete in HTML.

import { formatCount } from "../model/units.ts";
import { escapeName } from "../model/escape_name.ts";
import { embedJson, type Html, markup } from "./html.ts";

/** The content of a cell; undefined is shown as a dash and sorted first. */
export type Cell = string | number | bigint | undefined;

/** How a column shows its cells: `count` with separators, `offset` as bare digits, `figure` rounded, `status` as a coloured word. */
export type ColumnKind = "text" | "count" | "offset" | "figure" | "status";

/** A column, and how to get its cell from a row. */
export interface Column<Row> {
  readonly label: string;
  readonly kind: ColumnKind;
  readonly cell: (row: Row) => Cell;
  /** Whether the column is omitted where every row has nothing or 0 in it. */
  readonly optional?: true;
}

/** A table to render. */
export interface TableSpec<Row> {
  /** The element's id, unique on the page. */
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Whether a row's cells are placed below each other on narrow screens: for sentences, which need no column heading. */
  readonly stacked?: true;
}

/** HTML holds at most so many rows; to see more, the script is needed. */
export const MOST_ROWS_IN_HTML = 1_000;

/** Renders a table; undefined where it has no rows. */
export function table<Row>(
  { id, caption, columns, rows, stacked }: TableSpec<Row>,
): Html | undefined {
  if (rows.length === 0) return undefined;
  const kept = columns.filter(({ optional, cell }) => !optional || rows.some((row) => cell(row)));
  const cells = rows.map((row) => kept.map(({ cell }) => cell(row)));
  const kinds = kept.map(({ kind }) => kind);
  const head = kept.map(({ label, kind }) =>
    markup`<th scope="col" class="${isNumber(kind) ? "number" : "words"}">${label}</th>`
  );
  const body = cells.slice(0, MOST_ROWS_IN_HTML).map((row) => tableRow(row, kinds));
  const left = formatCount(Math.max(0, rows.length - MOST_ROWS_IN_HTML));
  const more =
    markup`<p class="more">${left} further rows are shown by the page's script, and stand in the JSON report.</p>`;
  const data = { kinds, rows: cells.map((row) => row.map(cellToJson)) };
  return markup`<div class="table${stacked && " stacked"}" id="${id}">
<div class="scroll" tabindex="0" role="region" aria-labelledby="${id}-caption">
<table><caption id="${id}-caption">${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>${body}</tbody></table>
</div>
${left !== "0" && more}${embedJson(`${id}-data`, data)}
</div>
`;
}

function tableRow(row: readonly Cell[], kinds: readonly ColumnKind[]): Html {
  const cells = row.map((cell, index) => {
    const kind = kinds[index] ?? "text";
    const text = formatCell(cell, kind);
    const place = isNumber(kind) ? "number" : "words";
    if (index === 0) return markup`<th scope="row" class="${place}">${text}</th>`;
    if (isNumber(kind)) return markup`<td class="number">${text}</td>`;
    return kind === "status" ? markup`<td>${mark(text)}</td>` : markup`<td>${text}</td>`;
  });
  return markup`<tr>${cells}</tr>
`;
}

/** Renders a word in the colour that it has everywhere on the page. */
export function mark(word: string): Html {
  return markup`<span class="mark" data-word="${word}">${word}</span>`;
}

/** Formats a cell exactly as the script does (client.js). */
export function formatCell(cell: Cell, kind: ColumnKind): string {
  if (cell === undefined || cell === "") return "–";
  if (typeof cell === "string") return cell;
  if (kind === "count") return formatCount(cell);
  return kind === "figure" ? formatFigure(Number(cell)) : String(cell);
}

/** Three significant digits while below a thousand, whole numbers with separators above. */
function formatFigure(figure: number): string {
  return Math.abs(figure) < 999.5
    ? String(Number(figure.toPrecision(3)))
    : formatCount(Math.round(figure));
}

const isNumber = (kind: ColumnKind) => kind !== "text" && kind !== "status";

/** Numbers beyond 2^53 become strings of digits; the script knows by the column's kind that they are numbers. */
function cellToJson(cell: Cell): string | number | null {
  if (cell === undefined) return null;
  if (typeof cell === "string") return escapeName(cell);
  return typeof cell === "number" || BigInt(Number(cell)) === cell ? Number(cell) : String(cell);
}

// Tables: all rows as data, which the page's script sorts, searches and pages through, and the first rows as HTML for
// readers without scripts. Small tables are whole either way.

import { formatCount } from "../model/units.ts";
import { escapeName } from "../model/escape_name.ts";
import { embedJson, type Html, markup } from "./html.ts";

/** What a cell holds; nothing is shown as a dash and sorted first. */
export type Cell = string | number | bigint | undefined;

/** How the cells of a column are shown: `count` with separators, `offset` as bare digits, `figure` rounded, `status` as a mark. */
export type ColumnKind = "text" | "count" | "offset" | "figure" | "status";

/** A column over rows of some kind. */
export interface Column<Row> {
  readonly label: string;
  readonly kind: ColumnKind;
  readonly cell: (row: Row) => Cell;
  /** Left out where no row has anything in it but 0. */
  readonly optional?: true;
}

/** A table to be rendered. */
export interface TableSpec<Row> {
  /** The element's id, unique on the page. */
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Whether a row's cells lie below each other where there is little room: for sentences, which tell themselves what they are. */
  readonly stacked?: true;
}

/** So many rows are HTML; further ones need the script. */
export const MOST_ROWS_IN_HTML = 1_000;

/** Renders a table; nothing where it has no rows. */
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

/** A word with the colour it has everywhere on the page. */
export function mark(word: string): Html {
  return markup`<span class="mark" data-word="${word}">${word}</span>`;
}

/** What the script does with a cell too (client.js). */
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

/** Numbers beyond 2^53 become digits, which the script tells from text by the column's kind. */
function cellToJson(cell: Cell): string | number | null {
  if (cell === undefined) return null;
  if (typeof cell === "string") return escapeName(cell);
  return typeof cell === "number" || BigInt(Number(cell)) === cell ? Number(cell) : String(cell);
}

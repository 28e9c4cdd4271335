// Charts: a place for the script to draw into, told which columns of which table to draw. The table stands beside it and
// is what there is without the script, and for those who do not see the drawing.

import { type Html, markup } from "./html.ts";

/** A chart over a table's rows. */
export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  /** `line` over the first column as seconds; `bars`: a bar a row and figure, named by the first column. */
  readonly kind: "line" | "bars";
  /** Id of the table. */
  readonly table: string;
  /** What is drawn: columns of the table, counted from 0, with the names shown for them. */
  readonly series: readonly { readonly column: number; readonly label: string }[];
}

/** Bars beyond so many are left to the table. */
export const MOST_BARS = 15;

/** Renders the place of a chart. */
export function chart({ id, title, kind, table, series }: ChartSpec): Html {
  const columns = series.map(({ column }) => column).join(" ");
  const labels = JSON.stringify(series.map(({ label }) => label));
  return markup`<figure class="chart" hidden id="${id}" data-kind="${kind}" data-table="${table}"
 data-columns="${columns}" data-labels="${labels}" data-most="${MOST_BARS}">
<figcaption>${title}</figcaption>
<div class="plot" role="img" aria-label="${title}; the table holds the same figures"></div>
</figure>
`;
}

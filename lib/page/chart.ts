// Charts: an empty element in which the page's script draws, with attributes that say which columns of which table. The
// table beside it shows the same to readers without scripts, and to those who cannot see the drawing.

import { type Html, markup } from "./html.ts";

/** A chart of a table's rows. */
export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  /** `line`: a line over the first column, in seconds; `bars`: bars for each row, named by the first column. */
  readonly kind: "line" | "bars";
  /** Id of the table. */
  readonly table: string;
  /** The columns to draw, counted from 0, with their names in the chart. */
  readonly series: readonly { readonly column: number; readonly label: string }[];
}

/** A chart draws at most so many bars; the table shows the rest. */
export const MOST_BARS = 15;

/** Renders the element for a chart. */
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

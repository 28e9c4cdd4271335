// The script of the report's page: sorts, searches and pages tables, and draws charts from the same rows. It inserts text
// only as text, loads nothing, and the page stays readable where the script does not run.

(() => {
  "use strict";

  const PAGE_ROWS = 50;
  const PRINTED_ROWS = 2000;
  const numbers = new Intl.NumberFormat("en");
  const words = new Intl.Collator("en", { numeric: true });

  /** Formats figures as lib/page/table.ts does. */
  function formatCell(cell, kind) {
    if (cell === null || cell === "") return "–";
    if (kind === "count") return numbers.format(BigInt(cell));
    if (kind !== "figure") return String(cell);
    return Math.abs(cell) < 999.5
      ? String(Number(cell.toPrecision(3)))
      : numbers.format(Math.round(cell));
  }

  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  function compareCells(a, b, kind) {
    if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
    if (kind === "text" || kind === "status") return words.compare(a, b);
    // Numbers beyond 2^53 come as strings of digits.
    if (typeof a === "number" && typeof b === "number") return a - b;
    return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0;
  }

  function rowElement(row, kinds) {
    const cells = row.map((cell, index) => {
      const kind = kinds[index];
      const text = formatCell(cell, kind);
      const isWords = kind === "text" || kind === "status";
      if (index === 0) {
        return element("th", { scope: "row", className: isWords ? "words" : "number" }, text);
      }
      if (kind === "text") return element("td", {}, text);
      if (!isWords) return element("td", { className: "number" }, text);
      const mark = element("span", { className: "mark" }, text);
      mark.dataset.word = text;
      return element("td", {}, mark);
    });
    return element("tr", {}, ...cells);
  }

  const tables = new Map();

  function enhanceTable(root) {
    const { kinds, rows } = JSON.parse(document.getElementById(`${root.id}-data`).textContent);
    const body = root.querySelector("tbody");
    const heads = [...root.querySelectorAll("thead th")];
    const texts = [];
    let shown = rows.map((_, index) => index);
    let order = shown;
    let query = "";
    let page = 0;

    /** The text of a row that a search looks at, with numbers both with and without separators. */
    function textOf(index) {
      texts[index] ??= rows[index]
        .flatMap((cell, column) =>
          kinds[column] === "count" ? [cell, formatCell(cell, "count")] : [cell]
        ).join("\n").toLowerCase();
      return texts[index];
    }

    const status = element("p", {});
    status.setAttribute("role", "status");
    const turn = (label, by) =>
      element("button", {
        type: "button",
        textContent: label,
        onclick() {
          page += by;
          render();
        },
      });
    const [previous, next] = [turn("Previous", -1), turn("Next", 1)];
    const caption = root.querySelector("caption").textContent;
    const search = element("input", {
      type: "search",
      oninput() {
        query = search.value.trim().toLowerCase();
        page = 0;
        choose();
      },
    });
    const label = element("label", {}, "Search ", search);
    search.setAttribute("aria-label", `Search: ${caption}`);
    const tools = element("div", { className: "tools" }, label, status, previous, next);

    function choose() {
      const parts = query.split(/\s+/);
      shown = query === ""
        ? order
        : order.filter((index) => parts.every((part) => textOf(index).includes(part)));
      render();
    }

    function sortBy(column) {
      const head = heads[column];
      const descending = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const sign = descending ? -1 : 1;
      order = rows.map((_, index) => index).sort((a, b) =>
        sign * compareCells(rows[a][column], rows[b][column], kinds[column]) || a - b
      );
      page = 0;
      choose();
    }

    function render(size = PAGE_ROWS) {
      const first = size === PAGE_ROWS ? page * size : 0;
      const now = shown.slice(first, first + size);
      body.replaceChildren(...now.map((index) => rowElement(rows[index], kinds)));
      const count = numbers.format(shown.length);
      const some = `${numbers.format(first + 1)} to ${
        numbers.format(first + now.length)
      } of ${count}`;
      const of = query === "" ? "" : ` found in ${numbers.format(rows.length)}`;
      status.textContent = (now.length === 0 ? "Nothing" : some) + of;
      previous.disabled = page === 0;
      next.disabled = first + size >= shown.length;
      previous.hidden = next.hidden = shown.length <= PAGE_ROWS;
    }

    heads.forEach((head, column) => {
      const button = element("button", { type: "button", onclick: () => sortBy(column) });
      button.textContent = head.textContent;
      head.replaceChildren(button);
    });
    root.querySelector(".more")?.remove();
    if (rows.length > 5) root.prepend(tools);
    tables.set(root.id, { kinds, rows, print: () => render(PRINTED_ROWS), render: () => render() });
    render();
  }

  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colours = () => ["--series-1", "--series-2"].map(style);

  function axes(...own) {
    const common = { stroke: style("--text"), grid: { stroke: style("--line"), width: 1 } };
    return own.map((axis) => ({ ...common, ticks: common.grid, ...axis }));
  }

  const short = (name) => name.length > 22 ? `${name.slice(0, 14)}…${name.slice(-7)}` : name;
  const compact = new Intl.NumberFormat("en", { notation: "compact" });

  function lineChart(rows, columns, labels, width) {
    const [stroke] = colours();
    const data = [0, ...columns].map((column) => rows.map((row) => Number(row[column])));
    const series = labels.map((label) => ({
      label,
      stroke,
      width: 2,
      fill: `${stroke}22`,
      points: { show: rows.length < 40 },
    }));
    const options = {
      width,
      height: 280,
      scales: { x: { time: false }, y: { range: (_, __, max) => [0, max * 1.1 || 1] } },
      series: [{ label: "Seconds" }, ...series],
      axes: axes({}, { size: 60, values: (_, values) => values.map((v) => compact.format(v)) }),
    };
    return [options, data];
  }

  /** Horizontal bars, one row each, so that long names have room beside them. */
  function barChart(allRows, columns, labels, width, most) {
    const rows = allRows.slice(0, most);
    const strokes = colours();
    const data = [
      rows.map((_, index) => index),
      ...columns.map((column) => rows.map((row) => Number(row[column]))),
    ];
    const series = labels.map((label, index) => ({
      label,
      stroke: strokes[index],
      fill: index === 0 ? `${strokes[0]}55` : strokes[index],
      width: 1,
      points: { show: false },
      // A second figure is a part of the first, so it is drawn as a narrower bar inside it.
      paths: uPlot.paths.bars({ size: [index === 0 ? 0.8 : 0.35, 100] }),
    }));
    const options = {
      width,
      height: rows.length * 30 + 80,
      cursor: { show: false },
      legend: { live: false },
      scales: {
        x: { time: false, ori: 1, dir: -1, range: [-0.6, rows.length - 0.4] },
        y: { ori: 0, range: (_, __, max) => [0, max * 1.05 || 1] },
      },
      series: [{}, ...series],
      axes: axes(
        {
          side: 3,
          size: Math.min(170, width * 0.4),
          grid: { show: false },
          splits: () => data[0],
          values: () => rows.map((row) => short(String(row[0]))),
        },
        { side: 2, space: 70, values: (_, values) => values.map((v) => compact.format(v)) },
      ),
    };
    return [options, data];
  }

  const charts = [];

  function drawChart(figure) {
    const { kind, table, columns, labels, most } = figure.dataset;
    const { rows } = tables.get(table);
    const plot = figure.querySelector(".plot");
    figure.hidden = false;
    let drawn;
    charts.push(() => {
      drawn?.destroy();
      const width = Math.max(plot.clientWidth, 240);
      const given = [rows, columns.split(" ").map(Number), JSON.parse(labels), width, Number(most)];
      const [options, data] = kind === "line" ? lineChart(...given) : barChart(...given);
      drawn = new uPlot(options, data, plot);
    });
  }

  function drawCharts() {
    for (const draw of charts) draw();
  }

  document.querySelectorAll(".table").forEach(enhanceTable);
  document.querySelectorAll(".chart").forEach(drawChart);
  drawCharts();

  let resizing = 0;
  let width = document.documentElement.clientWidth;
  addEventListener("resize", () => {
    if (width === document.documentElement.clientWidth) return;
    width = document.documentElement.clientWidth;
    cancelAnimationFrame(resizing);
    resizing = requestAnimationFrame(drawCharts);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawCharts);

  // When printed, tables are not paged and colours are light.
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.print = "";
    for (const table of tables.values()) table.print();
    drawCharts();
  });
  addEventListener("afterprint", () => {
    delete document.documentElement.dataset.print;
    for (const table of tables.values()) table.render();
    drawCharts();
  });
})();

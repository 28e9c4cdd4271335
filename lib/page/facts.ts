// Facts (names with values), and a generic rendering for data that the page does not know, so that a new field of the
// report is visible before anybody writes a rendering for it.

import { countOf, formatCount } from "../model/units.ts";
import { type Html, type HtmlValue, markup } from "./html.ts";
import { type Column, table } from "./table.ts";

/** Renders names with their values; names without a value are omitted. */
export function facts(
  pairs: readonly (readonly [name: string, value: HtmlValue])[],
): Html {
  const items = pairs.flatMap(([name, value]) =>
    value === undefined || value === false
      ? []
      : [markup`<div><dt>${name}</dt><dd>${value}</dd></div>\n`]
  );
  return markup`<dl class="facts">${items}</dl>`;
}

/**
 * Renders any plain data: a list of objects as a table, another list on one line, an object as facts.
 *
 * @param id the prefix of element ids; must contain no name from a report
 * @param name the caption of a table
 * @param label returns the text shown for a key
 */
export function anything(
  id: string,
  name: string,
  value: unknown,
  label: (key: string) => string = inWords,
): HtmlValue {
  if (Array.isArray(value)) {
    if (value.length === 0) return "none";
    if (value.every(isPlainObject)) return anyTable(id, name, value);
    return value.map(scalarText).join(", ");
  }
  if (!isPlainObject(value)) return scalarText(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return "none";
  return facts(
    entries.map(([key, each], index) => [
      label(key),
      anything(`${id}-${index}`, inWords(key), each, label),
    ]),
  );
}

/** Columns for those fields of the rows that the page does not know and that hold text, numbers or booleans. */
export function furtherColumns<Row extends object>(
  rows: readonly Row[],
  known: readonly string[],
): readonly Column<Row>[] {
  const kinds = new Map<string, Column<Row>["kind"]>();
  for (const row of rows) {
    for (const [key, value] of Object.entries(row)) {
      if (known.includes(key) || (typeof value === "object" && value !== null)) continue;
      const number = typeof value === "bigint" || typeof value === "number";
      if (kinds.get(key) !== "text") kinds.set(key, number ? "count" : "text");
    }
  }
  return [...kinds].map(([key, kind]) => ({
    label: inWords(key),
    kind,
    optional: true,
    cell(row) {
      const value = (row as Readonly<Record<string, unknown>>)[key];
      if (value === undefined || value === null || value === false) return undefined;
      return typeof value === "bigint" || typeof value === "number" ? value : scalarText(value);
    },
  }));
}

/** `2022-11-03 15:02:08`. */
export function timeText(iso: string): Html {
  return markup`<time datetime="${iso}">${iso.replace("T", " ").replace(/\.\d+Z$/, "")}</time>`;
}

/** `recordsProduced` → `Records produced`. */
export function inWords(key: string): string {
  const words = key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function anyTable(id: string, name: string, rows: readonly object[]): Html | undefined {
  const columns = furtherColumns(rows, []).map(({ optional: _, ...column }) => column);
  return table({ id, caption: `${name}: ${countOf(rows.length, "row")}`, columns, rows });
}

function scalarText(value: unknown): string {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return formatCount(value as bigint);
  if (typeof value === "object" && value !== null) return JSON.stringify(value, bigintDigits);
  return value === true ? "yes" : value === false ? "no" : String(value ?? "–");
}

function bigintDigits(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

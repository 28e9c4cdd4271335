// Makes HTML from text. The template `markup` escapes every value that is not HTML already, so nobody can forget to escape;
// a name from a cluster can neither break out of its element nor reverse the direction of the text beside it.

import { escapeName } from "../model/escape_name.ts";

/** A piece of HTML, escaped already. */
export interface Html {
  readonly html: string;
}

/** A value that a template accepts. Undefined and false give nothing. */
export type HtmlValue = Html | string | number | bigint | false | undefined | readonly HtmlValue[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes text for an element's content or for an attribute in double or single quotes. */
export function escapeHtml(text: string): string {
  return escapeName(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

/** The tag of HTML templates. (The formatter would re-indent templates named `html`, and so change their white space.) */
export function markup(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return { html: strings.reduce((text, part, index) => text + valueOf(values[index - 1]) + part) };
}

function valueOf(value: HtmlValue): string {
  if (value === undefined || value === false) return "";
  if (typeof value === "string") return escapeHtml(value);
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return "html" in value ? value.html : value.map(valueOf).join("");
}

/**
 * Data as JSON in a script element that the browser does not run. No character in it can end the element or begin a comment,
 * and even a parser that reads it as a script finds no line break in a string.
 */
export function embedJson(id: string, data: unknown): Html {
  const json = JSON.stringify(data)
    .replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return { html: `<script type="application/json" id="${escapeHtml(id)}">${json}</script>` };
}

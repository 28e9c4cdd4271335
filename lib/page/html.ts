// Text to HTML. Whatever is put into the template `markup` is escaped unless it is HTML already, so that forgetting to
// escape is not possible; names from a cluster can neither leave their element nor turn around the text beside them.

import { escapeName } from "../model/escape_name.ts";

/** A piece of HTML: what stands in it is escaped already. */
export interface Html {
  readonly html: string;
}

/** What a template takes. Nothing comes of undefined and false. */
export type HtmlValue = Html | string | number | bigint | false | undefined | readonly HtmlValue[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text made safe for an element's content and for an attribute in double or single quotes. */
export function escapeHtml(text: string): string {
  return escapeName(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

/** The tag of HTML templates. (Templates called `html` would be laid out anew by the formatter, blanks included.) */
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
 * Data as JSON for a script element that is not run. No character of it can end the element or begin a comment in it,
 * and a reader that takes it for a script finds no line break.
 */
export function embedJson(id: string, data: unknown): Html {
  const json = JSON.stringify(data)
    .replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return { html: `<script type="application/json" id="${escapeHtml(id)}">${json}</script>` };
}

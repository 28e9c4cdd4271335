// Names made safe for one line of text. Kafka lets a group id hold any character (topic names are restricted), so
// a name may hold line breaks or terminal sequences. Nothing here shortens a name or changes a harmless one.

// C0 and C1 controls, DEL, line and paragraph separators, bidirectional controls, zero-width marks, lone surrogates.
// deno-lint-ignore no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** The name with every character that could break a line or fool a terminal escaped as in JSON: `\u001b`. */
export function escapeName(name: string): string {
  return name.replace(UNSAFE, unicodeEscape).replace(LONE_SURROGATE, unicodeEscape);
}

/** The names, escaped and joined with commas; beyond the limit they are only counted: `a, b, c, d, e and 12 more`. */
export function listNames(names: readonly string[], limit = 5): string {
  const shown = names.slice(0, limit).map(escapeName).join(", ");
  return names.length > limit ? `${shown} and ${names.length - limit} more` : shown;
}

/** The text as one argument for a shell, quoted where necessary and always on one line. */
export function quoteForShell(text: string): string {
  const escaped = escapeName(text);
  return /^[\w.:@%+=,/-]+$/.test(escaped) ? escaped : `'${escaped.replaceAll("'", "'\\''")}'`;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

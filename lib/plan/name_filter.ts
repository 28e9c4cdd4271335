// The include and exclude patterns of `topics` and `groups`: globs, or regular expressions between slashes, matched
// against the whole name. Matching takes time linear in the name whatever the pattern (RE2's syntax: no lookaround, no
// backreferences); with backtracking, a harmless-looking pattern and a long name could hang the run. Nothing here knows
// which names exist.

import { RE2JS, RE2JSSyntaxException } from "re2js";

/** A pattern that can be matched against names. */
export interface Pattern {
  /** As written in the configuration. */
  readonly text: string;
  /** Whether it matches the whole name. */
  readonly matches: (name: string) => boolean;
}

/** Accepts every name that an include pattern matches (all names, where there is none) and no exclude pattern matches. */
export interface NameFilter {
  readonly include: readonly Pattern[];
  readonly exclude: readonly Pattern[];
}

/** The filter that accepts every name. */
export const EVERY_NAME: NameFilter = { include: [], exclude: [] };

/**
 * Reads a pattern: `/…/` is a regular expression, anything else a glob with `*`, `?`, `[a-z]`, `[!a-z]` and `\` before
 * a character meant literally.
 *
 * @returns the pattern, or a sentence that says what is wrong with the text.
 */
export function parsePattern(text: string): Pattern | string {
  if (text === "") return "A pattern can't be empty, write * for every name";
  if (text.startsWith("/")) return parseRegularExpression(text);
  // Most patterns are plain names, which need no regular expression.
  if (!/[*?[\\]/.test(text)) return { text, matches: (name) => name === text };
  const glob = globSource(text);
  if ("problem" in glob) return glob.problem;
  return compile(text, glob.source);
}

/** Whether the filter accepts the name; exclude wins. */
export function filterAccepts({ include, exclude }: NameFilter, name: string): boolean {
  const matches = (pattern: Pattern): boolean => pattern.matches(name);
  return (include.length === 0 || include.some(matches)) && !exclude.some(matches);
}

/** Whether the name marks a topic of Kafka or its tools (`__consumer_offsets`): such topics are never migrated. */
export function isInternalTopicName(topic: string): boolean {
  return topic.startsWith("__");
}

function parseRegularExpression(text: string): Pattern | string {
  if (text.length < 3 || !text.endsWith("/")) {
    return "A regular expression stands between two slashes, without flags: /orders-\\d+/";
  }
  return compile(text, text.slice(1, -1));
}

function compile(text: string, source: string): Pattern | string {
  try {
    const expression = RE2JS.compile(source, RE2JS.DOTALL);
    return { text, matches: (name) => expression.matches(name) };
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    // We prepend the flag `(?s)`, so the operator must not see it in a message.
    const reason = error.message.replace(/^error parsing regexp: /, "").replace("`(?s)", "`");
    return `Not a valid pattern: ${reason}`;
  }
}

function globSource(glob: string): { readonly source: string } | { readonly problem: string } {
  const characters = [...glob];
  let source = "";
  for (let i = 0; i < characters.length; i += 1) {
    const character = characters[i] as string;
    if (character === "*") source += ".*";
    else if (character === "?") source += ".";
    else if (character === "\\") {
      i += 1;
      const next = characters[i];
      if (next === undefined) return { problem: "A pattern can't end in a backslash" };
      source += literal(next);
    } else if (character === "[") {
      const negated = characters[i + 1] === "!" || characters[i + 1] === "^";
      const first = i + (negated ? 2 : 1);
      // A ] that comes first is a member, as in every shell.
      const close = characters.indexOf("]", first + 1);
      if (close === -1) {
        return { problem: "A [ in a pattern needs its ], or a backslash before it" };
      }
      source += `[${negated ? "^" : ""}${classSource(characters.slice(first, close))}]`;
      i = close;
    } else source += literal(character);
  }
  return { source };
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

function classSource(members: readonly string[]): string {
  return members.map((member, index) => {
    const isRange = member === "-" && index > 0 && index < members.length - 1;
    return isRange ? "-" : /[\\^\]\-[]/.test(member) ? `\\${member}` : member;
  }).join("");
}

// Turns the text of `migration.yaml` into a checked configuration, or into a list of all its problems. It contacts nothing and
// reads, through callbacks, only what the text names. A configuration with a single problem is not used.

import { buildConfig } from "./build_config.ts";
import type { ColumnSpan, ConfigProblem } from "./config_problem.ts";
import { firstOfEachPath, formatPath, type LocatedProblem, valueAt } from "./located_problem.ts";
import { type Outside, readOutsideValues } from "./outside_values.ts";
import { checkRules } from "./rules.ts";
import type { MigrationConfig } from "./schema.ts";
import { allNames, checkSchema } from "./schema_problems.ts";
import {
  hiddenInBrokenText,
  hiddenSpans,
  isCutByComment,
  isSecretPath,
  misreadSecret,
  piecesOfSecret,
  type UnknownKeys,
} from "./secret_source.ts";
import { decodeText } from "./text_source.ts";
import { pathKey, type Place, readYaml, UNREADABLE, type YamlSource } from "./yaml_source.ts";
import type { Span } from "./yaml_spans.ts";

/** What is needed to read the text. */
export interface ConfigSources extends Outside {
  /** The file's name in messages. */
  readonly file: string;
}

/** A configuration, or all of its problems in the order of the text. */
export type LoadedConfig =
  | {
    readonly ok: true;
    readonly config: MigrationConfig;
    /** Paths of the secrets that are written in the text itself, such as `source.sasl.password`. */
    readonly literalSecrets: readonly string[];
  }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Reads and checks a configuration. Never throws because of the text's content. */
export function loadConfig(input: string | Uint8Array, sources: ConfigSources): LoadedConfig {
  const decoded = decodeText(input);
  if ("problem" in decoded) return refuse(sources.file, 1, 1, decoded.problem);
  const { text } = decoded;
  const source = readYaml(text);
  if (source.broken) return { ok: false, problems: brokenProblems(source, text, sources.file) };
  const { content } = source;
  if (content === null || typeof content !== "object" || Array.isArray(content)) {
    const kind = content === null ? "empty" : Array.isArray(content) ? "a list" : "a single value";
    return refuse(
      sources.file,
      1,
      1,
      `The file is ${kind}, expected a mapping with checkFlag, source and target`,
    );
  }
  return checkContent(source, text, sources);
}

function refuse(file: string, line: number, column: number, message: string): LoadedConfig {
  return { ok: false, problems: [{ file, line, column, message, hidden: "all" }] };
}

function checkContent(source: YamlSource, text: string, sources: ConfigSources): LoadedConfig {
  const { content } = source;
  const schema = checkSchema(content);
  const unknown = new Set(schema.unknown.map(pathKey));
  const keys: UnknownKeys = {
    isUnknown: (path) => unknown.has(pathKey(path)),
    isFar: (path) => schema.far.has(pathKey(path)),
  };
  const misread = misreadProblems(source, text, keys);
  const pieces = new Set(misread.flatMap(({ pieces }) => pieces.map(({ path }) => pathKey(path))));
  const repeated = repeatedSecrets(source);
  const repeats = new Set(repeated.map(({ path }) => pathKey(path)));
  const early = firstOfEachPath([
    ...misread.map(({ problem }) => problem),
    ...repeated,
    // What else is wrong there would be said with the value.
    ...[...schema.problems, ...checkRules(content, schema.meant)]
      .filter(({ path }) => !pieces.has(pathKey(path)) && !repeats.has(pathKey(path))),
  ].filter(({ path, at }) => at === "parent" || !liesInSyntaxProblem(path, source)));
  const wrong = new Set(early.filter(({ at }) => at === "value").map(({ path }) => pathKey(path)));
  const sound = [...source.places.values()].map(({ path }) => path).filter((path) =>
    !path.some((_, depth) => wrong.has(pathKey(path.slice(0, depth + 1))))
  );
  const outside = readOutsideValues(content, sound, sources);
  const located = firstOfEachPath([...early, ...outside.problems]);
  const secretSpans = misread.map(({ place }) => place.alias ?? place.value);
  const syntax = source.problems.filter(({ offset }) =>
    !secretSpans.some(({ start, end }) => offset >= start && offset <= end)
  );
  if (located.length === 0 && syntax.length === 0 && schema.file !== undefined) {
    const config = buildConfig(schema.file, outside, sources.file);
    return { ok: true, config, literalSecrets: outside.literalSecrets };
  }
  const hidden = hiddenSpans(source, text, keys);
  const placed = [
    ...syntax,
    ...located.map((problem) => ({ offset: offsetOf(problem, source), message: problem.message })),
  ].sort((a, b) => a.offset - b.offset);
  return {
    ok: false,
    problems: placed.slice(0, MOST_PROBLEMS).map((problem) =>
      atPosition(problem, source, text, hidden, sources.file)
    ),
  };
}

/** A file with more problems is no config; the limit bounds the work of showing them. */
const MOST_PROBLEMS = 1000;

const MOST_SPANS = 50;

interface Misread {
  readonly problem: LocatedProblem;
  readonly place: Place;
  /** Apparent keys that are really pieces of the secret. */
  readonly pieces: readonly Place[];
}

function misreadProblems(
  source: YamlSource,
  text: string,
  keys: UnknownKeys,
): readonly Misread[] {
  return [...source.places.values()].flatMap((place): readonly Misread[] => {
    const { path, key } = place;
    if (key === undefined || keys.isUnknown(path)) return [];
    const at = "value";
    if (isSecretPath(path)) {
      const pieces = piecesOfSecret(place, source, keys);
      const { start, end } = place.value;
      const invalid = source.problems.some(({ offset }) => offset >= start && offset <= end);
      const wrong = misreadSecret(place, text, { hasPieces: pieces.length > 0, invalid });
      if (wrong === undefined) return [];
      return [{ problem: { path, at, message: `${formatPath(path)} ${wrong}` }, place, pieces }];
    }
    if (!NAMES.includes(String(path.at(-1))) || !isCutByComment(place, text, true)) return [];
    const message = `${
      formatPath(path)
    } is cut at # (a comment in YAML), expected it in single quotes`;
    return [{ problem: { path, at, message }, place, pieces: [] }];
  });
}

/** Aliases of a secret where no secret belongs. */
function repeatedSecrets({ places }: YamlSource): readonly LocatedProblem[] {
  const all = [...places.values()];
  const secrets = new Set(
    all.filter(({ path, alias }) => alias === undefined && isSecretPath(path))
      .map(({ node }) => node),
  );
  return all.filter(({ path, alias, node }) =>
    alias !== undefined && node !== null && !isSecretPath(path) && secrets.has(node)
  ).map(({ path }) => ({
    path,
    at: "value",
    message: `${formatPath(path)} repeats a secret by a YAML alias, expected a value of its own`,
  }));
}

/** Keys whose values may well contain a `#`, as CKafka's user names do (`instance#user`). */
const NAMES: readonly string[] = ["username", "clientId"];

/** Whether the parser has already reported this place, which then needs no second message. */
function liesInSyntaxProblem(path: readonly PropertyKey[], source: YamlSource): boolean {
  const place = source.places.get(pathKey(path));
  if (place === undefined || isSecretPath(place.path)) return false;
  if (valueAt(source.content, path) === UNREADABLE) return true;
  const { start, end } = place.value;
  const isCollection = place.node !== null && "items" in place.node;
  return source.problems.some(({ offset }) =>
    isCollection ? offset === start : offset >= start && offset <= end
  );
}

function offsetOf(problem: LocatedProblem, source: YamlSource): number {
  const { path, at, offset = 0 } = problem;
  const whole = source.places.get(pathKey([]))?.value.start ?? 0;
  if (at === "parent") {
    const parent = source.places.get(pathKey(path.slice(0, -1)));
    return parent?.key?.start ?? parent?.value.start ?? whole;
  }
  const place = source.places.get(pathKey(path));
  if (place === undefined) return whole;
  if (at === "key") return place.key?.start ?? place.value.start;
  // A secret written as an alias is an error at the alias, so point there.
  const { start, end } = isSecretPath(place.path) && place.alias || place.value;
  // A value that is missing is shown at its key.
  if (start === end) return place.key?.start ?? start;
  return start + (offset === 0 ? 0 : offset + (isQuoted(place) ? 1 : 0));
}

function isQuoted({ node }: Place): boolean {
  return node !== null && "type" in node && String(node.type).startsWith("QUOTE_");
}

interface Placed {
  readonly offset: number;
  readonly message: string;
}

function atPosition(
  { offset, message }: Placed,
  source: YamlSource,
  text: string,
  spans: readonly Span[],
  file: string,
): ConfigProblem {
  const { line, column } = source.positionOf(offset);
  const start = offset - column + 1;
  const newline = text.indexOf("\n", start);
  const end = newline < 0 ? text.length : newline;
  const onLine = spans.filter((span) => span.start < end && span.end > start);
  const columns = onLine.map((span): ColumnSpan => ({
    from: Math.max(span.start, start) - start,
    to: Math.min(span.end, end) - start,
  }));
  // A line with so many secrets is not worth showing, and each of its problems would carry all the spans.
  const hidden = columns.length > MOST_SPANS ? "all" : columns;
  return { file, line, column, message, hidden };
}

/** A broken structure is the only thing reported, once for each line; inside a secret it is reported as a misread secret. */
function brokenProblems(source: YamlSource, text: string, file: string): readonly ConfigProblem[] {
  const hidden = hiddenInBrokenText(text, allNames());
  const byLine = new Map<number, ConfigProblem>();
  // Of several errors in a line the first counts; of several at the same place the last, the parser's conclusion.
  for (const { offset, message } of [...source.problems].sort((a, b) => a.offset - b.offset)) {
    const secret = hidden.find(({ start, end, isSecret }) =>
      isSecret && offset >= start && offset <= end
    );
    const placed = secret === undefined
      ? { offset, message }
      : { offset: secret.start, message: UNREADABLE_SECRET };
    const problem = atPosition(placed, source, text, hidden, file);
    const before = byLine.get(problem.line);
    if (before === undefined || before.column === problem.column) {
      byLine.set(problem.line, problem);
    }
    // The parser reads the following text as a part of the secret, or not at all.
    if (secret !== undefined) break;
  }
  return [...byLine.values()];
}

const UNREADABLE_SECRET =
  "The value that begins here is not valid YAML, expected it in single quotes (a single quote inside it written twice)";

// Turns what the schema finds wrong with the content of `migration.yaml` into sentences: every issue of Zod as "what is wrong,
// what was expected", unknown keys with the nearest known name. It knows paths, not positions in the text.

import * as z from "zod/mini";
import { escapeName } from "../model/escape_name.ts";
import { lettersOf, nearestName } from "./known_names.ts";
import { describe, formatPath, type LocatedProblem, valueAt } from "./located_problem.ts";
import { type IssueDetail, type MigrationFile, migrationFile } from "./schema.ts";
import { pathKey } from "./yaml_source.ts";

/** The result of checking a content. */
export interface SchemaResult {
  /** The checked file; present where nothing is wrong. */
  readonly file?: MigrationFile;
  readonly problems: readonly LocatedProblem[];
  /** Paths of the keys that the schema does not know. */
  readonly unknown: readonly (readonly PropertyKey[])[];
  /** Paths, as map keys, of those unknown keys to which no known name is near. */
  readonly far: ReadonlySet<string>;
  /** Paths, as map keys, of known keys that an unknown key was probably meant for. */
  readonly meant: ReadonlySet<string>;
}

/** A file with more unknown keys is not a config; the rest of them would only cost time. */
const MOST_STRANGERS = 1000;

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Checks plain data against the schema. */
export function checkSchema(content: unknown): SchemaResult {
  const result = migrationFile.safeParse(content);
  if (result.success) {
    return { file: result.data, problems: [], unknown: [], far: new Set(), meant: new Set() };
  }
  const issues = flatten(result.error.issues, []);
  const unknown = issues.flatMap(({ issue, path }) => unknownKeys(issue, path, content));
  const strangers = unknown.slice(0, MOST_STRANGERS).map((path) =>
    unknownKeyProblem(path, content)
  );
  const meant = new Set(strangers.flatMap(({ meant }) => meant));
  const problems = issues
    .filter(({ issue }) => issue.code !== "unrecognized_keys")
    .map(({ issue, path }) => valueProblem(issue, path, content))
    .filter(({ at, path }) => at !== "parent" || !meant.has(pathKey(path)));
  const far = new Set(
    strangers.filter(({ isFar }) => isFar).map(({ problem }) => pathKey(problem.path)),
  );
  return {
    problems: [...strangers.map(({ problem }) => problem), ...problems],
    unknown,
    far,
    meant,
  };
}

interface PlacedIssue {
  readonly issue: Issue;
  readonly path: Path;
}

/** Replaces the issue of a union by the issues of the branch that comes nearest to the value. */
function flatten(issues: readonly Issue[], prefix: Path): readonly PlacedIssue[] {
  return issues.flatMap((issue): readonly PlacedIssue[] => {
    const path = [...prefix, ...issue.path];
    if (issue.code === "invalid_union") {
      const near = issue.errors.find((branch) => !branch.some(isWrongKind));
      if (near !== undefined) return flatten(near, path);
    }
    return [{ issue, path }];
  });
}

function isWrongKind(issue: Issue): boolean {
  const kinds = ["invalid_type", "invalid_value", "invalid_union"];
  return issue.path.length === 0 && kinds.includes(issue.code);
}

function valueProblem(issue: Issue, path: Path, content: unknown): LocatedProblem {
  const expected = `expected ${issue.message}`;
  const name = formatPath(path);
  const value = valueAt(content, path);
  if (value === undefined) {
    return { path, at: "parent", message: `${name} is missing, ${expected}` };
  }
  if (issue.code === "invalid_key") {
    const key = issue.issues[0]?.message ?? "another key";
    return {
      path,
      at: "key",
      message: `Key ${name} is not valid, expected ${key}`,
    };
  }
  const { what, part, offset, inKey } = detailOf(issue);
  if (inKey) return { path, at: "key", message: `${name} ${what}, ${expected}` };
  if (part !== undefined && part !== value) {
    const message = `${name} holds ${describe(part, path)}, ${expected}`;
    return { path, at: "value", message, ...(offset !== undefined && { offset }) };
  }
  return {
    path,
    at: "value",
    message: `${name} ${what ?? wrongValue(issue, path, value)}, ${expected}`,
  };
}

function wrongValue(issue: Issue, path: Path, value: unknown): string {
  if (issue.code === "invalid_type" && typeof value === "string") {
    const structured = ["object", "record", "array"].includes(issue.expected);
    if (structured) return "is a text";
  }
  return `is ${describe(value, path)}`;
}

function detailOf(issue: Issue): IssueDetail {
  return issue.code === "custom" ? issue.params ?? {} : {};
}

/** The keys that no branch knows; where the branch is not known (no valid discriminator), the keys unknown to all of them. */
function unknownKeys(issue: Issue, path: Path, content: unknown): readonly Path[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => [...path, key]);
  if (issue.code !== "invalid_union" || !("discriminator" in issue)) return [];
  const parent = path.slice(0, -1);
  const known = knownKeys(parent, content);
  return Object.keys(valueAt(content, parent) ?? {})
    .filter((key) => !known.includes(key))
    .map((key) => [...parent, key]);
}

function unknownKeyProblem(path: Path, content: unknown) {
  const parent = path.slice(0, -1);
  const name = String(path.at(-1));
  const siblings = knownKeys(parent, content);
  const near = nearestName(name, siblings, elsewhere(name, parent));
  const expected = near ?? `${siblings.length > 1 ? "one of " : ""}${siblings.join(", ")}`;
  const shown = escapeName(name.length > 60 ? `${name.slice(0, 57)}…` : name);
  const place = parent.length === 0 ? "" : ` in ${formatPath(parent)}`;
  const message = `Unknown key ${shown}${place}, expected ${expected}`;
  const meant = siblings.includes(expected) ? [pathKey([...parent, expected])] : [];
  const problem: LocatedProblem = { path, at: "key", message };
  return { problem, meant, isFar: near === undefined && !allNames().has(name) };
}

/** The known keys of the mapping at a path. */
function knownKeys(path: Path, content: unknown): readonly string[] {
  let schemas: readonly z.core.$ZodType[] = [migrationFile];
  for (const [depth, key] of path.entries()) {
    const value = valueAt(content, path.slice(0, depth));
    schemas = schemas.flatMap((schema) => objectsOf(schema, value)).flatMap((object) =>
      object.type === "array" ? [object.element] : object.shape[String(key)] ?? []
    );
  }
  const objects = schemas.flatMap((schema) => objectsOf(schema, valueAt(content, path)));
  return [
    ...new Set(
      objects.flatMap((object) => object.type === "object" ? Object.keys(object.shape) : []),
    ),
  ];
}

/**
 * Paths of the schema that end in the name, whatever its case and separators. Those below `parent` are preferred (relative to
 * it), then those in the same top-level section.
 */
function elsewhere(name: string, parent: Path): readonly string[] {
  const letters = lettersOf(name);
  const here = parent.map((part) => `${String(part)}.`).join("");
  const paths = allPaths().filter((path) => {
    const last = path.split(".").at(-1) ?? "";
    const holder = path.split(".").at(-2);
    return lettersOf(last) === letters && holder !== parent.at(-1);
  });
  const below = paths.filter((path) => path.startsWith(here)).map((path) =>
    path.slice(here.length)
  );
  const near = paths.filter((path) => path.split(".")[0] === parent[0]);
  return below.length > 0 ? below : near.length > 0 ? near : paths;
}

/** Every key path of the schema, dotted, without those inside lists; computed only when something is wrong. */
function allPaths(): readonly string[] {
  return listed ??= listPaths();
}

let listed: readonly string[] | undefined;

function listPaths(): readonly string[] {
  const pathsOf = (schema: z.core.$ZodType, prefix: string): readonly string[] =>
    objectsOf(schema, undefined).flatMap((object) =>
      object.type === "object"
        ? Object.entries(object.shape).flatMap(([key, value]) => [
          `${prefix}${key}`,
          ...pathsOf(value, `${prefix}${key}.`),
        ])
        : []
    );
  return [...new Set(pathsOf(migrationFile, ""))];
}

/** Every key of the schema, at any depth. */
export function allNames(): ReadonlySet<string> {
  return new Set(allPaths().flatMap((path) => path.split(".")));
}

type Container = z.core.$ZodObjectDef | z.core.$ZodArrayDef;

/** The objects and arrays that a schema may stand for, without wrappers and with unions expanded. */
function objectsOf(schema: z.core.$ZodType, value: unknown): readonly Container[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "object":
    case "array":
      return [def];
    case "optional":
    case "default":
    case "prefault":
      return objectsOf(def.innerType, value);
    case "pipe":
      return objectsOf(def.in, value);
    case "union": {
      const options = def.options.flatMap((option) => objectsOf(option, value));
      const fitting = "discriminator" in def
        ? fittingOptions(options, String(def.discriminator), value)
        : [];
      return fitting.length > 0 ? fitting : options;
    }
    default:
      return [];
  }
}

/** The options of a union whose discriminator has the value's tag. */
function fittingOptions(
  options: readonly Container[],
  discriminator: string,
  value: unknown,
): readonly Container[] {
  const tag = valueAt(value, [discriminator]);
  return options.filter((option) => {
    const schema = option.type === "object" ? option.shape[discriminator] : undefined;
    return schema !== undefined && z.safeParse(schema, tag).success;
  });
}

/**
 * A directory with a migration.yaml and everything a run leaves beside it: written, run, looked at, removed. Refuses to
 * judge what it reads.
 */

import assert from "node:assert/strict";
import type { Report } from "../../lib/report/report.ts";
import { reportSchema } from "../../lib/report/schema.ts";
import { type ProgramOptions, type ProgramResult, runProgram } from "./program.ts";

/** A config as data; JSON is YAML too. */
export type ConfigContent = Readonly<Record<string, unknown>>;

/** The report as JSON has it: offsets are numbers. */
export type JsonReport = Numbered<Report>;

type Numbered<Shape> = Shape extends bigint ? number
  : Shape extends string | number | boolean | undefined ? Shape
  : { readonly [Name in keyof Shape]: Numbered<Shape[Name]> };

/** A directory for one migration. */
export interface MigrationDir extends AsyncDisposable {
  readonly path: string;
  /** Runs the program there. */
  readonly run: (
    args?: readonly string[],
    options?: Omit<ProgramOptions, "cwd" | "args">,
  ) => Promise<ProgramResult>;
  /** Replaces migration.yaml: data, or a text or bytes as they stand. */
  readonly configure: (content: ConfigContent | string | Uint8Array) => void;
  /** Names of all files there, sorted. */
  readonly files: () => readonly string[];
  /** A file's text; empty where there is no such file. */
  readonly text: (name: string) => string;
  /** Lines of migration.log. */
  readonly log: () => readonly string[];
  /** What migration.report.json holds, or another report; it has to keep to the schema. */
  readonly report: (name?: string) => JsonReport;
  /** The text of every file but migration.yaml. */
  readonly everythingWritten: () => string;
}

/** Makes a directory with a migration.yaml. */
export async function makeMigrationDir(
  content: ConfigContent | string | Uint8Array,
): Promise<MigrationDir> {
  const path = await Deno.makeTempDir({ prefix: "data-migrate-test-" });
  const text = (name: string): string => {
    try {
      return Deno.readTextFileSync(`${path}/${name}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  };
  const files = () => [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  const configure: MigrationDir["configure"] = (written) => {
    const bytes = written instanceof Uint8Array ? written : new TextEncoder().encode(
      typeof written === "string" ? written : JSON.stringify(written, null, 2),
    );
    Deno.writeFileSync(`${path}/migration.yaml`, bytes);
  };
  configure(content);
  return {
    path,
    run: (args = [], options = {}) => runProgram({ ...options, cwd: path, args }),
    configure,
    files,
    text,
    log: () => text("migration.log").split("\n").filter((line) => line !== ""),
    report: (name = "migration.report.json") => {
      const report = JSON.parse(text(name));
      assert.deepEqual(reportSchema.parse(report), report, "the schema lacks a field");
      return report;
    },
    everythingWritten: () => files().filter((name) => name !== "migration.yaml").map(text).join(""),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/**
 * What `--version` says, and what the log's first line and the reports name: which program this is. The values of
 * a compiled binary are put into `build_info.json` by tools/compile.ts; run from source, they read "development".
 * It does not look at git, the file system or the environment.
 */
import manifest from "../../deno.json" with { type: "json" };
import build from "./build_info.json" with { type: "json" };

/** The versions of Kafka that the tests migrate from and to. */
export const KAFKA_VERSIONS_TRIED = [
  "0.10.2.2",
  "0.11.0.3",
  "1.1.1",
  "2.3.1",
  "2.4.1",
  "2.8.2",
  "3.9.1",
  "4.1.0",
  "4.4.0",
] as const;

/** The program's identity. Plain strings, none of them empty. */
export interface BuildInfo {
  /** The version of deno.json, e.g. `0.1.0`. */
  readonly version: string;
  /** Git commit, with `-dirty` where the sources differed from it; `development` when not compiled. */
  readonly commit: string;
  /** Version of the Deno runtime that is running. */
  readonly deno: string;
  /** SHA-256 of the runtime base (denort) the binary was made from; `development` when not compiled. */
  readonly base: string;
}

/** The identity of the running program. */
export const buildInfo: BuildInfo = {
  version: manifest.version,
  commit: build.commit,
  deno: Deno.version.deno,
  base: build.base,
};

/** The text of `--version`: the version alone on the first line, for scripts; no line feed at the end. */
export function versionText(info: BuildInfo = buildInfo): string {
  return [
    `data-migrate ${info.version}`,
    `commit ${info.commit}`,
    `deno ${info.deno}`,
    `base ${info.base}`,
    `tried with Kafka ${KAFKA_VERSIONS_TRIED.join(", ")}`,
  ].join("\n");
}

/** Jars from a Maven repository, as a POM names them, copied into one folder. Refuses to build anything. */

import { installOnce } from "./install_once.ts";
import { ensureJavaAndMaven } from "./prerequisites.ts";
import { runCommand } from "./run_command.ts";

/** Jars to be had. */
export interface JarsWanted {
  /** Folder name below `.tools`. */
  readonly name: string;
  /** Path of the POM; another content, or other options, mean: fetch anew. */
  readonly pom: string;
  /** What chooses among the POM's dependencies: a profile, or a property. */
  readonly options: readonly string[];
  /** What it is, and how large, for those who wait. */
  readonly title: string;
  readonly size: string;
}

/** Fetches them unless they are there. @returns the folder's jars as Java's own wildcard, to give to `java -cp` */
export async function mavenJars(wanted: JarsWanted): Promise<string> {
  const { name, pom, options, title, size } = wanted;
  const recipe = [await Deno.readTextFile(pom), ...options].join("\n");
  const install = { what: `Fetching ${title}`, size, prepare: ensureJavaAndMaven };
  const directory = await installOnce(name, recipe, async (directory, progress) => {
    await runCommand("mvn", [
      ...["-B", "-f", pom, ...options],
      ...["dependency:copy-dependencies", "-DincludeScope=runtime"],
      `-DoutputDirectory=${directory}/lib`,
    ], {
      onLine: (line) => {
        const bytes = downloadedBytes(line);
        if (bytes > 0) progress.bytes = (progress.bytes ?? 0) + bytes;
      },
    });
  }, install);
  return `${directory}/lib/*`;
}

const units: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

/** How much a line of Maven says was downloaded: `Downloaded from central: https://… (5.3 MB at 2.2 MB/s)`. */
export function downloadedBytes(line: string): number {
  const found = /\bDownloaded from .* \(([\d.]+) ([kMG]?B) at /.exec(line);
  return found === null ? 0 : Number(found[1]) * (units[found[2] ?? ""] ?? 0);
}

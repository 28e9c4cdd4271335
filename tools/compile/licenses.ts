/**
 * THIRD_PARTY_LICENSES: the licences of everything in the binary, to be handed on with it. The npm packages are those
 * that the program's modules lead to; a package without a licence text stops the build, since it could not be handed on.
 */
import { join } from "node:path";

/** What `deno info --json` tells of a module graph, as far as it is read here. */
export interface ModuleGraph {
  readonly modules: readonly { readonly npmPackage?: string }[];
  readonly npmPackages: Readonly<
    Record<
      string,
      { readonly name: string; readonly version: string; readonly dependencies: readonly string[] }
    >
  >;
}

/** An npm package in the binary. */
export interface PackagePlace {
  readonly name: string;
  readonly version: string;
}

/** The packages the graphs' modules lead to, with what those depend on, by name. */
export function packagesOf(graphs: readonly ModuleGraph[]): readonly PackagePlace[] {
  const found = new Map<string, PackagePlace>();
  for (const { modules, npmPackages } of graphs) {
    const open = modules.flatMap(({ npmPackage }) => npmPackage === undefined ? [] : [npmPackage]);
    for (let key = open.pop(); key !== undefined; key = open.pop()) {
      const known = npmPackages[key];
      if (known === undefined || found.has(key)) continue;
      found.set(key, { name: known.name, version: known.version });
      open.push(...known.dependencies);
    }
  }
  return [...found.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

const RUNTIME = `Deno (the runtime inside the binary) VERSION
https://github.com/denoland/deno

MIT License

Copyright 2018-2026 the Deno authors

Permission is hereby granted, free of charge, to any person obtaining a copy of
this software and associated documentation files (the "Software"), to deal in
the Software without restriction, including without limitation the rights to
use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of
the Software, and to permit persons to whom the Software is furnished to do so,
subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS
FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER
IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

Deno contains V8 (BSD-3-Clause) and Rust packages, whose licences stand in its
repository: https://github.com/denoland/deno/blob/vVERSION/Cargo.lock`;

/**
 * The text of the file.
 *
 * @param denoDir the DENO_DIR that holds the packages
 * @throws {Error} naming a package that has no licence text
 */
export async function thirdPartyLicenses(
  packages: readonly PackagePlace[],
  denoDir: string,
  denoVersion: string,
): Promise<string> {
  const sections = [RUNTIME.replaceAll("VERSION", denoVersion)];
  for (const { name, version } of packages) {
    const text = await licenceText(join(denoDir, "npm"), name, version);
    if (text === undefined) {
      throw new Error(`Cannot compile: the package ${name} ${version} brings no licence text`);
    }
    sections.push(`${name} ${version}\nhttps://www.npmjs.com/package/${name}\n\n${text.trim()}`);
  }
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  return `data-migrate is licensed under Apache-2.0. It contains:\n\n${sections.join(rule)}\n`;
}

async function licenceText(
  npm: string,
  name: string,
  version: string,
): Promise<string | undefined> {
  for await (const registry of Deno.readDir(npm)) {
    if (!registry.isDirectory) continue;
    const folder = join(npm, registry.name, name, version);
    const names = await namesIn(folder);
    const texts = names.filter((file) => /^(?:licen[cs]e|notice|copying)(?:\.\w+)?$/i.test(file));
    if (texts.length === 0) continue;
    const read = texts.sort().map((file) => Deno.readTextFile(join(folder, file)));
    return (await Promise.all(read)).join("\n\n");
  }
  return undefined;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return [...await Array.fromAsync(Deno.readDir(folder))].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

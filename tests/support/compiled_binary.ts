/**
 * The compiled binary of these very sources, made once for all test files that run it and kept until the sources change.
 * It lies in `dist`, which belongs to this tree alone. Refuses to hand out a binary of other sources.
 */

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { binarySources } from "../../tools/version.ts";
import { installOnce } from "./install_once.ts";
import { runCommand } from "./run_command.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** @returns the path of the binary, which takes some seconds where it has to be made */
export async function compiledBinary(): Promise<string> {
  const inputs = [...binarySources, "deno.json", "deno.lock", "tools/compile.ts", "tools/compile"];
  const hash = createHash("sha256");
  for (const path of inputs.flatMap(filesBelow)) {
    hash.update(`${path}\n`).update(await Deno.readFile(root + path));
  }
  const options = { what: "Compiling the program", parent: `${root}dist` };
  const directory = await installOnce("tested", hash.digest("hex"), async (directory) => {
    const compile = ["run", "-A", "--quiet", `${root}tools/compile.ts`];
    await runCommand(Deno.execPath(), [...compile, "--output", `${directory}/data-migrate`]);
  }, options);
  return `${directory}/data-migrate`;
}

/** A file, or the files below a folder, by their paths from the root, sorted. */
function filesBelow(path: string): readonly string[] {
  if (Deno.statSync(root + path).isFile) return [path];
  return [...Deno.readDirSync(root + path)].flatMap(({ name }) => filesBelow(`${path}/${name}`))
    .sort();
}

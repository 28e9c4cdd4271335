/**
 * Tries what a run must not be able to do, in a worker with a run's permissions, and prints what it could do. Started
 * as a program with the binary's permissions: `confined_probe.ts CONFIG-FOLDER TOKEN-FILE OUTSIDE-FOLDER`.
 */

import { permissionsOf } from "../../lib/process/confine.ts";
import { runFiles } from "../../lib/files/run_files.ts";

type Attempts = Readonly<Record<string, () => unknown>>;

function attempts(folder: string, tokenFile: string, outside: string): Attempts {
  return {
    "listen": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
    "write beside the config": () => Deno.writeTextFileSync(`${folder}/made`, ""),
    "read beside the config": () => Deno.readTextFileSync(`${folder}/made`),
    "rename beside the config": () => Deno.renameSync(`${folder}/made`, `${folder}/renamed`),
    "read the token file": () => Deno.readTextFileSync(tokenFile),
    "write the token file": () => Deno.writeTextFileSync(tokenFile, ""),
    "read outside": () => Deno.readTextFileSync(`${outside}/there`),
    "list outside": () => [...Deno.readDirSync(outside)],
    "write outside": () => Deno.writeTextFileSync(`${outside}/made`, ""),
    "remove outside": () => Deno.removeSync(`${outside}/there`),
    "rename to the outside": () => Deno.renameSync(`${folder}/renamed`, `${outside}/renamed`),
    "link to the outside": () => Deno.symlinkSync(`${outside}/there`, `${folder}/link`),
    "go up": () => Deno.writeTextFileSync(`${folder}/../made`, ""),
    "read a variable": () => Deno.env.get("HOME"),
    "read all variables": () => {
      const terminal = ["TERM", "TERM_PROGRAM", "TMUX"];
      const names = Object.keys(Deno.env.toObject()).filter((name) => !terminal.includes(name));
      if (names.length === 0) throw new Deno.errors.NotCapable("there are none");
    },
    "start a program": () => new Deno.Command(Deno.execPath()).outputSync(),
    "load a library": () => Deno.dlopen("libc.so.6", {}),
    "ask the system": () => Deno.hostname(),
    "read its memory": () => Deno.readTextFileSync("/proc/self/maps"),
    "widen its permissions": () => {
      const { state } = Deno.permissions.requestSync({ name: "run" });
      if (state !== "granted") throw new Deno.errors.NotCapable(state);
    },
  };
}

interface Scope {
  onmessage?: ((event: MessageEvent<readonly [string, string, string]>) => void) | null;
  postMessage(text: string): void;
  WorkerGlobalScope?: unknown;
}

const scope = globalThis as unknown as Scope;

function probe(names: readonly [string, string, string]): string {
  return Object.entries(attempts(...names)).flatMap(([name, attempt]) => {
    try {
      attempt();
      return [name];
    } catch (error) {
      return error instanceof Deno.errors.NotCapable ? [] : [`${name}: ${error}`];
    }
  }).join("\n");
}

if (scope.WorkerGlobalScope !== undefined) {
  scope.onmessage = ({ data }) => scope.postMessage(probe(data));
} else {
  const [folder = "", tokenFile = "", outside = ""] = Deno.args;
  const permissions = permissionsOf({
    files: runFiles(`${folder}/migration.yaml`),
    source: { sasl: { mechanism: "OAUTHBEARER", tokenFile } },
    target: {},
  });
  const options: WorkerOptions = { type: "module", deno: { permissions } };
  const worker = new Worker(import.meta.url, options);
  worker.onmessage = ({ data }) => {
    Deno.stdout.writeSync(new TextEncoder().encode(data));
    worker.terminate();
  };
  worker.postMessage([folder, tokenFile, outside]);
}

/** run_files.ts: where a config's files lie. */

import assert from "node:assert/strict";
import { runFiles } from "../../../lib/files/run_files.ts";

Deno.test("files lie beside the config and are named after it", () => {
  const cases = [
    ["migration.yaml", ".", "./migration"],
    ["./migration.yaml", ".", "./migration"],
    ["/etc/dm/orders.yml", "/etc/dm", "/etc/dm/orders"],
    ["sub/A.YAML", "sub", "sub/A"],
    ["plain", ".", "./plain"],
    ["a.yaml.bak", ".", "./a.yaml.bak"],
    ["/migration.yaml", "/", "/migration"],
  ] as const;
  for (const [config, directory, stem] of cases) {
    const files = runFiles(config);
    assert.deepEqual([files.config, files.directory], [config, directory]);
    assert.deepEqual(
      [files.log, files.report, files.page, files.state].map((path) => path.replace("//", "/")),
      [`${stem}.log`, `${stem}.report.json`, `${stem}.report.html`, `${stem}.state.jsonl`],
    );
  }
});

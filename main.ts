// data-migrate: carries the unconsumed backlog of a Kafka cluster over to another one. The one place that exits.

import { main } from "./lib/cli.ts";
import { processStreams } from "./lib/show/screen.ts";

if (import.meta.main) {
  const streams = processStreams();
  Deno.exit(streams.end(await main(Deno.args, streams)));
}

// data-migrate: carries the unconsumed backlog of a Kafka cluster over to another one. The one place that exits.

import { main } from "./lib/cli.ts";
import { processStreams } from "./lib/show/screen.ts";

if (import.meta.main) Deno.exit(await main(Deno.args, processStreams()));

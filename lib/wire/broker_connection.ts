// A connection to a broker that is logged in, with what the broker speaks.

import type { BrokerChannel } from "./api_version.ts";
import type { Connection } from "./connection.ts";

/** An authenticated connection and what its broker speaks. */
export interface BrokerConnection extends BrokerChannel {
  readonly connection: Connection;
}

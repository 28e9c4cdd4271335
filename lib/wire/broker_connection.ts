// A logged-in connection to a broker, with the versions that the broker speaks.

import type { BrokerChannel } from "./api_version.ts";
import type { Connection } from "./connection.ts";

/** An authenticated connection, and the versions that its broker speaks. */
export interface BrokerConnection extends BrokerChannel {
  readonly connection: Connection;
}

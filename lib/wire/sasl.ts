// SASL over a connection: kafkajs's authenticator does the exchange, this turns its failures into sentences that name
// the address and the user, never the password.

import type { SaslConfig } from "../config/migration_config.ts";
import { reveal } from "../config/secrets.ts";
import type { Connection } from "./connection.ts";
import { ConnectionError } from "./connection_error.ts";
import { type ApiVersionTable, authenticateWithKafkajs } from "./kafkajs_protocol.ts";

/** Authenticates a fresh connection. @throws {ConnectionError} `authentication` when the broker refuses */
export async function authenticate(
  connection: Connection,
  versions: ApiVersionTable,
  sasl: SaslConfig,
): Promise<void> {
  if (sasl.mechanism === "OAUTHBEARER") {
    throw new ConnectionError(
      "unsupported",
      connection.address,
      "OAUTHBEARER is not supported yet",
    );
  }
  const { mechanism, username } = sasl;
  try {
    const password = reveal(sasl.password);
    await authenticateWithKafkajs(connection, versions, { mechanism, username, password });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (error instanceof ConnectionError && error.kind === "silent") throw error;
    if (/not supported by the server|UNSUPPORTED_SASL_MECHANISM/i.test(text)) {
      throw refused(connection, `the broker does not offer SASL ${mechanism} on this port`);
    }
    if (error instanceof ConnectionError) {
      throw refused(
        connection,
        `the broker closed the connection during SASL ${mechanism}; check that the port expects SASL`,
      );
    }
    throw refused(
      connection,
      `SASL ${mechanism} refused for user '${username}': wrong name or password`,
    );
  }
}

function refused(connection: Connection, reason: string): ConnectionError {
  return new ConnectionError("authentication", connection.address, reason);
}

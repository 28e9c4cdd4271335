// SASL over a connection: kafkajs's authenticator makes the exchange, and this file turns its failures into sentences
// that name the address and the user, never the password or the token.

import type { SaslConfig, SaslExtensions } from "../config/migration_config.ts";
import { reveal } from "../config/secrets.ts";
import type { ApiVersionTable } from "./api_version.ts";
import type { RequestChannel } from "./request_channel.ts";
import type { Login } from "./login_renewal.ts";
import { ConnectionError } from "./connection_error.ts";
import { authenticateWithKafkajs, type KafkajsSasl, MechanismError } from "./kafkajs_sasl.ts";
import { TokenError, type TokenSource } from "./token_source.ts";

/**
 * How connections to a cluster log in.
 *
 * @param tokens where tokens for OAUTHBEARER come from
 * @returns a login, which throws {ConnectionError} `authentication` or `token` when the broker refuses it
 */
export function saslLogin(
  sasl: SaslConfig,
  tokens: TokenSource | undefined,
  versions: ApiVersionTable,
): Login {
  return async (channel) => {
    try {
      return await authenticateWithKafkajs(channel, versions, credentialsOf(sasl, tokens));
    } catch (error) {
      if (sasl.mechanism === "OAUTHBEARER") tokens?.discard();
      throw worded(error, channel, sasl);
    }
  };
}

function credentialsOf(sasl: SaslConfig, tokens: TokenSource | undefined): KafkajsSasl {
  const { mechanism } = sasl;
  if (mechanism !== "OAUTHBEARER") {
    return { mechanism, username: sasl.username, password: reveal(sasl.password) };
  }
  return {
    mechanism,
    async oauthBearerProvider() {
      if (tokens === undefined) throw new TokenError("there is no token source");
      const value = reveal(await tokens.token());
      return { value, ...(sasl.extensions !== undefined && { extensions: sasl.extensions }) };
    },
  };
}

function worded(error: unknown, { address }: RequestChannel, sasl: SaslConfig): ConnectionError {
  const { mechanism } = sasl;
  const refused = (reason: string) => new ConnectionError("authentication", address, reason);
  if (error instanceof TokenError) {
    const kind = error.final ? "authentication" : "token";
    return new ConnectionError(kind, address, `no token for SASL ${mechanism}: ${error.message}`);
  }
  if (error instanceof MechanismError) {
    const offered = error.offered.length === 0 ? "none at all" : error.offered.join(", ");
    const kerberos = error.offered.includes("GSSAPI")
      ? " (GSSAPI is Kerberos, which goes through a proxy: docs/logins.md)"
      : "";
    return refused(
      `the broker does not offer SASL ${mechanism} on this port; it offers ${offered}${kerberos}`,
    );
  }
  if (error instanceof ConnectionError) {
    if (error.kind === "silent") return error;
    return refused(
      `the broker closed the connection during SASL ${mechanism}; check that the port expects SASL`,
    );
  }
  if (mechanism === "OAUTHBEARER") {
    const origin = "tokenFile" in sasl ? `file ${sasl.tokenFile}` : "the token endpoint";
    return new ConnectionError(
      "token",
      address,
      `SASL ${mechanism} refused: the broker does not accept the token from ${origin}${
        extensionHint(sasl.extensions)
      }`,
    );
  }
  const text = error instanceof Error ? error.message : "";
  if (/server signature|server nonce|rounds of hashing|iterations/i.test(text)) {
    return refused(
      `SASL ${mechanism} broken off: whoever answers could not show that it knows the password of user '${sasl.username}'`,
    );
  }
  return refused(
    `SASL ${mechanism} refused for user '${sasl.username}': wrong name or password`,
  );
}

/** What may be wrong apart from the token: the extensions sent with it, or missing extensions. */
function extensionHint(extensions: SaslExtensions | undefined): string {
  if (extensions !== undefined) {
    return `, or what \`sasl.extensions\` says of ${Object.keys(extensions).join(", ")}`;
  }
  return ", or wants `sasl.extensions` with it (Confluent Cloud: logicalCluster)";
}

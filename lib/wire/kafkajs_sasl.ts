// Runs kafkajs's SASL authenticator over our own connection, and checks the answers that it accepts although no honest
// broker gives them.

import { Buffer } from "node:buffer";
import SaslAuthenticator from "kafkajs/src/broker/saslAuthenticator/index.js";
import apiKeys from "kafkajs/src/protocol/requests/apiKeys.js";
import { KAFKA_ERRORS } from "../model/kafka_error.ts";
import { escapeName } from "../model/escape_name.ts";
import { type ApiVersionTable, speaks } from "./api_version.ts";
import type { RequestChannel } from "./request_channel.ts";
import { exchangeKafkajs, type KafkajsProtocol } from "./kafkajs_protocol.ts";

/** Credentials in kafkajs's shape (`SASLOptions`). */
export type KafkajsSasl =
  | { readonly mechanism: string; readonly username: string; readonly password: string }
  | {
    readonly mechanism: "OAUTHBEARER";
    readonly oauthBearerProvider: () => Promise<{
      readonly value: string;
      /** Sent after the token (RFC 7628, section 3.1). */
      readonly extensions?: Readonly<Record<string, string>>;
    }>;
  };

/** The broker does not offer the mechanism asked for. */
export class MechanismError extends Error {
  override readonly name = "MechanismError";
  /** The mechanisms that it does offer, escaped for display. */
  readonly offered: readonly string[];

  constructor(offered: readonly string[]) {
    super("The broker does not offer this SASL mechanism");
    this.offered = offered;
  }
}

/** Brokers ask for 4,096 to 16,384 iterations; more would only keep this machine busy. */
const MOST_SCRAM_ITERATIONS = 1_000_000;

/**
 * Authenticates a connection with kafkajs's authenticator: SaslHandshake, then SaslAuthenticate, or raw tokens if the
 * broker does not speak SaslAuthenticate.
 *
 * @returns milliseconds until the login expires and has to be repeated (KIP-368); 0 if it does not expire
 * @throws {MechanismError} if the broker does not offer the mechanism; {ConnectionError}; and whatever kafkajs throws when
 * the broker refuses the login
 */
export async function authenticateWithKafkajs(
  connection: RequestChannel,
  versions: ApiVersionTable,
  sasl: KafkajsSasl,
): Promise<number> {
  const adapter = {
    host: connection.address.advertised,
    port: 0,
    sasl: { ...sasl },
    async send(protocol: KafkajsProtocol) {
      const decoded = await exchangeKafkajs(connection, protocol);
      const { apiKey } = protocol.request;
      if (apiKey === apiKeys.SaslHandshake) refuseUnlessOffered(decoded);
      if (apiKey === apiKeys.SaslAuthenticate) checkChallenge(sasl.mechanism, decoded);
      return protocol.response.parse(decoded);
    },
    async sendAuthRequest({ request, response }: TokenExchange) {
      const answer = await connection.sendToken(await request.encode());
      if (response === undefined) return undefined;
      const authBytes = withSize(answer.bytes.subarray(answer.start, answer.end));
      checkChallenge(sasl.mechanism, { errorCode: 0, authBytes });
      return await response.parse(await response.decode(authBytes));
    },
  };
  const authenticator = new SaslAuthenticator(
    adapter,
    SILENT_LOGGER,
    asKafkajsVersions(versions),
    speaks({ versions }, "SaslAuthenticate", 0),
  );
  await authenticator.authenticate();
  const lifetimeMs = Number(authenticator.sessionLifetime);
  return Number.isFinite(lifetimeMs) ? Math.max(lifetimeMs, 0) : 0;
}

/** A token and the broker's answer in kafkajs's form: each with its size before it. */
interface TokenExchange {
  readonly request: { encode(): Promise<Uint8Array> };
  readonly response?: {
    decode(sizeAndToken: Buffer): Promise<unknown>;
    parse(decoded: unknown): Promise<unknown>;
  };
}

function withSize(token: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4 + token.length);
  bytes.writeInt32BE(token.length);
  bytes.set(token, 4);
  return bytes;
}

function refuseUnlessOffered(decoded: unknown): void {
  const { errorCode, enabledMechanisms } = decoded as {
    readonly errorCode: number;
    readonly enabledMechanisms: readonly string[];
  };
  if (errorCode !== KAFKA_ERRORS.UNSUPPORTED_SASL_MECHANISM) return;
  throw new MechanismError(
    enabledMechanisms.slice(0, 10).map((name) => escapeName(String(name).slice(0, 30))),
  );
}

/**
 * Refuses what kafkajs accepts: too many rounds of hashing, and an OAUTHBEARER refusal sent as a challenge (RFC 7628,
 * 3.2.2).
 */
function checkChallenge(mechanism: string, decoded: unknown): void {
  const { errorCode, authBytes } = decoded as {
    readonly errorCode: number;
    readonly authBytes: Uint8Array;
  };
  if (errorCode !== 0) return;
  // kafkajs puts the size before the bytes.
  const text = new TextDecoder().decode(authBytes.subarray(4));
  if (mechanism === "OAUTHBEARER" && text !== "") throw new Error("The broker refused the token");
  const iterations = /(?:^|,)i=(\d+)/.exec(text)?.[1];
  if (mechanism.startsWith("SCRAM-") && Number(iterations ?? 0) > MOST_SCRAM_ITERATIONS) {
    throw new Error(`The broker asks for ${iterations} rounds of hashing`);
  }
}

const SILENT_LOGGER = { namespace: () => ({ debug() {}, info() {}, warn() {}, error() {} }) };

function asKafkajsVersions(versions: ApiVersionTable) {
  return Object.fromEntries(
    [...versions].map(([key, { min, max }]) => [key, { minVersion: min, maxVersion: max }]),
  );
}

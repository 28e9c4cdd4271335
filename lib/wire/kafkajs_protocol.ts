// The bridge to kafkajs: its request encoders, response decoders and SASL authenticator, taken by deep import
// (2.2.4 has no exports map and is pinned exactly) and given types. Its sockets, retries and cluster code stay out:
// requests go over our own connection. Responses are decoded but not "parsed": kafkajs's parse throws a whole
// response away when one partition in it has an error (kafkajs/src/protocol/requests/*/response.js).

import { Buffer } from "node:buffer";
import { lookup, requests } from "kafkajs/src/protocol/requests/index.js";
import apiKeys from "kafkajs/src/protocol/requests/apiKeys.js";
import SaslAuthenticator from "kafkajs/src/broker/saslAuthenticator/index.js";
import Decoder from "kafkajs/src/protocol/decoder.js";
import { errorMessage } from "../core/error_message.ts";
import { escapeName } from "../core/escape_name.ts";
import type { RequestChannel } from "./connection.ts";
import { ProtocolError } from "./protocol_reader.ts";

interface KafkajsDecoder {
  readonly buffer: Buffer;
  readonly offset: number;
}

// kafkajs makes room for as many items as a response says it has: a few bytes could ask for hundreds of megabytes.
for (const name of ["readArray", "readArrayAsync"] as const) {
  const read = Decoder.prototype[name];
  Decoder.prototype[name] = function (this: KafkajsDecoder, ...rest: readonly unknown[]) {
    const left = this.buffer.length - this.offset - 4;
    const count = this.buffer.readInt32BE(this.offset);
    if (count > left) {
      throw new ProtocolError(`An array of ${count} items cannot lie in ${left} bytes`);
    }
    return Reflect.apply(read, this, rest);
  };
}

/** A request and its response decoder as kafkajs defines them. */
interface KafkajsProtocol {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    encode(): Promise<{ readonly buffer: Uint8Array }>;
  };
  readonly response: {
    decode(payload: Buffer): Promise<unknown>;
    parse(decoded: unknown): Promise<unknown>;
  };
}

/** Smallest and largest version a broker speaks, by API key. */
export type ApiVersionTable = ReadonlyMap<number, { readonly min: number; readonly max: number }>;

/** The requests taken from kafkajs. */
export type KafkajsApi =
  | "ListOffsets"
  | "Metadata"
  | "OffsetFetch"
  | "ListGroups"
  | "GroupCoordinator"
  | "OffsetCommit"
  | "Heartbeat"
  | "InitProducerId"
  | "DescribeConfigs"
  | "DeleteTopics";

/** API keys of kafkajs's requests, as in Kafka's protocol guide. */
export function kafkajsApiKey(api: KafkajsApi): number {
  return apiKeys[api];
}

/** Sends a kafkajs request in the highest version both sides speak; the decoded response, errors left in place. */
export async function sendKafkajsRequest<Response>(
  connection: RequestChannel,
  versions: ApiVersionTable,
  api: KafkajsApi,
  options: Readonly<Record<string, unknown>>,
): Promise<Response> {
  const choose = lookup(asKafkajsVersions(versions));
  const protocol: KafkajsProtocol = choose(apiKeys[api], requests[api])(options);
  return await exchange(connection, protocol) as Response;
}

/** Asks which API versions a broker speaks (ApiVersions 0, which those too old to be used answer too, since 0.10). */
export async function fetchApiVersions(connection: RequestChannel): Promise<ApiVersionTable> {
  const protocol: KafkajsProtocol = requests.ApiVersions.protocol({ version: 0 })();
  const decoded = await exchange(connection, protocol) as {
    readonly apiVersions: readonly { apiKey: number; minVersion: number; maxVersion: number }[];
  };
  return new Map(
    decoded.apiVersions.map(({ apiKey, minVersion, maxVersion }) => [
      apiKey,
      { min: minVersion, max: maxVersion },
    ]),
  );
}

/** Credentials in kafkajs's shape (`SASLOptions`). */
export type KafkajsSasl =
  | { readonly mechanism: string; readonly username: string; readonly password: string }
  | {
    readonly mechanism: "OAUTHBEARER";
    readonly oauthBearerProvider: () => Promise<{ readonly value: string }>;
  };

/** The broker does not offer the mechanism asked for. */
export class MechanismError extends Error {
  override readonly name = "MechanismError";
  /** Those it does offer, safe to be shown. */
  readonly offered: readonly string[];

  constructor(offered: readonly string[]) {
    super("The broker does not offer this SASL mechanism");
    this.offered = offered;
  }
}

const UNSUPPORTED_SASL_MECHANISM = 33;
/** Brokers ask for 4,096 to 16,384; more would only keep this machine busy. */
const MOST_SCRAM_ITERATIONS = 1_000_000;

/**
 * Authenticates a connection with kafkajs's authenticator (SaslHandshake, then SaslAuthenticate).
 *
 * @returns milliseconds until the broker wants it repeated (KIP-368), 0 for never
 * @throws {MechanismError} where the broker does not offer the mechanism; {ConnectionError}, and whatever kafkajs
 * throws when the broker refuses
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
      const decoded = await exchange(connection, protocol);
      const { apiKey } = protocol.request;
      if (apiKey === apiKeys.SaslHandshake) refuseUnlessOffered(decoded);
      if (apiKey === apiKeys.SaslAuthenticate) checkChallenge(sasl.mechanism, decoded);
      return protocol.response.parse(decoded);
    },
  };
  const authenticator = new SaslAuthenticator(
    adapter,
    SILENT_LOGGER,
    asKafkajsVersions(versions),
    true,
  );
  await authenticator.authenticate();
  const lifetimeMs = Number(authenticator.sessionLifetime);
  return Number.isFinite(lifetimeMs) ? Math.max(lifetimeMs, 0) : 0;
}

function refuseUnlessOffered(decoded: unknown): void {
  const { errorCode, enabledMechanisms } = decoded as {
    readonly errorCode: number;
    readonly enabledMechanisms: readonly string[];
  };
  if (errorCode !== UNSUPPORTED_SASL_MECHANISM) return;
  throw new MechanismError(
    enabledMechanisms.slice(0, 10).map((name) => escapeName(String(name).slice(0, 30))),
  );
}

/** What kafkajs lets pass: more rounds of hashing than anybody needs, and an OAUTHBEARER refusal (RFC 7628, 3.2.2). */
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

async function exchange(connection: RequestChannel, protocol: KafkajsProtocol): Promise<unknown> {
  const { request, response } = protocol;
  const { buffer } = await request.encode();
  const { apiKey, apiVersion } = request;
  const { bytes, start, end } = await connection.send({ apiKey, apiVersion, body: [buffer] });
  try {
    return await response.decode(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start));
  } catch (error) {
    const reason = errorMessage(error);
    throw new ProtocolError(`The response to API ${apiKey} could not be read: ${reason}`);
  }
}

function asKafkajsVersions(versions: ApiVersionTable) {
  return Object.fromEntries(
    [...versions].map(([key, { min, max }]) => [key, { minVersion: min, maxVersion: max }]),
  );
}

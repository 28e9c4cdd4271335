/**
 * Peers that mean no good: whatever bytes come back, in the handshake and later, each decoder gives a result or an
 * error of the kinds that are foreseen, quickly and without making room for what is only promised.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { createSecret } from "../../../lib/config/secrets.ts";
import type { RequestChannel } from "../../../lib/wire/request_channel.ts";
import type { ResponseFrame } from "../../../lib/protocol/frame.ts";
import type { ApiVersionTable } from "../../../lib/wire/api_version.ts";
import { ConnectionError } from "../../../lib/wire/connection_error.ts";
import { decodeCreateTopics } from "../../../lib/protocol/create_topics.ts";
import { decodeDescribeLogDirs } from "../../../lib/protocol/describe_log_dirs.ts";
import { decodeDescribeProducers } from "../../../lib/protocol/describe_producers.ts";
import { decodeDescribeGroups } from "../../../lib/protocol/describe_groups.ts";
import { decodeFetch } from "../../../lib/protocol/fetch.ts";
import { fetchApiVersions } from "../../../lib/wire/fetch_api_versions.ts";
import { sendKafkajsRequest } from "../../../lib/wire/kafkajs_protocol.ts";
import { decodeListGroups } from "../../../lib/protocol/list_groups.ts";
import { decodeListOffsets } from "../../../lib/protocol/list_offsets.ts";
import { decodeMetadata } from "../../../lib/protocol/metadata.ts";
import { decodeOffsetFetch } from "../../../lib/protocol/offset_fetch.ts";
import { decodeProduce } from "../../../lib/protocol/produce.ts";
import { ProtocolError } from "../../../lib/protocol/protocol_reader.ts";
import { saslLogin } from "../../../lib/wire/sasl.ts";

const frameOf = (bytes: Uint8Array): ResponseFrame => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset),
  start: 0,
  end: bytes.length,
  release() {},
});

const decoders: Readonly<Record<string, (frame: ResponseFrame) => unknown>> = {
  ...Object.fromEntries(
    [2, 4, 7, 8, 9, 10, 11, 12].map((version) => [
      `Metadata ${version}`,
      (frame: ResponseFrame) => decodeMetadata(version, frame),
    ]),
  ),
  ...Object.fromEntries(
    [0, 2, 3, 4, 5].map((version) => [
      `ListGroups ${version}`,
      (frame: ResponseFrame) => decodeListGroups(version, frame),
    ]),
  ),
  ...Object.fromEntries(
    [2, 5, 6, 7, 8].map((version) => [
      `OffsetFetch ${version}`,
      (frame: ResponseFrame) => decodeOffsetFetch(version, ["a"], frame),
    ]),
  ),
  ...Object.fromEntries(
    [3, 5, 7, 11].map((version) => [
      `Fetch ${version}`,
      (frame: ResponseFrame) => decodeFetch(version, frame),
    ]),
  ),
  ...Object.fromEntries(
    [5, 8].map((version) => [
      `Produce ${version}`,
      (frame: ResponseFrame) => decodeProduce(version, frame),
    ]),
  ),
  DescribeProducers: decodeDescribeProducers,
  DescribeLogDirs: decodeDescribeLogDirs,
  ...Object.fromEntries(
    [2, 5].map((version) => [
      `CreateTopics ${version}`,
      (frame: ResponseFrame) => decodeCreateTopics(version, frame),
    ]),
  ),
  ListOffsets: (frame) => decodeListOffsets(3, frame),
  DescribeGroups: (frame) => decodeDescribeGroups(1, frame),
};

/** Random bytes, runs of one byte, and lengths that promise much. */
const hostileBytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.tuple(fc.nat(255), fc.nat(500)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
  fc.array(
    fc.constantFrom(
      "7fffffff",
      "01ffffff",
      "00ffffff",
      "ffffffff0f",
      "ffffff7f",
      "80000000",
      "7fff",
      "00",
      "01",
      "0000",
    ),
    { maxLength: 40 },
  ).map((parts) => Uint8Array.fromHex(parts.join(""))),
);

Deno.test("decoders give a result or a ProtocolError for any bytes", () => {
  for (const [name, decode] of Object.entries(decoders)) {
    fc.assert(
      fc.property(hostileBytes, (bytes) => {
        try {
          decode(frameOf(bytes));
        } catch (error) {
          assert.ok(error instanceof ProtocolError, `${name}: ${error}`);
        }
      }),
      { numRuns: 1_000 },
    );
  }
});

const versions: ApiVersionTable = new Map(
  [8, 17, 22, 32, 36].map((key) => [key, { min: 0, max: 9 }]),
);

/** SaslHandshake 0 and no SaslAuthenticate: tokens are sent as they are. */
const versionsBefore1: ApiVersionTable = new Map([[17, { min: 0, max: 0 }]]);

/** Answers each request with the next of these. */
function channelOf(answers: readonly Uint8Array[]): RequestChannel {
  const left = [...answers];
  const address = { advertised: "broker:9092", dialled: "broker:9092" };
  const answer = () => {
    const bytes = left.shift();
    return bytes === undefined
      ? Promise.reject(new ConnectionError("closed", address, "the broker closed the connection"))
      : Promise.resolve(frameOf(bytes));
  };
  return { address, send: answer, sendToken: answer };
}

Deno.test("kafkajs's decoders give a result or a ProtocolError for any bytes", async () => {
  const requests = {
    OffsetCommit: { groupId: "g", groupGenerationId: -1, memberId: "", topics: [] },
    InitProducerId: { transactionalId: null },
    DescribeConfigs: { resources: [] },
  } as const;
  await fc.assert(
    fc.asyncProperty(hostileBytes, async (bytes) => {
      const asked = [
        fetchApiVersions(channelOf([bytes])),
        ...Object.entries(requests).map(([api, options]) =>
          sendKafkajsRequest(
            { connection: channelOf([bytes]), versions },
            api as keyof typeof requests,
            options,
          )
        ),
      ];
      for (const result of await Promise.allSettled(asked)) {
        if (result.status === "rejected") {
          const { reason } = result;
          const unsupported = reason instanceof ConnectionError && reason.kind === "unsupported";
          assert.ok(reason instanceof ProtocolError || unsupported, String(reason));
        }
      }
    }),
    { numRuns: 500 },
  );
});

/** SaslHandshake 1 that offers everything. */
const handshake = Uint8Array.fromHex(
  "0000" + "00000004" +
    ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"].map((name) =>
      name.length.toString(16).padStart(4, "0") + new TextEncoder().encode(name).toHex()
    ).join(""),
);

/** SaslAuthenticate 1 with these bytes and a session of so many milliseconds. */
function challenge(text: string, sessionMs = 0n): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const frame = new Uint8Array(2 + 2 + 4 + bytes.length + 8);
  const view = new DataView(frame.buffer);
  view.setInt16(2, -1);
  view.setInt32(4, bytes.length);
  frame.set(bytes, 8);
  view.setBigInt64(8 + bytes.length, sessionMs);
  return frame;
}

const password = createSecret("a-password");
const passwordSasl = (mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512") =>
  ({ mechanism, username: "mover", password }) as const;
const tokens = { token: () => Promise.resolve(createSecret("a-token")), discard() {} };
const tokenSasl = { mechanism: "OAUTHBEARER", tokenFile: "token" } as const;

Deno.test("a login ends in success or a ConnectionError without secrets, whatever the broker answers", async () => {
  const answers = fc.array(
    fc.oneof(
      hostileBytes,
      fc.string().map((text) => challenge(text)),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((ms) => challenge("", ms)),
    ),
    { maxLength: 3 },
  );
  const spoken = fc.constantFrom(versions, versionsBefore1);
  const sasls = fc.constantFrom(
    passwordSasl("PLAIN"),
    passwordSasl("SCRAM-SHA-256"),
    passwordSasl("SCRAM-SHA-512"),
    tokenSasl,
  );
  await fc.assert(
    fc.asyncProperty(
      sasls,
      answers,
      spoken,
      fc.boolean(),
      async (sasl, after, versions, honest) => {
        const channel = channelOf(honest ? [handshake, ...after] : after);
        try {
          const lifetimeMs = await saslLogin(sasl, tokens, versions)(channel);
          assert.ok(lifetimeMs >= 0 && Number.isFinite(lifetimeMs));
        } catch (error) {
          assert.ok(error instanceof ConnectionError, String(error));
          assert.doesNotMatch(error.message, /a-password|a-token|undefined|KafkaJS/);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

Deno.test("a login is broken off where the broker can't be trusted or wants too much", async () => {
  const nonce = (bytes: Uint8Array) => /r=([^,]*)/.exec(new TextDecoder().decode(bytes))?.[1] ?? "";
  /** Answers SCRAM's first message with the client's own nonce. */
  const scram = (iterations: number, last: string): RequestChannel => {
    let step = 0;
    return {
      address: { advertised: "broker:9092", dialled: "broker:9092" },
      send({ body }) {
        step++;
        if (step === 1) return Promise.resolve(frameOf(handshake));
        const sent = body[0] ?? new Uint8Array();
        const answer = step === 2 ? `r=${nonce(sent)}x,s=c2FsdA==,i=${iterations}` : last;
        return Promise.resolve(frameOf(challenge(answer)));
      },
      sendToken: () => Promise.reject(new Error("SaslAuthenticate is spoken")),
    };
  };
  const refusals: readonly [RequestChannel, RegExp][] = [
    [scram(2_000_000_000, ""), /could not show that it knows the password of user 'mover'/],
    [scram(1, ""), /could not show that it knows the password/],
    [scram(4096, "v=bm90aGluZw=="), /could not show that it knows the password/],
    [scram(4096, "e=other-error"), /refused for user 'mover'/],
  ];
  for (const [channel, says] of refusals) {
    const started = performance.now();
    await assert.rejects(saslLogin(passwordSasl("SCRAM-SHA-256"), undefined, versions)(channel), {
      message: says,
    });
    assert.ok(performance.now() - started < 2_000);
  }
  const refused = channelOf([handshake, challenge('{"status":"invalid_token"}')]);
  await assert.rejects(saslLogin(tokenSasl, tokens, versions)(refused), {
    message: /the broker does not accept the token from file token/,
  });
  const offersLess = channelOf([
    Uint8Array.fromHex("0021" + "00000001" + "0007" + "1b5b324a474153"),
  ]);
  await assert.rejects(saslLogin(passwordSasl("PLAIN"), undefined, versions)(offersLess), {
    message: /does not offer SASL PLAIN on this port; it offers \\u001b\[2JGAS$/,
  });
});

Deno.test("brokers without SaslAuthenticate get the tokens as they are, and SCRAM is checked likewise", async () => {
  const sent: Uint8Array[] = [];
  const handshakes: number[] = [];
  const text = (token: Uint8Array) => new TextDecoder().decode(token.subarray(4));
  const channel = (answers: (token: string, step: number) => string): RequestChannel => ({
    address: { advertised: "broker:9092", dialled: "broker:9092" },
    send({ apiKey, apiVersion }) {
      assert.equal(apiKey, 17, "nothing but the handshake has a header");
      handshakes.push(apiVersion);
      return Promise.resolve(frameOf(handshake));
    },
    sendToken(token) {
      sent.push(token.slice());
      const answer = answers(text(token), sent.length);
      return Promise.resolve(frameOf(new TextEncoder().encode(answer)));
    },
  });
  const lifetime = await saslLogin(passwordSasl("PLAIN"), undefined, versionsBefore1)(
    channel(() => ""),
  );
  assert.equal(lifetime, 0);
  assert.deepEqual(handshakes, [0]);
  assert.equal(text(sent[0]!), "\0mover\0a-password");
  assert.equal(new DataView(sent[0]!.buffer).getInt32(0), sent[0]!.length - 4);
  for (const [iterations, last] of [[4096, "v=bm90aGluZw=="], [2_000_000_000, ""]] as const) {
    sent.length = 0;
    const scram = channel((token, step) =>
      step === 1 ? `r=${/r=([^,]*)/.exec(token)?.[1]}x,s=c2FsdA==,i=${iterations}` : last
    );
    await assert.rejects(
      saslLogin(passwordSasl("SCRAM-SHA-256"), undefined, versionsBefore1)(scram),
      { message: /could not show that it knows the password/ },
    );
  }
});

/** tls_hello.ts: the bytes of a ClientHello, and answers whole, in parts and damaged. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeServerAnswer, encodeClientHello } from "../../../lib/wire/tls_hello.ts";

const sized = (bytes: number, content: readonly number[]) => {
  const size = Array.from(
    { length: bytes },
    (_, at) => content.length >> 8 * (bytes - 1 - at) & 255,
  );
  return [...size, ...content];
};
const message = (type: number, body: readonly number[]) => [type, ...sized(3, body)];
const record = (content: readonly number[]) => [22, 3, 3, ...sized(2, content)];

const hello = message(2, [3, 2, ...Array(32).fill(7), ...sized(1, [1, 2]), 0x00, 0x9c, 0]);
const certificate = message(11, sized(3, [...sized(3, [1, 2, 3]), ...sized(3, [4])]));
const request = message(13, [1, 1, 0, 0]);
const done = message(14, []);

Deno.test("a ClientHello offers the suites, and the name where there is one", () => {
  const random = new Uint8Array(32);
  const named = encodeClientHello([0xc02b, 0x009c], "k.example", random);
  assert.deepEqual([...named.subarray(0, 3)], [22, 3, 1]);
  assert.equal(named.length - 5, named[3]! * 256 + named[4]!);
  assert.deepEqual([...named.subarray(43, 50)], [0, 0, 4, 0xc0, 0x2b, 0x00, 0x9c]);
  assert.ok(new TextDecoder().decode(named).includes("k.example"));
  const unnamed = encodeClientHello([0xc02b], undefined, random);
  assert.equal(named.length - unnamed.length, 2 + 4 + 5 + "k.example".length);
});

Deno.test("an answer is read whole, however it is cut into records and parts", () => {
  const whole = [...hello, ...certificate, ...request, ...done];
  const answer = {
    version: 0x0302,
    cipherSuite: 0x009c,
    certificates: [new Uint8Array([1, 2, 3]), new Uint8Array([4])],
    wantsClientCertificate: true,
  };
  for (const at of [3, 10, hello.length, whole.length - 1]) {
    const bytes = new Uint8Array([...record(whole.slice(0, at)), ...record(whole.slice(at))]);
    assert.deepEqual(decodeServerAnswer(bytes), answer);
    for (const part of [0, 4, 20, bytes.length - 1]) {
      assert.equal(decodeServerAnswer(bytes.subarray(0, part)), undefined, `${part} bytes`);
    }
  }
});

Deno.test("an alert, or what is no TLS, is a refusal", () => {
  assert.equal(decodeServerAnswer(new Uint8Array([21, 3, 3, 0, 2, 2, 40])), "refused");
  assert.equal(decodeServerAnswer(new TextEncoder().encode("HTTP/1.1 400")), "refused");
});

Deno.test("whatever bytes come, they are read to an end", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    decodeServerAnswer(bytes);
    decodeServerAnswer(new Uint8Array(record([...bytes])));
    decodeServerAnswer(new Uint8Array(record([...hello, ...message(11, [...bytes]), ...done])));
  }));
});

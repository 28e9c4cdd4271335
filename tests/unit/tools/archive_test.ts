import assert from "node:assert/strict";
import { crc32, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { baseOfCompiled, zipMember } from "../../../tools/compile/archive.ts";

/** A zip archive as packagers write it: extra fields of different lengths before content and directory. */
function zip(members: readonly (readonly [string, Uint8Array])[], deflate: boolean): Uint8Array {
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const [name, content] of members) {
    const nameBytes = new TextEncoder().encode(name);
    const packed = deflate ? new Uint8Array(deflateRawSync(content)) : content;
    const shared = new DataView(new ArrayBuffer(20));
    shared.setUint16(4, deflate ? 8 : 0, true);
    shared.setUint32(8 + 0, crc32(content), true);
    shared.setUint32(12, packed.length, true);
    shared.setUint32(16, content.length, true);
    const head = new DataView(new ArrayBuffer(30));
    head.setUint32(0, 0x04034b50, true);
    head.setUint16(8, deflate ? 8 : 0, true);
    head.setUint32(18, packed.length, true);
    head.setUint16(26, nameBytes.length, true);
    head.setUint16(28, 5, true);
    const entry = new DataView(new ArrayBuffer(46));
    entry.setUint32(0, 0x02014b50, true);
    entry.setUint16(10, deflate ? 8 : 0, true);
    entry.setUint32(20, packed.length, true);
    entry.setUint32(24, content.length, true);
    entry.setUint16(28, nameBytes.length, true);
    entry.setUint16(30, 3, true);
    entry.setUint16(32, 2, true);
    entry.setUint32(42, offset, true);
    local.push(new Uint8Array(head.buffer), nameBytes, new Uint8Array(5), packed);
    central.push(new Uint8Array(entry.buffer), nameBytes, new Uint8Array(5));
    offset += 30 + nameBytes.length + 5 + packed.length;
  }
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(10, members.length, true);
  end.setUint32(16, offset, true);
  return joined([...local, ...central, new Uint8Array(end.buffer)]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

Deno.test("zipMember() returns any member as it was packed, stored or deflated", () => {
  const members = fc.uniqueArray(
    fc.tuple(fc.string({ minLength: 1, maxLength: 12 }), fc.uint8Array({ maxLength: 300 })),
    { minLength: 1, maxLength: 5, selector: ([name]) => name },
  );
  fc.assert(fc.property(members, fc.boolean(), (all, deflate) => {
    const archive = zip(all, deflate);
    for (const [name, content] of all) {
      assert.deepEqual(new Uint8Array(zipMember(archive, name)), content);
    }
  }));
});

Deno.test("zipMember() names the member it cannot find", () => {
  assert.throws(() => zipMember(zip([["a", new Uint8Array(3)]], true), "b"), /Cannot find b in/);
});

Deno.test("zipMember() refuses what is cut off or no archive", () => {
  const archive = zip([["a", new Uint8Array(30)]], false);
  for (const bytes of [archive.subarray(0, archive.length - 1), new Uint8Array(0)]) {
    assert.throws(() => zipMember(bytes, "a"), /not a complete zip file/);
  }
});

Deno.test("baseOfCompiled() cuts off the payload, whose length includes its own last 8 bytes", () => {
  fc.assert(fc.property(
    fc.uint8Array({ minLength: 1, maxLength: 50 }),
    fc.uint8Array({ maxLength: 50 }),
    (base, payload) => {
      const length = new DataView(new ArrayBuffer(8));
      length.setBigUint64(0, BigInt(payload.length + 8), true);
      const program = joined([base, payload, new Uint8Array(length.buffer)]);
      assert.deepEqual(baseOfCompiled(program), base);
    },
  ));
});

Deno.test("baseOfCompiled() refuses a program without a payload", () => {
  const zeros = new Uint8Array(64);
  const beyond = new Uint8Array(64).fill(0xff);
  for (const program of [new Uint8Array(0), new Uint8Array(7), zeros, beyond]) {
    assert.throws(() => baseOfCompiled(program), /not made by deno compile/);
  }
});

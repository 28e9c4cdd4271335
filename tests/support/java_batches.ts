// Batches written by Kafka's own Java code (kafka-clients 3.9.1, MemoryRecordsBuilder), as bytes: what the readers
// are judged by. All hold the same four records at 1000, 1001, 1002, 1003; where `gap` is true, 1002 is missing.

import { type TestRecord, utf8 } from "./record_batch_builder.ts";

/** One batch of magic 2, or the messages of one produced batch of magic 0 or 1. */
export interface JavaBatch {
  readonly name: string;
  readonly magic: 0 | 1 | 2;
  /** Record 1002 is missing, as after compaction. */
  readonly gap: boolean;
  readonly base64: string;
}

/** When the LogAppendTime batches say they were appended. */
export const JAVA_APPEND_TIME = 1_600_000_009_999n;

/** The bytes of a batch. */
export function javaBytes(batch: JavaBatch): Uint8Array {
  return Uint8Array.from(atob(batch.base64), (char) => char.charCodeAt(0));
}

/** A batch by its name. */
export function javaBatch(name: string): JavaBatch {
  const batch = JAVA_BATCHES.find((candidate) => candidate.name === name);
  if (batch === undefined) throw new Error(`No batch ${name}`);
  return batch;
}

/** The records a consumer sees in it. */
export function javaRecords({ name, magic, gap }: JavaBatch): TestRecord[] {
  const filler = "abcdefgh".repeat(8);
  const timestamp = (later: bigint) =>
    name.includes("append-time")
      ? JAVA_APPEND_TIME
      : magic === 0
      ? -1n
      : 1_600_000_000_000n + later;
  const headers = magic < 2
    ? []
    : [{ key: utf8("h"), value: utf8("1") }, { key: utf8("h"), value: null }];
  const records: TestRecord[] = [
    {
      offset: 1000n,
      timestamp: timestamp(5n),
      key: utf8("a"),
      value: utf8(`first ${filler}`),
      headers: [],
    },
    {
      offset: 1001n,
      timestamp: timestamp(0n),
      key: null,
      value: utf8(`second ${filler}`),
      headers,
    },
    { offset: 1002n, timestamp: timestamp(7n), key: utf8("c"), value: null, headers: [] },
    { offset: 1003n, timestamp: timestamp(3n), key: utf8(""), value: utf8(""), headers: [] },
  ];
  return gap ? records.filter(({ offset }) => offset !== 1002n) : records;
}

/** Named magic, codec, and what is special. */
export const JAVA_BATCHES: readonly JavaBatch[] = [
  {
    name: "v2-none",
    magic: 2,
    gap: false,
    base64:
      "AAAAAAAAA+gAAADnAAAACQJNRwcTAAAAAAADAAABdIdugAUAAAF0h26ABwAAAAAAAABNAAMAAAAoAAAABJwBAAAA" +
      "AmGMAWZpcnN0IGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdo" +
      "YWJjZGVmZ2gAqgEACQIBjgFzZWNvbmQgYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGFi" +
      "Y2RlZmdoYWJjZGVmZ2hhYmNkZWZnaAQCaAIxAmgBDgAEBAJjAQAMAAMGAAAA",
  },
  {
    name: "v2-gzip",
    magic: 2,
    gap: false,
    base64:
      "AAAAAAAAA+gAAACGAAAACQKfkGk/AAEAAAADAAABdIdugAUAAAF0h26ABwAAAAAAAABNAAMAAAAoAAAABB+LCAAA" +
      "AAAAAP+bw8jAwMCU2MOYlllUXKKQmJSckpqWnkEuzbCKkYGTibGPsTg1OT8vhWLzWJgymAyZMhj5GFhYmJIZGXgY" +
      "mNmADgYAELS6kbYAAAA=",
  },
  {
    name: "v2-snappy",
    magic: 2,
    gap: false,
    base64:
      "AAAAAAAAA+gAAACPAAAACQIqNySQAAIAAAADAAABdIdugAUAAAF0h26ABwAAAAAAAABNAAMAAAAoAAAABIJTTkFQ" +
      "UFkAAAAAAQAAAAEAAABKtgFYnAEAAAACYYwBZmlyc3QgYWJjZGVmZ2jeCAA4AKoBAAkCAY4Bc2Vjb25k7lAABVBY" +
      "BAJoAjECaAEOAAQEAmMBAAwAAwYAAAA=",
  },
  {
    name: "v2-lz4",
    magic: 2,
    gap: false,
    base64:
      "AAAAAAAAA+gAAACJAAAACQIUBoreAAMAAAADAAABdIdugAUAAAF0h26ABwAAAAAAAABNAAMAAAAoAAAABAQiTRhg" +
      "QIJJAAAA/wicAQAAAAJhjAFmaXJzdCBhYmNkZWZnaAgAJf8AAKoBAAkCAY4Bc2Vjb25kUAAu8AgEAmgCMQJoAQ4A" +
      "BAQCYwEADAADBgAAAAAAAAA=",
  },
  {
    name: "v2-zstd",
    magic: 2,
    gap: false,
    base64:
      "AAAAAAAAA+gAAACFAAAACQLJknlSAAQAAAADAAABdIdugAUAAAF0h26ABwAAAAAAAABNAAMAAAAoAAAABCi1L/0A" +
      "WEQCANQDnAEAAAACYYwBZmlyc3QgYWJjZGVmZ2gAqgEACQIBjgFzZWNvbmQEAmgCMQJoAQ4ABAQCYwEADAADBgAA" +
      "AAIAnoJUd2cRAwEAAA==",
  },
  {
    name: "v2-append-time",
    magic: 2,
    gap: false,
    base64:
      "AAAAAAAAA+gAAADnAAAACQIwPxUCAAgAAAADAAABdIdugAUAAAF0h26nDwAAAAAAAABNAAMAAAAoAAAABJwBAAAA" +
      "AmGMAWZpcnN0IGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdo" +
      "YWJjZGVmZ2gAqgEACQIBjgFzZWNvbmQgYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGFi" +
      "Y2RlZmdoYWJjZGVmZ2hhYmNkZWZnaAQCaAIxAmgBDgAEBAJjAQAMAAMGAAAA",
  },
  {
    name: "v2-horizon",
    magic: 2,
    gap: true,
    base64:
      "AAAAAAAAA+gAAADuAAAACQKwMeLlAEAAAAADAAABgCup9AAAAAF0h26ABQAAAAAAAABNAAMAAAAoAAAAA6YBAPXP" +
      "28P0AgACYYwBZmlyc3QgYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoYWJj" +
      "ZGVmZ2hhYmNkZWZnaAC0AQD/z9vD9AICAY4Bc2Vjb25kIGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdo" +
      "YWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2gEAmgCMQJoARYA+c/bw/QCBgAAAA==",
  },
  {
    name: "v0-none",
    magic: 0,
    gap: false,
    base64:
      "AAAAAAAAA+gAAABVLom+4gAAAAAAAWEAAABGZmlyc3QgYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hh" +
      "YmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaAAAAAAAAAPpAAAAVcjm4WoAAP////8AAABHc2Vjb25kIGFi" +
      "Y2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2gAAAAA" +
      "AAAD6gAAAA+g8k83AAAAAAABY/////8AAAAAAAAD6wAAAA7jimh2AAAAAAAAAAAAAA==",
  },
  {
    name: "v0-gzip",
    magic: 0,
    gap: true,
    base64:
      "AAAAAAAAA+sAAABq3jMkVAAB/////wAAAFwfiwgAAAAAAAD/Y2AAAeYXQCJUr3PfIzCXMRFIuKVlFhWXKCQmJaek" +
      "pqVnkEszQCx4CbLgxLOHWQwM/4EAyHMvTk3Oz0uhlgWvgQTf466MMgY4AABiOnje3AAAAA==",
  },
  {
    name: "v0-snappy",
    magic: 0,
    gap: true,
    base64:
      "AAAAAAAAA+sAAACG68pcLQAC/////wAAAHiCU05BUFBZAAAAAAEAAAABAAAAZNwBAAAFASQD6AAAAFUuib7iBQ9M" +
      "AWEAAABGZmlyc3QgYWJjZGVmZ2jeCAAFUQgAA+kBYVDI5uFqAAD/////AAAAR3NlY29uZCDeWQAROA1hSOsAAAAO" +
      "44podgAAAAAAAAAAAAA=",
  },
  {
    name: "v0-lz4",
    magic: 0,
    gap: true,
    base64:
      "AAAAAAAAA+sAAAB+Nv2VXQAD/////wAAAHAEIk0YYEAaYQAAABEAAQChA+gAAABVLom+4g8A/wUBYQAAAEZmaXJz" +
      "dCBhYmNkZWZnaAgAJQFRADAAA+lhAP8FyObhagAA/////wAAAEdzZWNvbmRhADXwBOsAAAAO44podgAAAAAAAAAA" +
      "AAAAAAAA",
  },
  {
    name: "v1-none",
    magic: 1,
    gap: false,
    base64:
      "AAAAAAAAA+gAAABdls2ZyAEAAAABdIdugAUAAAABYQAAAEZmaXJzdCBhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hh" +
      "YmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoAAAAAAAAA+kAAABdHBs+AQEAAAABdIdugAD/" +
      "////AAAAR3NlY29uZCBhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hhYmNk" +
      "ZWZnaGFiY2RlZmdoAAAAAAAAA+oAAAAXBeDi5QEAAAABdIdugAcAAAABY/////8AAAAAAAAD6wAAABamfoBdAQAA" +
      "AAF0h26AAwAAAAAAAAAA",
  },
  {
    name: "v1-gzip",
    magic: 1,
    gap: true,
    base64:
      "AAAAAAAAA+sAAAB43ju74AEBAAABdIdugAX/////AAAAYh+LCAAAAAAAAP9jYICD2GlnZ55gBDIYS9rzGlhBjEQg" +
      "4ZaWWVRcopCYlJySmpaeQS4NtQRkfqyMtB0j3CKG/0AA5LgXpybn56VQyyJmIBZbVtcQC7eIGeZRAFW3Y6T0AAAA",
  },
  {
    name: "v1-snappy",
    magic: 1,
    gap: true,
    base64:
      "AAAAAAAAA+sAAACS5WugoAECAAABdIdugAX/////AAAAfIJTTkFQUFkAAAAAAQAAAAEAAABo9AEAABkBOF2WzZnI" +
      "AQAAAAF0h26ABQEJSGEAAABGZmlyc3QgYWJjZGVmZ2jeCAANaAFgEF0cGz4BAQkFaTgA/////wAAAEdzZWNvbmT+" +
      "aQARaSADAAAAFqZ+gF0VaSADAAAAAAAAAAA=",
  },
  {
    name: "v1-lz4",
    magic: 1,
    gap: true,
    base64:
      "AAAAAAAAA+sAAACP0QlHDAEDAAABdIdugAX/////AAAAeQQiTRhgQIJqAAAAFgABAPAAXZbNmcgBAAAAAXSHboAF" +
      "CQD/BGEAAABGZmlyc3QgYWJjZGVmZ2gIACUDaAAAYABQXRwbPgEJAAFpAP8AAP////8AAABHc2Vjb25kaQA1lQMA" +
      "AAAWpn6AXWkAkAMAAAAAAAAAAAAAAAA=",
  },
  {
    name: "v1-append-time",
    magic: 1,
    gap: false,
    base64:
      "AAAAAAAAA+sAAACdTqXIHgELAAABdIdupw//////AAAAhwQiTRhgQIJ4AAAAFgABAP8XXZNhPbMBCAAAAXSHbqcP" +
      "AAAAAWEAAABGZmlyc3QgYWJjZGVmZ2gIACUDaACWAQAAAF11DmI7aQDv/////wAAAEdzZWNvbmRpADWWAgAAABeu" +
      "wZZJaQAA0gATY24AAAIAmQMAAAAWC9skfiMAUAAAAAAAAAAAAA==",
  },
  {
    name: "v1-append-time-none",
    magic: 1,
    gap: false,
    base64:
      "AAAAAAAAA+gAAABdk2E9swEIAAABdIdupw8AAAABYQAAAEZmaXJzdCBhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hh" +
      "YmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoAAAAAAAAA+kAAABddQ5iOwEIAAABdIdupw//" +
      "////AAAAR3NlY29uZCBhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hhYmNkZWZnaGFiY2RlZmdoYWJjZGVmZ2hhYmNk" +
      "ZWZnaGFiY2RlZmdoAAAAAAAAA+oAAAAXrsGWSQEIAAABdIdupw8AAAABY/////8AAAAAAAAD6wAAABYL2yR+AQgA" +
      "AAF0h26nDwAAAAAAAAAA",
  },
];

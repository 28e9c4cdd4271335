// What requests go over: the byte stream underneath, and the channel that answers them in order.

import type { BrokerAddress } from "./connection_error.ts";
import type { RequestFrame, ResponseFrame } from "../protocol/frame.ts";

/** The byte stream underneath: `Deno.Conn`, or anything shaped like it. */
export interface ByteStream {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** What requests are sent over: a connection, or its way around the requests that wait for a login. */
export interface RequestChannel {
  readonly address: BrokerAddress;
  /** Sends a request and waits for its response. @throws {ConnectionError} when the connection ends first */
  send(frame: RequestFrame): Promise<ResponseFrame>;
  /**
   * Sends a raw SASL token, which brokers before 1.0 expect after SaslHandshake 0: its size before it and no request
   * header; the answer has the same form (KIP-43, KIP-152).
   *
   * @throws {ConnectionError} when the connection ends first
   */
  sendToken(sizeAndToken: Uint8Array): Promise<ResponseFrame>;
}

// What requests go over: the byte stream underneath, and the channel that answers them in order.

import type { BrokerAddress } from "./connection_error.ts";
import type { RequestFrame, ResponseFrame } from "../protocol/frame.ts";

/** The byte stream underneath: `Deno.Conn`, or anything shaped like it. */
export interface ByteStream {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** What requests are sent over: a connection, or its way past the requests held back. */
export interface RequestChannel {
  readonly address: BrokerAddress;
  /** Sends a request and waits for its response. @throws {ConnectionError} when the connection ends before */
  send(frame: RequestFrame): Promise<ResponseFrame>;
  /**
   * Sends a SASL token as brokers before 1.0 take it after SaslHandshake 0: its size before it and no request header,
   * and the answer likewise (KIP-43, KIP-152).
   *
   * @throws {ConnectionError} when the connection ends before
   */
  sendToken(sizeAndToken: Uint8Array): Promise<ResponseFrame>;
}

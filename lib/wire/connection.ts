// One connection to one broker: Kafka's framing (int32 size, request header, correlation id) over a byte stream, with
// requests pipelined and answered in order. It reads large responses straight into pooled buffers; request_writer.ts
// writes the requests, and login_renewal.ts keeps the connection logged in. It does not know what the requests mean,
// never retries, and ends on the first error, which rejects all pending requests.

import { errorMessage } from "../model/error_message.ts";
import { type BrokerAddress, ConnectionError } from "./connection_error.ts";
import { type BufferPool, neverReuse, type PooledBuffer } from "../protocol/buffer_pool.ts";
import { createLoginRenewal, type Login, type LoginRenewal } from "./login_renewal.ts";
import { createRequestWriter, type RequestWriter } from "./request_writer.ts";
import type { RequestFrame, ResponseFrame } from "../protocol/frame.ts";
import type { ByteStream, RequestChannel } from "./request_channel.ts";

/** Options of a connection. */
export interface ConnectionOptions {
  readonly address: BrokerAddress;
  readonly clientId: string;
  /**
   * How long a request may stay unanswered, without a byte moving, before the connection counts as dead; milliseconds.
   */
  readonly requestTimeoutMs: number;
  /** Closes the connection when it fires. */
  readonly signal?: AbortSignal;
}

/** How long to bear the silence of a broker that delays its answers under a quota. */
export interface LongSilence {
  /** Asks over another connection whether the broker is alive; called when nothing came for `requestTimeoutMs`. */
  readonly isAlive: () => Promise<boolean>;
  /** Milliseconds of silence after which the connection counts as dead even so. */
  readonly longestMs: number;
}

interface Pending {
  /** Undefined for a raw SASL token, whose answer has no header. */
  readonly correlationId: number | undefined;
  readonly flexible: boolean;
  readonly pool: BufferPool | undefined;
  readonly since: number;
  readonly resolve: (response: ResponseFrame) => void;
  readonly reject: (error: Error) => void;
}

const SIZE_BYTES = 4;
const CORRELATION_ID_BYTES = 4;
const SCRATCH_BYTES = 64 * 1024;
/** No honest Fetch response is larger: a single batch could be, but brokers limit batches to far less. */
const MAX_POOLED_RESPONSE_BYTES = 512 * 1024 * 1024;
/** No other honest response is larger: it would list about five million partitions. */
const MAX_RESPONSE_BYTES = 128 * 1024 * 1024;
const WATCHDOG_MS = 500;

const utf8 = new TextEncoder();

/** A connection over an open byte stream. */
export class Connection implements RequestChannel {
  readonly address: BrokerAddress;
  readonly #stream: ByteStream;
  readonly #writer: RequestWriter;
  readonly #logins: LoginRenewal;
  readonly #clientId: Uint8Array;
  readonly #requestTimeoutMs: number;
  readonly #pending: Pending[] = [];
  readonly #watchdog: number;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.close();
  #correlationId = 0;
  #lastActivity = 0;
  #longSilence: LongSilence | undefined;
  /** Until then the broker counts as alive and is not asked again. */
  #believedUntil = 0;
  #fastestAnswerMs = Infinity;
  #error: Error | undefined;

  constructor(stream: ByteStream, options: ConnectionOptions) {
    this.#stream = stream;
    const ended = () => this.#error !== undefined;
    const onError = (error: unknown) => this.#end(this.#asConnectionError(error));
    const past: RequestChannel = {
      address: options.address,
      send: (frame) => this.#sendNow(frame),
      sendToken: (token) => this.sendToken(token),
    };
    this.#logins = createLoginRenewal(past, { ended, onError });
    this.#writer = createRequestWriter(stream, {
      ended,
      onWritten: () => {
        this.#lastActivity = performance.now();
      },
      onError,
    });
    this.address = options.address;
    this.#clientId = utf8.encode(options.clientId);
    this.#requestTimeoutMs = options.requestTimeoutMs;
    this.#watchdog = setInterval(() => this.#checkSilence(), WATCHDOG_MS);
    this.#signal = options.signal;
    if (this.#signal?.aborted) this.close();
    else this.#signal?.addEventListener("abort", this.#onAbort);
    this.#read().catch(onError);
  }

  /** Whether the connection has ended; a new one has to be opened then. */
  get closed(): boolean {
    return this.#error !== undefined;
  }

  /** Milliseconds that the fastest answer took; 0 before the first answer. */
  get fastestAnswerMs(): number {
    return this.#fastestAnswerMs === Infinity ? 0 : this.#fastestAnswerMs;
  }

  /** Number of requests not answered yet. */
  get inFlight(): number {
    return this.#pending.length + this.#logins.heldBack;
  }

  /**
   * Logs in, and again on the same connection whenever the time of the last login runs out (KIP-368).
   *
   * @throws what the first `login` throws; an error of a later login ends the connection
   */
  logIn(login: Login): Promise<void> {
    return this.#logins.logIn(login);
  }

  send(frame: RequestFrame): Promise<ResponseFrame> {
    return this.#logins.send(frame);
  }

  sendToken(sizeAndToken: Uint8Array): Promise<ResponseFrame> {
    return this.#write([sizeAndToken], undefined);
  }

  #sendNow(frame: RequestFrame): Promise<ResponseFrame> {
    const correlationId = this.#correlationId = (this.#correlationId + 1) & 0x7fffffff;
    return this.#write([this.#header(frame, correlationId), ...frame.body], correlationId, frame);
  }

  #write(
    parts: readonly Uint8Array[],
    correlationId: number | undefined,
    { flexible = false, pool }: Pick<RequestFrame, "flexible" | "pool"> = {},
  ): Promise<ResponseFrame> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      const since = performance.now();
      this.#pending.push({ correlationId, flexible, pool, since, resolve, reject });
      this.#writer.write(parts);
    });
  }

  /** From now on, an answer may take longer than `requestTimeoutMs`, because a quota may delay it. */
  allowLongSilence(longSilence: LongSilence): void {
    this.#longSilence = longSilence;
  }

  /** Closes the connection; pending requests fail. */
  close(): void {
    this.#end(new ConnectionError("closed", this.address, "connection closed"));
  }

  #header(frame: RequestFrame, correlationId: number): Uint8Array {
    // Request header v1 (api key, version, correlation id, client id), v2 adds empty tagged fields.
    const headerSize = 10 + this.#clientId.length + (frame.flexible ? 1 : 0);
    const bytes = new Uint8Array(4 + headerSize);
    const view = new DataView(bytes.buffer);
    view.setInt32(0, headerSize + frame.body.reduce((sum, part) => sum + part.length, 0));
    view.setInt16(4, frame.apiKey);
    view.setInt16(6, frame.apiVersion);
    view.setInt32(8, correlationId);
    view.setInt16(12, this.#clientId.length);
    bytes.set(this.#clientId, 14);
    return bytes;
  }

  async #read(): Promise<void> {
    const scratch = new Uint8Array(SCRATCH_BYTES);
    const scratchView = new DataView(scratch.buffer);
    let at = 0;
    let have = 0;
    while (this.#error === undefined) {
      while (have - at < this.#answerHeaderSize()) {
        if (at > 0) {
          scratch.copyWithin(0, at, have);
          have -= at;
          at = 0;
        }
        have += await this.#readSome(scratch.subarray(have));
      }
      const pending = this.#pending[0];
      const headerSize = this.#answerHeaderSize();
      const size = scratchView.getInt32(at) - (headerSize - SIZE_BYTES);
      const correlationId = headerSize > SIZE_BYTES
        ? scratchView.getInt32(at + SIZE_BYTES)
        : undefined;
      at += headerSize;
      const most = pending?.pool === undefined ? MAX_RESPONSE_BYTES : MAX_POOLED_RESPONSE_BYTES;
      if (
        size < 0 || size > most || pending === undefined || pending.correlationId !== correlationId
      ) {
        throw new ConnectionError("protocol", this.address, NOT_KAFKA);
      }
      const buffer = pending.pool?.acquire(size);
      const bytes = buffer?.bytes ?? new Uint8Array(size);
      let filled = Math.min(have - at, size);
      bytes.set(scratch.subarray(at, at + filled));
      at += filled;
      try {
        while (filled < size) filled += await this.#readSome(bytes.subarray(filled, size));
      } catch (error) {
        buffer?.release();
        throw error;
      }
      this.#pending.shift();
      const tookMs = performance.now() - pending.since;
      this.#fastestAnswerMs = Math.min(this.#fastestAnswerMs, tookMs);
      this.#answer(pending, bytes, size, buffer);
    }
  }

  /** The number of bytes before the body of the next answer: its size, and its correlation id if it has one. */
  #answerHeaderSize(): number {
    const [next] = this.#pending;
    const hasHeader = next === undefined || next.correlationId !== undefined;
    return hasHeader ? SIZE_BYTES + CORRELATION_ID_BYTES : SIZE_BYTES;
  }

  #answer(pending: Pending, bytes: Uint8Array, size: number, buffer: PooledBuffer | undefined) {
    // Response header v1 carries tagged fields; brokers send none, so their count is one zero byte.
    const start = pending.flexible ? 1 : 0;
    const view = buffer?.view ?? new DataView(bytes.buffer);
    const release = () => buffer?.release();
    pending.resolve({ bytes, view, start, end: size, release, ...(buffer && { buffer }) });
  }

  async #readSome(into: Uint8Array): Promise<number> {
    const count = await this.#stream.read(into);
    if (count === null || count === 0) {
      throw new ConnectionError("closed", this.address, "the broker closed the connection");
    }
    this.#lastActivity = performance.now();
    return count;
  }

  #checkSilence(): void {
    // A slow link moves bytes all the time; only silence counts.
    const [oldest] = this.#pending;
    if (oldest === undefined) return;
    const silentMs = performance.now() - Math.max(this.#lastActivity, oldest.since);
    if (silentMs < this.#requestTimeoutMs) return;
    if (this.#longSilence === undefined) return this.#endSilent(this.#requestTimeoutMs);
    const { isAlive, longestMs } = this.#longSilence;
    if (silentMs >= longestMs) return this.#endSilent(longestMs);
    if (performance.now() < this.#believedUntil) return;
    this.#believedUntil = Infinity;
    isAlive().catch(() => false).then((alive) => {
      this.#believedUntil = alive ? performance.now() + this.#requestTimeoutMs : 0;
      // The answer may have arrived while the broker was asked.
      if (!alive && this.#pending[0] === oldest) this.#endSilent(silentMs);
    });
  }

  #endSilent(silentMs: number): void {
    const seconds = Math.round(silentMs / 1000);
    this.#end(new ConnectionError("silent", this.address, `no answer within ${seconds} s`));
  }

  #end(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    clearInterval(this.#watchdog);
    this.#signal?.removeEventListener("abort", this.#onAbort);
    try {
      this.#stream.close();
    } catch {
      // Already closed by the other side: nothing left to free.
    }
    const { underWay } = this.#writer;
    if (underWay !== undefined) neverReuse(underWay);
    for (const pending of this.#pending.splice(0)) pending.reject(error);
  }

  #asConnectionError(error: unknown): Error {
    if (error instanceof ConnectionError) return error;
    const reason = errorMessage(error);
    return new ConnectionError("closed", this.address, `connection lost: ${reason}`);
  }
}

/** The error when an answer is no Kafka response at all. */
export const NOT_KAFKA =
  "the answer is not Kafka's protocol; check the port and whether it expects TLS";

// Dialling: opens a TCP connection to one address, with TLS on top if the config asks for it. TLS checks the name of the
// advertised host (or `serverName`), even if another address is dialled. Failures become sentences that name the address.

import type { TlsConfig } from "../config/migration_config.ts";
import { errorMessage } from "../model/error_message.ts";
import type { ByteStream } from "./request_channel.ts";
import { ConnectionError } from "./connection_error.ts";
import { openMutualTls } from "./mutual_tls.ts";
import { lookAtTls } from "./tls_look.ts";
import { tlsTroubleOf } from "./tls_reason.ts";
import type { DialTarget } from "./dial_target.ts";

/** Opens a byte stream. @throws {ConnectionError} `unreachable`, `silent` or `tls` */
export async function openStream(
  tls: TlsConfig | undefined,
  target: DialTarget,
  options: {
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
    /** Called when the address has accepted the connection, before TLS. */
    readonly connected?: () => void;
  },
): Promise<ByteStream> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout;
  const { host, port } = target.dialled;
  let open: { close(): void } | undefined;
  const closeOnce = () => {
    open?.close();
    open = undefined;
  };
  signal.addEventListener("abort", closeOnce);
  try {
    if (tls?.cert !== undefined && tls.key !== undefined) {
      const { cert, key } = tls;
      return await openMutualTls({ ...tls, cert, key }, target, signal, options.connected);
    }
    const tcp = await Deno.connect({ hostname: target.ip ?? host, port, signal });
    open = tcp;
    options.connected?.();
    tcp.setNoDelay();
    tcp.setKeepAlive();
    if (tls === undefined) return tcp;
    const secured = await Deno.startTls(tcp, {
      hostname: tls.serverName ?? target.advertised.host,
      ...(tls.ca !== undefined && { caCerts: [tls.ca] }),
      ...(!tls.verifyHostname && { unsafelyDisableHostnameVerification: true }),
    });
    open = secured;
    await secured.handshake();
    return secured;
  } catch (error) {
    const dialled = open !== undefined;
    closeOnce();
    throw await asConnectionError(error, target, {
      timedOut: timeout.aborted,
      tls,
      dialled,
      seconds: options.timeoutMs / 1000,
    });
  } finally {
    signal.removeEventListener("abort", closeOnce);
  }
}

async function asConnectionError(
  error: unknown,
  target: DialTarget,
  context: {
    readonly timedOut: boolean;
    readonly tls: TlsConfig | undefined;
    readonly dialled: boolean;
    readonly seconds: number;
  },
): Promise<ConnectionError> {
  const { address } = target;
  const { tls } = context;
  if (context.timedOut) {
    return new ConnectionError("silent", address, `no answer within ${context.seconds} s`);
  }
  const text = errorMessage(error);
  if (error instanceof Deno.errors.ConnectionRefused) {
    return new ConnectionError("unreachable", address, "connection refused");
  }
  const trouble = tls && tlsTroubleOf(text, { clientCertificate: tls.cert !== undefined });
  if (tls !== undefined && trouble !== undefined) {
    return new ConnectionError("tls", address, await lookAtTls(trouble, tls, target));
  }
  if (tls !== undefined && context.dialled) {
    return new ConnectionError("tls", address, `TLS handshake failed (${firstLine(text)})`);
  }
  if (/lookup address|resolve|not known|ENOTFOUND/i.test(text)) {
    return new ConnectionError("unreachable", address, "the host name could not be resolved");
  }
  return new ConnectionError("unreachable", address, `could not connect: ${firstLine(text)}`);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}

// TLS with a client certificate. Deno.startTls takes none, and Deno.connectTls checks the certificate against the
// dialled host, so node:tls is used, which is told both; it costs throughput, which only these connections pay.

import { connect } from "node:tls";
import { Buffer } from "node:buffer";
import type { TlsConfig } from "../config/migration_config.ts";
import { reveal } from "../config/secrets.ts";
import type { ByteStream } from "./connection.ts";
import type { DialTarget } from "./stream.ts";

/** A TLS config with a client certificate. */
export type ClientCertificateTls = TlsConfig & Required<Pick<TlsConfig, "cert" | "key">>;

/** Opens a TLS stream that presents the certificate. Rejects with node's error; the caller words it. */
export async function openMutualTls(
  { cert, key, ca, serverName }: ClientCertificateTls,
  target: DialTarget,
  signal: AbortSignal,
): Promise<ByteStream> {
  const { host, port } = target.dialled;
  const name = serverName ?? target.advertised.host;
  if (name === host) {
    const caCerts = ca === undefined ? {} : { caCerts: [ca] };
    return await connectDirectly(
      { hostname: host, port, cert, key: reveal(key), ...caCerts },
      signal,
    );
  }
  const socket = connect({
    host,
    port,
    servername: name,
    cert,
    key: reveal(key),
    ...(ca !== undefined && { ca }),
  });
  const abort = () => socket.destroy(new Error("aborted"));
  signal.addEventListener("abort", abort);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
    });
  } finally {
    signal.removeEventListener("abort", abort);
  }
  socket.setNoDelay(true);
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  return {
    async read(into) {
      if (rest.length === 0) {
        const { value, done } = await chunks.next();
        if (done) return null;
        rest = value;
      }
      const count = rest.copy(into);
      rest = rest.subarray(count);
      return count;
    },
    write(bytes) {
      return new Promise((resolve, reject) =>
        socket.write(bytes, (error) => error ? reject(error) : resolve(bytes.length))
      );
    },
    close: () => socket.destroy(),
  };
}

/** Deno.connectTls takes no signal: an attempt whose time is up is left behind, and closed as soon as it can be. */
function connectDirectly(
  options: Deno.ConnectTlsOptions & Deno.TlsCertifiedKeyPem,
  signal: AbortSignal,
): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    let open: Deno.TlsConn | undefined;
    const close = () => {
      open?.close();
      open = undefined;
    };
    const abort = () => {
      close();
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort);
    Deno.connectTls(options).then(async (connected) => {
      open = connected;
      signal.throwIfAborted();
      await connected.handshake();
      resolve(connected);
    }).catch((error) => {
      close();
      reject(error);
    }).finally(() => signal.removeEventListener("abort", abort));
  });
}

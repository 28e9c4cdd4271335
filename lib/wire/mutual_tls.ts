// TLS with a client certificate. Deno.startTls accepts no client certificate, and Deno.connectTls checks the broker's
// certificate against the dialled host. node:tls takes both a client certificate and a name to check, so it is used where
// that name is not the dialled one. It costs throughput, which only these connections pay.

import { connect, type TLSSocket } from "node:tls";
import { Buffer } from "node:buffer";
import type { TlsConfig } from "../config/migration_config.ts";
import { reveal } from "../config/secrets.ts";
import type { ByteStream } from "./request_channel.ts";
import type { DialTarget } from "./dial_target.ts";

/** A TLS config with a client certificate. */
export type ClientCertificateTls = TlsConfig & Required<Pick<TlsConfig, "cert" | "key">>;

/**
 * Opens a TLS stream that presents the certificate. Rejects with node's error, which the caller puts into words.
 *
 * @param connected called when the address has accepted the connection, as far as that can be seen
 */
export async function openMutualTls(
  { cert, key, ca, serverName, verifyHostname }: ClientCertificateTls,
  target: DialTarget,
  signal: AbortSignal,
  connected?: () => void,
): Promise<ByteStream> {
  const { ip, dialled: { host, port } } = target;
  const name = serverName ?? target.advertised.host;
  // Deno.connectTls chooses one of a name's addresses itself, so it is used only if none is given.
  if (name === host && ip === undefined) {
    const caCerts = ca === undefined ? {} : { caCerts: [ca] };
    const anyName = verifyHostname ? {} : { unsafelyDisableHostnameVerification: true };
    return await connectDirectly(
      { hostname: host, port, cert, key: reveal(key), ...caCerts, ...anyName },
      signal,
    );
  }
  const socket = connect({
    host: ip ?? host,
    port,
    servername: name,
    cert,
    key: reveal(key),
    ...(ca !== undefined && { ca }),
    ...(!verifyHostname && { checkServerIdentity: () => undefined }),
  });
  if (connected !== undefined) socket.once("connect", connected);
  const abort = () => socket.destroy(new Error("aborted"));
  signal.addEventListener("abort", abort);
  try {
    await handshake(socket);
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

const HANDSHAKE_POLL_MS = 3;

/**
 * Waits for the handshake. Deno's node:tls emits `secureConnect` before the handshake has begun, and loses an error of the
 * handshake in the first write. So an empty write starts the handshake; an error appears on the reading side, and the
 * peer's certificate appears when the handshake is complete.
 */
async function handshake(socket: TLSSocket): Promise<void> {
  let timer: number | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("unexpected end of file")));
      socket.once("secureConnect", () => {
        socket.write(new Uint8Array(0));
        timer = setInterval(() => {
          const certificate: object | null = socket.getPeerCertificate();
          if (certificate !== null && Object.keys(certificate).length > 0) resolve();
        }, HANDSHAKE_POLL_MS);
      });
    });
  } finally {
    clearInterval(timer);
  }
}

/** Deno.connectTls takes no signal: an attempt whose time is up is abandoned, and closed as soon as it completes. */
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

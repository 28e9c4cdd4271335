/**
 * A broker's validator of OAUTHBEARER tokens (tests/kafka/TokenValidator.java), compiled for a test, and tokens of the form
 * that it takes: AWS MSK IAM's, a presigned URL in base64. Refuses to know any service: the keys are made up.
 */

import { fileURLToPath } from "node:url";
import { kafkaClassPath } from "./kafka_jars.ts";
import type { KafkaVersion } from "./kafka_releases.ts";
import { ensureJavaCompiler } from "./prerequisites.ts";
import { runCommand } from "./run_command.ts";

/** Compiles the validator into a folder of classes. */
export async function compileTokenValidator(
  version: KafkaVersion,
  directory: string,
): Promise<void> {
  await ensureJavaCompiler();
  const source = fileURLToPath(new URL("../kafka/TokenValidator.java", import.meta.url));
  const classPath = await kafkaClassPath(version);
  await runCommand("javac", [
    "--release",
    "17",
    "-proc:none",
    "-cp",
    classPath,
    "-d",
    directory,
    source,
  ]);
}

/** Whose tokens a broker takes. */
export interface SigningKey {
  readonly accessKey: string;
  readonly secretKey: string;
}

const utf8 = new TextEncoder();

/** A token as aws-msk-iam-sasl-signer makes it: valid for `lifetimeS` seconds from `signedAt` on. */
export async function mskToken(
  { accessKey, secretKey }: SigningKey,
  signedAt = new Date(),
  lifetimeS = 900,
): Promise<string> {
  const region = "eu-central-1";
  const host = `kafka.${region}.amazonaws.com`;
  const time = signedAt.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const scope = [time.slice(0, 8), region, "kafka-cluster", "aws4_request"];
  const query = Object.entries({
    Action: "kafka-cluster:Connect",
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": [accessKey, ...scope].join("/"),
    "X-Amz-Date": time,
    "X-Amz-Expires": `${lifetimeS}`,
    "X-Amz-SignedHeaders": "host",
  }).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  const request = `GET\n/\n${query}\nhost:${host}\n\nhost\n${await sha256("")}`;
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope.join("/")}\n${await sha256(request)}`;
  let key: Uint8Array = utf8.encode(`AWS4${secretKey}`);
  for (const part of scope) key = await hmac(key, part);
  const signature = (await hmac(key, toSign)).toHex();
  const url = `https://${host}/?${query}&X-Amz-Signature=${signature}&User-Agent=test`;
  return utf8.encode(url).toBase64({ alphabet: "base64url", omitPadding: true });
}

async function sha256(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", utf8.encode(text))).toHex();
}

async function hmac(key: Uint8Array, text: string): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey(
    "raw",
    new Uint8Array(key),
    algorithm,
    false,
    ["sign"],
  );
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, utf8.encode(text)));
}
